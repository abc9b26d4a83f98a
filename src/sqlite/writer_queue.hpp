#pragma once

/// \file
/// Serialises the use of the connection that writes: one thread at a time, first come, first
/// served.
///
/// Nothing here needs memory: a waiting thread goes on whatever else fails.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <utility>

namespace castore::sqlite {

/// Returns a number of the calling thread. Unlike `std::thread::id` it is not used again once the
/// thread has ended.
[[nodiscard]] std::uint64_t this_thread() noexcept;

/// A piece of work that one caller wants written. A leader runs it, perhaps with those of others in
/// one transaction; its caller waits meanwhile, and gets its own answer.
class PendingWrite {
 public:
  PendingWrite() = default;
  PendingWrite& operator=(PendingWrite&&) = delete;
  virtual ~PendingWrite() = default;

  /// Runs inside a transaction, or by itself if it is one statement. Exceptions are its caller's.
  virtual void run() = 0;

  /// SQLite undoes a single statement that fails: no savepoint is needed.
  [[nodiscard]] virtual bool one_statement() const noexcept = 0;

  std::exception_ptr failure;
};

/// A thread that stands in the queue. It lies on that thread's stack.
struct Waiter {
  enum class State { waiting, taken, leading, done };

  PendingWrite* write = nullptr;  ///< that a leader may run; null: it wants the connection itself
  State state = State::waiting;
  Waiter* next = nullptr;  ///< the one behind it in the queue
  std::condition_variable wake{};
};

class WriterQueue {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// A hold on the connection, which ends with the object. One thread may have several at a time.
  class Hold {
   public:
    Hold() = default;
    /// Takes over what `queue` has given the calling thread.
    explicit Hold(WriterQueue& queue) noexcept : queue_(&queue) {}
    Hold(Hold&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(queue_, other.queue_);
      return *this;
    }
    ~Hold() {
      if (queue_ != nullptr) queue_->release();
    }

    explicit operator bool() const noexcept { return queue_ != nullptr; }

    /// Lets it never end: in a child made by fork it is the parent's.
    void abandon() noexcept { queue_ = nullptr; }

   private:
    WriterQueue* queue_ = nullptr;
  };

  /// Waits until the connection is this thread's alone. As often as it likes.
  /// \returns an empty hold if that was not in time
  [[nodiscard]] Hold acquire(Deadline deadline);

  enum class Turn {
    lead,     ///< at once: nobody was there
    inherit,  ///< from one that has led before
    done,     ///< by another thread
    timed_out
  };
  struct Entry {
    Turn turn;
    Hold hold;  ///< empty unless this thread leads
  };
  /// Waits for the connection as well, unless another thread runs `write` meanwhile.
  /// \pre not `held()`
  [[nodiscard]] Entry enter(PendingWrite& write, Deadline deadline);

  /// Called by the leader. Waits for others to join, until `wanted` of them stand in the queue.
  void gather(std::size_t wanted, Deadline until);

  /// Moves those at the front of the queue that have a write into `batch` behind the first `count`,
  /// as far as there is room: they wait for `acknowledge` now, however long that takes.
  /// \returns how many there are then
  std::size_t take(std::span<Waiter*> batch, std::size_t count) noexcept;
  /// Lets the callers go on.
  void acknowledge(std::span<Waiter* const> batch) noexcept;

  [[nodiscard]] bool write_is_waiting() const;
  [[nodiscard]] bool held() const noexcept { return owner_ == this_thread(); }

 private:
  /// Called by the owner. Hands over to the next waiter, if there is one.
  void release() noexcept;
  [[nodiscard]] Turn wait(Waiter& waiter, Deadline deadline);
  void own() noexcept;
  void push_back(Waiter& waiter) noexcept;
  Waiter& pop_front() noexcept;
  void erase(const Waiter& waiter) noexcept;

  mutable std::mutex mutex_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  std::size_t waiting_ = 0;  ///< how many there are
  std::size_t wanted_ = 0;   ///< while the leader gathers
  std::condition_variable gathered_;
  bool busy_ = false;
  std::atomic<std::uint64_t> owner_{0};
  int depth_ = 0;  ///< of the owner; nobody else looks at it
};

}  // namespace castore::sqlite
