#pragma once

#include <castore/in_memory/delivery_options.hpp>
#include <castore/message.hpp>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace castore {

/// A bus with typed handlers: a message channel.
template <class T>
concept TypedBus = requires(const T& bus) {
  { bus.message_channel_id() } -> std::convertible_to<std::string_view>;
};

/// The messages that a handler is for. All that is given has to match.
struct MessageFilter {
  std::optional<std::string> event_store_id{};
  /// Never matches an aggregate-exists message, which has no event.
  std::optional<std::string> event_type{};
  /// Also messages that are replayed; without it, news alone.
  bool on_replay = false;
};

struct OnMessageOptions {
  bool on_replay = false;  ///< as in `MessageFilter`
};

/// A message bus in this process: every handler that has a matching filter gets the message, once.
/// Each handler has a thread of its own and takes one message at a time, in the order they were
/// published; a handler that fails or is slow concerns no other. What no filter matches is dropped.
///
///     const auto adapter = castore::InMemoryMessageBusAdapter::attach_to(bus);
///     adapter->on<PokemonCaught>(bus, pokemons, [](const auto& message) { ... });
///
/// A handler may publish to its own bus, add handlers, drain another bus or queue, and destroy its
/// own. Destruction waits for the messages being handled, then reports those that are still to be
/// (`DeliveryOptions::on_unhandled`), as it does what handlers publish meanwhile. No handler may
/// destroy what waits for it.
class InMemoryMessageBusAdapter final : public MessageChannelAdapter {
 public:
  /// Names a handler on this bus.
  enum class HandlerId : std::int64_t {};

  /// \throws InvalidRetryPolicyError
  explicit InMemoryMessageBusAdapter(DeliveryOptions options = {});
  ~InMemoryMessageBusAdapter() override;

  /// A new one, made the adapter of `bus`, which keeps it: what handlers refer to has to outlive
  /// `bus`, too.
  template <class Bus>
  static std::shared_ptr<InMemoryMessageBusAdapter> attach_to(Bus& bus,
                                                              DeliveryOptions options = {}) {
    auto adapter = std::make_shared<InMemoryMessageBusAdapter>(std::move(options));
    bus.set_message_channel_adapter(adapter);
    return adapter;
  }

  /// A handler of messages published from now on.
  /// \throws InvalidOptionError  it is empty; so is a typed one made of a null `std::function`
  HandlerId on(MessageFilter filter, MessageHandler handler);
  /// A further filter of a handler: it is still called once per message. A handler that is typed
  /// fails on what the filter lets through and it does not take.
  /// \throws InvalidOptionError  there is no such handler
  void on(MessageFilter filter, HandlerId handler);

  /// A typed handler of all messages of the bus (see `MessageChannel::handler`).
  template <TypedBus Bus, class Handler>
  HandlerId on(const Bus& bus, Handler handler, OnMessageOptions options = {}) {
    return on(MessageFilter{.on_replay = options.on_replay}, bus.handler(std::move(handler)));
  }
  /// Of the messages of one event store (see `MessageChannel::handler_of`).
  /// \throws MessageChannelEventStoreNotFoundError  it is not on the bus
  template <TypedBus Bus, class Store, class Handler>
  requires requires(const Store& store) { store.event_store_id(); }
  HandlerId on(const Bus& bus, const Store& store, Handler handler, OnMessageOptions options = {}) {
    bus.check_event_store(store);
    return on(
        MessageFilter{.event_store_id = store.event_store_id(), .on_replay = options.on_replay},
        bus.template handler_of<Store>(std::move(handler)));
  }
  /// Of one event type: the message's event is an `Event<Payload>`.
  /// \throws MessageChannelEventStoreNotFoundError
  template <class Payload, TypedBus Bus, class Store, class Handler>
  HandlerId on(const Bus& bus, const Store& store, Handler handler, OnMessageOptions options = {}) {
    static_assert(
        requires { typename std::bool_constant<(std::string_view(Payload::type), true)>; },
        "this payload does not name its type: listen to the event store, and look at the event");
    bus.check_event_store(store);
    constexpr std::string_view type = Payload::type;
    return on(MessageFilter{.event_store_id = store.event_store_id(),
                            .event_type = std::string(type),
                            .on_replay = options.on_replay},
              bus.template handler_of<Store, typename Store::template EventOf<Payload>>(
                  std::move(handler)));
  }

  /// \throws std::system_error  the thread of a handler, which its first message starts, cannot be
  ///     started. What throws has accepted nothing, for no handler.
  void publish_message(const Message& message, const PublishMessageOptions& options) override;
  /// The same: accepts all of them for all handlers, or none.
  void publish_messages(std::span<const Message> messages,
                        const PublishMessageOptions& options) override;

  /// Waits until every message is handled or given up, retries and what handlers publish included.
  /// \throws InvalidOptionError  it would wait for ever: the caller is a handler of this bus,
  ///     `on_unhandled`, or a worker or handler in memory that a handler of this bus waits for by a
  ///     drain of its own
  void drain();

  [[nodiscard]] const RetryPolicy& retry_policy() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with calls that run
};

}  // namespace castore
