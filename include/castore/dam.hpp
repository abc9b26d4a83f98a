#pragma once

/// \file
/// History told again: pours what is stored into a message channel, for a new listener to catch up.
///
///     auto result = castore::pour_event_store_events(pokemons, queue, {.rate_limit = 100});
///
/// Events become notification messages, aggregate ids aggregate-exists messages, one at a time and
/// with `PublishMessageOptions::replay` set. A pour ends where history ended when it began: what is
/// committed later is not poured, whatever its timestamp, not even where the channel itself pushes
/// for each message. One that continues another ends where history ended when it began itself.
///
/// However large the history, one page of it is in memory (aggregate ids need a bit or two for each
/// event besides), and no transaction is open while a message is published, so that nothing waits
/// for a slow channel. It can be told not to publish faster than its listeners can bear.
///
/// A pour can be stopped between two messages; what it returns then continues it, given the same
/// filters again, in this process or, by its members, in another. An exception of the channel or of
/// the storage propagates as it is and ends the pour; the result is lost then. To go on, let
/// `on_poured` keep the result so far, which is called after each message that the channel has
/// taken:
///
///     std::optional<castore::FeedCursor> cursor = read_from(file);
///     const auto keep = [&](const auto& result) { write_to(file, *result.cursor); };
///     castore::pour_event_store_events(pokemons, queue, {.after = cursor, .on_poured = keep});
///
/// Nothing is lost then and nothing comes twice, but for the message that the channel threw at, or
/// whose cursor was not kept any more: that one comes again. Exceptions of `on_poured` propagate
/// as well.
///
/// An event that is overwritten meanwhile (`force`) is poured at most once: as it is when its page
/// is read, if the filters let it through then. So is an aggregate; it is missed where its initial
/// event is moved to a timestamp that the pour has been at. Cursors go by timestamps: a pour that
/// is continued misses what was committed since with an earlier timestamp than its cursor's (an
/// import, a clock that went back), and may miss, or pour again, what was given another timestamp
/// since the first one began, and what lies between the two timestamps.

#include <castore/event_storage_adapter.hpp>
#include <castore/message.hpp>
#include <castore/poured_event_source.hpp>
#include <castore/stop.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace castore {

/// An `EventStore`, a `ConnectedEventStore`, or what looks like them.
template <class Store>
concept PouredEventStore = requires(const Store& store) {
  { store.event_store_id() } -> std::convertible_to<std::string_view>;
  { store.event_storage_adapter() } -> std::convertible_to<const EventStorageAdapter&>;
};

/// A message queue or bus, the adapter of one, or what looks like them.
template <class Channel>
concept PouredIntoChannel = requires(Channel& channel, const Message& message,
                                     const PublishMessageOptions& options) {
  channel.publish_message(message, options);
};

// --- The events of one aggregate --------------------------------------------------------------

struct PourAggregateEventsResult {
  std::int64_t poured_event_count = 0;
  std::optional<EventDetail> first_poured_event{};
  std::optional<EventDetail> last_poured_event{};
  bool stopped = false;  ///< before all was poured
  /// The place where it was stopped: the `options` that pour the rest.
  std::optional<EventsQueryOptions> rest{};
};

struct PourAggregateEventsOptions {
  std::string aggregate_id{};
  EventsQueryOptions options{};  ///< which events to read; `limit` counts them before `filters`
  PourFilters filters{};
  std::optional<double> rate_limit{};  ///< messages a second, above 0, evenly spaced
  StopToken stop_token{};
  /// Called after each message that the channel has taken, with what a pour that is stopped there
  /// answers, for the length of the call.
  std::function<void(const PourAggregateEventsResult&)> on_poured{};
};

// --- The aggregates of an event store ---------------------------------------------------------

struct PourEventStoreAggregateIdsResult {
  std::int64_t poured_aggregate_id_count = 0;
  std::optional<ListedAggregateId> first_scanned_aggregate{};
  std::optional<ListedAggregateId> last_scanned_aggregate{};
  bool stopped = false;  ///< before all was poured
  /// The last one poured, by this call or those that it continues.
  std::optional<ListedAggregateId> cursor{};
};

struct PourEventStoreAggregateIdsOptions {
  PourAggregateIdsQueryOptions options{};
  std::optional<double> rate_limit{};  ///< messages a second, above 0, evenly spaced
  StopToken stop_token{};
  std::optional<ListedAggregateId> after{};  ///< exclusive: the `cursor` of a pour that was stopped
  /// As in `PourAggregateEventsOptions`.
  std::function<void(const PourEventStoreAggregateIdsResult&)> on_poured{};
};

// --- The events of an event store -------------------------------------------------------------

struct PourEventStoreEventsResult {
  std::int64_t poured_event_count = 0;
  /// Of the aggregates whose initial event is not after `filters.to`, poured or not.
  std::optional<ListedAggregateId> first_scanned_aggregate{};
  std::optional<ListedAggregateId> last_scanned_aggregate{};
  bool stopped = false;  ///< before all was poured
  /// The last event poured, by this call or those that it continues.
  std::optional<FeedCursor> cursor{};
};

struct PourEventStoreEventsOptions {
  PourFilters filters{};
  std::optional<double> rate_limit{};  ///< messages a second, above 0, evenly spaced
  StopToken stop_token{};
  std::optional<FeedCursor> after{};  ///< exclusive: the `cursor` of a pour that was stopped
  /// As in `PourAggregateEventsOptions`.
  std::function<void(const PourEventStoreEventsResult&)> on_poured{};
};

// --- The events of several event stores -------------------------------------------------------

/// The scan of one of several event stores.
struct EventStoreScan {
  std::string event_store_id{};
  std::size_t database = 0;  ///< which one, as in `CollectionCursor`: ids may be the same in others
  /// Of the aggregates whose initial event is not after `filters.to`, poured or not.
  std::optional<ListedAggregateId> first_scanned_aggregate{};
  std::optional<ListedAggregateId> last_scanned_aggregate{};

  friend bool operator==(const EventStoreScan&, const EventStoreScan&) = default;
};

struct PourEventStoreCollectionEventsResult {
  std::int64_t poured_event_count = 0;
  std::vector<EventStoreScan> scans{};  ///< of each event store, in the order in which they stand
  bool stopped = false;                 ///< before all was poured
  /// The last event poured, by this call or those that it continues.
  std::optional<CollectionCursor> cursor{};
};

struct PourEventStoreCollectionEventsOptions {
  PourFilters filters{};
  std::optional<double> rate_limit{};  ///< messages a second, above 0, evenly spaced
  StopToken stop_token{};
  /// Exclusive: the `cursor` of a pour of the same event stores, in the same order.
  std::optional<CollectionCursor> after{};
  /// As in `PourAggregateEventsOptions`.
  std::function<void(const PourEventStoreCollectionEventsResult&)> on_poured{};
};

// ----------------------------------------------------------------------------------------------

namespace detail {

using MessageSink = std::function<void(const Message&)>;

[[nodiscard]] PourAggregateEventsResult pour_aggregate_events(
    const PouredEventSource& source, const MessageSink& publish,
    const PourAggregateEventsOptions& options);
[[nodiscard]] PourEventStoreAggregateIdsResult pour_event_store_aggregate_ids(
    const PouredEventSource& source, const MessageSink& publish,
    const PourEventStoreAggregateIdsOptions& options);
[[nodiscard]] PourEventStoreEventsResult pour_event_store_events(
    const PouredEventSource& source, const MessageSink& publish,
    const PourEventStoreEventsOptions& options);
[[nodiscard]] PourEventStoreCollectionEventsResult pour_event_store_collection_events(
    std::span<const PouredEventSource> sources, const MessageSink& publish,
    const PourEventStoreCollectionEventsOptions& options);

template <PouredEventStore Store>
PouredEventSource poured_source(const Store& store) {
  const EventStorageAdapter& adapter = store.event_storage_adapter();
  return {&adapter, std::string(std::string_view(store.event_store_id()))};
}
inline const PouredEventSource& poured_source(const PouredEventSource& source) { return source; }

/// A channel that knows its type of message, as `MessageChannel` does, is held to it.
template <MessageType type, class Channel>
MessageSink message_sink(Channel& channel) {
  if constexpr (requires { std::remove_cvref_t<Channel>::message_type; }) {
    constexpr MessageType carried = std::remove_cvref_t<Channel>::message_type;
    static_assert(type != MessageType::notification || carried == type,
                  "events are poured into a notification channel");
    static_assert(type != MessageType::aggregate_exists || carried == type,
                  "aggregate ids are poured into an aggregate-exists channel");
  }
  return [&channel](const Message& message) {
    channel.publish_message(message, PublishMessageOptions{.replay = true});
  };
}

}  // namespace detail

/// Something to pour: an event store, or a `PouredEventSource`.
template <class Source>
concept Pourable =
    PouredEventStore<Source> || std::same_as<std::remove_cv_t<Source>, PouredEventSource>;

/// Pours the events of one aggregate, in the order of their versions or, if `options.reverse`, the
/// other way round. An aggregate without events is no error.
/// \throws InvalidOptionError  `rate_limit` or `options.limit`
/// \throws StorageError, MalformedEventError, what the channel throws
template <Pourable Source, PouredIntoChannel Channel>
PourAggregateEventsResult pour_aggregate_events(const Source& event_store,
                                                Channel&& message_channel,
                                                const PourAggregateEventsOptions& options) {
  return detail::pour_aggregate_events(
      detail::poured_source(event_store),
      detail::message_sink<MessageType::notification>(message_channel), options);
}

/// Pours the ids of an event store's aggregates, by (timestamp of the initial event, id).
/// \throws InvalidOptionError  `rate_limit` or `options.limit`
/// \throws StorageError, what the channel throws
template <Pourable Source, PouredIntoChannel Channel>
PourEventStoreAggregateIdsResult pour_event_store_aggregate_ids(
    const Source& event_store, Channel&& message_channel,
    const PourEventStoreAggregateIdsOptions& options = {}) {
  return detail::pour_event_store_aggregate_ids(
      detail::poured_source(event_store),
      detail::message_sink<MessageType::aggregate_exists>(message_channel), options);
}

/// Pours the events of all aggregates of an event store by timestamp, those of one timestamp in the
/// order of commit.
/// \throws InvalidOptionError  `rate_limit`
/// \throws StorageError, MalformedEventError, what the channel throws
template <Pourable Source, PouredIntoChannel Channel>
PourEventStoreEventsResult pour_event_store_events(
    const Source& event_store, Channel&& message_channel,
    const PourEventStoreEventsOptions& options = {}) {
  return detail::pour_event_store_events(
      detail::poured_source(event_store),
      detail::message_sink<MessageType::notification>(message_channel), options);
}

/// Pours the events of several event stores together by timestamp; those of one timestamp in the
/// order of commit, where the event stores lie in one database, and database by database otherwise,
/// in the order in which the event stores name them. Event stores of several databases may have one
/// id. One that is named twice, by whatever adapters of its database, is an error: it is likely to
/// stand in another's place.
/// \throws InvalidOptionError  `rate_limit`, `event_stores` where one is named twice
/// \throws StorageError, MalformedEventError, what the channel throws
template <PouredIntoChannel Channel>
PourEventStoreCollectionEventsResult pour_event_store_collection_events(
    std::span<const PouredEventSource> event_stores, Channel&& message_channel,
    const PourEventStoreCollectionEventsOptions& options = {}) {
  return detail::pour_event_store_collection_events(
      event_stores, detail::message_sink<MessageType::notification>(message_channel), options);
}

/// The same of typed event stores: `std::tie(pokemons, trainers)`.
template <Pourable... Sources, PouredIntoChannel Channel>
PourEventStoreCollectionEventsResult pour_event_store_collection_events(
    const std::tuple<Sources&...>& event_stores, Channel&& message_channel,
    const PourEventStoreCollectionEventsOptions& options = {}) {
  const std::vector<PouredEventSource> sources = std::apply(
      [](const auto&... stores) {
        return std::vector<PouredEventSource>{detail::poured_source(stores)...};
      },
      event_stores);
  return pour_event_store_collection_events(std::span<const PouredEventSource>(sources),
                                            message_channel, options);
}

}  // namespace castore
