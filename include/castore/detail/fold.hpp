#pragma once

/// \file
/// The one way from stored events to typed ones and to an aggregate: check, find the payload,
/// decode, reduce. Whatever reads events for an event store stands on it.

#include <castore/detail/aggregate_json.hpp>
#include <castore/detail/event_schemas.hpp>
#include <castore/detail/payload_types.hpp>
#include <castore/event_type.hpp>
#include <castore/json/schema.hpp>
#include <castore/registry.hpp>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace castore {

/// `Aggregate reducer(Aggregate previous, const Event<Payload>& event)`
template <class Reducer, class A, class P>
concept Reduces = std::is_invocable_r_v < A,
        const Reducer&, A, const Event<P>
& > ;

namespace detail {

template <class Reducer, class A, class P>
struct RequireReducer {
  static_assert(Reduces<Reducer, A, P>,
                "this reducer has no overload for one of the store's events: add "
                "`Aggregate operator()(Aggregate, const castore::Event<Payload>&) const` for the "
                "payload named above");
};

/// An event store's events, as it knows them: types, schemas, reducer. Immutable, and so shared by
/// all copies of the store and by what outlives it.
template <class A, class... Payloads>
class EventModel {
 public:
  using Types = PayloadTypes<Payloads...>;
  using AnyEvent = typename Types::AnyEvent;

  /// \throws InvalidSchemaError
  template <class Reducer>
  EventModel(std::string event_store_id, Reducer reducer, JsonSchemaCompiler* schema_compiler,
             bool validates_on_read)
      : event_store_id_(std::move(event_store_id)),
        reducers_(make_reducers(std::move(reducer))),
        validates_on_read_(validates_on_read) {
    (add_schemas<Payloads>(schema_compiler), ...);
  }

  [[nodiscard]] const std::string& event_store_id() const noexcept { return event_store_id_; }

  /// Checks a stored event against the schemas, where the store wants it.
  /// \throws MalformedEventError
  void check_stored(const EventView& event) const {
    if (validates_on_read_) schemas_.check_stored(event_store_id_, event);
  }

  /// Checks an event of which no C++ type is known: the schemas first, which tell all that is
  /// wrong. \throws SchemaViolationError, InvalidEventError
  void check_new(const NewEventView& event) const {
    schemas_.check(event.type, event.payload, event.metadata);
    Types::check_new(event_store_id_, event);
  }

  /// Checks an event to be pushed as a `P`, as far as its C++ type does not tell: that it fits the
  /// schemas and, where it is an `OtherPayload`, the payload of its type.
  /// \throws SchemaViolationError, InvalidEventError
  template <class P>
  void check_pushed(const NewEventView& event) const {
    if constexpr (std::same_as<P, OtherPayload>) {
      check_new(event);
    } else {
      schemas_.check(event.type, event.payload, event.metadata);
    }
  }

  /// Takes one step: the reducer of that payload, then id and version.
  template <class P>
  void reduce(A& aggregate, const Event<P>& event) const {
    aggregate = std::get<ReducerOf<P>>(reducers_)(std::move(aggregate), event);
    aggregate.aggregate_id = event.aggregate_id;
    aggregate.version = event.version;
  }
  void reduce(A& aggregate, const AnyEvent& event) const {
    std::visit([&](const auto& e) { reduce(aggregate, e); }, event);
  }

  /// The aggregate after a push, where it is known.
  template <class P>
  [[nodiscard]] std::optional<A> next_aggregate(const Event<P>& event,
                                                std::optional<A> previous) const {
    if (!previous && event.version != 1) return std::nullopt;
    A aggregate = previous ? std::move(*previous) : A{};
    if constexpr (std::same_as<P, OtherPayload>) {
      reduce(aggregate, as_read(event));
    } else {
      reduce(aggregate, event);
    }
    return aggregate;
  }

  /// A pushed event as readers will get it: an `OtherPayload` may be of a type that the store
  /// lists.
  template <class P>
  [[nodiscard]] AnyEvent as_read(const Event<P>& event) const {
    if constexpr (std::same_as<P, OtherPayload>) {
      const EncodedEvent encoded = encode(event.payload, event.metadata);
      return Types::decode(event_store_id_, {.aggregate_id = event.aggregate_id,
                                             .version = event.version,
                                             .type = event.type(),
                                             .timestamp = event.timestamp,
                                             .payload = encoded.payload,
                                             .metadata = encoded.metadata});
    } else {
      return event;
    }
  }

 private:
  template <class P>
  using ReducerOf = std::function<A(A&&, const Event<P>&)>;
  using Reducers = std::tuple<ReducerOf<Payloads>...>;

  template <class Reducer>
  static Reducers make_reducers(Reducer reducer) {
    (static_cast<void>(RequireReducer<Reducer, A, Payloads>{}), ...);
    const auto shared = std::make_shared<const Reducer>(std::move(reducer));
    return Reducers(ReducerOf<Payloads>([shared](A&& previous, const Event<Payloads>& event) -> A {
      return (*shared)(std::move(previous), event);
    })...);
  }

  template <class P>
  void add_schemas([[maybe_unused]] JsonSchemaCompiler* schema_compiler) {
    if constexpr (NamesItsType<P>) {
      std::optional<std::string_view> payload;
      std::optional<std::string_view> metadata;
      if constexpr (HasPayloadSchema<P>) payload = P::payload_schema();
      if constexpr (HasMetadataSchema<P>) metadata = P::metadata_schema();
      schemas_.add(event_store_id_, type_name<P>(), payload, metadata, schema_compiler);
    }
  }

  std::string event_store_id_;
  Reducers reducers_;
  EventSchemas schemas_;
  bool validates_on_read_;
};

/// Stored events folded into an aggregate, one by one, in memory that does not grow. For one
/// aggregate and one thread; after an exception it is of no use.
template <class A, class... Payloads>
class Fold {
 public:
  using Model = EventModel<A, Payloads...>;

  explicit Fold(std::shared_ptr<const Model> model) noexcept : model_(std::move(model)) {}

  /// \throws MalformedEventError, and what the reducer throws
  void apply(const EventView& event) {
    model_->check_stored(event);
    if (!aggregate_) aggregate_.emplace();
    Model::Types::visit(model_->event_store_id(), event, [&]<class P>(std::type_identity<P>) {
      auto& decoded = std::get<std::optional<Event<P>>>(events_);
      decode(model_->event_store_id(), event, decoded);
      model_->reduce(*aggregate_, *decoded);
    });
  }

  /// Empty before the first event.
  [[nodiscard]] const std::optional<A>& aggregate() const& noexcept { return aggregate_; }
  [[nodiscard]] std::optional<A> aggregate() && { return std::move(aggregate_); }

 private:
  std::shared_ptr<const Model> model_;
  std::optional<A> aggregate_;
  std::tuple<std::optional<Event<Payloads>>...> events_;  ///< the last of each, for its memory
};

/// A fold for tools that know no types.
template <class A, class... Payloads>
class ErasedFold final : public AggregateFold {
 public:
  explicit ErasedFold(std::shared_ptr<const EventModel<A, Payloads...>> model) noexcept
      : fold_(std::move(model)) {}

  void apply(const EventView& event) override { fold_.apply(event); }

  [[nodiscard]] std::optional<std::string> json() const override {
    if (!fold_.aggregate()) return std::nullopt;
    return write_aggregate(*fold_.aggregate());
  }

 private:
  Fold<A, Payloads...> fold_;
};

}  // namespace detail
}  // namespace castore
