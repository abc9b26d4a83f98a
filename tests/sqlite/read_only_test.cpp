// A read-only open never writes: not the file, and nothing beside it.

#include <doctest/doctest.h>

#include <castore/sqlite/event_storage_adapter.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

/// Every file of the folder with its bytes.
std::map<std::string, std::string> contents(const TemporaryDirectory& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(directory.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

std::vector<Version> read_versions(const fs::path& path) {
  const auto database = sqlite::Database::open(path, {.read_only = true});
  return versions(SqliteEventStorageAdapter(database), "STORE", "a");
}

void write_versions(const fs::path& path, Version first, Version last) {
  SqliteEventStorageAdapter events(sqlite::Database::open(path));
  for (Version version = first; version <= last; ++version) {
    push(events, "STORE", new_event("a", version));
  }
}

/// The file as a crashed writer leaves it: its newest events only in the -wal.
void leave_crashed(const TemporaryDirectory& into, bool with_shm) {
  const TemporaryDirectory directory;
  SqliteEventStorageAdapter events(sqlite::Database::open(directory / "store.db"));
  push(events, "STORE", new_event("a", 1));
  push(events, "STORE", new_event("a", 2));
  fs::copy_file(directory / "store.db", into / "store.db");
  fs::copy_file(directory / "store.db-wal", into / "store.db-wal");
  if (with_shm) fs::copy_file(directory / "store.db-shm", into / "store.db-shm");
}

TEST_CASE("reading a file that is closed writes nothing") {
  const TemporaryDirectory directory;
  write_versions(directory / "store.db", 1, 2);
  const auto before = contents(directory);
  REQUIRE(before.size() == 1);

  CHECK(read_versions(directory / "store.db") == std::vector<Version>{1, 2});
  CHECK(contents(directory) == before);
}

TEST_CASE("reading what a crashed writer left writes nothing and misses nothing") {
  const TemporaryDirectory directory;
  SUBCASE("with its -shm") { leave_crashed(directory, true); }
  SUBCASE("copied without its -shm") { leave_crashed(directory, false); }
  const auto before = contents(directory);

  CHECK(read_versions(directory / "store.db") == std::vector<Version>{1, 2});
  CHECK(contents(directory) == before);
}

TEST_CASE("reading beside a writer sees each of its commits") {
  const TemporaryDirectory directory;
  SqliteEventStorageAdapter writer(sqlite::Database::open(directory / "store.db"));
  push(writer, "STORE", new_event("a", 1));
  const SqliteEventStorageAdapter reader(
      sqlite::Database::open(directory / "store.db", {.read_only = true}));

  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1});
  push(writer, "STORE", new_event("a", 2));
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2});
}

TEST_CASE("a reader that came before the writer sees its commits") {
  const TemporaryDirectory directory;
  write_versions(directory / "store.db", 1, 1);
  const SqliteEventStorageAdapter reader(
      sqlite::Database::open(directory / "store.db", {.read_only = true}));
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1});

  {
    SqliteEventStorageAdapter writer(sqlite::Database::open(directory / "store.db"));
    push(writer, "STORE", new_event("a", 2));
    CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2});
  }
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2});
  write_versions(directory / "store.db", 3, 3);
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2, 3});
}

TEST_CASE("a file that is written to while it is read without locks is no silent wrong answer") {
  const TemporaryDirectory directory;
  write_versions(directory / "store.db", 1, 3);
  const SqliteEventStorageAdapter reader(
      sqlite::Database::open(directory / "store.db", {.read_only = true}));

  const auto failure = code_of([&] {
    reader.for_each_event("STORE", "a", {}, [&](const EventView& event) {
      if (event.version == 1) write_versions(directory / "store.db", 4, 4);
      return true;
    });
  });

  CHECK(failure == "StorageBusy");
}

TEST_CASE("a file with a rollback journal is read without writing") {
  const TemporaryDirectory directory;
  write_versions(directory / "store.db", 1, 2);
  Sql{directory / "store.db"}.value("PRAGMA journal_mode = DELETE");
  const auto before = contents(directory);

  CHECK(read_versions(directory / "store.db") == std::vector<Version>{1, 2});
  CHECK(contents(directory) == before);
}

TEST_CASE("a file that a crash left halfway through a rollback journal is refused and kept") {
  const TemporaryDirectory directory;
  const TemporaryDirectory crashed;
  write_versions(directory / "store.db", 1, 2);
  {
    Sql sql(directory / "store.db");
    sql("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; CREATE TABLE host (x)");
    sql("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200) "
        "INSERT INTO host SELECT randomblob(1000) FROM n");
    // More than the cache holds: a part of it is in the file before the commit.
    sql("BEGIN; DELETE FROM castore_event; UPDATE host SET x = randomblob(1000)");
    for (const auto* name : {"store.db", "store.db-journal"}) {
      fs::copy_file(directory / name, crashed / name);
    }
    sql("ROLLBACK");
  }
  const auto before = contents(crashed);

  CHECK(code_of([&] { static_cast<void>(read_versions(crashed / "store.db")); }) ==
        "StorageReadOnly");
  CHECK(contents(crashed) == before);

  SUBCASE("until it is opened for writing once") {
    static_cast<void>(sqlite::Database::open(crashed / "store.db"));
    CHECK(read_versions(crashed / "store.db") == std::vector<Version>{1, 2});
  }
}

TEST_CASE("a path with characters that mean something in a URI is read") {
  const TemporaryDirectory directory;
  const std::string name = "50% ?#&é store.db";
  write_versions(directory / name, 1, 1);

  CHECK(read_versions(directory / name) == std::vector<Version>{1});
}

TEST_CASE("what is opened read-only is not pushed to") {
  const TemporaryDirectory directory;
  write_versions(directory / "store.db", 1, 1);
  const auto before = contents(directory);
  SqliteEventStorageAdapter events(
      sqlite::Database::open(directory / "store.db", {.read_only = true}));

  CHECK(events.database()->read_only());
  CHECK(code_of([&] { push(events, "STORE", new_event("a", 2)); }) == "StorageReadOnly");
  CHECK(contents(directory) == before);
}

TEST_CASE("opening read-only what is not there or not ours makes nothing") {
  const TemporaryDirectory directory;
  const auto open = [&](const std::string& name) {
    return code_of(
        [&] { static_cast<void>(sqlite::Database::open(directory / name, {.read_only = true})); });
  };

  SUBCASE("a missing file") { CHECK(open("none.db") == "FileNotFound"); }
  SUBCASE("an empty file") {
    std::ofstream(directory / "empty.db").close();
    CHECK(open("empty.db") == "NotACastoreFile");
  }
  SUBCASE("a text") {
    std::ofstream(directory / "text.db") << std::string(5000, 'x');
    CHECK(open("text.db") == "NotACastoreFile");
  }
  SUBCASE("somebody else's database") {
    Sql(directory / "host.db")("CREATE TABLE customer (name TEXT)");
    CHECK(open("host.db") == "NotACastoreFile");
  }
  for (const auto& entry : contents(directory)) CHECK(entry.first.ends_with(".db"));
}

#ifndef _WIN32
TEST_CASE("a file that the user may not write is told apart") {
  const TemporaryDirectory directory;
  write_versions(directory / "store.db", 1, 1);
  fs::permissions(directory / "store.db",
                  fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  const auto enter = fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read |
                     fs::perms::others_exec;
  fs::permissions(directory.path(), fs::perms::owner_all | enter);
  constexpr int as_expected = 0;
  constexpr int not_refused = 1;
  constexpr int not_readable = 2;

  const pid_t child = fork();
  if (child == 0) {
    // Permissions mean nothing to root.
    if (geteuid() == 0 && setuid(65534) != 0) _exit(not_refused);
    const auto failure =
        code_of([&] { static_cast<void>(sqlite::Database::open(directory / "store.db")); });
    if (failure != "StorageReadOnly") _exit(not_refused);
    _exit(read_versions(directory / "store.db").size() == 1 ? as_expected : not_readable);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == as_expected);
}
#endif

}  // namespace
}  // namespace castore::testing
