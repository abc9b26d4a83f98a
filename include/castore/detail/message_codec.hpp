#pragma once

/// \file
/// Typed messages to and from those that adapters know, and the workers that take them.

#include <castore/message.hpp>
#include <castore/typed_message.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace castore::detail {

template <MessageType type, class Store, class E>
struct TypedMessageOf;
template <class Store, class E>
struct TypedMessageOf<MessageType::notification, Store, E> {
  using type = Notification<Store, E>;
};
template <class Store, class E>
struct TypedMessageOf<MessageType::state_carrying, Store, E> {
  using type = StateCarrying<Store, E>;
};
template <class Store, class E>
struct TypedMessageOf<MessageType::aggregate_exists, Store, E> {
  using type = AggregateExists<Store>;
};

template <class Store, class E>
EventDetail encode_message_event(const E& event) {
  return Store::encode_event(typename Store::AnyEvent(event));
}

template <class Store, class E>
Message encode_message(const Notification<Store, E>& message) {
  return NotificationMessage{message.event_store_id, encode_message_event<Store>(message.event)};
}
/// \pre the message has its event
template <class Store>
void carry_aggregate(StateCarryingMessage& message,
                     const typename Store::AggregateType& aggregate) {
  message.aggregate = Store::encode_aggregate(aggregate);
  if (aggregate.version != message.event.version) message.aggregate_version = aggregate.version;
}

template <class Store, class E>
Message encode_message(const StateCarrying<Store, E>& message) {
  StateCarryingMessage encoded{message.event_store_id, encode_message_event<Store>(message.event),
                               std::nullopt};
  if (message.aggregate) carry_aggregate<Store>(encoded, *message.aggregate);
  return encoded;
}
template <class Store>
Message encode_message(const AggregateExists<Store>& message) {
  return AggregateExistsMessage{message.event_store_id, message.aggregate_id,
                                message.initial_event_timestamp};
}
template <class... Typed>
Message encode_message(const std::variant<Typed...>& message) {
  return std::visit([](const auto& m) { return encode_message(m); }, message);
}
inline Message encode_message(const Message& message) { return message; }

/// \throws MalformedEventError; std::bad_variant_access where `E` is another event
template <class Store, class E>
E decode_message_event(const std::string& event_store_id, const EventDetail& event) {
  auto any = Store::decode_event(event_store_id, to_view(event));
  if constexpr (std::is_same_v<E, typename Store::AnyEvent>) {
    return any;
  } else {
    return std::get<E>(std::move(any));
  }
}

/// \pre the message is of this type
template <MessageType type, class Store, class E>
auto decode_message(const Message& message) {
  if constexpr (type == MessageType::notification) {
    const auto& m = std::get<NotificationMessage>(message);
    return Notification<Store, E>{m.event_store_id,
                                  decode_message_event<Store, E>(m.event_store_id, m.event)};
  } else if constexpr (type == MessageType::state_carrying) {
    const auto& m = std::get<StateCarryingMessage>(message);
    StateCarrying<Store, E> typed{m.event_store_id,
                                  decode_message_event<Store, E>(m.event_store_id, m.event)};
    if (m.aggregate) {
      typed.aggregate = Store::decode_aggregate(*m.aggregate);
      typed.aggregate->aggregate_id = m.event.aggregate_id;
      typed.aggregate->version = m.aggregate_version.value_or(m.event.version);
    }
    return typed;
  } else {
    const auto& m = std::get<AggregateExistsMessage>(message);
    return AggregateExists<Store>{m.event_store_id, m.aggregate_id, m.initial_event_timestamp};
  }
}

template <class Worker, class Typed>
inline constexpr bool handles_message =
    std::is_invocable_v<Worker&, const Typed&> ||
    std::is_invocable_v<Worker&, const Typed&, const MessageContext&>;

/// A null `std::function` or pointer to a function.
template <class Worker>
bool is_null(const Worker& worker) {
  if constexpr (std::is_constructible_v<Worker, std::nullptr_t> &&
                requires { static_cast<bool>(worker == nullptr); }) {
    return worker == nullptr;
  } else {
    return false;
  }
}

template <class Worker, class Typed>
void call_with_message(Worker& worker, const Typed& message, const MessageContext& context) {
  if constexpr (std::is_invocable_v<Worker&, const Typed&, const MessageContext&>) {
    worker(message, context);
  } else {
    worker(message);
  }
}

}  // namespace castore::detail
