#include "sqlite/writer_queue.hpp"

namespace castore::sqlite {

std::uint64_t this_thread() noexcept {
  static std::atomic<std::uint64_t> newest{0};
  thread_local const std::uint64_t number = ++newest;
  return number;
}

WriterQueue::Hold WriterQueue::acquire(Deadline deadline) {
  if (held()) {
    ++depth_;
    return Hold(*this);
  }
  Waiter waiter;
  return wait(waiter, deadline) == Turn::timed_out ? Hold() : Hold(*this);
}

WriterQueue::Entry WriterQueue::enter(PendingWrite& write, Deadline deadline) {
  Waiter waiter{.write = &write};
  const Turn turn = wait(waiter, deadline);
  const bool leads = turn == Turn::lead || turn == Turn::inherit;
  return {turn, leads ? Hold(*this) : Hold()};
}

WriterQueue::Turn WriterQueue::wait(Waiter& waiter, Deadline deadline) {
  using State = Waiter::State;
  std::unique_lock lock(mutex_);
  if (!busy_) {
    busy_ = true;
    own();
    return Turn::lead;
  }
  push_back(waiter);
  if (waiting_ == wanted_) gathered_.notify_one();
  if (!waiter.wake.wait_until(lock, deadline, [&] { return waiter.state != State::waiting; })) {
    erase(waiter);
    return Turn::timed_out;
  }
  // A leader that has begun with it ends it.
  waiter.wake.wait(lock, [&] { return waiter.state != State::taken; });
  if (waiter.state == State::done) return Turn::done;
  own();
  return Turn::inherit;
}

void WriterQueue::own() noexcept {
  owner_ = this_thread();
  depth_ = 1;
}

void WriterQueue::push_back(Waiter& waiter) noexcept {
  (last_ == nullptr ? first_ : last_->next) = &waiter;
  last_ = &waiter;
  ++waiting_;
}

Waiter& WriterQueue::pop_front() noexcept {
  Waiter& waiter = *first_;
  erase(waiter);
  return waiter;
}

void WriterQueue::erase(const Waiter& waiter) noexcept {
  Waiter* before = nullptr;
  for (Waiter* here = first_; here != &waiter; here = here->next) before = here;
  (before == nullptr ? first_ : before->next) = waiter.next;
  if (last_ == &waiter) last_ = before;
  --waiting_;
}

void WriterQueue::release() noexcept {
  if (--depth_ > 0) return;
  owner_ = 0;
  const std::lock_guard lock(mutex_);
  if (first_ == nullptr) {
    busy_ = false;
    return;
  }
  Waiter& next = pop_front();
  next.state = Waiter::State::leading;
  next.wake.notify_one();
}

void WriterQueue::gather(std::size_t wanted, Deadline until) {
  std::unique_lock lock(mutex_);
  wanted_ = wanted;
  gathered_.wait_until(lock, until, [this] { return waiting_ >= wanted_; });
  wanted_ = 0;
}

std::size_t WriterQueue::take(std::span<Waiter*> batch, std::size_t count) noexcept {
  const std::lock_guard lock(mutex_);
  while (count < batch.size() && first_ != nullptr && first_->write != nullptr) {
    Waiter& waiter = pop_front();
    waiter.state = Waiter::State::taken;
    batch[count++] = &waiter;
  }
  return count;
}

void WriterQueue::acknowledge(std::span<Waiter* const> batch) noexcept {
  const std::lock_guard lock(mutex_);
  for (Waiter* const waiter : batch) {
    waiter->state = Waiter::State::done;
    waiter->wake.notify_one();
  }
}

bool WriterQueue::write_is_waiting() const {
  const std::lock_guard lock(mutex_);
  return first_ != nullptr && first_->write != nullptr;
}

}  // namespace castore::sqlite
