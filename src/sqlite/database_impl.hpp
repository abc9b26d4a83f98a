#pragma once

/// \file
/// What the adapter sees of a `Database`: a connection to write with, others to read with.

#include <castore/event_storage_adapter.hpp>
#include <castore/sqlite/database.hpp>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sqlite/connection.hpp"
#include "sqlite/read_only.hpp"
#include "sqlite/writer_queue.hpp"

namespace castore::sqlite {

class AdapterSet {
 public:
  void insert(const EventStorageAdapter* adapter) {
    const std::lock_guard lock(mutex_);
    adapters_.insert(adapter);
  }
  void erase(const EventStorageAdapter* adapter) {
    const std::lock_guard lock(mutex_);
    adapters_.erase(adapter);
  }
  [[nodiscard]] bool contains(const EventStorageAdapter* adapter) const {
    const std::lock_guard lock(mutex_);
    return adapters_.contains(adapter);
  }

 private:
  mutable std::mutex mutex_;
  std::set<const EventStorageAdapter*> adapters_;
};

struct Database::Impl {
  Impl(std::filesystem::path file, const DatabaseOptions& given);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;
  ~Impl();

  std::filesystem::path path;  ///< empty: the writer is the only connection there can be
  DatabaseOptions options;

  using Actions = std::vector<std::function<void()>>;

  // --- Writing: by whoever holds `queue` ---
  WriterQueue queue;
  std::unique_ptr<Connection> writer;  ///< null if read-only
  bool on_host_connection = false;
  bool host_transaction = false;  ///< the outermost of ours is a savepoint in the host's
  /// The open transactions of ours, outermost first: how many actions there were at each's start.
  std::vector<std::size_t> open_transactions;
  Actions actions;                   ///< to run after the outermost commit
  std::vector<PendingWrite*> batch;  ///< what shares the leader's transaction
  /// How many callers the last leader let go, itself among them, how long they had waited for the
  /// disk, and when that was.
  struct {
    std::size_t callers = 1;
    std::chrono::steady_clock::duration commit{};
    std::chrono::steady_clock::time_point end;
  } last_turn;

  /// \throws StorageBusyError
  void acquire();

  /// A transaction of the caller's own, from `acquire` to `release`. Inside another, a savepoint.
  void begin();
  void commit();
  void rollback() noexcept;

  /// Runs `write`, or lets it run, in a transaction of its own or shared with other callers': it is
  /// committed when this returns, unless a transaction of this thread is still open around it.
  /// \throws what `write` throws, and StorageError
  void run(PendingWrite& write);

  /// Inside a transaction that SQLite itself has rolled back, a push would commit on its own.
  void check_alive() const;
  /// This thread is inside a transaction of ours.
  [[nodiscard]] bool in_transaction() const noexcept {
    return queue.held() && !open_transactions.empty();
  }

  /// What was pushed may still be rolled back by the host.
  [[nodiscard]] bool host_is_in_transaction();

  /// Those of ours on this database, as opposed to decorators around them: what they write may be
  /// written by another thread.
  AdapterSet adapters;

  // --- Reading: the pool ---
  std::mutex readers_mutex;
  std::vector<std::unique_ptr<Connection>> idle_readers;
  std::optional<ReadOnlyFile> read_only_file;

  [[nodiscard]] std::unique_ptr<Connection> take_reader();
  void give_back(std::unique_ptr<Connection> reader);

 private:
  [[nodiscard]] StorageBusyError busy() const;
  [[nodiscard]] StorageError read_only() const;
  void begin_inside();
  void end_stray_transaction();
  /// \returns what is to run now that the outermost transaction is committed
  [[nodiscard]] Actions commit_inside();
  void rollback_inside() noexcept;
  void lead(PendingWrite& write, std::size_t expected);
  void gather(std::size_t expected);
  [[nodiscard]] Actions run_alone(PendingWrite& write);
  [[nodiscard]] Actions run_batch(PendingWrite& leaders);
  void run_in_batch(PendingWrite& write);
  void fail_batch(const StorageError& error);
};

/// A connection to read with: one of the pool, or the writer where this thread has to see what it
/// has not committed yet, or where there is no other.
class Reading {
 public:
  explicit Reading(Database::Impl& database);
  explicit Reading(Database& database) : Reading(*database.impl_) {}
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
