#pragma once

/// \file
/// Asking work that lasts to stop. As `std::stop_source` and `std::stop_token`, which not every
/// standard library has yet (libc++ hides them).

#include <chrono>
#include <memory>

namespace castore {

namespace detail {
struct StopState;
}

/// The end of a request to stop that the work looks at. A default token is never asked. Copies
/// share the request; safe to use from several threads at once.
class StopToken {
 public:
  StopToken() = default;

  [[nodiscard]] bool stop_requested() const noexcept;

  /// Waits until then, or until the request. \returns whether it was made
  [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point time) const;

 private:
  friend class StopSource;
  explicit StopToken(std::shared_ptr<detail::StopState> state) noexcept;

  std::shared_ptr<detail::StopState> state_;  ///< null: never
};

/// The end that makes the request, once and for good, from any thread; not from a signal handler.
/// Copies share it, and it is remembered as long as a token or a source lives.
class StopSource {
 public:
  StopSource();

  [[nodiscard]] StopToken get_token() const noexcept { return token_; }
  [[nodiscard]] bool stop_requested() const noexcept { return token_.stop_requested(); }

  /// Lets those that wait go at once. \returns whether this was the first request
  bool request_stop() noexcept;

 private:
  StopToken token_;
};

}  // namespace castore
