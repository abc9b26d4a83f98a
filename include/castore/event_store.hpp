#pragma once

/// \file
/// The typed front: an event store per kind of entity, over any `EventStorageAdapter`.

#include <algorithm>
#include <array>
#include <castore/after_commit.hpp>
#include <castore/error.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/event_type.hpp>
#include <castore/json/schema.hpp>
#include <castore/registry.hpp>
#include <exception>
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

template <class P, class... Payloads>
concept OneOf = (std::same_as<P, Payloads> || ...);

/// `Aggregate reducer(Aggregate previous, const Event<Payload>& event)`
template <class Reducer, class A, class P>
concept Reduces = std::is_invocable_r_v < A,
        const Reducer&, A, const Event<P>
& > ;

/// What a push answers.
template <class A, EventPayload P>
struct PushEventResult {
  Event<P> event;  ///< complete, with its timestamp
  /// The aggregate after the event, where it is known without reading: for an initial event
  /// (version 1), and where `prev_aggregate` was given.
  std::optional<A> next_aggregate;
};

template <class A>
struct PushOptions {
  /// The aggregate as it was before the event; trusted, not compared with the store.
  std::optional<A> prev_aggregate{};
  bool force = false;  ///< see `PushEventOptions::force`
};

template <class A>
struct GroupEventOptions {
  std::optional<A> prev_aggregate{};
};

struct GetAggregateOptions {
  std::optional<Version> max_version{};  ///< inclusive: the aggregate as it was at that version
};

struct SimulateAggregateOptions {
  std::optional<Timestamp> simulation_date{};  ///< inclusive: later events are left out
};

/// What `on_event_pushed` is told, and what a connected event store publishes.
template <class A, class... Payloads>
struct PushedEvent {
  std::variant<Event<Payloads>...> event;
  std::optional<A> next_aggregate;  ///< as in `PushEventResult`; none where the reducer has thrown
};

template <class A, class... Payloads>
struct EventStoreOptions {
  /// Accept versions that are not the aggregate's newest + 1.
  bool allow_version_gaps = false;

  /// Called after an event is committed, on the pushing thread; where the reducer has thrown, too,
  /// then without `next_aggregate`. What it throws comes out of the push, although the event is
  /// stored: an error of castore's as an `AfterCommitError`, all else as it is.
  std::function<void(const PushedEvent<A, Payloads...>&)> on_event_pushed{};

  /// How `simulate_aggregate` books an event: by default `indexed[event.version] = event`. A
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

namespace detail {

/// Does what comes after the commit of `event`.
/// \throws AfterCommitError; or what `action` throws, where that is no error of castore's
template <class P, class Action>
void after_commit(const std::string& event_store_id, const Event<P>& event, Action&& action) {
  try {
    action();
  } catch (...) {
    rethrow_after_commit(event_store_id, event.aggregate_id, event.version);
  }
}

/// One group event, whatever its store: what `push_event_group` needs of it.
class GroupMember {
 public:
  GroupMember() = default;
  GroupMember(const GroupMember&) = default;
  GroupMember& operator=(const GroupMember&) = default;
  GroupMember(GroupMember&&) = default;
  GroupMember& operator=(GroupMember&&) = default;
  virtual ~GroupMember() = default;

  [[nodiscard]] virtual GroupedEventView view() const = 0;
  /// The group is stored: complete the event, compute the next aggregate. What the reducer throws
  /// comes out once the event is complete.
  virtual void complete(Timestamp timestamp) = 0;
  virtual void notify() = 0;
};

/// Validates, pushes, completes, notifies; the last two of all members, whatever one of them
/// throws.
void push_group(std::span<GroupMember* const> members, const PushEventGroupOptions& options);

template <class Reducer, class A, class P>
struct RequireReducer {
  static_assert(Reduces<Reducer, A, P>,
                "this reducer has no overload for one of the store's events: add "
                "`Aggregate operator()(Aggregate, const castore::Event<Payload>&) const` for the "
                "payload named above");
};

/// `static std::string_view payload_schema()`: a JSON Schema (draft 7), as text.
template <class P>
concept HasPayloadSchema = requires {
  { P::payload_schema() } -> std::convertible_to<std::string_view>;
};
template <class P>
concept HasMetadataSchema = requires {
  { P::metadata_schema() } -> std::convertible_to<std::string_view>;
};

/// The compiled schemas of an event store's types.
class EventSchemas {
 public:
  /// \throws InvalidSchemaError  also where `schema_compiler` is null
  void add(std::string_view event_store_id, std::string_view type,
           std::optional<std::string_view> payload, std::optional<std::string_view> metadata,
           JsonSchemaCompiler* schema_compiler);
  [[nodiscard]] bool empty() const noexcept { return types_.empty(); }

  /// \throws SchemaViolationError
  void check(std::string_view type, std::optional<std::string_view> payload,
             std::optional<std::string_view> metadata) const;
  /// \throws MalformedEventError
  void check_stored(std::string_view event_store_id, const EventView& event) const;

 private:
  struct OfType {
    std::shared_ptr<const JsonSchema> payload;
    std::shared_ptr<const JsonSchema> metadata;
  };
  std::map<std::string, OfType, std::less<>> types_;
};

/// Whether an aggregate lists a field of that name, of whichever member; it may be empty, and not
/// in the JSON. Of one with nlohmann's functions only its JSON tells.
template <class A>
consteval bool lists_field(std::string_view name) {
  if constexpr (ListsFields<A>) {
    constexpr auto fields = fields_of<A>();
    return std::apply([&](const auto&... field) { return ((field.name.text() == name) || ...); },
                      fields.list);
  } else {
    return false;
  }
}

/// Whether `aggregate_id` in its JSON, if it is there, is the aggregate's id and no other member.
template <class A>
consteval bool names_its_id() {
  if constexpr (ListsFields<A>) {
    constexpr auto fields = fields_of<A>();
    const auto is_id = [](const auto& field) {
      if constexpr (std::is_same_v<decltype(field.member), std::string A::*> ||
                    std::is_same_v<decltype(field.member), std::string A::*const>) {
        return field.name.text() == "aggregate_id" && field.member == &A::aggregate_id;
      } else {
        return false;
      }
    };
    return std::apply([&](const auto&... field) { return (is_id(field) || ...); }, fields.list);
  } else {
    return true;
  }
}

/// The aggregate as JSON text, with the members `aggregateId` and `version`, but where the
/// application calls something else so: what it lists stays as it is.
template <class A>
std::string write_aggregate(const A& aggregate) {
  static_assert(WrittenAsJson<A>,
                "this aggregate has no to_json: tools and messages show aggregates as JSON, so "
                "list its fields, or add one, for instance "
                "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Aggregate, aggregate_id, version, ...)");
  nlohmann::json json = aggregate;
  if (json.is_object()) {
    const bool is_taken = lists_field<A>("aggregateId") || json.contains("aggregateId");
    const auto id = json.find("aggregate_id");
    if (!is_taken && names_its_id<A>() && id != json.end() && *id == aggregate.aggregate_id) {
      json.erase(id);  // under its other name
    }
    if (!is_taken) json["aggregateId"] = aggregate.aggregate_id;
    if (!lists_field<A>("version")) json.emplace("version", aggregate.version);
  }
  return json.dump();
}

/// Reads text of `write_aggregate`, as far as the application's functions do. Throws whatever they
/// throw.
template <class A>
A read_aggregate(std::string_view text) {
  static_assert(ReadFromJson<A>,
                "this aggregate has no from_json: a state-carrying message brings aggregates as "
                "JSON, so list its fields, or add one");
  nlohmann::json json = nlohmann::json::parse(text);
  if (names_its_id<A>() && !lists_field<A>("aggregateId") && json.is_object() &&
      json.contains("aggregateId") && !json.contains("aggregate_id")) {
    json["aggregate_id"] = json["aggregateId"];
  }
  return json.get<A>();
}

template <class... Payloads>
consteval bool types_are_unique() {
  std::array<std::string_view, sizeof...(Payloads)> types{};
  std::size_t count = 0;
  const auto add = [&]<class P>(std::type_identity<P>) {
    if constexpr (NamesItsType<P>) {
      types[count++] = P::type;
    } else {
      types[count++] = "";
    }
  };
  (add(std::type_identity<Payloads>{}), ...);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = i + 1; k < count; ++k) {
      if (types[i] == types[k]) return false;
    }
  }
  return true;
}

template <class P>
consteval bool type_is_free() {
  if constexpr (NamesItsType<P>) {
    const std::string_view type = P::type;
    return !type.empty() && type != "__REPLAYED__" && type != "__AGGREGATE_EXISTS__";
  } else {
    return true;
  }
}

}  // namespace detail

/// An event on its way into a group; made by `EventStore::group_event`. After the group is pushed,
/// `result()` is the complete event and the next aggregate where it is known.
template <class A, class P>
class GroupedEvent;

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
/// A store is a small value. Its const members may be called from several threads at once, as far
/// as the reducer and the callbacks may; exchanging the adapter or a callback may not overlap with
/// other calls on the same object. Besides what is said at each member, all of them that touch
/// events throw `UndefinedEventStorageAdapterError` while the store has no adapter, and
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
             Options options = {})
      : event_store_id_(std::move(event_store_id)),
        reducers_(make_reducers(std::move(reducer))),
        event_storage_adapter_(std::move(event_storage_adapter)),
        options_(std::move(options)),
        schemas_(compile_schemas()) {}

  // Moving copies, and leaves it as it is: connected event stores refer to it.
  EventStore(const EventStore&) = default;
  /// \throws InvalidOptionError  `other` is connected to this event store, perhaps by way of more:
  ///     it would be its own original
  EventStore& operator=(const EventStore& other);
  ~EventStore() = default;

  [[nodiscard]] const std::string& event_store_id() const noexcept { return event_store_id_; }

  /// In the order of the template arguments; `OtherPayload` has none.
  [[nodiscard]] static std::vector<std::string_view> event_types();

  /// \throws UndefinedEventStorageAdapterError
  [[nodiscard]] EventStorageAdapter& event_storage_adapter() const;

  /// nullptr takes the adapter away. Of a connected event store: the original's.
  void set_event_storage_adapter(std::shared_ptr<EventStorageAdapter> adapter) noexcept {
    if (original_) return original_->set_event_storage_adapter(std::move(adapter));
    event_storage_adapter_ = std::move(adapter);
  }

  /// Of a connected event store: the original's.
  void set_on_event_pushed(std::function<void(const Pushed&)> callback) noexcept {
    if (original_) return original_->set_on_event_pushed(std::move(callback));
    options_.on_event_pushed = std::move(callback);
  }

  /// The same event store, by id, reducer and schemas, on another adapter; without the callback
  /// `on_event_pushed` and, where it is a connected one, without its message channel.
  [[nodiscard]] EventStore on_adapter(const std::shared_ptr<EventStorageAdapter>& adapter) const {
    EventStore copy = *this;
    copy.original_ = nullptr;
    copy.publish_ = nullptr;
    copy.options_.on_event_pushed = nullptr;
    copy.event_storage_adapter_ = adapter;
    return copy;
  }

  /// The events of one aggregate, in the order of versions. Unknown aggregate: no events.
  /// \throws MalformedEventError  an event of a type the store does not list, or that does not fit
  /// \throws InvalidOptionError   `limit` below 1
  [[nodiscard]] std::vector<AnyEvent> get_events(std::string_view aggregate_id,
                                                 const EventsQueryOptions& options = {}) const;

  /// The same one event at a time, in memory that does not grow. `visitor` is given each
  /// `AnyEvent&&`; if it answers a bool, false ends the reading.
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

  /// What the aggregate would be with these events: booked by `simulate_side_effect`, those after
  /// `simulation_date` left out, ordered by timestamp (then version), renumbered from 1, folded.
  /// Does not read.
  [[nodiscard]] std::optional<A> simulate_aggregate(
      std::span<const AnyEvent> events, const SimulateAggregateOptions& options = {}) const;

  /// Stores one event, durably before it returns. The reducer (for `next_aggregate`) and
  /// `on_event_pushed` run after that: what they throw comes out although the event is stored. A
  /// reducer that throws keeps nobody from being told of the event; its exception comes out after.
  /// \throws InvalidEventError        the event breaks a rule; nothing is stored
  /// \throws EventAlreadyExistsError  the optimistic lock; nothing is stored
  /// \throws VersionGapError          the version is not the newest + 1; nothing is stored
  /// \throws AfterCommitError         the event is stored, and the reducer, `on_event_pushed` or a
  ///     message channel has met an error of castore's; what else they throw comes out as it is
  template <class P>
  PushEventResult<A, P> push_event(NewEvent<P> event, const PushOptions<A>& options = {}) const;

  /// A complete event again, elsewhere or by force, with its own timestamp.
  template <class P>
  PushEventResult<A, P> push_event(Event<P> event, const PushOptions<A>& options = {}) const {
    return push_event(to_new_event(std::move(event)), options);
  }

  /// For `push_event_group`; stores nothing. Keeps the adapter the store has now.
  template <class P>
  [[nodiscard]] GroupedEvent<A, P> group_event(NewEvent<P> event,
                                               GroupEventOptions<A> options = {}) const;

  template <class P>
  [[nodiscard]] GroupedEvent<A, P> group_event(Event<P> event,
                                               GroupEventOptions<A> options = {}) const {
    return group_event(to_new_event(std::move(event)), std::move(options));
  }

  /// The store's aggregates by (timestamp of the initial event, id), a page at a time.
  /// \throws InvalidOptionError, InvalidPageTokenError
  [[nodiscard]] ListAggregateIdsResult list_aggregate_ids(
      const ListAggregateIdsOptions& options = {}) const {
    return event_storage_adapter().list_aggregate_ids(event_store_id_, options);
  }

  /// For `Registry::add`. Needs `to_json` of the aggregate.
  [[nodiscard]] EventStoreDescription describe() const;

  // The event store's part in messages: from typed to JSON text and back.
  [[nodiscard]] static EventDetail encode_event(const AnyEvent& event);
  /// \throws MalformedEventError  an event that is not of this kind of store, or does not fit
  [[nodiscard]] static AnyEvent decode_event(std::string_view event_store_id,
                                             const EventView& event);
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
  /// `original` with something to be done after its callback: what `ConnectedEventStore` is. It has
  /// to outlive this object; adapter and callback stay its own.
  EventStore(EventStore& original, std::function<void(const Pushed&)> publish)
      : EventStore(original) {
    original_ = &original;
    publish_ = std::move(publish);
  }

 private:
  template <class P>
  using ReducerOf = std::function<A(A&&, const Event<P>&)>;
  using Reducers = std::tuple<ReducerOf<Payloads>...>;
  using Listener = std::function<void(const Pushed&)>;

  template <class Reducer>
  static std::shared_ptr<const Reducers> make_reducers(Reducer reducer) {
    (static_cast<void>(detail::RequireReducer<Reducer, A, Payloads>{}), ...);
    const auto shared = std::make_shared<const Reducer>(std::move(reducer));
    return std::make_shared<const Reducers>(
        ReducerOf<Payloads>([shared](A&& previous, const Event<Payloads>& event) -> A {
          return (*shared)(std::move(previous), event);
        })...);
  }

  [[nodiscard]] std::shared_ptr<const detail::EventSchemas> compile_schemas() const;

  /// nullptr, or what is to check that which is read.
  [[nodiscard]] const detail::EventSchemas* schemas_on_read() const noexcept {
    return options_.validate_on_read ? schemas_.get() : nullptr;
  }

  [[nodiscard]] const std::shared_ptr<EventStorageAdapter>& adapter_in_use() const noexcept {
    return original_ ? original_->adapter_in_use() : event_storage_adapter_;
  }

  /// Who is to be told of a committed event, in this order: the callback, then the message
  /// channels. By value: it may be called after this object is gone.
  [[nodiscard]] Listener listener() const;

  /// To all channels, whatever one of them throws.
  static void publish(const std::string& event_store_id, const std::vector<Listener>& channels,
                      const Pushed& pushed) {
    detail::FirstFailure failure;
    for (const Listener& channel : channels) {
      failure.keep_of(
          [&] { after_commit(event_store_id, pushed.event, [&] { channel(pushed); }); });
    }
    failure.rethrow();
  }

  /// Does what comes after the commit of `event`.
  /// \throws AfterCommitError; or what `action` throws, where that is no error of castore's
  template <class Action>
  static void after_commit(const std::string& event_store_id, const AnyEvent& event,
                           Action&& action) {
    std::visit([&](const auto& e) { detail::after_commit(event_store_id, e, action); }, event);
  }

  template <class P>
  static void require_own_event() {
    static_assert(OneOf<P, Payloads...>,
                  "this event is not one of the event store's: add its payload to "
                  "EventStore<Aggregate, Payloads...>, or push it to its own store");
  }

  /// One step of the fold: the reducer of that payload, then id and version.
  template <class P>
  static void reduce(const Reducers& reducers, A& aggregate, const Event<P>& event) {
    aggregate = std::get<ReducerOf<P>>(reducers)(std::move(aggregate), event);
    aggregate.aggregate_id = event.aggregate_id;
    aggregate.version = event.version;
  }

  static void reduce(const Reducers& reducers, A& aggregate, const AnyEvent& event) {
    std::visit([&](const auto& e) { reduce(reducers, aggregate, e); }, event);
  }

  /// Calls `use(std::type_identity<P>())` with the payload `P` that `type` names; answers whether
  /// there is one.
  template <class Use>
  static bool visit_payload_of_type(std::string_view type, Use&& use);

  /// The same for a stored event. \throws MalformedEventError  there is none
  template <class Use>
  static void visit_payload_type(std::string_view event_store_id, const EventView& event,
                                 Use&& use);

  /// \throws InvalidEventError  its type or its text is not what this kind of store reads
  static void check_new(std::string_view event_store_id, const NewEventView& event);

  /// Checks what its C++ type does not say of an event to be pushed as a `P`: that it fits the
  /// schemas and, where it is an `OtherPayload`, the payload of its type.
  /// \throws SchemaViolationError, InvalidEventError
  template <class P>
  void check_pushed(const NewEventView& event) const {
    if (schemas_) schemas_->check(event.type, event.payload, event.metadata);
    if constexpr (std::same_as<P, OtherPayload>) check_new(event_store_id_, event);
  }

  /// After a push: what is known of the next aggregate.
  template <class P>
  static std::optional<A> next_aggregate(const std::string& event_store_id,
                                         const Reducers& reducers, const Event<P>& event,
                                         std::optional<A> previous) {
    if (!previous && event.version != 1) return std::nullopt;
    A aggregate = previous ? std::move(*previous) : A{};
    if constexpr (std::same_as<P, OtherPayload>) {
      reduce(reducers, aggregate, as_read(event_store_id, event));
    } else {
      reduce(reducers, aggregate, event);
    }
    return aggregate;
  }

  /// A pushed event as readers will get it: an `OtherPayload` may be of a type that the store
  /// lists.
  template <class P>
  static AnyEvent as_read(const std::string& event_store_id, const Event<P>& event) {
    if constexpr (std::same_as<P, OtherPayload>) {
      const EncodedEvent encoded = encode(event.payload, event.metadata);
      return decode_event(event_store_id, {.aggregate_id = event.aggregate_id,
                                           .version = event.version,
                                           .type = event.type(),
                                           .timestamp = event.timestamp,
                                           .payload = encoded.payload,
                                           .metadata = encoded.metadata});
    } else {
      return event;
    }
  }

  template <class, class>
  friend class GroupedEvent;

  std::string event_store_id_;
  std::shared_ptr<const Reducers> reducers_;
  std::shared_ptr<EventStorageAdapter> event_storage_adapter_;
  Options options_;
  std::shared_ptr<const detail::EventSchemas> schemas_;  ///< null: there are none
  EventStore* original_ = nullptr;                       ///< of a connected event store
  Listener publish_;                                     ///< the same
};

template <class A, class P>
class GroupedEvent final : public detail::GroupMember {
 public:
  /// \throws std::bad_optional_access  before the group is pushed
  [[nodiscard]] const PushEventResult<A, P>& result() const& { return result_.value(); }
  [[nodiscard]] PushEventResult<A, P> result() && { return std::move(result_).value(); }

 private:
  template <class, class...>
  friend class EventStore;

  [[nodiscard]] GroupedEventView view() const override {
    return {.adapter = adapter_.get(),
            .event_store_id = event_store_id_,
            .event = {.aggregate_id = result_ ? result_->event.aggregate_id : event_.aggregate_id,
                      .version = event_.version,
                      .type = result_ ? result_->event.type() : event_.type(),
                      .timestamp = event_.timestamp,
                      .payload = encoded_.payload,
                      .metadata = encoded_.metadata},
            .allow_version_gap = allow_version_gap_};
  }

  void complete(Timestamp timestamp) override {
    if (!result_) {
      result_.emplace(
          PushEventResult<A, P>{{std::move(event_.aggregate_id), event_.version, timestamp,
                                 std::move(event_.payload), std::move(event_.metadata)},
                                std::nullopt});
    }
    result_->event.timestamp = timestamp;  // of the newest push, where it is pushed again
    result_->next_aggregate = std::nullopt;
    detail::after_commit(event_store_id_, result_->event,
                         [&] { result_->next_aggregate = next_(result_->event, prev_aggregate_); });
  }

  void notify() override {
    if (!notify_ || !result_) return;  // without a result where a payload cannot be moved
    detail::after_commit(event_store_id_, result_->event, [&] {
      adapter_->after_commit([notify = notify_, result = *result_] { notify(result); });
    });
  }

  GroupedEvent(std::shared_ptr<EventStorageAdapter> adapter, std::string event_store_id,
               NewEvent<P> event)
      : adapter_(std::move(adapter)),
        event_store_id_(std::move(event_store_id)),
        event_(std::move(event)),
        encoded_(encode(event_.payload, event_.metadata)) {}

  std::shared_ptr<EventStorageAdapter> adapter_;
  std::string event_store_id_;
  NewEvent<P> event_;  ///< after the push, the strings are in `result_`
  EncodedEvent encoded_;
  bool allow_version_gap_ = false;
  std::optional<A> prev_aggregate_;
  std::function<std::optional<A>(const Event<P>&, std::optional<A>)> next_;
  std::function<void(const PushEventResult<A, P>&)> notify_;
  std::optional<PushEventResult<A, P>> result_;
};

/// Any grouped event, by reference: for groups whose size is known at run time.
using GroupedEventRef = std::reference_wrapper<detail::GroupMember>;

/// Stores the events of several event stores on one database, in this order: all or none. They
/// get one timestamp: given on one event, it is that of all. Each answer is in the event's
/// `result()`. The reducers and then the callbacks `on_event_pushed` run after the commit; if one
/// throws, the others still run, the events stay stored, and the first exception comes out.
/// \throws InvalidEventGroupError  no events, several databases, different timestamps
/// \throws everything that `EventStore::push_event` throws, for the first event that does not fit
void push_event_group(std::span<const GroupedEventRef> events,
                      const PushEventGroupOptions& options = {});

/// The same for a group known at compile time:
///
///     const auto [caught, trained] = castore::push_event_group(
///         pokemons.group_event(...), trainers.group_event(...));
template <class... A, class... P>
std::tuple<PushEventResult<A, P>...> push_event_group(const PushEventGroupOptions& options,
                                                      GroupedEvent<A, P>... events) {
  static_assert(sizeof...(events) > 0, "an event group needs at least one event");
  const std::array<detail::GroupMember*, sizeof...(events)> members{&events...};
  detail::push_group(members, options);
  try {
    return {std::move(events).result()...};
  } catch (...) {  // a payload that cannot be moved
    detail::rethrow_after_commit();
  }
}

template <class A, class P, class... As, class... Ps>
std::tuple<PushEventResult<A, P>, PushEventResult<As, Ps>...> push_event_group(
    GroupedEvent<A, P> first, GroupedEvent<As, Ps>... rest) {
  return push_event_group(PushEventGroupOptions{}, std::move(first), std::move(rest)...);
}

// ---------------------------------------------------------------------------------------------

template <class A, class... Payloads>
EventStore<A, Payloads...>& EventStore<A, Payloads...>::operator=(const EventStore& other) {
  for (const EventStore* store = other.original_; store; store = store->original_) {
    if (store != this) continue;
    throw InvalidOptionError("event_store",
                             "the event store " + event_store_id_ +
                                 " cannot be connected to itself: keep the connected "
                                 "one in a variable of its own");
  }
  EventStore copy = other;  // what can fail comes first
  event_store_id_.swap(copy.event_store_id_);
  reducers_.swap(copy.reducers_);
  event_storage_adapter_.swap(copy.event_storage_adapter_);
  std::swap(options_, copy.options_);
  schemas_.swap(copy.schemas_);
  original_ = copy.original_;
  publish_.swap(copy.publish_);
  return *this;
}

template <class A, class... Payloads>
std::vector<std::string_view> EventStore<A, Payloads...>::event_types() {
  std::vector<std::string_view> types;
  const auto add = [&]<class P>(std::type_identity<P>) {
    if constexpr (NamesItsType<P>) types.push_back(detail::type_name<P>());
  };
  (add(std::type_identity<Payloads>{}), ...);
  return types;
}

template <class A, class... Payloads>
EventStorageAdapter& EventStore<A, Payloads...>::event_storage_adapter() const {
  const std::shared_ptr<EventStorageAdapter>& adapter = adapter_in_use();
  if (!adapter) throw UndefinedEventStorageAdapterError(event_store_id_);
  return *adapter;
}

template <class A, class... Payloads>
std::shared_ptr<const detail::EventSchemas> EventStore<A, Payloads...>::compile_schemas() const {
  auto schemas = std::make_shared<detail::EventSchemas>();
  const auto add = [&]<class P>(std::type_identity<P>) {
    std::optional<std::string_view> payload;
    std::optional<std::string_view> metadata;
    if constexpr (detail::HasPayloadSchema<P>) payload = P::payload_schema();
    if constexpr (detail::HasMetadataSchema<P>) metadata = P::metadata_schema();
    if constexpr (NamesItsType<P>) {
      schemas->add(event_store_id_, detail::type_name<P>(), payload, metadata,
                   options_.schema_compiler.get());
    }
  };
  (add(std::type_identity<Payloads>{}), ...);
  if (schemas->empty()) return nullptr;
  return schemas;
}

template <class A, class... Payloads>
typename EventStore<A, Payloads...>::Listener EventStore<A, Payloads...>::listener() const {
  if (!original_ && !options_.on_event_pushed) return nullptr;
  std::vector<Listener> channels;  // the outermost first
  const EventStore* store = this;
  for (; store->original_; store = store->original_) channels.push_back(store->publish_);
  std::reverse(channels.begin(), channels.end());
  return [event_store_id = event_store_id_, callback = store->options_.on_event_pushed,
          channels = std::move(channels)](const Pushed& pushed) {
    detail::CommitOrder::join([&] {
      detail::CommitOrder::Telling telling;
      if (callback) after_commit(event_store_id, pushed.event, [&] { callback(pushed); });
      if (channels.empty()) return;
      if (!telling.is_nested()) return publish(event_store_id, channels, pushed);
      telling.put_off(
          [event_store_id, channels, pushed] { publish(event_store_id, channels, pushed); });
    });
  };
}

template <class A, class... Payloads>
EventDetail EventStore<A, Payloads...>::encode_event(const AnyEvent& event) {
  return std::visit(
      [](const auto& e) -> EventDetail {
        EncodedEvent encoded = encode(e.payload, e.metadata);
        return {e.aggregate_id,
                e.version,
                std::string(e.type()),
                e.timestamp,
                std::move(encoded.payload),
                std::move(encoded.metadata)};
      },
      event);
}

template <class A, class... Payloads>
typename EventStore<A, Payloads...>::AnyEvent EventStore<A, Payloads...>::decode_event(
    std::string_view event_store_id, const EventView& event) {
  std::optional<AnyEvent> decoded;
  visit_payload_type(event_store_id, event, [&]<class P>(std::type_identity<P>) {
    decoded.emplace(decode<P>(event_store_id, event));
  });
  return *std::move(decoded);
}

template <class A, class... Payloads>
template <class Use>
bool EventStore<A, Payloads...>::visit_payload_of_type(std::string_view type, Use&& use) {
  const auto try_payload = [&]<class P>(std::type_identity<P> payload) {
    if constexpr (NamesItsType<P>) {
      if (type != detail::type_name<P>()) return false;
      use(payload);
      return true;
    } else {
      return false;
    }
  };
  if ((try_payload(std::type_identity<Payloads>{}) || ...)) return true;
  if constexpr (OneOf<OtherPayload, Payloads...>) {
    use(std::type_identity<OtherPayload>{});
    return true;
  } else {
    return false;
  }
}

template <class A, class... Payloads>
template <class Use>
void EventStore<A, Payloads...>::visit_payload_type(std::string_view event_store_id,
                                                    const EventView& event, Use&& use) {
  if (visit_payload_of_type(event.type, std::forward<Use>(use))) return;
  if constexpr (!OneOf<OtherPayload, Payloads...>) {
    throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                              event.version, std::string(event.type),
                              "the event store does not know this event type");
  }
}

template <class A, class... Payloads>
void EventStore<A, Payloads...>::check_new(std::string_view event_store_id,
                                           const NewEventView& event) {
  const bool known = visit_payload_of_type(
      event.type, [&]<class P>(std::type_identity<P>) { check_readable<P>(event); });
  if (!known) {
    throw InvalidEventError("type", std::string(event.type) + " is unknown to event store " +
                                        std::string(event_store_id));
  }
}

template <class A, class... Payloads>
template <class Visitor>
void EventStore<A, Payloads...>::for_each_event(std::string_view aggregate_id,
                                                const EventsQueryOptions& options,
                                                Visitor&& visitor) const {
  event_storage_adapter().for_each_event(
      event_store_id_, aggregate_id, options, [&](const EventView& view) {
        if (schemas_on_read()) schemas_on_read()->check_stored(event_store_id_, view);
        bool go_on = true;
        visit_payload_type(event_store_id_, view, [&]<class P>(std::type_identity<P>) {
          using Answer = std::invoke_result_t<Visitor&, AnyEvent&&>;
          if constexpr (std::is_void_v<Answer>) {
            visitor(AnyEvent(decode<P>(event_store_id_, view)));
          } else {
            go_on = visitor(AnyEvent(decode<P>(event_store_id_, view)));
          }
        });
        return go_on;
      });
}

template <class A, class... Payloads>
std::vector<typename EventStore<A, Payloads...>::AnyEvent> EventStore<A, Payloads...>::get_events(
    std::string_view aggregate_id, const EventsQueryOptions& options) const {
  std::vector<AnyEvent> events;
  for_each_event(aggregate_id, options,
                 [&](AnyEvent&& event) { events.push_back(std::move(event)); });
  return events;
}

template <class A, class... Payloads>
std::optional<A> EventStore<A, Payloads...>::get_aggregate(
    std::string_view aggregate_id, const GetAggregateOptions& options) const {
  std::optional<A> aggregate;
  std::tuple<std::optional<Event<Payloads>>...> events;  // the one before, for its memory
  event_storage_adapter().for_each_event(
      event_store_id_, aggregate_id, {.max_version = options.max_version},
      [&](const EventView& view) {
        if (schemas_on_read()) schemas_on_read()->check_stored(event_store_id_, view);
        if (!aggregate) aggregate.emplace();
        visit_payload_type(event_store_id_, view, [&]<class P>(std::type_identity<P>) {
          auto& event = std::get<std::optional<Event<P>>>(events);
          decode(event_store_id_, view, event);
          reduce(*reducers_, *aggregate, *event);
        });
        return true;
      });
  return aggregate;
}

template <class A, class... Payloads>
A EventStore<A, Payloads...>::get_existing_aggregate(std::string_view aggregate_id,
                                                     const GetAggregateOptions& options) const {
  auto aggregate = get_aggregate(aggregate_id, options);
  if (!aggregate) throw AggregateNotFoundError(event_store_id_, std::string(aggregate_id));
  return *std::move(aggregate);
}

template <class A, class... Payloads>
std::optional<A> EventStore<A, Payloads...>::build_aggregate(std::span<const AnyEvent> events,
                                                             std::optional<A> aggregate) const {
  for (const AnyEvent& event : events) {
    if (!aggregate) aggregate.emplace();
    reduce(*reducers_, *aggregate, event);
  }
  return aggregate;
}

template <class A, class... Payloads>
std::optional<A> EventStore<A, Payloads...>::simulate_aggregate(
    std::span<const AnyEvent> events, const SimulateAggregateOptions& options) const {
  std::map<Version, AnyEvent> indexed;
  for (const AnyEvent& event : events) {
    if (options_.simulate_side_effect) {
      options_.simulate_side_effect(indexed, event);
    } else {
      const Version version = std::visit([](const auto& e) { return e.version; }, event);
      indexed.insert_or_assign(version, event);
    }
  }
  const auto timestamp = [](const AnyEvent& event) {
    return std::visit([](const auto& e) { return e.timestamp; }, event);
  };
  std::vector<AnyEvent> booked;
  for (auto& [version, event] : indexed) {
    if (options.simulation_date && timestamp(event) > *options.simulation_date) continue;
    booked.push_back(std::move(event));
  }
  std::stable_sort(booked.begin(), booked.end(), [&](const AnyEvent& a, const AnyEvent& b) {
    return timestamp(a) < timestamp(b);
  });
  Version version = 0;
  for (AnyEvent& event : booked) {
    std::visit([&](auto& e) { e.version = ++version; }, event);
  }
  return build_aggregate(booked);
}

template <class A, class... Payloads>
template <class P>
PushEventResult<A, P> EventStore<A, Payloads...>::push_event(NewEvent<P> event,
                                                             const PushOptions<A>& options) const {
  require_own_event<P>();
  EventStorageAdapter& adapter = event_storage_adapter();
  const EncodedEvent encoded = encode(event.payload, event.metadata);
  const NewEventView view{.aggregate_id = event.aggregate_id,
                          .version = event.version,
                          .type = event.type(),
                          .timestamp = event.timestamp,
                          .payload = encoded.payload,
                          .metadata = encoded.metadata};
  check_pushed<P>(view);
  const Timestamp timestamp = adapter.push_event(
      event_store_id_, view,
      {.force = options.force, .allow_version_gap = options_.allow_version_gaps});
  PushEventResult<A, P> result = [&]() -> PushEventResult<A, P> {
    try {
      return {{std::move(event.aggregate_id), event.version, timestamp, std::move(event.payload),
               std::move(event.metadata)},
              std::nullopt};
    } catch (...) {  // a payload that cannot be moved
      detail::rethrow_after_commit();
    }
  }();
  detail::FirstFailure failure;
  failure.keep_of([&] {
    detail::after_commit(event_store_id_, result.event, [&] {
      result.next_aggregate =
          next_aggregate(event_store_id_, *reducers_, result.event, options.prev_aggregate);
    });
  });
  failure.keep_of([&] {
    auto callback = listener();
    if (!callback) return;
    const std::string event_store_id = event_store_id_;  // a callback may destroy this object
    detail::after_commit(event_store_id, result.event, [&] {
      adapter.after_commit([callback = std::move(callback),
                            pushed = Pushed{as_read(event_store_id, result.event),
                                            result.next_aggregate}] { callback(pushed); });
    });
  });
  failure.rethrow();
  return result;
}

template <class A, class... Payloads>
template <class P>
GroupedEvent<A, P> EventStore<A, Payloads...>::group_event(NewEvent<P> event,
                                                           GroupEventOptions<A> options) const {
  require_own_event<P>();
  static_cast<void>(event_storage_adapter());
  GroupedEvent<A, P> grouped(adapter_in_use(), event_store_id_, std::move(event));
  check_pushed<P>(grouped.view().event);
  grouped.allow_version_gap_ = options_.allow_version_gaps;
  grouped.prev_aggregate_ = std::move(options.prev_aggregate);
  grouped.next_ = [event_store_id = event_store_id_, reducers = reducers_](
                      const Event<P>& e, std::optional<A> previous) {
    return next_aggregate(event_store_id, *reducers, e, std::move(previous));
  };
  if (auto callback = listener()) {
    grouped.notify_ = [event_store_id = event_store_id_,
                       callback = std::move(callback)](const PushEventResult<A, P>& result) {
      callback(Pushed{as_read(event_store_id, result.event), result.next_aggregate});
    };
  }
  return grouped;
}

template <class A, class... Payloads>
EventStoreDescription EventStore<A, Payloads...>::describe() const {
  class Fold final : public AggregateFold {
   public:
    Fold(std::string event_store_id, std::shared_ptr<const Reducers> reducers,
         std::shared_ptr<const detail::EventSchemas> schemas)
        : event_store_id_(std::move(event_store_id)),
          reducers_(std::move(reducers)),
          schemas_(std::move(schemas)) {}

    void apply(const EventView& event) override {
      if (schemas_) schemas_->check_stored(event_store_id_, event);
      if (!aggregate_) aggregate_.emplace();
      visit_payload_type(event_store_id_, event, [&]<class P>(std::type_identity<P>) {
        reduce(*reducers_, *aggregate_, decode<P>(event_store_id_, event));
      });
    }

    [[nodiscard]] std::optional<std::string> json() const override {
      if (!aggregate_) return std::nullopt;
      return encode_aggregate(*aggregate_);
    }

   private:
    std::string event_store_id_;
    std::shared_ptr<const Reducers> reducers_;
    std::shared_ptr<const detail::EventSchemas> schemas_;  ///< null: nothing is checked
    std::optional<A> aggregate_;
  };

  const auto types = event_types();
  EventStoreDescription description{.event_store_id = event_store_id_,
                                    .event_types = {types.begin(), types.end()}};
  description.make_fold = [id = event_store_id_, reducers = reducers_,
                           schemas = options_.validate_on_read ? schemas_ : nullptr]()
      -> std::unique_ptr<AggregateFold> { return std::make_unique<Fold>(id, reducers, schemas); };
  description.validate = [id = event_store_id_, schemas = schemas_](const NewEventView& event) {
    // the schemas first, since they tell all that is wrong
    if (schemas) schemas->check(event.type, event.payload, event.metadata);
    check_new(id, event);
  };
  return description;
}

}  // namespace castore
