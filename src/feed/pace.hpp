#pragma once

#include <castore/stop.hpp>
#include <chrono>
#include <optional>

namespace castore::feed {

/// The rate at which messages go, until a stop is requested.
class Pace {
 public:
  Pace(std::optional<double> rate_limit, StopToken stop_token);

  /// Waits until the next message is due. \returns false if it is not to be published any more
  [[nodiscard]] bool wait();

 private:
  using Clock = std::chrono::steady_clock;

  StopToken stop_token_;
  Clock::duration interval_{};
  std::optional<Clock::time_point> due_;  ///< the next message; none: the first, at once
};

}  // namespace castore::feed
