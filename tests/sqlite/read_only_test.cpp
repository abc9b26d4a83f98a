// A read-only open never writes: not the file, and nothing beside it.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sqlite/flaws.hpp"
#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/figures.hpp"
#include "support/temporary_directory.hpp"

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>

#include "support/processes.hpp"
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
void leave_crashed(const TemporaryDirectory& into, bool with_shm, Version last = 2) {
  const TemporaryDirectory directory;
  SqliteEventStorageAdapter events(sqlite::Database::open(directory / "store.db"));
  for (Version version = 1; version <= last; ++version) {
    push(events, "STORE", new_event("a", version));
  }
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

TEST_CASE("a log in which there is nothing is read at once") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  // As https://www.sqlite.org/walformat.html has it, and the checksum of that.
  const std::string header(
      "\x37\x7F\x06\x82\x00\x2D\xE2\x18\x00\x00\x10\x00\x00\x00\x00\x00"
      "\x63\x21\x58\x0E\x15\x70\xF9\x57\xE3\x3F\x24\x76\xF3\x20\x6C\x30",
      32);
  std::string log;
  SUBCASE("of no length") {}
  SUBCASE("a header") { log = header; }
  SUBCASE("a header and half a frame") { log = header + std::string(1000, 'x'); }
  SUBCASE("a header and a frame that was not committed") {
    log = header + std::string(8, '\0') + header.substr(16, 8) + std::string(4096 + 8, '\0');
  }
  SUBCASE("a part of a header") { log = header.substr(0, 20); }
  SUBCASE("no header") { log = std::string(10000, 'x'); }
  SUBCASE("zeros") { log = std::string(10000, '\0'); }
  for (const bool with_shm : {true, false}) {
    write_versions(path, 1, 2);
    std::ofstream(directory / "store.db-wal", std::ios::binary) << log;
    if (with_shm) std::ofstream(directory / "store.db-shm") << std::string(32768, '\0');
    const auto before = contents(directory);
    const auto began = std::chrono::steady_clock::now();

    CHECK(read_versions(path) == std::vector<Version>{1, 2});

    CHECK(contents(directory) == before);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{3});
    for (const auto& entry : contents(directory)) fs::remove(directory / entry.first);
  }
}

TEST_CASE("a file that others put into WAL mode while it is open is read without writing") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  write_versions(path, 1, 1);
  Sql{path}.value("PRAGMA journal_mode = DELETE");
  const SqliteEventStorageAdapter reader(sqlite::Database::open(path, {.read_only = true}));
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1});

  write_versions(path, 2, 2);
  const auto before = contents(directory);
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2});
  CHECK(contents(directory) == before);
}

TEST_CASE("a database for reading and one for writing in one process do not disturb each other") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  SUBCASE("on a file that is closed") { write_versions(path, 1, 2); }
  SUBCASE("on what a crashed writer left") { leave_crashed(directory, true); }
  SUBCASE("on a copy of that without its -shm") { leave_crashed(directory, false); }
  const SqliteEventStorageAdapter reader(sqlite::Database::open(path, {.read_only = true}));
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2});
  {
    SqliteEventStorageAdapter writer(sqlite::Database::open(path));
    push(writer, "STORE", new_event("a", 3));
    CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2, 3});
    {
      const SqliteEventStorageAdapter other(sqlite::Database::open(path, {.read_only = true}));
      CHECK(versions(other, "STORE", "a") == std::vector<Version>{1, 2, 3});
    }
    push(writer, "STORE", new_event("a", 4));
    Sql host(path);
    host("UPDATE castore_event SET type = 'HOST' WHERE version = 4");
    push(writer, "STORE", new_event("a", 5));
  }
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2, 3, 4, 5});
  Sql host(path);
  host("UPDATE castore_event SET type = 'HOST' WHERE version = 5");
  CHECK(read(reader, "STORE", "a").back().type == "HOST");
}

TEST_CASE("a database for writing is opened while threads read what a crashed writer left") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  leave_crashed(directory, true);
  const SqliteEventStorageAdapter reader(sqlite::Database::open(path, {.read_only = true}));
  std::atomic<bool> stop{false};
  std::atomic<Version> acknowledged{2};
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        while (!stop) {
          const Version least = acknowledged;
          const auto seen = versions(reader, "STORE", "a");
          if (static_cast<Version>(seen.size()) < least) ++wrong;
        }
      });
    }
    for (Version version = 3; version <= 20; ++version) {
      SqliteEventStorageAdapter writer(sqlite::Database::open(path));
      push(writer, "STORE", new_event("a", version));
      acknowledged = version;
    }
    stop = true;
  }
  CHECK(wrong == 0);
  CHECK(flaws(path) == "");
}

TEST_CASE("whether anything was committed is told in every state of the file") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  SUBCASE("a file that is closed") { write_versions(path, 1, 2); }
  SUBCASE("a file in no WAL mode") {
    write_versions(path, 1, 2);
    Sql{path}.value("PRAGMA journal_mode = DELETE");
  }
  SUBCASE("what a crashed writer left") { leave_crashed(directory, true); }
  SUBCASE("a copy of that without its -shm") { leave_crashed(directory, false); }
  const auto before = contents(directory);
  const auto reader = sqlite::Database::open(path, {.read_only = true});

  auto told = reader->data_version();
  CHECK(reader->data_version() == told);
  CHECK(contents(directory) == before);
  const auto moved = [&] {
    const auto before_it = std::exchange(told, reader->data_version());
    return told != before_it;
  };
  for (Version version = 3; version <= 5; ++version) {
    write_versions(path, version, version);
    CHECK(moved());
  }
  {
    SqliteEventStorageAdapter writer(sqlite::Database::open(path));
    static_cast<void>(moved());
    for (Version version = 6; version <= 8; ++version) {
      push(writer, "STORE", new_event("a", version));
      CHECK(moved());
      CHECK_FALSE(moved());
    }
    push(writer, "STORE", with_payload(new_event("a", 8), "{}"), {.force = true});
    CHECK(moved());
  }
  static_cast<void>(moved());
  Sql{path}("CREATE TABLE host (x)");
  CHECK(moved());
}

#ifndef _WIN32
/// The versions that a reading of `path` shows, whose file has 1 to 3, while another process pushes
/// the fourth.
std::vector<Version> seen_beside_a_push(const fs::path& path, bool reverse) {
  Companion writer([&](int) { write_versions(path, 4, 4); });
  const SqliteEventStorageAdapter reader(sqlite::Database::open(path, {.read_only = true}));
  std::vector<Version> seen;
  reader.for_each_event("STORE", "a", {.reverse = reverse}, [&](const EventView& event) {
    if (seen.empty()) CHECK(writer.step());
    seen.push_back(event.version);
    return true;
  });
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1, 2, 3, 4});
  return seen;
}

TEST_CASE("what another process pushes while a file is read does not disturb the reading") {
  const TemporaryDirectory directory;
  const TemporaryDirectory another;
  const auto prepare = [&](const auto& in) {
    in(directory);
    in(another);
  };
  SUBCASE("a file that is closed") {
    prepare([](const auto& in) { write_versions(in / "store.db", 1, 3); });
  }
  SUBCASE("what a crashed writer left") {
    prepare([](const auto& in) { leave_crashed(in, true, 3); });
  }
  SUBCASE("a copy of that without its -shm") {
    prepare([](const auto& in) { leave_crashed(in, false, 3); });
  }

  auto forwards = seen_beside_a_push(directory / "store.db", false);
  auto backwards = seen_beside_a_push(another / "store.db", true);

  std::reverse(backwards.begin(), backwards.end());
  for (auto* const seen : {&forwards, &backwards}) {
    if (seen->back() == 4) seen->pop_back();  // the file after the push is a moment as good
    CHECK(*seen == std::vector<Version>{1, 2, 3});
  }
}

TEST_CASE("a file that is read backwards while another process writes is no mixture") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  constexpr Version last = 300;
  write_versions(path, 1, last);
  Companion writer([&](int) {
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    sqlite::Transaction transaction(*events.database());
    push(events, "STORE", with_payload(new_event("a", 1), "{}"), {.force = true});
    push(events, "STORE", new_event("a", last + 1));
    transaction.commit();
  });
  const SqliteEventStorageAdapter reader(sqlite::Database::open(path, {.read_only = true}));
  Version newest = 0;
  bool overwritten = false;

  reader.for_each_event("STORE", "a", {.reverse = true}, [&](const EventView& event) {
    if (newest == 0) {
      newest = event.version;
      CHECK(writer.step());
    }
    if (event.version == 1) overwritten = event.payload.has_value();
    return true;
  });

  CHECK(overwritten == (newest == last + 1));
  CHECK(read(reader, "STORE", "a").size() == last + 1);
}

TEST_CASE("a -shm without its -wal does not hide what comes later") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  write_versions(path, 1, 1);
  std::ofstream(directory / "store.db-shm") << std::string(32768, '\0');
  Companion writer([&](int step) { write_versions(path, step + 2, step + 2); });
  const SqliteEventStorageAdapter reader(sqlite::Database::open(path, {.read_only = true}));
  CHECK(versions(reader, "STORE", "a").size() == 1);
  for (std::size_t count = 2; count <= 4; ++count) {
    CHECK(writer.step());
    CHECK(versions(reader, "STORE", "a").size() == count);
  }
}

TEST_CASE("an index that a killed writer left half written is of no use and keeps nobody waiting") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  std::unique_ptr<SqliteEventStorageAdapter> alive;
  Companion writer([&](int) {
    alive = std::make_unique<SqliteEventStorageAdapter>(sqlite::Database::open(path));
    for (Version version = 1; version <= 3; ++version) {
      push(*alive, "STORE", new_event("a", version));
    }
  });
  Companion other([&](int) {
    if (read_versions(path).size() != 3) throw std::runtime_error("not all events were read");
  });
  REQUIRE(writer.step());
  const auto began = std::chrono::steady_clock::now();
  const SqliteEventStorageAdapter reader(sqlite::Database::open(path, {.read_only = true}));
  CHECK(versions(reader, "STORE", "a").size() == 3);  // and keeps the index open
  writer.kill();
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  {
    std::fstream index(directory / "store.db-shm", std::ios::in | std::ios::out);
    index.seekp(16);  // the number of frames, in the first of two copies
    index.put('\1');
  }
  CHECK(versions(reader, "STORE", "a").size() == 3);
  CHECK(other.step());
  static_cast<void>(reader.database()->data_version());
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{4});
}

TEST_CASE("a visitor that takes longer than the busy timeout is not disturbed either") {
  for (const auto timeout : {std::chrono::milliseconds{50}, std::chrono::milliseconds{0}}) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "store.db";
    constexpr Version last = 2000;  // more than a page
    write_versions(path, 1, last);
    Companion writer([&](int) { write_versions(path, last + 1, last + 1); });
    const SqliteEventStorageAdapter reader(
        sqlite::Database::open(path, {.read_only = true, .busy_timeout = timeout}));
    Version seen = 0;
    reader.for_each_event("STORE", "a", {}, [&](const EventView& event) {
      if (event.version == 1) {
        CHECK(writer.step());
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
      }
      CHECK(event.version == ++seen);
      return true;
    });
    CHECK(seen >= last);
  }
}

TEST_CASE("a database is opened for writing beside a reader though somebody writes") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  write_versions(path, 1, 1);
  const auto reader = sqlite::Database::open(path, {.read_only = true});
  SqliteEventStorageAdapter writer(sqlite::Database::open(path));
  const sqlite::Transaction transaction(*writer.database());
  push(writer, "STORE", new_event("a", 2));

  static_cast<void>(sqlite::Database::open(path, {.busy_timeout = std::chrono::milliseconds{0}}));
}

TEST_CASE("what another process overwrites while a file is read is no mixture") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  constexpr Version last = 2000;  // more than a page
  write_versions(path, 1, last);
  Companion writer([&](int) {
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    sqlite::Transaction transaction(*events.database());
    for (const Version version : {Version{1}, last}) {
      auto event = new_event("a", version);
      event.type = "OVERWRITTEN";
      push(events, "STORE", event, {.force = true});
    }
    transaction.commit();
  });
  const SqliteEventStorageAdapter reader(sqlite::Database::open(path, {.read_only = true}));
  std::string first_type;
  std::string last_type;

  const auto failure = code_of([&] {
    reader.for_each_event("STORE", "a", {}, [&](const EventView& event) {
      if (event.version == 1) {
        first_type = event.type;
        CHECK(writer.step());
      }
      if (event.version == last) last_type = event.type;
      return true;
    });
  });

  if (failure == "none") {
    CHECK(first_type == last_type);
  } else {
    CHECK(failure == "StorageBusy");
  }
  CHECK(read(reader, "STORE", "a").front().type == "OVERWRITTEN");
}

TEST_CASE("readers beside processes that open and push and close see all and never fail") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  write_versions(path, 1, 300);
  std::atomic<Version> acknowledged{300};
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  std::atomic<int> wrong{0};
  Companion writer([&](int step) { write_versions(path, 301 + step, 301 + step); });
  const auto kept = sqlite::Database::open(path, {.read_only = true});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, i] {
        while (!stop) {
          const Version least = acknowledged;
          // One keeps its database, the others open the file anew as a command line does.
          const SqliteEventStorageAdapter reader(
              i == 0 ? kept : sqlite::Database::open(path, {.read_only = true}));
          const auto seen = versions(reader, "STORE", "a");
          const auto count = static_cast<Version>(seen.size());
          if (count < least || seen.back() != count) ++wrong;
          ++reads;
        }
      });
    }
    for (int i = 0; i < 100; ++i) {
      REQUIRE(writer.step());
      ++acknowledged;
    }
    stop = true;
  }
  CHECK(wrong == 0);
  CHECK(reads > 50);
  if (figures_wanted()) MESSAGE("reads beside 100 pushes: " << reads.load());
}

#endif

}  // namespace
}  // namespace castore::testing
