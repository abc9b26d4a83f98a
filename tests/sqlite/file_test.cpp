// The file a database stands on: its name, what becomes of it, and the processes that use it.

#include <doctest/doctest.h>

#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

#ifndef _WIN32
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/processes.hpp"
#endif

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

/// The working directory, as long as it lives.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const fs::path& path) : before_(fs::current_path()) {
    fs::current_path(path);
  }
  WorkingDirectory& operator=(WorkingDirectory&&) = delete;
  ~WorkingDirectory() { fs::current_path(before_); }

 private:
  fs::path before_;
};

SqliteEventStorageAdapter open(const fs::path& path, bool read_only = false) {
  return SqliteEventStorageAdapter(sqlite::Database::open(path, {.read_only = read_only}));
}

std::string open_failure(const fs::path& path, bool read_only) {
  return std::string(code_of([&] { static_cast<void>(open(path, read_only)); }));
}

TEST_CASE("a relative name means the file that it meant when it was opened") {
  const TemporaryDirectory directory;
  const TemporaryDirectory elsewhere;
  {
    auto events = open(elsewhere / "store.db");
    push(events, "STORE", new_event("elsewhere", 1));
  }
  for (const bool read_only : {false, true}) {
    const WorkingDirectory before(directory.path());
    auto events = open("store.db", false);
    if (versions(events, "STORE", "a").empty()) push(events, "STORE", new_event("a", 1));
    const auto opened = open("store.db", read_only);
    const WorkingDirectory after(elsewhere.path());

    CHECK(versions(opened, "STORE", "a") == std::vector<Version>{1});
    CHECK(versions(opened, "STORE", "elsewhere").empty());
    CHECK(opened.database()->path() == fs::canonical(directory.path()) / "store.db");
  }
}

TEST_CASE("a name that looks like a URI is a name") {
  const TemporaryDirectory directory;
  const WorkingDirectory there(directory.path());
  for (const auto* name : {"file:store.db", "file:store.db?mode=memory", "file:%41.db"}) {
    {
      auto events = open(name);
      push(events, "STORE", new_event("a", 1));
    }
    CHECK(fs::exists(fs::path(name)));
    CHECK(versions(open(name, true), "STORE", "a") == std::vector<Version>{1});
  }
}

#ifndef _WIN32
TEST_CASE("a symbolic link to a file in use is that file") {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "data");
  fs::create_directory(directory / "links");
  fs::create_symlink("../data/store.db", directory / "links" / "current.db");
  auto events = open(directory / "links" / "current.db");
  push(events, "STORE", new_event("a", 1));
  push(events, "STORE", new_event("a", 2));

  CHECK(fs::exists(directory / "data" / "store.db-wal"));
  CHECK(versions(open(directory / "links" / "current.db", true), "STORE", "a") ==
        std::vector<Version>{1, 2});
  SUBCASE("also once the link leads elsewhere") {
    static_cast<void>(open(directory / "data" / "other.db"));
    fs::remove(directory / "links" / "current.db");
    fs::create_symlink("../data/other.db", directory / "links" / "current.db");
    push(events, "STORE", new_event("a", 3));
    CHECK(versions(events, "STORE", "a") == std::vector<Version>{1, 2, 3});
  }
}

TEST_CASE("what is no file is refused at once") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  SUBCASE("a folder") { fs::create_directory(path); }
  SUBCASE("a named pipe") { REQUIRE(mkfifo(path.c_str(), 0600) == 0); }
  SUBCASE("a link to a device") { fs::create_symlink("/dev/zero", path); }
  SUBCASE("a file with a named pipe for its log") {
    static_cast<void>(open(path));
    REQUIRE(mkfifo((directory / "store.db-wal").c_str(), 0600) == 0);
  }
  SUBCASE("a file with a named pipe for its journal") {
    static_cast<void>(open(path));
    REQUIRE(mkfifo((directory / "store.db-journal").c_str(), 0600) == 0);
  }
  for (const bool read_only : {false, true}) {
    CHECK(open_failure(path, read_only) == "NotACastoreFile");
  }
}

/// What can happen to an open file.
void lose(const fs::path& path, const fs::path& other) {
  SUBCASE("moved") { fs::rename(path, path.string() + ".old"); }
  SUBCASE("deleted") { fs::remove(path); }
  SUBCASE("replaced") {
    fs::copy_file(other, path.string() + ".new");
    fs::rename(path.string() + ".new", path);
  }
}

TEST_CASE("a file that is lost while it is open is noticed") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  const fs::path other = directory / "other.db";
  static_cast<void>(open(other));
  auto events = open(path);
  push(events, "STORE", new_event("a", 1));
  const auto reader = open(path, true);
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1});
  lose(path, other);

  const auto error = thrown<StorageError>([&] { push(events, "STORE", new_event("a", 2)); });
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::file_replaced);
  CHECK_FALSE(error->retryable());
  for (const auto* const adapter :
       std::vector<const SqliteEventStorageAdapter*>{&events, &reader}) {
    CHECK(code_of([&] { static_cast<void>(versions(*adapter, "STORE", "a")); }) == "FileReplaced");
    CHECK(code_of([&] { static_cast<void>(adapter->list_aggregate_ids("STORE", {})); }) ==
          "FileReplaced");
    CHECK(code_of([&] { static_cast<void>(adapter->list_event_stores()); }) == "FileReplaced");
    CHECK(code_of([&] { static_cast<void>(adapter->newest_position()); }) == "FileReplaced");
    CHECK(code_of([&] { static_cast<void>(adapter->open_event_feed({})->next_page()); }) ==
          "FileReplaced");
    CHECK(code_of([&] { static_cast<void>(adapter->database()->data_version()); }) ==
          "FileReplaced");
  }
  CHECK(code_of([&] {
          push_group(events, {{&events, "STORE", new_event("b", 1)}});
        }) == "FileReplaced");
  CHECK(code_of([&] {
          sqlite::Transaction transaction(*events.database());
          push(events, "STORE", new_event("c", 1));
          transaction.commit();
        }) == "FileReplaced");
}

TEST_CASE("a log that is deleted while it is open is noticed") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  auto events = open(path);
  push(events, "STORE", new_event("a", 1));
  std::this_thread::sleep_for(std::chrono::milliseconds{5});
  SUBCASE("the -wal") { fs::remove(directory / "store.db-wal"); }
  SUBCASE("the -shm") { fs::remove(directory / "store.db-shm"); }

  CHECK(code_of([&] { push(events, "STORE", new_event("a", 2)); }) == "FileReplaced");
  CHECK(code_of([&] { static_cast<void>(versions(events, "STORE", "a")); }) == "FileReplaced");
}

TEST_CASE("a log that is deleted in the middle of pushes is noticed before the next answer") {
  const TemporaryDirectory directory;
  auto events = open(directory / "store.db");
  push(events, "STORE", new_event("a", 1));
  fs::remove(directory / "store.db-wal");
  CHECK(code_of([&] { push(events, "STORE", new_event("a", 2)); }) == "FileReplaced");
}

TEST_CASE("a file that was away is given up and nothing is written to it") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  auto events = open(path);
  push(events, "STORE", new_event("a", 1));
  std::this_thread::sleep_for(std::chrono::milliseconds{5});
  fs::rename(path, directory / "away.db");
  for (Version version = 2; version <= 4; ++version) {
    CHECK(code_of([&] { push(events, "STORE", new_event("a", version)); }) == "FileReplaced");
  }
  fs::rename(directory / "away.db", path);

  CHECK(code_of([&] { push(events, "STORE", new_event("a", 2)); }) == "FileReplaced");
  CHECK(code_of([&] { const sqlite::Transaction transaction(*events.database()); }) ==
        "FileReplaced");
  CHECK(versions(open(path, true), "STORE", "a") == std::vector<Version>{1});
}

TEST_CASE("a reader notices that the log of a killed writer is gone") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  {
    const TemporaryDirectory alive;
    auto events = open(alive / "store.db");
    push(events, "STORE", new_event("a", 1));
    for (const auto* const suffix : {"", "-wal", "-shm"}) {
      fs::copy_file(alive / ("store.db" + std::string(suffix)), path.string() + suffix);
    }
  }
  Companion other([&](int) {
    auto events = open(path);
    push(events, "STORE", new_event("b", 1));
  });
  const auto reader = open(path, true);
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1});
  const auto told = reader.database()->data_version();
  fs::remove(directory / "store.db-wal");
  // What was in the log alone is lost, perhaps the tables, too. What comes then has to be seen.
  if (!other.step()) return;
  CHECK(reader.database()->data_version() != told);
  CHECK(versions(reader, "STORE", "b") == std::vector<Version>{1});
}

TEST_CASE("what closes a file that was replaced leaves the new one alone") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  Companion other([&](int step) {
    static std::unique_ptr<SqliteEventStorageAdapter> events;
    if (step == 0) {
      events = std::make_unique<SqliteEventStorageAdapter>(sqlite::Database::open(path));
      push(*events, "STORE", new_event("new", 1));
    } else {
      push(*events, "STORE", new_event("new", 2));
      _exit(0);  // killed: what is in the log alone is to be there
    }
  });
  {
    auto events = open(path);
    push(events, "STORE", new_event("old", 1));
    fs::remove(path);
    fs::remove(directory / "store.db-wal");
    fs::remove(directory / "store.db-shm");
    REQUIRE(other.step());
  }
  CHECK(fs::exists(directory / "store.db-wal"));
  static_cast<void>(other.step());
  CHECK(versions(open(path, true), "STORE", "new") == std::vector<Version>{1, 2});
}

/// What `work` answers in a child of this process.
std::string in_child(const std::function<std::string()>& work) {
  Pipe<char> pipe;
  const pid_t child = start_process([&] {
    for (const char c : work()) pipe.send(c);
  });
  pipe.close_sending();
  std::string answer;
  for (char c = 0; pipe.receive(c);) answer += c;
  CHECK(ended_well(child));
  return answer;
}

TEST_CASE("a child made by fork cannot use its parent's database") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  auto events = std::make_unique<SqliteEventStorageAdapter>(sqlite::Database::open(path));
  push(*events, "STORE", new_event("a", 1));
  const auto reader = open(path, true);
  CHECK(versions(reader, "STORE", "a") == std::vector<Version>{1});

  const auto in_the_child = [&](const std::function<void()>& action) {
    return in_child([&] { return std::string(code_of(action)); });
  };
  CHECK(in_the_child([&] { push(*events, "STORE", new_event("a", 2)); }) == "ForkedProcess");
  CHECK(in_the_child([&] {
          push_group(*events, {{events.get(), "STORE", new_event("a", 2)}});
        }) == "ForkedProcess");
  CHECK(in_the_child([&] { sqlite::Transaction transaction(*events->database()); }) ==
        "ForkedProcess");
  for (const auto* const adapter :
       std::vector<const SqliteEventStorageAdapter*>{events.get(), &reader}) {
    CHECK(in_the_child([&] { static_cast<void>(versions(*adapter, "STORE", "a")); }) ==
          "ForkedProcess");
    CHECK(in_the_child([&] { static_cast<void>(adapter->list_aggregate_ids("STORE", {})); }) ==
          "ForkedProcess");
    CHECK(in_the_child([&] { static_cast<void>(adapter->newest_position()); }) == "ForkedProcess");
    CHECK(in_the_child([&] { static_cast<void>(adapter->open_event_feed({})->next_page()); }) ==
          "ForkedProcess");
    CHECK(in_the_child([&] { static_cast<void>(adapter->database()->data_version()); }) ==
          "ForkedProcess");
    CHECK(in_the_child([&] { SqliteEventStorageAdapter another(adapter->database()); }) ==
          "ForkedProcess");
  }
  SUBCASE("nor open its file") {
    CHECK(in_the_child([&] { static_cast<void>(open(path)); }) == "ForkedProcess");
    CHECK(in_the_child([&] { static_cast<void>(open(path, true)); }) == "ForkedProcess");
    fs::create_symlink(path, directory / "link.db");
    CHECK(in_the_child([&] { static_cast<void>(open(directory / "link.db")); }) == "ForkedProcess");
    CHECK(in_the_child([&] { static_cast<void>(open(directory / "another.db")); }) == "none");
  }
  SUBCASE("not even where the child is left with it alone") {
    CHECK(in_the_child([&] {
            events.reset();
            static_cast<void>(open(path));
          }) == "ForkedProcess");
  }
}

TEST_CASE("a child that is forked by a visitor is shown nothing more") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  auto events = open(path);
  for (Version version = 1; version <= 3; ++version) {
    push(events, "STORE", new_event("a", version));
  }
  for (const bool read_only : {false, true}) {
    const auto reader = open(path, read_only);
    int shown = 0;
    pid_t child = -1;
    const auto failure = code_of([&] {
      reader.for_each_event("STORE", "a", {}, [&](const EventView&) {
        if (++shown == 1) {
          std::fflush(nullptr);
          child = fork();
        }
        return true;
      });
    });
    if (child == 0) _exit(failure == "ForkedProcess" && shown == 1 ? 0 : 1);
    CHECK(shown == 3);
    CHECK(ended_well(child));
  }
}

TEST_CASE("a symbolic link that takes the name of an open file is another file") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  auto events = open(path);
  push(events, "STORE", new_event("a", 1));
  fs::rename(path, directory / "moved.db");
  fs::create_symlink("moved.db", path);

  CHECK(code_of([&] { push(events, "STORE", new_event("a", 2)); }) == "FileReplaced");
}

TEST_CASE("what a child does with its parent's objects leaves the parent's locks in place") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  Companion other([&](int) {
    auto events = open(path);
    push(events, "STORE", new_event("other", 1));
  });
  auto events = std::make_unique<SqliteEventStorageAdapter>(sqlite::Database::open(path));
  push(*events, "STORE", new_event("a", 1));
  auto transaction = std::make_unique<sqlite::Transaction>(*events->database());
  push(*events, "STORE", new_event("a", 2));

  CHECK(in_child([&] {
          transaction.reset();
          events.reset();
          return std::string("destroyed");
        }) == "destroyed");

  transaction->commit();
  CHECK(other.step());  // it opens, pushes, closes: and takes no log away
  CHECK(fs::exists(directory / "store.db-wal"));
  push(*events, "STORE", new_event("a", 3));
  CHECK(versions(*events, "STORE", "a") == std::vector<Version>{1, 2, 3});
}

TEST_CASE("a child may open what its parent had closed") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  {
    auto events = open(path);
    push(events, "STORE", new_event("a", 1));
    CHECK(versions(open(path, true), "STORE", "a") == std::vector<Version>{1});
  }
  CHECK(in_child([&] {
          auto events = open(path);
          push(events, "STORE", new_event("a", 2));
          return std::string("pushed");
        }) == "pushed");
  CHECK(versions(open(path, true), "STORE", "a") == std::vector<Version>{1, 2});
}
#endif

}  // namespace
}  // namespace castore::testing
