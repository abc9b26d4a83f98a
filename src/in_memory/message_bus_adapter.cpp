#include <algorithm>
#include <castore/error.hpp>
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

    [[nodiscard]] bool wants(const Message& message, bool replay) const {
      return std::any_of(filters.begin(), filters.end(), [&](const MessageFilter& filter) {
        return matches(filter, message, replay);
      });
    }

    Delivery delivery;
    std::vector<MessageFilter> filters;  ///< under the bus's mutex
  };

  /// The part of one handler in what is published.
  struct Share {
    Delivery* delivery;
    Delivery::Tasks tasks;
  };

  explicit Impl(DeliveryOptions given) : options(checked_options(std::move(given))) {}

  /// Prepares all that is published together, for nobody to accept yet. Under the mutex.
  [[nodiscard]] std::vector<Share> share(std::span<const Message> messages, bool replay) const {
    std::vector<std::shared_ptr<const Message>> shared(messages.size());
    std::vector<Share> shares;
    for (const auto& handler : handlers) {
      std::vector<std::shared_ptr<const Message>> wanted;
      for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!handler->wants(messages[i], replay)) continue;
        if (!shared[i]) shared[i] = std::make_shared<const Message>(messages[i]);
        wanted.push_back(shared[i]);
      }
      if (wanted.empty()) continue;
      shares.push_back({&handler->delivery, handler->delivery.prepare(wanted, replay)});
    }
    return shares;
  }

  /// Calls `action` with each handler, also with those that are added meanwhile. Handlers are only
  /// added: what they are is safe to use without the lock.
  template <class Action>
  void for_each_handler(Action&& action) {
    for (std::size_t i = 0;; ++i) {
      Handler* handler = nullptr;
      {
        const std::lock_guard lock(mutex);
        if (i == handlers.size()) return;
        handler = handlers[i].get();
      }
      action(*handler);
    }
  }

  DeliveryOptions options;
  std::shared_ptr<Pending> pending = std::make_shared<Pending>();
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Handler>> handlers;  ///< by their id
};

InMemoryMessageBusAdapter::InMemoryMessageBusAdapter(DeliveryOptions options)
    : impl_(std::make_shared<Impl>(std::move(options))) {}

InMemoryMessageBusAdapter::~InMemoryMessageBusAdapter() {
  // while handlers may still publish
  impl_->for_each_handler([](Impl::Handler& handler) { handler.delivery.close(); });
  impl_->for_each_handler([](Impl::Handler& handler) { handler.delivery.stop(); });
}

InMemoryMessageBusAdapter::HandlerId InMemoryMessageBusAdapter::on(MessageFilter filter,
                                                                   MessageHandler handler) {
  if (!handler) throw InvalidOptionError("handler", "must not be empty");
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
  publish_messages({&message, 1}, options);
}

void InMemoryMessageBusAdapter::publish_messages(std::span<const Message> messages,
                                                 const PublishMessageOptions& options) {
  const auto impl = impl_;  // a handler, once it has a message, may destroy us
  std::vector<Impl::Share> shares;
  {
    const std::lock_guard lock(impl->mutex);
    shares = impl->share(messages, options.replay);
    for (auto& share : shares) share.delivery->accept(share.tasks);
  }
  // Without the lock, since whoever is told may publish.
  for (const auto& share : shares) share.delivery->refuse(share.tasks);
}

void InMemoryMessageBusAdapter::drain() {
  const auto impl = impl_;                          // as above
  static_cast<void>(Pending::wait(impl->pending));  // no handler is missing
}

const RetryPolicy& InMemoryMessageBusAdapter::retry_policy() const noexcept {
  return impl_->options.retry_policy;
}

}  // namespace castore
