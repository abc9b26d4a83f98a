// The log is cleared without getting in the way of another process that writes.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <atomic>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sqlite/flaws.hpp"
#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

#ifndef _WIN32
#include "support/processes.hpp"
#endif

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

// https://www.sqlite.org/walformat.html#wal_locks
constexpr int write_lock = 0;
constexpr int checkpoint_lock = 1;

/// While it lives, SQLite's default VFS, which looks at the locks of this process in a `-shm`. One
/// at a time; before any connection.
class WatchedLocks {
 public:
  WatchedLocks() {
    instance = this;
    system_ = sqlite3_vfs_find(nullptr);
    vfs_ = *system_;
    vfs_.pNext = nullptr;
    vfs_.zName = "castore-watched";
    vfs_.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
      const int code = instance->system_->xOpen(instance->system_, name, file, flags, out);
      if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) instance->watch(*file);
      return code;
    };
    sqlite3_vfs_register(&vfs_, 1);
  }
  WatchedLocks& operator=(WatchedLocks&&) = delete;
  ~WatchedLocks() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(system_, 1);
  }

  int checkpoints = 0;
  int checkpoints_without_write_lock = 0;

 private:
  void watch(sqlite3_file& file) {
    original_ = file.pMethods;
    methods_ = *original_;
    methods_.xShmLock = [](sqlite3_file* locked, int first, int count, int flags) {
      const int code = instance->original_->xShmLock(locked, first, count, flags);
      if (code == SQLITE_OK) instance->note(first, flags);
      return code;
    };
    file.pMethods = &methods_;
  }

  void note(int lock, int flags) {
    const bool locks = (flags & SQLITE_SHM_LOCK) != 0;
    if (lock == write_lock) writes_ = locks;
    if (lock == checkpoint_lock && locks) {
      ++checkpoints;
      if (!writes_) ++checkpoints_without_write_lock;
    }
  }

  static inline WatchedLocks* instance = nullptr;
  sqlite3_vfs* system_ = nullptr;
  sqlite3_vfs vfs_{};
  const sqlite3_io_methods* original_ = nullptr;
  sqlite3_io_methods methods_{};
  bool writes_ = false;
};

void push_much(SqliteEventStorageAdapter& events, const std::string& id, Version last) {
  const std::string payload = '"' + std::string(5000, 'x') + '"';
  for (Version version = 1; version <= last; ++version) {
    push(events, "STORE", with_payload(new_event(id, version), payload));
  }
}

TEST_CASE("the log is written back only by who keeps others from beginning it anew") {
  WatchedLocks locks;
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  {
    SqliteEventStorageAdapter events(
        sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off}));
    push_much(events, "a", 3000);
    {
      sqlite::Transaction transaction(*events.database());
      push_much(events, "b", 1000);
      transaction.commit();
    }
    constexpr std::uintmax_t bound = 16U << 20U;
    CHECK(fs::file_size(directory / "store.db-wal") < bound);
    CHECK(versions(events, "STORE", "a").size() == 3000);
  }
  CHECK(locks.checkpoints > 3);
  CHECK(locks.checkpoints_without_write_lock == 0);
  CHECK_FALSE(fs::exists(directory / "store.db-wal"));
  CHECK(flaws(path) == "");
}

TEST_CASE("a log that cannot be written back fails no push") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  SqliteEventStorageAdapter events(
      sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off}));
  Sql reader(path);  // keeps the log from being written back
  push(events, "STORE", new_event("first", 1));
  reader("BEGIN; SELECT * FROM castore_event");
  push_much(events, "a", 2000);
  CHECK(versions(events, "STORE", "a").size() == 2000);
  reader("COMMIT");
  push_much(events, "b", 2000);
  CHECK(versions(events, "STORE", "b").size() == 2000);
}

#ifndef _WIN32
TEST_CASE("processes that push much and clear the log and come and go leave a sound file") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  constexpr int process_count = 4;
  constexpr int rounds = 6;
  constexpr Version pushes = 150;
  const int succeeded = in_processes(process_count, [&](int process) {
    for (int round = 0; round < rounds; ++round) {
      SqliteEventStorageAdapter events(sqlite::Database::open(
          path,
          {.synchronous = sqlite::Synchronous::off, .busy_timeout = std::chrono::minutes{2}}));
      push_much(events, std::to_string(process) + '-' + std::to_string(round), pushes);
      if (versions(events, "STORE", std::to_string(process) + "-0").size() != pushes) {
        throw std::runtime_error("events are missing");
      }
    }
  });
  CHECK(succeeded == process_count);
  Sql sql(path);
  CHECK(sql.value("SELECT count(*) FROM castore_event") ==
        std::to_string(process_count * rounds * pushes));
  CHECK(flaws(path) == "");
}
#endif

}  // namespace
}  // namespace castore::testing
