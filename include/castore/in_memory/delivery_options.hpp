#pragma once

/// \file
/// Options that the in-memory queue and bus share: when a message is tried again, and what becomes
/// of one that is not handled.

#include <castore/message.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>

namespace castore {

/// After a failure at attempt n a message waits `retry_delay * retry_backoff_rate^(n - 1)`, then
/// goes after those that wait. Where that is too long to be told, it waits `milliseconds::max()`.
struct RetryPolicy {
  int retry_attempts = 2;  ///< ≥ 0; so a message is tried once more than that
  std::chrono::milliseconds retry_delay{30'000};  ///< ≥ 0
  double retry_backoff_rate = 2;                  ///< ≥ 0

  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

/// A message that its listener has not handled, and will not be given again.
struct UnhandledMessage {
  Message message;
  MessageContext context;  ///< of the last attempt; of the first, if there was none
  /// The last exception of the listener; null if it was never given the message.
  std::exception_ptr error;
  /// The queue or bus is being destroyed; else the attempts are exhausted, or, where
  /// `context.retry_attempts_left` is not 0, the next one could not be put off: the timer has
  /// thrown, or there was no memory or no thread for it.
  bool stopped = false;
};

/// Runs actions later: the clock of retries.
class Timer {
 public:
  Timer() = default;
  Timer& operator=(Timer&&) = delete;
  virtual ~Timer() = default;

  /// Calls `action`, which is short and throws nothing, once `delay` has passed, on a thread of the
  /// timer's; not before this returns. What it throws itself gives the message up. `delay` may be
  /// as long as `milliseconds::max()`, which no clock can add to its time.
  virtual void call_after(std::chrono::milliseconds delay, std::function<void()> action) = 0;
};

struct DeliveryOptions {
  RetryPolicy retry_policy{};
  /// Told of each message that is given up, on the thread of its listener or of the destructor, or,
  /// where the queue or bus is being destroyed already, of who publishes. By default one line on
  /// standard error, which is also all there is where there is no memory to tell it. What it throws
  /// is ignored.
  ///
  /// It may publish to its own queue or bus. While that is being destroyed, such a message is not
  /// handled and not told of here again, but is a line on standard error. It may not drain it.
  std::function<void(const UnhandledMessage&)> on_unhandled{};
  /// By default the real time. `castore/testing/manual_timer.hpp` has one for tests.
  std::shared_ptr<Timer> timer{};
};

}  // namespace castore
