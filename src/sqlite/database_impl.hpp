#pragma once

/// \file
/// What the adapter sees of a `Database`: a connection to write with, others to read with.

#include <array>
#include <atomic>
#include <castore/sqlite/database.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "sqlite/checkpointer.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/file.hpp"
#include "sqlite/read_only.hpp"
#include "sqlite/reader_pool.hpp"
#include "sqlite/writer_queue.hpp"

namespace castore::sqlite {

struct Database::Impl {
  Impl(std::filesystem::path file, const DatabaseOptions& given);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;
  ~Impl();

  void open_for_reading();
  void open_for_writing();
  /// \throws StorageError  they are not ours
  void check_tables(Connection& connection) const;

  std::filesystem::path path;  ///< empty: the writer is the only connection there can be
  DatabaseOptions options;

  // --- The file ---
  ProcessId process = this_process();
  std::optional<OpenFile> open_file;
  FileInPlace in_place;
  std::optional<ReadOnlyFile> read_only_file;

  /// A child made by fork has the memory of its parent, and none of its locks.
  [[nodiscard]] bool is_of_this_process() const noexcept { return process == this_process(); }
  /// \throws StorageError  `forked_process`
  void check_process() const;

  using Actions = std::vector<std::function<void()>>;

  // --- Reading ---
  ReaderPool readers;

  /// \throws StorageError  `file_replaced`
  [[nodiscard]] std::unique_ptr<Connection> connect_to_read() const;

  [[nodiscard]] std::uint64_t data_version();

  /// Closes the connections that nobody uses: they may keep a `-shm` open that is of no use.
  void close_idle() noexcept;

  // --- Writing: by whoever holds `queue` ---
  WriterQueue queue;
  std::unique_ptr<Connection> writer;  ///< null if read-only
  std::optional<Checkpointer> checkpointer;
  bool on_host_connection = false;
  bool host_transaction = false;  ///< the outermost of ours is a savepoint in the host's
  struct OpenTransaction {
    std::uint64_t id;
    std::size_t actions;     ///< how many there were when it began
    WriterQueue::Hold hold;  ///< empty inside a write, whose leader has one
  };
  std::vector<OpenTransaction> open_transactions;  ///< outermost first
  std::uint64_t newest_transaction = 0;
  std::atomic<std::uint64_t> outermost_transaction{0};  ///< 0 if none is open; for any thread
  Actions actions;                                      ///< to run after the outermost commit
  /// How many writes share a transaction at most: their callers wait until it ends.
  static constexpr std::size_t largest_batch = 256;
  std::array<Waiter*, largest_batch> batch{};
  /// How many callers the last leader let go, itself among them, how long they had waited for the
  /// disk, and when that was.
  struct {
    std::size_t callers = 1;
    std::chrono::steady_clock::duration commit{};
    std::chrono::steady_clock::time_point end;
  } last_turn;

  /// \throws StorageBusyError
  [[nodiscard]] WriterQueue::Hold acquire();

  /// A transaction of the caller's own. Inside another, a savepoint. \returns its id
  [[nodiscard]] std::uint64_t begin();
  /// \throws StorageError  it is not this thread's innermost
  void check_commit(std::uint64_t id) const;
  /// Commits the innermost transaction of this thread. If that fails it is rolled back.
  void commit();
  /// Together with those inside it. Nothing if it is over. By any thread, if the one that began it
  /// is elsewhere.
  void rollback(std::uint64_t id) noexcept;

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

 private:
  [[nodiscard]] StorageBusyError busy() const;
  [[nodiscard]] StorageError read_only() const;
  [[nodiscard]] std::unique_ptr<Connection> connect_to_write() const;
  [[nodiscard]] std::unique_ptr<Connection> open_writer() const;
  void begin_inside();
  void end_transaction() noexcept;
  void end_stray_transaction();
  /// Commits the innermost transaction, or rolls it back and throws.
  /// \returns what is to run now that the outermost transaction is committed
  [[nodiscard]] Actions commit_inside();
  void rollback_inside() noexcept;
  void make_room() noexcept;
  [[nodiscard]] std::size_t expected_callers(
      WriterQueue::Turn turn, std::chrono::steady_clock::time_point began) const noexcept;
  [[nodiscard]] Actions lead(PendingWrite& write, std::size_t expected);
  void gather(std::size_t expected);
  [[nodiscard]] Actions run_alone(PendingWrite& write);
  [[nodiscard]] Actions run_batch(PendingWrite& leaders);
  [[nodiscard]] Actions commit_batch(std::size_t& count);
  void run_in_batch(PendingWrite& write);

  std::mutex watch_mutex_;
  std::unique_ptr<Connection> watch_;  ///< for `data_version`
  std::uint64_t watches_ = 0;          ///< how many there have been
};

/// How long something is tried again: for `timeout` from the first failure on.
class Patience {
 public:
  explicit Patience(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  /// Waits a moment. \throws StorageBusyError  there is no time left
  void wait(const std::exception& reason);

 private:
  std::chrono::milliseconds timeout_;
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point waited_;  ///< when the last one was over
  std::chrono::microseconds pause_{50};
  int waits_ = 0;
  int restarts_ = 0;
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

  /// Calls `read` with a reading, again from its start as long as others are in the way: it has to
  /// cope with what an earlier call has done. \returns what it returns
  template <class Read>
  static auto from(Database::Impl& database, const Read& read);
  template <class Read>
  static auto from(Database& database, const Read& read) {
    return from(*database.impl_, read);
  }

  [[nodiscard]] Connection& connection() const noexcept { return *connection_; }
  [[nodiscard]] bool on_writer() const noexcept { return reader_ == nullptr; }

  /// Whether it may have to be begun anew.
  [[nodiscard]] bool may_be_repeated() const noexcept {
    return database_.read_only_file.has_value();
  }

  /// Whether the calling thread is reading from that database.
  [[nodiscard]] static bool is_under_way(const Database::Impl& database) noexcept;

 private:
  Database::Impl& database_;
  Reading* outer_;          ///< the one that this thread had begun before
  WriterQueue::Hold hold_;  ///< of the writer, if it is that
  std::unique_ptr<Connection> reader_;
  Connection* connection_ = nullptr;
  bool of_no_use_ = false;  ///< the connection
};

template <class Read>
auto Reading::from(Database::Impl& database, const Read& read) {
  Patience patience(database.options.busy_timeout);
  for (;;) {
    try {
      Reading reading(database);
      try {
        return read(reading);
      } catch (const LookAgain&) {
        reading.of_no_use_ = true;
        throw;
      }
    } catch (const LookAgain& reason) {
      database.close_idle();
      patience.wait(reason);
    }
  }
}

}  // namespace castore::sqlite
