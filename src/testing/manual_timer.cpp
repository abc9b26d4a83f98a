#include <algorithm>
#include <castore/testing/manual_timer.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "saturating_time.hpp"

namespace castore::testing {

using std::chrono::milliseconds;

struct ManualTimer::Impl {
  /// An action that is due at `end` or before; empty: there is none.
  std::function<void()> take_due(milliseconds end) {
    const std::lock_guard lock(mutex);
    const auto first = actions.begin();
    if (first == actions.end() || first->first > end) {
      now = std::max(now, end);
      return nullptr;
    }
    now = std::max(now, first->first);
    return std::move(actions.extract(first).mapped());
  }

  mutable std::mutex mutex;
  mutable std::condition_variable added;
  std::multimap<milliseconds, std::function<void()>> actions;
  milliseconds now{0};
};

ManualTimer::ManualTimer() : impl_(std::make_unique<Impl>()) {}

ManualTimer::~ManualTimer() = default;

void ManualTimer::call_after(milliseconds delay, std::function<void()> action) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->actions.emplace(saturating_sum(impl_->now, delay), std::move(action));
  }
  impl_->added.notify_all();
}

void ManualTimer::advance(milliseconds duration) {
  const milliseconds end = saturating_sum(elapsed(), duration);
  while (const auto action = impl_->take_due(end)) action();
}

void ManualTimer::wait_for_actions(std::size_t count) const {
  std::unique_lock lock(impl_->mutex);
  impl_->added.wait(lock, [&] { return impl_->actions.size() >= count; });
}

milliseconds ManualTimer::elapsed() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->now;
}

}  // namespace castore::testing
