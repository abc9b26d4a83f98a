// What SQLite cannot do in memory it does in temporary files, on another disk than the database's.

#include <doctest/doctest.h>

#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <string>

#include "sqlite/flaws.hpp"
#include "support/events.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

/// A file whose disk works, beside one for temporary files that need not.
struct TemporaryFiles {
  FaultyVfs disk;
  TemporaryDirectory directory;
  std::filesystem::path path = directory / "store.db";
  std::shared_ptr<sqlite::Database> database =
      sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off});
  SqliteEventStorageAdapter events{database};

  void plan(Failure failure, int first = 1, bool lasting = true) {
    disk.plan({.failure = failure, .first = first, .lasting = lasting, .files = Files::temporary});
  }
};

TEST_CASE_FIXTURE(TemporaryFiles, "pushing needs no temporary file") {
  constexpr int aggregates = 2'000;
  const std::string filler(100, 'x');
  const auto id = [&](int i) { return std::to_string(i * 7919 % aggregates) + filler; };
  const auto push_all = [&](Version version) {
    for (int i = 0; i < aggregates; ++i) {
      push(events, "S", new_event(id(i), version, at("2022-01-01T00:00:00Z")));
    }
  };
  sqlite::Transaction first(*database);
  push_all(1);
  first.commit();

  plan(Failure::io_error);
  sqlite::Transaction outer(*database);
  {
    sqlite::Transaction rolled_back(*database);
    push_all(2);
  }
  sqlite::Transaction inner(*database);
  push_all(2);
  CHECK(events.list_event_stores().at(0).event_count == 2 * aggregates);
  inner.commit();
  outer.commit();
  CHECK(disk.failures() == 0);
  CHECK(flaws(path) == "");
}

}  // namespace
}  // namespace castore::testing
