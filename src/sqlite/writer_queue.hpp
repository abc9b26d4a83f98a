#pragma once

/// \file
/// Serialises the use of the connection that writes: one thread at a time, in the order they came.
///
/// Nothing here needs memory: a thread that waits is let go whatever else fails.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>

namespace castore::sqlite {

/// A number for each thread. Unlike `std::thread::id` it is not used again once a thread has ended.
[[nodiscard]] std::uint64_t this_thread() noexcept;

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
  Waiter* next_ = nullptr;  ///< the one behind it in the queue
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
  void release() noexcept;

  /// By the one that leads: waits for others to join, until `wanted` of them stand in the queue.
  void gather(std::size_t wanted, Deadline until);

  /// Moves the writes at the front of the queue into `batch` behind the first `count`, as far as
  /// there is room: their callers wait for `acknowledge` now, however long that takes.
  /// \returns how many there are then
  std::size_t take(std::span<PendingWrite*> batch, std::size_t count) noexcept;
  /// Lets the callers go on.
  void acknowledge(std::span<PendingWrite* const> batch) noexcept;

  [[nodiscard]] bool write_is_waiting() const;
  [[nodiscard]] bool held() const noexcept { return owner_ == this_thread(); }

 private:
  [[nodiscard]] Turn wait(Waiter& waiter, Deadline deadline);
  void own() noexcept;
  void push_back(Waiter& waiter) noexcept;
  Waiter& pop_front() noexcept;
  void erase(const Waiter& waiter) noexcept;

  mutable std::mutex mutex_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  std::size_t waiting_ = 0;  ///< how many there are
  std::size_t wanted_ = 0;   ///< while the one that leads gathers
  std::condition_variable gathered_;
  bool busy_ = false;
  std::atomic<std::uint64_t> owner_{0};
  int depth_ = 0;  ///< of the owner; nobody else looks at it
};

}  // namespace castore::sqlite
