#pragma once

/// \file
/// Events of several event stores, stored together or not at all.

#include <algorithm>
#include <array>
#include <castore/after_commit.hpp>
#include <castore/detail/group.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/event_type.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace castore {

/// The answer of a push.
template <class A, EventPayload P>
struct PushEventResult {
  Event<P> event;  ///< complete, with its timestamp
  /// The aggregate after the event, where it is known without reading: for an initial event
  /// (version 1), and where `prev_aggregate` was given.
  std::optional<A> next_aggregate;
  /// As in `PushAnswer`.
  std::optional<std::int64_t> position{};
};

/// The rest of an event that is appended to an aggregate.
template <EventPayload P>
struct AppendOptions {
  std::optional<Timestamp> timestamp{};
  std::optional<MetadataOf<P>> metadata{};
};

namespace detail {

/// The event after `version`.
template <class P>
NewEvent<P> next_event(const std::string& aggregate_id, Version version, P payload,
                       AppendOptions<P> options = {}) {
  return {.aggregate_id = aggregate_id,
          .version = version + 1,
          .timestamp = options.timestamp,
          .payload = std::move(payload),
          .metadata = std::move(options.metadata)};
}

}  // namespace detail

template <class A>
struct GroupEventOptions {
  std::optional<A> prev_aggregate{};
};

/// An event on its way into a group; made by `EventStore::group_event`. After the group is pushed,
/// `result()` is the complete event and the next aggregate where it is known.
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

  void complete(const PushAnswer& answer) override {
    if (!result_) {
      result_.emplace(
          PushEventResult<A, P>{{std::move(event_.aggregate_id), event_.version, answer.timestamp,
                                 std::move(event_.payload), std::move(event_.metadata)},
                                std::nullopt});
    }
    // Of the newest push, where it is pushed again.
    result_->event.version = answer.version;
    result_->event.timestamp = answer.timestamp;
    result_->position = answer.position;
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
/// throws, the others still run, the events stay stored, and the first exception propagates. The
/// adapter of the first event pushes the group, and hands the others theirs (see
/// `EventStorageAdapter::push_event_group`).
/// \throws InvalidEventGroupError  no events, several databases, different timestamps
/// \throws everything that `EventStore::push_event` throws, for the first event that does not fit
void push_event_group(std::span<const GroupedEventRef> events,
                      const PushEventGroupOptions& options = {});

/// The same for events of one type.
template <class A, class P>
void push_event_group(std::vector<GroupedEvent<A, P>>& events,
                      const PushEventGroupOptions& options = {}) {
  std::vector<detail::GroupMember*> members;
  members.reserve(events.size());
  for (GroupedEvent<A, P>& event : events) members.push_back(&event);
  detail::push_group(members, options);
}

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

/// An event of a group that was pushed.
struct PushedGroupEvent {
  std::string event_store_id;
  std::string aggregate_id;
  std::string type;
  PushAnswer answer;
};

/// A group whose events and event stores are known at run time:
///
///     castore::EventGroup group;
///     for (const Line& line : lines) group.append(stocks, stock_of(line),
///     StockReserved{line.count}); group.append(orders, order, OrderConfirmed{}); group.push();
///
/// It owns its events and stores nothing before `push`. Not for several threads at once.
class EventGroup {
 public:
  /// Adds an event. \returns it; valid as long as the group, for its `result()` after `push`
  /// \throws InvalidEventError and all that `EventStore::group_event` throws; the group is as
  /// before
  template <class Store, class P>
  GroupedEvent<typename Store::AggregateType, P>& add(
      const Store& event_store, NewEvent<P> event,
      GroupEventOptions<typename Store::AggregateType> options = {});

  /// Adds the next event of an aggregate in hand: the one that follows its version and those that
  /// the group has of it. `prev_aggregate` is known to the first of these.
  template <class Store, class P>
  GroupedEvent<typename Store::AggregateType, P>& append(
      const Store& event_store, const typename Store::AggregateType& aggregate, P payload,
      AppendOptions<P> options = {});

  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
  [[nodiscard]] bool empty() const noexcept { return members_.empty(); }

  /// Stores the events in the order in which they were added, as `push_event_group` does: all or
  /// none. A group that was refused can be pushed again.
  /// \throws everything that `push_event_group` throws
  std::vector<PushedGroupEvent> push(const PushEventGroupOptions& options = {});

 private:
  /// The greatest version that the group has of an aggregate, 0 if it has none.
  [[nodiscard]] Version newest_version(std::string_view event_store_id,
                                       std::string_view aggregate_id) const;

  std::vector<std::unique_ptr<detail::GroupMember>> members_;
};

template <class Store, class P>
GroupedEvent<typename Store::AggregateType, P>& EventGroup::add(
    const Store& event_store, NewEvent<P> event,
    GroupEventOptions<typename Store::AggregateType> options) {
  using Member = GroupedEvent<typename Store::AggregateType, P>;
  auto member =
      std::make_unique<Member>(event_store.group_event(std::move(event), std::move(options)));
  Member& added = *member;
  members_.push_back(std::move(member));
  return added;
}

template <class Store, class P>
GroupedEvent<typename Store::AggregateType, P>& EventGroup::append(
    const Store& event_store, const typename Store::AggregateType& aggregate, P payload,
    AppendOptions<P> options) {
  const Version newest = newest_version(event_store.event_store_id(), aggregate.aggregate_id);
  GroupEventOptions<typename Store::AggregateType> group_options;
  if (newest <= aggregate.version) group_options.prev_aggregate = aggregate;
  return add(event_store,
             detail::next_event(aggregate.aggregate_id, std::max(newest, aggregate.version),
                                std::move(payload), std::move(options)),
             std::move(group_options));
}

}  // namespace castore
