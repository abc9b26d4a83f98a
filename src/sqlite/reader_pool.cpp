#include "sqlite/reader_pool.hpp"

#include <utility>

namespace castore::sqlite {
namespace {

/// More are opened when more threads read at once, and closed again.
constexpr std::size_t idle_kept = 4;

}  // namespace

ReaderPool::ReaderPool(Connect connect, std::size_t most)
    : connect_(std::move(connect)), most_(most) {
  idle_.reserve(idle_kept);
}

std::unique_ptr<Connection> ReaderPool::take(std::chrono::milliseconds timeout, bool nested) {
  {
    std::unique_lock lock(mutex_);
    const auto is_free = [&] { return nested || (!paused_ && used_ < most_); };
    if (!is_free() && !free_.wait_until(lock, deadline_after(timeout), is_free)) return nullptr;
    ++used_;
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  try {
    return connect_();
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) noexcept {
  bool all_are_free = false;
  {
    std::unique_lock lock(mutex_);
    if (connection && idle_.size() < idle_kept) idle_.push_back(std::move(connection));
    if (connection) {  // closed before another one is opened in its place
      lock.unlock();
      connection.reset();
      lock.lock();
    }
    all_are_free = --used_ == 0;
  }
  free_.notify_one();
  if (all_are_free) all_free_.notify_all();
}

void ReaderPool::close_idle() noexcept {
  for (;;) {
    std::unique_ptr<Connection> connection;  // closed without the lock
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return;
    connection = std::move(idle_.back());
    idle_.pop_back();
  }
}

ReaderPool::Pause::Pause(ReaderPool& pool) : pool_(pool) {
  const std::lock_guard lock(pool_.mutex_);
  pool_.paused_ = true;
}

ReaderPool::Pause::~Pause() {
  {
    const std::lock_guard lock(pool_.mutex_);
    pool_.paused_ = false;
  }
  pool_.free_.notify_all();
}

bool ReaderPool::Pause::wait(Deadline deadline) {
  std::unique_lock lock(pool_.mutex_);
  return pool_.all_free_.wait_until(lock, deadline, [&] { return pool_.used_ == 0; });
}

}  // namespace castore::sqlite
