#pragma once

/// \file
/// The three messages of one kind of event store, typed.

#include <castore/event.hpp>
#include <castore/message.hpp>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace castore {

/// An event store, as far as a message channel needs one.
template <class Store>
concept MessageSource = requires(const Store& store, const typename Store::AnyEvent& event,
                                 std::string_view id, const EventView& view) {
  { store.event_store_id() } -> std::convertible_to<std::string_view>;
  { Store::encode_event(event) } -> std::same_as<EventDetail>;
  { Store::decode_event(id, view) } -> std::same_as<typename Store::AnyEvent>;
  typename Store::AggregateType;
};

// The three messages of one kind of event store, typed. `E` is any of the store's events, or, for a
// handler of one event type, an `Event<Payload>`.

template <class Store, class E = typename Store::AnyEvent>
struct Notification {
  static constexpr MessageType type = MessageType::notification;
  std::string event_store_id;
  E event;

  friend bool operator==(const Notification&, const Notification&) = default;
};

template <class Store, class E = typename Store::AnyEvent>
struct StateCarrying {
  static constexpr MessageType type = MessageType::state_carrying;
  std::string event_store_id;
  E event;
  std::optional<typename Store::AggregateType> aggregate{};  ///< as of the event's version

  friend bool operator==(const StateCarrying&, const StateCarrying&) = default;
};

template <class Store>
struct AggregateExists {
  static constexpr MessageType type = MessageType::aggregate_exists;
  std::string event_store_id;
  std::string aggregate_id;
  Timestamp initial_event_timestamp{};

  friend bool operator==(const AggregateExists&, const AggregateExists&) = default;
};

}  // namespace castore
