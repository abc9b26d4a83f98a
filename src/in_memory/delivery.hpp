#pragma once

/// \file
/// One listener and the messages on their way to it.

#include <castore/in_memory/delivery_options.hpp>
#include <castore/message.hpp>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <span>

namespace castore {

/// With the real time for a timer, if there is none. \throws InvalidRetryPolicyError
[[nodiscard]] DeliveryOptions checked_options(DeliveryOptions options);

/// The number of messages on their way, over all listeners of a queue or bus, and whom these wait
/// for.
class Pending {
 public:
  void add(std::size_t count) noexcept;
  void remove() noexcept;
  /// Counts a listener that messages wait for and that is missing, or is not any more.
  void miss_listener(bool missing) noexcept;

  /// Waits until there is no message. \returns false if some would wait for ever, for a listener
  /// that is missing
  /// \throws InvalidOptionError  it is a listener that calls, and would wait for itself, perhaps by
  ///     way of other queues or buses
  [[nodiscard]] static bool wait(const std::shared_ptr<Pending>& pending);

 private:
  class Edge;

  [[nodiscard]] static bool waits_for(const std::shared_ptr<Pending>& pending,
                                      const Pending& other);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
  std::size_t missing_listeners_ = 0;
  std::list<std::shared_ptr<Pending>> waited_for_;  ///< by listeners of ours
};

/// Hands messages to a listener, one at a time and in order, on a thread of its own; tries again
/// what fails. Safe to use from several threads, the listener's included.
class Delivery {
 public:
  struct Task {
    std::shared_ptr<const Message> message;
    MessageContext context;                   ///< of the attempt to come
    std::exception_ptr error{};               ///< of the attempt before
    std::shared_ptr<const void> for_timer{};  ///< there while, and only while, it waits for a timer
  };
  using Tasks = std::list<Task>;

  /// \pre `options.timer` is set, and the policy checked
  Delivery(MessageHandler listener, const DeliveryOptions& options,
           std::shared_ptr<Pending> pending);
  Delivery& operator=(Delivery&&) = delete;
  ~Delivery() { stop(); }

  /// Hands messages to this one from now on; null: they wait.
  void set_listener(MessageHandler listener);

  /// Makes what `accept` cannot fail with: tasks of these messages, and the thread.
  /// \throws std::system_error  there can be no thread
  [[nodiscard]] Tasks prepare(std::span<const std::shared_ptr<const Message>> messages,
                              bool replay);
  /// Takes all of `tasks`. Once it is closed it leaves them there, to be refused.
  void accept(Tasks& tasks) noexcept;
  /// Reports them.
  void refuse(const Tasks& tasks) noexcept;

  /// Hands nothing to the listener from now on.
  void close() noexcept;
  /// Closes, waits for the message being handled, unless it is its listener who calls; then reports
  /// the others.
  void stop() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with the thread and with retries that wait
};

}  // namespace castore
