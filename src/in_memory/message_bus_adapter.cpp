#include <algorithm>
#include <castore/in_memory/message_bus_adapter.hpp>
#include <mutex>
#include <utility>
#include <vector>

#include "in_memory/delivery.hpp"

namespace castore {
namespace {

bool matches(const MessageFilter& filter, const Message& message, bool replay) {
  if (replay && !filter.on_replay) return false;
  if (filter.event_store_id && *filter.event_store_id != event_store_id_of(message)) return false;
  if (!filter.event_type) return true;
  const EventDetail* const event = event_of(message);
  return event != nullptr && event->type == *filter.event_type;
}

}  // namespace

struct InMemoryMessageBusAdapter::Impl {
  struct Handler {
    Handler(MessageHandler handler, const Impl& bus)
        : delivery(std::move(handler), bus.options, bus.pending) {}

    Delivery delivery;
    std::vector<MessageFilter> filters;  ///< under the bus's mutex
  };

  explicit Impl(DeliveryOptions given) : options(checked_options(std::move(given))) {}

  /// Handlers are only added: what they are is safe to use without the lock.
  [[nodiscard]] std::vector<Handler*> all() const {
    const std::lock_guard lock(mutex);
    std::vector<Handler*> found;
    for (const auto& handler : handlers) found.push_back(handler.get());
    return found;
  }

  DeliveryOptions options;
  std::shared_ptr<Pending> pending = std::make_shared<Pending>();
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Handler>> handlers;  ///< by their id
};

InMemoryMessageBusAdapter::InMemoryMessageBusAdapter(DeliveryOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

InMemoryMessageBusAdapter::~InMemoryMessageBusAdapter() {
  // while handlers may still publish
  for (auto* handler : impl_->all()) handler->delivery.stop();
}

InMemoryMessageBusAdapter::HandlerId InMemoryMessageBusAdapter::on(MessageFilter filter,
                                                                   MessageHandler handler) {
  auto added = std::make_unique<Impl::Handler>(std::move(handler), *impl_);
  added->filters.push_back(std::move(filter));
  const std::lock_guard lock(impl_->mutex);
  impl_->handlers.push_back(std::move(added));
  return HandlerId{static_cast<std::int64_t>(impl_->handlers.size()) - 1};
}

void InMemoryMessageBusAdapter::on(MessageFilter filter, HandlerId handler) {
  const auto index = static_cast<std::size_t>(handler);
  const std::lock_guard lock(impl_->mutex);
  if (index >= impl_->handlers.size()) {
    throw InvalidOptionError("handler", "this bus has no such handler");
  }
  impl_->handlers[index]->filters.push_back(std::move(filter));
}

void InMemoryMessageBusAdapter::publish_message(const Message& message,
                                                const PublishMessageOptions& options) {
  const auto shared = std::make_shared<const Message>(message);
  const std::lock_guard lock(impl_->mutex);
  for (const auto& handler : impl_->handlers) {
    const bool wants =
        std::any_of(handler->filters.begin(), handler->filters.end(),
                    [&](const auto& filter) { return matches(filter, message, options.replay); });
    if (wants) handler->delivery.post(shared, options.replay);
  }
}

void InMemoryMessageBusAdapter::publish_messages(std::span<const Message> messages,
                                                 const PublishMessageOptions& options) {
  for (const Message& message : messages) publish_message(message, options);
}

void InMemoryMessageBusAdapter::drain() {
  for (const auto* handler : impl_->all()) {
    if (handler->delivery.on_own_thread()) {
      throw InvalidOptionError("drain", "a handler would wait for itself");
    }
  }
  impl_->pending->wait();
}

const RetryPolicy& InMemoryMessageBusAdapter::retry_policy() const noexcept {
  return impl_->options.retry_policy;
}

}  // namespace castore
