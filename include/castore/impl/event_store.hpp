#pragma once

/// \file
/// The bodies of `EventStore`; included by its header.

#include <algorithm>
#include <castore/event_store.hpp>
#include <type_traits>

namespace castore {

template <class A, class... Payloads>
template <class Reducer>
EventStore<A, Payloads...>::EventStore(std::string event_store_id, Reducer reducer,
                                       std::shared_ptr<EventStorageAdapter> event_storage_adapter,
                                       Options options)
    : model_(std::make_shared<const Model>(std::move(event_store_id), std::move(reducer),
                                           options.schema_compiler.get(),
                                           options.validate_on_read)),
      rules_(std::make_shared<const Rules>(Rules{options.allow_version_gaps,
                                                 std::move(options.metadata),
                                                 std::move(options.simulate_side_effect)})),
      wiring_(std::make_shared<Wiring>(
          Wiring{std::move(event_storage_adapter), std::move(options.on_event_pushed)})) {}

template <class A, class... Payloads>
EventStore<A, Payloads...>::EventStore(const EventStore& original, Listener listener)
    : EventStore(original) {
  auto listeners =
      listeners_ ? std::make_shared<Listeners>(*listeners_) : std::make_shared<Listeners>();
  listeners->push_back(std::move(listener));
  listeners_ = std::move(listeners);
}

template <class A, class... Payloads>
EventStore<A, Payloads...> EventStore<A, Payloads...>::on_adapter(
    std::shared_ptr<EventStorageAdapter> adapter) const {
  EventStore other = *this;
  other.wiring_ = std::make_shared<Wiring>(Wiring{std::move(adapter), nullptr});
  other.listeners_ = nullptr;
  return other;
}

template <class A, class... Payloads>
EventStorageAdapter& EventStore<A, Payloads...>::event_storage_adapter() const {
  if (!wiring_->adapter) throw UndefinedEventStorageAdapterError(event_store_id());
  return *wiring_->adapter;
}

template <class A, class... Payloads>
typename EventStore<A, Payloads...>::Listener EventStore<A, Payloads...>::teller() const {
  if (!wiring_->on_event_pushed && !listeners_) return nullptr;
  return [model = model_, callback = wiring_->on_event_pushed,
          listeners = listeners_](const Pushed& pushed) {
    detail::CommitOrder::join([&] {
      detail::CommitOrder::Telling telling;
      if (callback) {
        detail::after_commit(model->event_store_id(), pushed.event, [&] { callback(pushed); });
      }
      if (!listeners) return;
      if (!telling.is_nested()) return tell(*model, *listeners, pushed);
      telling.put_off([model, listeners, pushed] { tell(*model, *listeners, pushed); });
    });
  };
}

template <class A, class... Payloads>
void EventStore<A, Payloads...>::tell(const Model& model, const Listeners& listeners,
                                      const Pushed& pushed) {
  detail::FirstFailure failure;
  for (const Listener& listener : listeners) {
    failure.keep_of([&] {
      detail::after_commit(model.event_store_id(), pushed.event, [&] { listener(pushed); });
    });
  }
  failure.rethrow();
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
template <class Visitor>
void EventStore<A, Payloads...>::for_each_event(std::string_view aggregate_id,
                                                const EventsQueryOptions& options,
                                                Visitor&& visitor) const {
  event_storage_adapter().for_each_event(
      event_store_id(), aggregate_id, options, [&](const EventView& view) {
        model_->check_stored(view);
        bool go_on = true;
        Types::visit(event_store_id(), view, [&]<class P>(std::type_identity<P>) {
          using Answer = std::invoke_result_t<Visitor&, AnyEvent&&>;
          if constexpr (std::is_void_v<Answer>) {
            visitor(AnyEvent(decode<P>(event_store_id(), view)));
          } else {
            go_on = visitor(AnyEvent(decode<P>(event_store_id(), view)));
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
  detail::Fold<A, Payloads...> fold(model_);
  event_storage_adapter().for_each_event(event_store_id(), aggregate_id,
                                         {.max_version = options.max_version},
                                         [&](const EventView& event) {
                                           fold.apply(event);
                                           return true;
                                         });
  return std::move(fold).aggregate();
}

template <class A, class... Payloads>
A EventStore<A, Payloads...>::get_existing_aggregate(std::string_view aggregate_id,
                                                     const GetAggregateOptions& options) const {
  auto aggregate = get_aggregate(aggregate_id, options);
  if (!aggregate) throw AggregateNotFoundError(event_store_id(), std::string(aggregate_id));
  return *std::move(aggregate);
}

template <class A, class... Payloads>
std::optional<A> EventStore<A, Payloads...>::build_aggregate(std::span<const AnyEvent> events,
                                                             std::optional<A> aggregate) const {
  for (const AnyEvent& event : events) {
    if (!aggregate) aggregate.emplace();
    model_->reduce(*aggregate, event);
  }
  return aggregate;
}

template <class A, class... Payloads>
std::optional<A> EventStore<A, Payloads...>::simulate_aggregate(
    std::span<const AnyEvent> events, const SimulateAggregateOptions& options) const {
  std::map<Version, AnyEvent> indexed;
  for (const AnyEvent& event : events) {
    if (rules_->simulate_side_effect) {
      rules_->simulate_side_effect(indexed, event);
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
void EventStore<A, Payloads...>::supply_metadata([[maybe_unused]] NewEvent<P>& event) const {
  using Metadata = typename detail::SharedMetadata<Payloads...>::type;
  if constexpr (!std::same_as<Metadata, NoMetadata>) {
    if (event.metadata || !rules_->metadata) return;
    std::optional<Metadata> metadata = rules_->metadata();
    if constexpr (std::same_as<MetadataOf<P>, Metadata>) {
      event.metadata = std::move(metadata);
    } else if (metadata) {  // of an OtherPayload
      if (auto json = JsonCodec<Metadata>::encode(*metadata)) event.metadata = {*std::move(json)};
    }
  }
}

template <class A, class... Payloads>
template <class P>
PushEventResult<A, P> EventStore<A, Payloads...>::push_event(NewEvent<P> event,
                                                             const PushOptions<A>& options) const {
  require_own_event<P>();
  supply_metadata(event);
  return push_complete(std::move(event), options);
}

template <class A, class... Payloads>
template <class P>
PushEventResult<A, P> EventStore<A, Payloads...>::push_complete(
    NewEvent<P> event, const PushOptions<A>& options) const {
  require_own_event<P>();
  EventStorageAdapter& adapter = event_storage_adapter();
  const EncodedEvent encoded = encode(event.payload, event.metadata);
  const NewEventView view{.aggregate_id = event.aggregate_id,
                          .version = event.version,
                          .type = event.type(),
                          .timestamp = event.timestamp,
                          .payload = encoded.payload,
                          .metadata = encoded.metadata};
  model_->template check_pushed<P>(view);
  const PushAnswer answer =
      adapter.push_event(event_store_id(), view,
                         {.force = options.force, .allow_version_gap = rules_->allow_version_gaps});
  PushEventResult<A, P> result = [&]() -> PushEventResult<A, P> {
    try {
      return {{std::move(event.aggregate_id), answer.version, answer.timestamp,
               std::move(event.payload), std::move(event.metadata)},
              std::nullopt,
              answer.position};
    } catch (...) {  // a payload that cannot be moved
      detail::rethrow_after_commit();
    }
  }();
  const auto model = model_;  // a callback may destroy this object
  detail::FirstFailure failure;
  failure.keep_of([&] {
    detail::after_commit(model->event_store_id(), result.event, [&] {
      result.next_aggregate = model->next_aggregate(result.event, options.prev_aggregate);
    });
  });
  failure.keep_of([&] {
    auto tell_of = teller();
    if (!tell_of) return;
    detail::after_commit(model->event_store_id(), result.event, [&] {
      adapter.after_commit([tell_of = std::move(tell_of),
                            pushed = Pushed{model->as_read(result.event), result.next_aggregate}] {
        tell_of(pushed);
      });
    });
  });
  failure.rethrow();
  return result;
}

template <class A, class... Payloads>
template <class P>
PushEventResult<A, P> EventStore<A, Payloads...>::append(const A& aggregate, P payload,
                                                         AppendOptions<P> options) const {
  return push_event(detail::next_event(aggregate.aggregate_id, aggregate.version,
                                       std::move(payload), std::move(options)),
                    {.prev_aggregate = aggregate});
}

template <class A, class... Payloads>
template <class P>
GroupedEvent<A, P> EventStore<A, Payloads...>::group_event(const A& aggregate, P payload,
                                                           AppendOptions<P> options) const {
  return group_event(detail::next_event(aggregate.aggregate_id, aggregate.version,
                                        std::move(payload), std::move(options)),
                     {.prev_aggregate = aggregate});
}

template <class A, class... Payloads>
template <class P, class Q, class... Rest>
std::tuple<PushEventResult<A, P>, PushEventResult<A, Q>, PushEventResult<A, Rest>...>
EventStore<A, Payloads...>::append(const A& aggregate, P first, Q second, Rest... rest) const {
  const auto newest = std::make_shared<std::optional<A>>(aggregate);
  Version offset = 0;
  const auto next = [&](auto payload) {
    return group_next(aggregate, ++offset, std::move(payload), newest);
  };
  // In braces: one after the other.
  std::tuple events{next(std::move(first)), next(std::move(second)), next(std::move(rest))...};
  return std::apply([](auto&... event) { return castore::push_event_group(std::move(event)...); },
                    events);
}

template <class A, class... Payloads>
template <class P>
GroupedEvent<A, P> EventStore<A, Payloads...>::group_next(
    const A& aggregate, Version offset, P payload,
    const std::shared_ptr<std::optional<A>>& newest) const {
  GroupedEvent<A, P> grouped = group_event(detail::next_event(
      aggregate.aggregate_id, aggregate.version + offset - 1, std::move(payload)));
  grouped.next_ = [model = model_, newest](const Event<P>& event, std::optional<A>) {
    // Of an event whose reducer has thrown there is none.
    *newest = model->next_aggregate(event, std::exchange(*newest, std::nullopt));
    return *newest;
  };
  return grouped;
}

template <class A, class... Payloads>
template <class P>
GroupedEvent<A, P> EventStore<A, Payloads...>::group_event(NewEvent<P> event,
                                                           GroupEventOptions<A> options) const {
  require_own_event<P>();
  supply_metadata(event);
  return group_complete(std::move(event), std::move(options));
}

template <class A, class... Payloads>
template <class P>
GroupedEvent<A, P> EventStore<A, Payloads...>::group_complete(NewEvent<P> event,
                                                              GroupEventOptions<A> options) const {
  require_own_event<P>();
  static_cast<void>(event_storage_adapter());
  GroupedEvent<A, P> grouped(wiring_->adapter, event_store_id(), std::move(event));
  model_->template check_pushed<P>(grouped.view().event);
  grouped.allow_version_gap_ = rules_->allow_version_gaps;
  grouped.prev_aggregate_ = std::move(options.prev_aggregate);
  grouped.next_ = [model = model_](const Event<P>& e, std::optional<A> previous) {
    return model->next_aggregate(e, std::move(previous));
  };
  if (auto tell_of = teller()) {
    grouped.notify_ = [model = model_,
                       tell_of = std::move(tell_of)](const PushEventResult<A, P>& result) {
      tell_of(Pushed{model->as_read(result.event), result.next_aggregate});
    };
  }
  return grouped;
}

template <class A, class... Payloads>
EventStoreDescription EventStore<A, Payloads...>::describe() const {
  const auto types = event_types();
  EventStoreDescription description{.event_store_id = event_store_id(),
                                    .event_types = {types.begin(), types.end()}};
  description.make_fold = [model = model_]() -> std::unique_ptr<AggregateFold> {
    return std::make_unique<detail::ErasedFold<A, Payloads...>>(model);
  };
  description.validate = [model = model_](const NewEventView& event) { model->check_new(event); };
  return description;
}

}  // namespace castore
