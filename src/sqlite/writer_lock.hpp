#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace castore::sqlite {

/// One thread at a time, as often as it likes, and no longer a wait than the busy timeout.
/// A `recursive_timed_mutex` would do, but nobody could ask it who holds it.
class WriterLock {
 public:
  /// \returns whether this thread has it now
  [[nodiscard]] bool try_lock_for(std::chrono::milliseconds timeout) {
    if (held()) {
      ++depth_;
      return true;
    }
    std::unique_lock lock(mutex_);
    if (!free_.wait_for(lock, timeout, [this] { return owner_.load() == std::thread::id(); }))
      return false;
    depth_ = 1;
    owner_ = std::this_thread::get_id();
    return true;
  }

  void unlock() {
    if (depth_ > 1) {
      --depth_;
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      owner_ = std::thread::id();
      depth_ = 0;
    }
    free_.notify_one();
  }

  [[nodiscard]] bool held() const noexcept { return owner_ == std::this_thread::get_id(); }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  std::atomic<std::thread::id> owner_;
  int depth_ = 0;  ///< of the owner; nobody else looks at it
};

}  // namespace castore::sqlite
