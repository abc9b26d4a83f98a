#include "feed/pace.hpp"

#include <algorithm>
#include <castore/error.hpp>
#include <string>
#include <utility>

#include "saturating_time.hpp"

namespace castore::feed {

Pace::Pace(std::optional<double> rate_limit, StopToken stop_token)
    : stop_token_(std::move(stop_token)) {
  if (!rate_limit) return;
  if (!(*rate_limit > 0)) {  // nor is NaN
    throw InvalidOptionError("rate_limit", "must be above 0, not " + std::to_string(*rate_limit));
  }
  interval_ = saturating_cast<Clock::duration>(std::chrono::duration<double>(1 / *rate_limit));
}

/// The times are a grid, so that waking up late does not add up. A channel that is slower than the
/// rate moves the grid: no burst makes up for it.
bool Pace::wait() {
  if (stop_token_.stop_requested()) return false;
  if (interval_ == Clock::duration::zero()) return true;
  if (due_ && Clock::now() < *due_ && stop_token_.wait_until(*due_)) return false;
  const auto now = Clock::now();
  due_ = std::max(later(due_.value_or(now), interval_), now);
  return true;
}

}  // namespace castore::feed
