#pragma once

/// \file
/// One listener and the messages on their way to it.

#include <castore/in_memory/delivery.hpp>
#include <castore/message.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace castore {

/// With the real time for a timer, if there is none. \throws InvalidRetryPolicyError
[[nodiscard]] DeliveryOptions checked_options(DeliveryOptions options);

/// How many messages are on their way, over all listeners of a queue or bus.
class Pending {
 public:
  void add();
  void remove();
  [[nodiscard]] bool none() const;
  /// Waits until there is none.
  void wait() const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable none_;
  std::size_t count_ = 0;
};

/// Hands messages to a listener, one at a time and in order, on a thread of its own; tries again
/// what fails. Safe to use from several threads, the listener's included.
class Delivery {
 public:
  /// \pre `options.timer` is set, and the policy checked
  Delivery(MessageHandler listener, const DeliveryOptions& options,
           std::shared_ptr<Pending> pending);
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  Delivery(Delivery&&) = delete;
  Delivery& operator=(Delivery&&) = delete;
  ~Delivery() { stop(); }

  void set_listener(MessageHandler listener);
  [[nodiscard]] bool has_listener() const;

  /// After `stop` the message is reported at once.
  void post(std::shared_ptr<const Message> message, bool replay);

  /// Waits for the message being handled, unless it is its listener who calls; then reports the
  /// others.
  void stop();

  /// The calling thread is the listener's.
  [[nodiscard]] bool on_own_thread() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with the thread and with retries that wait
};

}  // namespace castore
