#include <castore/in_memory/message_queue_adapter.hpp>
#include <utility>

#include "in_memory/delivery.hpp"

namespace castore {

struct InMemoryMessageQueueAdapter::Impl {
  Impl(MessageHandler worker, DeliveryOptions given)
      : options(checked_options(std::move(given))), delivery(std::move(worker), options, pending) {}

  DeliveryOptions options;
  std::shared_ptr<Pending> pending = std::make_shared<Pending>();
  Delivery delivery;
};

InMemoryMessageQueueAdapter::InMemoryMessageQueueAdapter(MessageHandler worker,
                                                         DeliveryOptions options)
    : impl_(std::make_unique<Impl>(std::move(worker), std::move(options))) {}

InMemoryMessageQueueAdapter::~InMemoryMessageQueueAdapter() {
  impl_->delivery.stop();  // while the worker may still publish
}

void InMemoryMessageQueueAdapter::set_worker(MessageHandler worker) {
  impl_->delivery.set_listener(std::move(worker));
}

void InMemoryMessageQueueAdapter::publish_message(const Message& message,
                                                  const PublishMessageOptions& options) {
  impl_->delivery.post(std::make_shared<const Message>(message), options.replay);
}

void InMemoryMessageQueueAdapter::publish_messages(std::span<const Message> messages,
                                                   const PublishMessageOptions& options) {
  for (const Message& message : messages) publish_message(message, options);
}

void InMemoryMessageQueueAdapter::drain() {
  if (impl_->delivery.on_own_thread()) {
    throw InvalidOptionError("drain", "the worker would wait for itself");
  }
  if (!impl_->delivery.has_listener() && !impl_->pending->none()) {
    throw InvalidOptionError("drain", "messages wait, and the queue has no worker");
  }
  impl_->pending->wait();
}

const RetryPolicy& InMemoryMessageQueueAdapter::retry_policy() const noexcept {
  return impl_->options.retry_policy;
}

}  // namespace castore
