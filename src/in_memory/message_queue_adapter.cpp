#include <castore/error.hpp>
#include <castore/in_memory/message_queue_adapter.hpp>
#include <utility>
#include <vector>

#include "in_memory/delivery.hpp"

namespace castore {

struct InMemoryMessageQueueAdapter::Impl {
  Impl(MessageHandler worker, DeliveryOptions given)
      : options(checked_options(std::move(given))), delivery(std::move(worker), options, pending) {}

  void publish(const std::vector<std::shared_ptr<const Message>>& messages, bool replay) {
    Delivery::Tasks tasks = delivery.prepare(messages, replay);
    delivery.accept(tasks);
    delivery.refuse(tasks);
  }

  DeliveryOptions options;
  std::shared_ptr<Pending> pending = std::make_shared<Pending>();
  Delivery delivery;
};

InMemoryMessageQueueAdapter::InMemoryMessageQueueAdapter(MessageHandler worker,
                                                         DeliveryOptions options)
    : impl_(std::make_shared<Impl>(std::move(worker), std::move(options))) {}

InMemoryMessageQueueAdapter::~InMemoryMessageQueueAdapter() {
  impl_->delivery.stop();  // while the worker may still publish
}

void InMemoryMessageQueueAdapter::set_worker(MessageHandler worker) {
  const auto impl = impl_;  // the worker, once it has messages, may destroy us
  impl->delivery.set_listener(std::move(worker));
}

void InMemoryMessageQueueAdapter::publish_message(const Message& message,
                                                  const PublishMessageOptions& options) {
  publish_messages({&message, 1}, options);
}

void InMemoryMessageQueueAdapter::publish_messages(std::span<const Message> messages,
                                                   const PublishMessageOptions& options) {
  if (messages.empty()) return;
  const auto impl = impl_;  // as above
  std::vector<std::shared_ptr<const Message>> shared;
  shared.reserve(messages.size());
  for (const Message& message : messages) {
    shared.push_back(std::make_shared<const Message>(message));
  }
  impl->publish(shared, options.replay);
}

void InMemoryMessageQueueAdapter::drain() {
  const auto impl = impl_;  // as above
  if (!Pending::wait(impl->pending)) {
    throw InvalidOptionError("drain", "messages wait, and the queue has no worker");
  }
}

const RetryPolicy& InMemoryMessageQueueAdapter::retry_policy() const noexcept {
  return impl_->options.retry_policy;
}

}  // namespace castore
