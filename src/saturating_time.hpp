#pragma once

/// \file
/// Sums and products of times that cannot overflow: what is too long for its type is the longest
/// that there is, and so means "long" and never "at once".

#include <chrono>
#include <cmath>
#include <type_traits>

namespace castore {

/// `duration` in units of `To`. What is not a number is the longest.
template <class To, class Rep, class Period>
[[nodiscard]] constexpr To saturating_cast(std::chrono::duration<Rep, Period> duration) noexcept {
  using Wide = std::chrono::duration<long double, typename To::period>;
  const Wide wide(duration);
  if (!(wide < Wide(To::max()))) return To::max();
  if (wide < Wide(To::min())) return To::min();
  if constexpr (std::is_floating_point_v<Rep>) {
    return To(static_cast<typename To::rep>(wide.count()));
  } else {
    return std::chrono::duration_cast<To>(duration);
  }
}

/// For integral durations of one type.
template <class Duration>
[[nodiscard]] constexpr Duration saturating_sum(Duration a, Duration b) noexcept {
  if (b > Duration::zero() && a > Duration::max() - b) return Duration::max();
  if (b < Duration::zero() && a < Duration::min() - b) return Duration::min();
  return a + b;
}

/// `start + delay`, or the last moment that the clock can tell.
template <class Clock, class Duration, class Rep, class Period>
[[nodiscard]] constexpr std::chrono::time_point<Clock, Duration> later(
    std::chrono::time_point<Clock, Duration> start,
    std::chrono::duration<Rep, Period> delay) noexcept {
  return std::chrono::time_point<Clock, Duration>(
      saturating_sum(start.time_since_epoch(), saturating_cast<Duration>(delay)));
}

/// `delay * rate^times`, rounded. No delay stays none, however often it grows.
/// \pre `delay` and `rate` are ≥ 0
template <class Duration>
[[nodiscard]] Duration grown(Duration delay, double rate, int times) noexcept {
  if (delay == Duration::zero()) return delay;  // and not 0 * infinity
  using Real = std::chrono::duration<double, typename Duration::period>;
  return saturating_cast<Duration>(Real(std::round(Real(delay).count() * std::pow(rate, times))));
}

}  // namespace castore
