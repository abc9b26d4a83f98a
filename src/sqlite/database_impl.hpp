#pragma once

/// \file
/// What the adapter sees of a `Database`: a connection to write with, others to read with.

#include <castore/sqlite/database.hpp>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sqlite/connection.hpp"
#include "sqlite/read_only.hpp"
#include "sqlite/writer_lock.hpp"

namespace castore::sqlite {

struct Database::Impl {
  Impl(std::filesystem::path file, const DatabaseOptions& given);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;
  ~Impl();

  std::filesystem::path path;  ///< empty: the writer is the only connection there can be
  DatabaseOptions options;

  // --- Writing: under `lock` ---
  WriterLock lock;
  std::unique_ptr<Connection> writer;  ///< null if read-only
  bool on_host_connection = false;
  bool host_transaction = false;  ///< the outermost of ours is a savepoint in the host's
  /// The open transactions of ours, outermost first: how many actions there were at each's start.
  std::vector<std::size_t> open_transactions;
  std::vector<std::function<void()>> actions;  ///< to run after the outermost commit

  /// \throws StorageBusyError
  void acquire();
  void begin();
  void commit();
  void rollback() noexcept;
  /// Inside a transaction that SQLite itself has rolled back, a push would commit on its own.
  void check_alive() const;
  /// This thread is inside a transaction of ours.
  [[nodiscard]] bool in_transaction() const noexcept {
    return lock.held() && !open_transactions.empty();
  }

  /// What was pushed may still be rolled back by the host.
  [[nodiscard]] bool host_is_in_transaction();

  // --- Reading: the pool ---
  std::mutex readers_mutex;
  std::vector<std::unique_ptr<Connection>> idle_readers;
  std::optional<ReadOnlyFile> read_only_file;

  [[nodiscard]] std::unique_ptr<Connection> take_reader();
  void give_back(std::unique_ptr<Connection> reader);
};

/// A connection to read with: one of the pool, or the writer where this thread has to see what it
/// has not committed yet, or where there is no other.
class Reading {
 public:
  explicit Reading(Database::Impl& database);
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  Reading(Reading&&) = delete;
  Reading& operator=(Reading&&) = delete;
  ~Reading();

  [[nodiscard]] Connection& connection() const noexcept { return *connection_; }
  [[nodiscard]] bool on_writer() const noexcept { return reader_ == nullptr; }

  /// Call when all is read. \throws StorageBusyError  what was read may be wrong
  void finish() const;

 private:
  Database::Impl& database_;
  std::unique_ptr<Connection> reader_;
  Connection* connection_;
};

}  // namespace castore::sqlite
