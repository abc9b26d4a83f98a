// Several processes on one file. POSIX only: elsewhere there is no fork.

#ifndef _WIN32

#include <doctest/doctest.h>

#include <castore/sqlite/event_storage_adapter.hpp>

#include "sqlite/flaws.hpp"
#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/processes.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

TEST_CASE("processes that push to one aggregate get each version once") {
  const TemporaryDirectory directory;
  const auto path = directory / "store.db";
  constexpr int process_count = 4;
  constexpr int pushes = 25;

  const int succeeded = in_processes(process_count, [&](int) {
    SqliteEventStorageAdapter events(sqlite::Database::open(
        path, {.synchronous = sqlite::Synchronous::off, .busy_timeout = std::chrono::seconds{60}}));
    Version version = 1;
    for (int pushed = 0; pushed < pushes;) {
      try {
        push(events, "STORE", new_event("a", version));
        ++pushed;
        ++version;
      } catch (const EventAlreadyExistsError& error) {
        version = error.current_version() + 1;
      }
    }
  });

  CHECK(succeeded == process_count);
  Sql sql(path);
  CHECK(sql.value("SELECT count(*) || ' ' || max(version) || ' ' || max(position) FROM "
                  "castore_event") == "100 100 100");
  CHECK(flaws(path) == "");
}

TEST_CASE("processes that open one new file at once agree") {
  for (int round = 0; round < 10; ++round) {
    const TemporaryDirectory directory;
    const auto path = directory / "store.db";

    const int succeeded = in_processes(6, [&](int i) {
      SqliteEventStorageAdapter events(sqlite::Database::open(
          path,
          {.synchronous = sqlite::Synchronous::off, .busy_timeout = std::chrono::seconds{60}}));
      push(events, "STORE", new_event("process-" + std::to_string(i), 1));
    });

    CHECK(succeeded == 6);
    CHECK(Sql{path}.value("SELECT count(*) FROM castore_event") == "6");
    CHECK(Sql{path}.value("SELECT count(*) FROM castore_migration") ==
          std::to_string(sqlite::Database::schema_version()));
  }
}

TEST_CASE("a process that dies in a transaction leaves none of it") {
  const TemporaryDirectory directory;
  const auto path = directory / "store.db";
  static_cast<void>(sqlite::Database::open(path));

  const int succeeded = in_processes(1, [&](int) {
    const auto database = sqlite::Database::open(path);
    SqliteEventStorageAdapter events(database);
    push(events, "STORE", new_event("a", 1));
    const sqlite::Transaction transaction(*database);
    push(events, "STORE", new_event("a", 2));
    _exit(0);  // no destructor runs
  });

  CHECK(succeeded == 1);
  SqliteEventStorageAdapter events(sqlite::Database::open(path));
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
  push(events, "STORE", new_event("a", 2));
  CHECK(Sql{path}.value("SELECT max(position) FROM castore_event") == "2");
}

}  // namespace
}  // namespace castore::testing

#endif
