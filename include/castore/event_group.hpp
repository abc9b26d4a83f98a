#pragma once

/// \file
/// Events of several event stores, stored together or not at all.

#include <array>
#include <castore/after_commit.hpp>
#include <castore/detail/group.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/event_type.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
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

}  // namespace castore
