#pragma once

#include <castore/in_memory/delivery_options.hpp>
#include <castore/message.hpp>
#include <memory>
#include <span>
#include <utility>

namespace castore {

/// A message queue in this process: one worker, one message at a time, in the order they came, on a
/// thread of the queue's own. Messages are gone with the process; without a worker they wait for
/// one.
///
///     const auto adapter = castore::InMemoryMessageQueueAdapter::attach_to(
///         queue, [](const castore::Notification<Pokemons>& message) { ... });
///
/// The worker may publish to its own queue, drain another one, and destroy its own. Destruction
/// waits for the message being handled, then reports those that are still to be
/// (`DeliveryOptions::on_unhandled`), as it does what the worker publishes meanwhile. No worker may
/// destroy what waits for it.
class InMemoryMessageQueueAdapter final : public MessageChannelAdapter {
 public:
  /// \throws InvalidRetryPolicyError
  explicit InMemoryMessageQueueAdapter(MessageHandler worker = nullptr,
                                       DeliveryOptions options = {});
  ~InMemoryMessageQueueAdapter() override;

  /// A new one, with a typed worker (see `MessageChannel::handler`), made the adapter of `queue`,
  /// which keeps it: what the worker refers to has to outlive `queue`, too.
  template <class Queue, class Worker>
  static std::shared_ptr<InMemoryMessageQueueAdapter> attach_to(Queue& queue, Worker worker,
                                                                DeliveryOptions options = {}) {
    auto adapter = std::make_shared<InMemoryMessageQueueAdapter>(queue.handler(std::move(worker)),
                                                                 std::move(options));
    queue.set_message_channel_adapter(adapter);
    return adapter;
  }

  /// From now on messages go to this worker, those that wait included; null: they wait. A typed one
  /// is `queue.handler(worker)`.
  void set_worker(MessageHandler worker);

  /// \throws std::system_error  the queue's thread, which the first message starts, cannot be
  ///     started. What throws has accepted nothing.
  void publish_message(const Message& message, const PublishMessageOptions& options) override;
  /// The same: accepts all of them or none.
  void publish_messages(std::span<const Message> messages,
                        const PublishMessageOptions& options) override;

  /// Waits until every message is handled or given up, retries and what workers publish included.
  /// \throws InvalidOptionError  it would wait for ever: messages wait, and there is no worker, be
  ///     it that it is taken away meanwhile; or the caller is the worker, `on_unhandled`, or a
  ///     worker or handler in memory that this queue's worker waits for by a drain of its own
  void drain();

  [[nodiscard]] const RetryPolicy& retry_policy() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with calls that run
};

}  // namespace castore
