#pragma once

/// \file
/// The typed front: an event store per kind of entity, over any `EventStorageAdapter`.

#include <castore/detail/fold.hpp>
#include <castore/error.hpp>
#include <castore/event_group.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/event_type.hpp>
#include <castore/json/schema.hpp>
#include <castore/registry.hpp>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace castore {

/// The state of one entity, folded from its events. `version` is 0 in the fresh one that the
/// reducer of the first event is given.
template <class A>
concept Aggregate = std::default_initializable<A> && std::copyable<A> && requires(A aggregate) {
  { aggregate.aggregate_id } -> std::same_as<std::string&>;
  { aggregate.version } -> std::same_as<Version&>;
};

template <class A>
struct PushOptions {
  /// The aggregate as it was before the event; trusted, not compared with the store.
  std::optional<A> prev_aggregate{};
  bool force = false;  ///< see `PushEventOptions::force`
};

struct GetAggregateOptions {
  std::optional<Version> max_version{};  ///< inclusive: the aggregate as it was at that version
};

struct SimulateAggregateOptions {
  std::optional<Timestamp> simulation_date{};  ///< inclusive: later events are left out
};

/// A committed event, as `on_event_pushed` and message channels hear of it.
template <class A, class... Payloads>
struct PushedEvent {
  std::variant<Event<Payloads>...> event;
  std::optional<A> next_aggregate;  ///< as in `PushEventResult`; none where the reducer has thrown
};

template <class A, class... Payloads>
struct EventStoreOptions {
  /// Accept versions that are not the aggregate's newest + 1.
  bool allow_version_gaps = false;

  /// Supplies the metadata of every event that is pushed without its own (who, from where), on the
  /// pushing thread, before it is stored: its exceptions propagate, and nothing is stored. A
  /// function without arguments that returns the metadata type which all payloads have in common,
  /// or an optional of it. A stored event that is pushed again is left as it is.
  detail::MetadataSource<Payloads...> metadata{};

  /// Called after an event is committed, on the pushing thread; where the reducer has thrown, too,
  /// then without `next_aggregate`. Its exceptions propagate out of the push; the event stays
  /// stored: an error of castore's as an `AfterCommitError`, all else as it is.
  std::function<void(const PushedEvent<A, Payloads...>&)> on_event_pushed{};

  /// The way `simulate_aggregate` books an event: by default `indexed[event.version] = event`. A
  /// cancellation would erase another entry instead of booking itself.
  std::function<void(std::map<Version, std::variant<Event<Payloads>...>>& indexed,
                     const std::variant<Event<Payloads>...>& event)>
      simulate_side_effect{};

  /// Compiles the JSON Schemas that payloads carry (`payload_schema()`, `metadata_schema()`), which
  /// pushes are then checked against; needed where there is one.
  std::shared_ptr<JsonSchemaCompiler> schema_compiler{};

  /// Check what is read against them, too: an event that does not fit is a `MalformedEventError`.
  /// Every event that is read then costs a validation.
  bool validate_on_read = false;
};

/// Events of one kind of entity, and the aggregates they fold into.
///
///     using Pokemons = castore::EventStore<Pokemon, PokemonAppeared, PokemonCaught>;
///     const Pokemons pokemons("POKEMONS", PokemonReducer{}, adapter);
///     pokemons.push_event(castore::NewEvent<PokemonAppeared>{
///         .aggregate_id = "pikachu", .version = 1, .payload = {"Pikachu", 42}});
///     const Pokemon pikachu = pokemons.get_existing_aggregate("pikachu");
///
/// A reducer is any callable with an overload per payload,
/// `Aggregate (Aggregate, const Event<Payload>&) const`. It is pure: it may run any number of
/// times and on any thread. It says only what changed: the store sets `aggregate_id` and `version`
/// after each step. The reducer of an aggregate's first event is given a fresh `Aggregate{}`, whose
/// version is 0.
///
/// A store is a small value, a handle: its copies share the adapter and the callback
/// `on_event_pushed`, so that exchanging one of these for one exchanges it for all; `on_adapter`
/// makes a store that shares neither. Const members may be called from several threads at once, as
/// far as the reducer and the callbacks may; exchanging the adapter or the callback may not overlap
/// with other calls on the same object or a copy. Besides what is said at each member, all of them
/// that touch events throw `UndefinedEventStorageAdapterError` while the store has no adapter, and
/// `StorageError` when the engine fails.
template <class A, class... Payloads>
class EventStore {
  static_assert(Aggregate<A>,
                "this aggregate lacks something: it needs `std::string aggregate_id` and "
                "`castore::Version version = 0`, and must be default constructible and copyable");
  static_assert(sizeof...(Payloads) > 0, "an event store needs at least one event payload");
  static_assert((EventPayload<Payloads> && ...),
                "one of the payloads does not name its type: add "
                "`static constexpr std::string_view type = \"SOMETHING_HAPPENED\";`");
  static_assert(detail::types_are_unique<Payloads...>(),
                "two payloads of this event store have one type name");
  static_assert((detail::type_is_free<Payloads>() && ...),
                "an event type is empty or reserved: __REPLAYED__ and __AGGREGATE_EXISTS__ mean "
                "something on message buses");

 public:
  using AggregateType = A;
  using AnyEvent = std::variant<Event<Payloads>...>;
  using Pushed = PushedEvent<A, Payloads...>;
  using Options = EventStoreOptions<A, Payloads...>;
  template <class P>
  using EventOf = Event<P>;

  /// \throws InvalidSchemaError  a payload's schema cannot be used, or there is no
  ///     `options.schema_compiler` to use it
  template <class Reducer>
  EventStore(std::string event_store_id, Reducer reducer,
             std::shared_ptr<EventStorageAdapter> event_storage_adapter = nullptr,
             Options options = {});

  // Moving copies: no event store is ever empty.
  EventStore(const EventStore&) = default;
  EventStore& operator=(const EventStore&) = default;
  ~EventStore() = default;

  [[nodiscard]] const std::string& event_store_id() const noexcept {
    return model_->event_store_id();
  }

  /// In the order of the template arguments; `OtherPayload` has none.
  [[nodiscard]] static std::vector<std::string_view> event_types() { return Types::names(); }

  /// \throws UndefinedEventStorageAdapterError
  [[nodiscard]] EventStorageAdapter& event_storage_adapter() const;

  /// Exchanges the adapter of this store and all its copies, and so of what is connected to it.
  /// nullptr takes the adapter away.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): moved, which clang-tidy does not see
  void set_event_storage_adapter(std::shared_ptr<EventStorageAdapter> adapter) noexcept {
    wiring_->adapter = std::move(adapter);
  }

  /// Exchanges the callback of this store and all its copies, and so of what is connected to it.
  void set_on_event_pushed(std::function<void(const Pushed&)> callback) noexcept {
    wiring_->on_event_pushed = std::move(callback);
  }

  /// The same event store, by id, reducer and schemas, on another adapter; without the callback
  /// `on_event_pushed` and, where it is a connected one, without its message channel.
  [[nodiscard]] EventStore on_adapter(std::shared_ptr<EventStorageAdapter> adapter) const;

  /// The events of one aggregate, in the order of versions. Unknown aggregate: no events.
  /// \throws MalformedEventError  an event of a type the store does not list, or that does not fit
  /// \throws InvalidOptionError   `limit` below 1
  [[nodiscard]] std::vector<AnyEvent> get_events(std::string_view aggregate_id,
                                                 const EventsQueryOptions& options = {}) const;

  /// The same one event at a time, in memory that does not grow. `visitor` is given each
  /// `AnyEvent&&`; if it returns a bool, false ends the reading.
  template <class Visitor>
  void for_each_event(std::string_view aggregate_id, const EventsQueryOptions& options,
                      Visitor&& visitor) const;

  /// The aggregate's events, folded while they are read. Nothing if there are none.
  /// \throws MalformedEventError
  [[nodiscard]] std::optional<A> get_aggregate(std::string_view aggregate_id,
                                               const GetAggregateOptions& options = {}) const;

  /// \throws AggregateNotFoundError  there are no events (up to `max_version`)
  [[nodiscard]] A get_existing_aggregate(std::string_view aggregate_id,
                                         const GetAggregateOptions& options = {}) const;

  /// Folds `events` in the order given, on top of `aggregate` if there is one. Does not read.
  [[nodiscard]] std::optional<A> build_aggregate(std::span<const AnyEvent> events,
                                                 std::optional<A> aggregate = std::nullopt) const;

  /// The aggregate as it would be with these events: booked by `simulate_side_effect`, those after
  /// `simulation_date` left out, ordered by timestamp (then version), renumbered from 1, folded.
  /// Does not read.
  [[nodiscard]] std::optional<A> simulate_aggregate(
      std::span<const AnyEvent> events, const SimulateAggregateOptions& options = {}) const;

  /// Stores one event, durably before it returns. The reducer (for `next_aggregate`) and
  /// `on_event_pushed` run after that: their exceptions propagate although the event is stored. A
  /// reducer that throws keeps nobody from being told of the event; its exception propagates after.
  /// \throws InvalidEventError        the event breaks a rule; nothing is stored
  /// \throws EventAlreadyExistsError  the optimistic lock; nothing is stored
  /// \throws VersionGapError          the version is not the newest + 1; nothing is stored
  /// \throws AfterCommitError         the event is stored, and the reducer, `on_event_pushed` or a
  ///     message channel has met an error of castore's; what else they throw propagates as it is
  /// \throws std::bad_alloc  memory is short: before the event is stored or after, for its answer
  template <class P>
  PushEventResult<A, P> push_event(NewEvent<P> event, const PushOptions<A>& options = {}) const;

  /// A complete event again, elsewhere or by force, with its own timestamp.
  template <class P>
  PushEventResult<A, P> push_event(Event<P> event, const PushOptions<A>& options = {}) const {
    return push_complete(to_new_event(std::move(event)), options);
  }

  /// Makes an aggregate that has no events yet: version 0.
  [[nodiscard]] static A new_aggregate(std::string aggregate_id) {
    A aggregate{};
    aggregate.aggregate_id = std::move(aggregate_id);
    return aggregate;
  }

  /// Stores the event that follows an aggregate in hand: version + 1, the optimistic lock as in
  /// `push_event`, and `prev_aggregate` is known. A first event follows its `new_aggregate`.
  /// \throws everything that `push_event` throws
  template <class P>
  PushEventResult<A, P> append(const A& aggregate, P payload, AppendOptions<P> options = {}) const;

  /// The same of several events, as one group: all of them are stored, or none.
  template <class P, class Q, class... Rest>
  std::tuple<PushEventResult<A, P>, PushEventResult<A, Q>, PushEventResult<A, Rest>...> append(
      const A& aggregate, P first, Q second, Rest... rest) const;

  /// For `push_event_group`; stores nothing. Keeps the adapter the store has now.
  template <class P>
  [[nodiscard]] GroupedEvent<A, P> group_event(NewEvent<P> event,
                                               GroupEventOptions<A> options = {}) const;

  template <class P>
  [[nodiscard]] GroupedEvent<A, P> group_event(Event<P> event,
                                               GroupEventOptions<A> options = {}) const {
    return group_complete(to_new_event(std::move(event)), std::move(options));
  }

  /// The event that follows an aggregate in hand, as `append` would store it.
  template <class P>
  [[nodiscard]] GroupedEvent<A, P> group_event(const A& aggregate, P payload,
                                               AppendOptions<P> options = {}) const;

  /// The store's aggregates by (timestamp of the initial event, id), a page at a time.
  /// \throws InvalidOptionError, InvalidPageTokenError
  [[nodiscard]] ListAggregateIdsResult list_aggregate_ids(
      const ListAggregateIdsOptions& options = {}) const {
    return event_storage_adapter().list_aggregate_ids(event_store_id(), options);
  }

  /// For `Registry::add`. Needs `to_json` of the aggregate.
  [[nodiscard]] EventStoreDescription describe() const;

  // The event store's part in messages: from typed to JSON text and back.
  [[nodiscard]] static EventDetail encode_event(const AnyEvent& event);
  /// \throws MalformedEventError  an event that is not of this kind of store, or does not fit
  [[nodiscard]] static AnyEvent decode_event(std::string_view event_store_id,
                                             const EventView& event) {
    return Types::decode(event_store_id, event);
  }
  /// With the members `aggregateId` and `version`, but where the application calls something else
  /// so.
  [[nodiscard]] static std::string encode_aggregate(const A& aggregate) {
    return detail::write_aggregate(aggregate);
  }
  /// As far as the application's functions read it: `aggregate_id` and `version` may be no members
  /// of theirs, and are set by whoever knows the event.
  [[nodiscard]] static A decode_aggregate(std::string_view json) {
    return detail::read_aggregate<A>(json);
  }

 protected:
  using Listener = std::function<void(const Pushed&)>;

  /// A store that has `original`'s adapter and callback, and tells one more of what it pushes
  /// itself.
  EventStore(const EventStore& original, Listener listener);

 private:
  using Model = detail::EventModel<A, Payloads...>;
  using Types = typename Model::Types;
  using Listeners = std::vector<Listener>;

  /// The part that copies share, and that can be exchanged.
  struct Wiring {
    std::shared_ptr<EventStorageAdapter> adapter;
    Listener on_event_pushed;
  };

  /// The rest of the options.
  struct Rules {
    bool allow_version_gaps = false;
    decltype(Options::metadata) metadata;
    decltype(Options::simulate_side_effect) simulate_side_effect;
  };

  template <class P>
  static void require_own_event() {
    static_assert(OneOf<P, Payloads...>,
                  "this event is not one of the event store's: add its payload to "
                  "EventStore<Aggregate, Payloads...>, or push it to its own store");
  }

  /// Gives an event that has none the metadata of the options.
  template <class P>
  void supply_metadata(NewEvent<P>& event) const;

  /// `push_event` and `group_event` of an event with all its metadata.
  template <class P>
  PushEventResult<A, P> push_complete(NewEvent<P> event, const PushOptions<A>& options) const;
  template <class P>
  [[nodiscard]] GroupedEvent<A, P> group_complete(NewEvent<P> event,
                                                  GroupEventOptions<A> options) const;

  /// The `offset`th event after `aggregate`, in a group of several: each computes the next
  /// aggregate from that of the one before.
  template <class P>
  [[nodiscard]] GroupedEvent<A, P> group_next(
      const A& aggregate, Version offset, P payload,
      const std::shared_ptr<std::optional<A>>& newest) const;

  /// Tells of a committed event: the callback, then the listeners in order. Empty if there are
  /// none. It may be called after this object is gone.
  [[nodiscard]] Listener teller() const;

  /// Tells all listeners, whatever one of them throws.
  static void tell(const Model& model, const Listeners& listeners, const Pushed& pushed);

  std::shared_ptr<const Model> model_;
  std::shared_ptr<const Rules> rules_;
  std::shared_ptr<Wiring> wiring_;
  std::shared_ptr<const Listeners> listeners_;  ///< null: none
};

}  // namespace castore

#include <castore/impl/event_store.hpp>  // IWYU pragma: export
