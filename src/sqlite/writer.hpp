#pragma once

/// \file
/// The writing side of a database: its one connection that writes, transactions on it, and the
/// commits that several callers share.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sqlite/checkpointer.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/file.hpp"
#include "sqlite/writer_queue.hpp"

namespace castore::sqlite {

class Writer {
 public:
  /// \param file  outlives it
  Writer(const DatabaseFile& file, std::chrono::milliseconds busy_timeout);
  Writer& operator=(Writer&&) = delete;
  ~Writer();

  /// Takes the connection to write with. Without one each call throws `storage_read_only`.
  void open(std::unique_ptr<Connection> connection);
  /// Writes on a connection of the host's, whose transactions may be around ours.
  void open_on_host(sqlite3* connection);
  /// Checkpoints from now on, whenever the log has grown. The parameters are `Checkpointer`'s.
  void keep_log_short(ReaderPool& readers, Checkpointer::Connect connect,
                      Checkpointer::IsReading is_reading);

  /// \returns null if read-only
  [[nodiscard]] Connection* connection() const noexcept { return connection_.get(); }
  [[nodiscard]] bool is_on_host_connection() const noexcept { return on_host_connection_; }

  /// Waits until this thread alone may use the connection. \throws StorageBusyError
  [[nodiscard]] WriterQueue::Hold acquire();

  /// Begins a transaction of the caller's own; inside another, a savepoint. \returns its id
  [[nodiscard]] std::uint64_t begin();
  /// \throws StorageError  it is not this thread's innermost
  void check_commit(std::uint64_t id) const;
  /// Commits the innermost transaction of this thread. If that fails it is rolled back.
  void commit();
  /// Rolls back a transaction together with those inside it; does nothing if it is over. Called by
  /// any thread, if the one that began it is elsewhere.
  void rollback(std::uint64_t id) noexcept;

  /// Runs `write`, or lets it run, in a transaction of its own or shared with other callers': it is
  /// committed when this returns, unless a transaction of this thread is still open around it.
  /// \throws what `write` throws, and StorageError
  void run(PendingWrite& write);

  /// Runs `action` after the outermost commit of this thread's transaction, or else at once: unless
  /// the host, which does not tell us of its commit, is inside a transaction.
  void after_commit(std::function<void()> action);

  /// Whether this thread is inside a transaction of ours.
  [[nodiscard]] bool in_transaction() const noexcept {
    return queue_.held() && !open_transactions_.empty();
  }

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Actions = std::vector<std::function<void()>>;

  struct OpenTransaction {
    std::uint64_t id;
    std::size_t actions;     ///< how many there were when it began
    WriterQueue::Hold hold;  ///< empty inside a write, whose leader has one
  };

  /// The last turn of a leader.
  struct LastTurn {
    std::size_t callers = 1;  ///< that it let go, itself among them
    std::chrono::steady_clock::duration commit{};
    Time end;
  };

  /// The greatest number of writes that share a transaction: their callers wait until it ends.
  static constexpr std::size_t largest_batch = 256;

  [[nodiscard]] StorageBusyError busy() const;
  [[nodiscard]] StorageError read_only() const;
  /// Inside a transaction that SQLite itself has rolled back, a push would commit on its own.
  void check_alive() const;
  void begin_inside();
  void end_transaction() noexcept;
  void end_stray_transaction();
  /// Commits the innermost transaction, or rolls it back and throws.
  /// \returns the actions to run now that the outermost transaction is committed
  [[nodiscard]] Actions commit_inside();
  void rollback_inside() noexcept;
  void make_room() noexcept;
  /// Whether the host may still roll back what was pushed.
  [[nodiscard]] bool host_is_in_transaction();

  [[nodiscard]] std::size_t expected_callers(WriterQueue::Turn turn, Time began) const noexcept;
  void gather(std::size_t expected);
  [[nodiscard]] Actions lead(PendingWrite& write, std::size_t expected);
  [[nodiscard]] Actions run_alone(PendingWrite& write);
  [[nodiscard]] Actions run_batch(PendingWrite& leaders);
  [[nodiscard]] Actions commit_batch(std::size_t& count);
  void run_in_batch(PendingWrite& write);

  const DatabaseFile& file_;
  std::chrono::milliseconds busy_timeout_;
  WriterQueue queue_;

  // --- Guarded by `queue_` ---
  std::unique_ptr<Connection> connection_;  ///< null if read-only
  std::optional<Checkpointer> checkpointer_;
  bool on_host_connection_ = false;
  bool host_transaction_ = false;  ///< the outermost of ours is a savepoint in the host's
  std::vector<OpenTransaction> open_transactions_;  ///< outermost first
  std::uint64_t newest_transaction_ = 0;
  std::atomic<std::uint64_t> outermost_transaction_{0};  ///< 0 if none is open; for any thread
  Actions actions_;                                      ///< to run after the outermost commit
  std::array<Waiter*, largest_batch> batch_{};
  LastTurn last_turn_;
};

}  // namespace castore::sqlite
