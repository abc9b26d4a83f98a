#pragma once

/// \file
/// Who may use the connection that writes: one thread at a time, in the order they came.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace castore::sqlite {

/// A thread that stands in the queue.
class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  Waiter(Waiter&&) = delete;
  Waiter& operator=(Waiter&&) = delete;
  virtual ~Waiter() = default;

 private:
  friend class WriterQueue;
  enum class State { waiting, taken, leading, done };

  /// What another thread may do in this one's place.
  [[nodiscard]] virtual class PendingWrite* write() noexcept { return nullptr; }

  State state_ = State::waiting;
  std::condition_variable wake_;
};

/// What one caller wants written. Whichever thread leads runs it, perhaps with those of others in
/// one transaction; its caller waits meanwhile, and gets its own answer.
class PendingWrite : public Waiter {
 public:
  /// Inside a transaction, or by itself if it is one statement. What it throws is its caller's.
  virtual void run() = 0;

  /// SQLite undoes a single statement that fails: no savepoint is needed.
  [[nodiscard]] virtual bool one_statement() const noexcept = 0;

  std::exception_ptr failure;

 private:
  [[nodiscard]] PendingWrite* write() noexcept final { return this; }
};

class WriterQueue {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Waits for the connection to be this thread's alone, until `release`. As often as it likes.
  /// \returns whether it is
  [[nodiscard]] bool acquire(Deadline deadline);

  enum class Turn {
    lead,     ///< at once: nobody was there
    inherit,  ///< from one that has led before
    done,     ///< by another thread
    timed_out
  };
  /// The same for a write, unless another thread does it meanwhile. \pre not `held()`
  [[nodiscard]] Turn enter(PendingWrite& write, Deadline deadline);

  /// By the one that holds it: to the next in the queue, if there is one.
  void release();

  /// By the one that leads: waits for others to join, until `wanted` of them stand in the queue.
  void gather(std::size_t wanted, Deadline until);

  /// Adds the writes that are at the front of the queue, up to `most` in all: their callers wait
  /// for `acknowledge` now, however long that takes. \returns whether there was one
  bool take(std::vector<PendingWrite*>& batch, std::size_t most);
  /// Lets the callers go on.
  void acknowledge(const std::vector<PendingWrite*>& batch);

  [[nodiscard]] bool write_is_waiting() const;
  [[nodiscard]] bool held() const noexcept { return owner_ == std::this_thread::get_id(); }

 private:
  [[nodiscard]] Turn wait(Waiter& waiter, Deadline deadline);
  void own() noexcept;

  mutable std::mutex mutex_;
  std::deque<Waiter*> waiting_;
  std::size_t wanted_ = 0;  ///< while the one that leads gathers
  std::condition_variable gathered_;
  bool busy_ = false;
  std::atomic<std::thread::id> owner_;
  int depth_ = 0;  ///< of the owner; nobody else looks at it
};

}  // namespace castore::sqlite
