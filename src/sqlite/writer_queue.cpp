#include "sqlite/writer_queue.hpp"

#include <algorithm>

namespace castore::sqlite {

bool WriterQueue::acquire(Deadline deadline) {
  if (held()) {
    ++depth_;
    return true;
  }
  Waiter waiter;
  return wait(waiter, deadline) != Turn::timed_out;
}

WriterQueue::Turn WriterQueue::enter(PendingWrite& write, Deadline deadline) {
  return wait(write, deadline);
}

WriterQueue::Turn WriterQueue::wait(Waiter& waiter, Deadline deadline) {
  using State = Waiter::State;
  std::unique_lock lock(mutex_);
  if (!busy_) {
    busy_ = true;
    own();
    return Turn::lead;
  }
  waiting_.push_back(&waiter);
  if (waiting_.size() == wanted_) gathered_.notify_one();
  if (!waiter.wake_.wait_until(lock, deadline, [&] { return waiter.state_ != State::waiting; })) {
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &waiter));
    return Turn::timed_out;
  }
  // What a leader has begun ends with it.
  waiter.wake_.wait(lock, [&] { return waiter.state_ != State::taken; });
  if (waiter.state_ == State::done) return Turn::done;
  own();
  return Turn::inherit;
}

void WriterQueue::own() noexcept {
  owner_ = std::this_thread::get_id();
  depth_ = 1;
}

void WriterQueue::release() {
  if (--depth_ > 0) return;
  owner_ = std::thread::id();
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    busy_ = false;
    return;
  }
  Waiter& next = *waiting_.front();
  waiting_.pop_front();
  next.state_ = Waiter::State::leading;
  next.wake_.notify_one();
}

void WriterQueue::gather(std::size_t wanted, Deadline until) {
  std::unique_lock lock(mutex_);
  wanted_ = wanted;
  gathered_.wait_until(lock, until, [this] { return waiting_.size() >= wanted_; });
  wanted_ = 0;
}

bool WriterQueue::take(std::vector<PendingWrite*>& batch, std::size_t most) {
  const std::size_t before = batch.size();
  const std::lock_guard lock(mutex_);
  while (batch.size() < most && !waiting_.empty()) {
    PendingWrite* const write = waiting_.front()->write();
    if (write == nullptr) break;  // it wants the connection for itself
    batch.push_back(write);
    write->state_ = Waiter::State::taken;
    waiting_.pop_front();
  }
  return batch.size() > before;
}

void WriterQueue::acknowledge(const std::vector<PendingWrite*>& batch) {
  const std::lock_guard lock(mutex_);
  for (PendingWrite* const write : batch) {
    write->state_ = Waiter::State::done;
    write->wake_.notify_one();
  }
}

bool WriterQueue::write_is_waiting() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty() && waiting_.front()->write() != nullptr;
}

}  // namespace castore::sqlite
