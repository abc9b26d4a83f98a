// What the system forbids is told as such, with the file or folder that it is about.
#ifndef _WIN32

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <castore/sqlite/event_storage_adapter.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/processes.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

/// A file in a folder, and another user, to whom permissions mean something: they do not to root.
/// Whoever runs the tests without being root is that user.
struct Permissions {
  TemporaryDirectory directory;
  fs::path folder = directory / "folder";
  fs::path path = folder / "store.db";

  Permissions() {
    fs::create_directory(folder);
    set(directory.path(), 0755);
    set(folder, 0777);
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    push(events, "STORE", new_event("a", 1));
  }
  ~Permissions() { set(folder, 0777); }
  Permissions& operator=(Permissions&&) = delete;

  static void set(const fs::path& file, unsigned mode) {
    REQUIRE(::chmod(file.c_str(), static_cast<mode_t>(mode)) == 0);
  }

  /// Code, path and message of the error of the other user; all empty if there is none.
  struct Outcome {
    std::string code;
    std::string path;
    std::string message;
  };

  static Outcome outcome_of(const std::function<void()>& work) {
    const auto error = thrown<StorageError>(work);
    if (!error) return {};
    std::string path;
    for (const ErrorField& field : error->fields()) {
      if (field.name == "path") path = std::get<std::string>(field.value);
    }
    return {std::string(to_string(error->code())), path, error->what()};
  }

  /// \pre this process has no other thread
  Outcome of_other_user(const std::function<void()>& work) const {
    const fs::path report = directory / "report";
    { std::ofstream file(report); }
    set(report, 0666);
    const pid_t child = start_process([&] {
      if (geteuid() == 0 && setuid(65534) != 0) _exit(1);
      const Outcome outcome = outcome_of(work);
      std::ofstream(report) << outcome.code << '\n' << outcome.path << '\n' << outcome.message;
    });
    REQUIRE(ended_well(child));
    std::ifstream file(report);
    Outcome outcome;
    std::getline(file, outcome.code);
    std::getline(file, outcome.path);
    std::getline(file, outcome.message);
    return outcome;
  }

  Outcome reading(const fs::path& file) const {
    return of_other_user([&] {
      SqliteEventStorageAdapter events(sqlite::Database::open(file, {.read_only = true}));
      static_cast<void>(read(events, "STORE", "a"));
    });
  }
  Outcome writing(const fs::path& file) const {
    return of_other_user([&] {
      SqliteEventStorageAdapter events(sqlite::Database::open(file));
      push(events, "STORE", new_event("a", 2));
    });
  }

  static void check_denied(const Outcome& outcome, const fs::path& file) {
    CHECK(outcome.code == "PermissionDenied");
    CHECK(outcome.path == file.string());
    CHECK(outcome.message.find("no permission") != std::string::npos);
    CHECK(outcome.message.find(file.string()) != std::string::npos);
  }
};

TEST_CASE_FIXTURE(Permissions, "what is permitted is done") {
  set(path, 0666);
  CHECK(reading(path).message.empty());
  CHECK(writing(path).message.empty());
}

TEST_CASE_FIXTURE(Permissions, "a file that the user may not read is said to be that") {
  set(path, 0);
  check_denied(reading(path), path);
  check_denied(writing(path), path);
}

TEST_CASE_FIXTURE(Permissions, "a file that the user may only read is read") {
  set(path, 0444);
  CHECK(reading(path).message.empty());
  check_denied(writing(path), path);
}

TEST_CASE_FIXTURE(Permissions, "a folder that the user may not enter is said to be that") {
  set(path, 0666);
  set(folder, 0600);
  check_denied(reading(path), folder);
  check_denied(writing(path), folder);
  check_denied(reading(folder / "none.db"), folder);
}

TEST_CASE_FIXTURE(Permissions, "a folder that the user may not write to is said to be that") {
  set(path, 0666);
  set(folder, 0555);
  CHECK(reading(path).message.empty());
  check_denied(writing(path), folder);
  check_denied(writing(folder / "new.db"), folder);
}

TEST_CASE_FIXTURE(Permissions, "a log that the user may not read is said to be that") {
  set(path, 0666);
  const fs::path log = path.string() + "-wal";
  const fs::path index = path.string() + "-shm";
  // As a program leaves them that is killed.
  REQUIRE(ended_well(start_process([&] {
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    push(events, "STORE", new_event("a", 2));
    _exit(0);
  })));
  SUBCASE("the log") {
    set(log, 0);
    set(index, 0666);
    check_denied(reading(path), log);
    check_denied(writing(path), log);
  }
  SUBCASE("its index") {
    set(log, 0666);
    set(index, 0);
    check_denied(reading(path), index);
    check_denied(writing(path), index);
  }
}

TEST_CASE_FIXTURE(Permissions, "links that go round in a circle are no missing file") {
  fs::create_symlink(folder / "b.db", folder / "a.db");
  fs::create_symlink(folder / "a.db", folder / "b.db");
  for (const auto& outcome : {reading(folder / "a.db"), writing(folder / "a.db")}) {
    CHECK(outcome.code == "Storage");
    CHECK(outcome.message.find("symbolic links") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(Permissions, "a process without descriptors is told so") {
  set(path, 0666);
  const fs::path locked = folder / "locked.db";
  { std::ofstream file(locked); }
  set(locked, 0);
  const auto outcome = of_other_user([&] {
    // UBSan needs descriptors to see the type of the first exception of each.
    static_cast<void>(outcome_of(
        [&] { static_cast<void>(sqlite::Database::open(locked, {.read_only = true})); }));
    const rlimit few{.rlim_cur = 64, .rlim_max = 64};
    setrlimit(RLIMIT_NOFILE, &few);
    std::vector<int> taken;
    for (int one = 0; one >= 0; taken.push_back(one)) one = ::open("/", O_RDONLY);
    const Outcome without =
        outcome_of([&] { static_cast<void>(sqlite::Database::open(path, {.read_only = true})); });
    for (const int one : taken) ::close(one);
    throw StorageError(ErrorCode::storage, without.message);
  });
  CHECK(outcome.message.find("Too many open files") != std::string::npos);
}

}  // namespace
}  // namespace castore::testing

#endif
