#pragma once

/// \file
/// Event stores for tests: in memory, with the events a test begins with.

#include <castore/clock.hpp>
#include <castore/event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <concepts>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace castore::testing {

namespace detail {

/// A fresh in-memory adapter with these events; their versions may leave gaps.
template <class Store>
std::shared_ptr<InMemoryEventStorageAdapter> adapter_with(
    const Store& store, const std::vector<typename Store::AnyEvent>& events) {
  auto adapter = std::make_shared<InMemoryEventStorageAdapter>();
  for (const auto& event : events) {
    const EventDetail stored = Store::encode_event(event);
    adapter->push_event(store.event_store_id(), to_new_event(to_view(stored)),
                        {.allow_version_gap = true});
  }
  return adapter;
}

}  // namespace detail

template <class Store>
class InitialEvents;

/// The events that a test begins with, in braces or as a vector of `AnyEvent`: stored ones, and new
/// ones, which get the time of now unless they have one.
template <class A, class... Payloads>
class InitialEvents<EventStore<A, Payloads...>> {
 public:
  using AnyEvent = typename EventStore<A, Payloads...>::AnyEvent;

  /// One of them.
  class Item {
   public:
    template <std::convertible_to<AnyEvent> E>
    Item(const E& event)  // NOLINT(google-explicit-constructor)
        : event_(event) {}
    template <OneOf<Payloads...> P>
    Item(const NewEvent<P>& event)  // NOLINT(google-explicit-constructor)
        : event_(Event<P>{event.aggregate_id, event.version,
                          event.timestamp ? *event.timestamp : system_now(), event.payload,
                          event.metadata}) {}

   private:
    friend class InitialEvents;

    AnyEvent event_;
  };

  InitialEvents() = default;
  InitialEvents(std::vector<AnyEvent> events)  // NOLINT(google-explicit-constructor)
      : events_(std::move(events)) {}
  InitialEvents(std::initializer_list<Item> items) {
    for (const Item& item : items) events_.push_back(item.event_);
  }

  [[nodiscard]] const std::vector<AnyEvent>& get() const noexcept { return events_; }

 private:
  std::vector<AnyEvent> events_;
};

/// A copy of an event store on an in-memory adapter of its own. It *is* an event store of the same
/// type: a command's handler takes it. The original is not touched, and needs no adapter; its
/// `on_event_pushed` and its message channel, where it is a connected one, are left behind. Copies
/// of a mocked event store share its adapter.
template <class A, class... Payloads>
class MockedEventStore : public EventStore<A, Payloads...> {
 public:
  using Original = EventStore<A, Payloads...>;
  using typename Original::AnyEvent;

  explicit MockedEventStore(const Original& original,
                            const InitialEvents<Original>& initial_events = {})
      : Original(original.on_adapter(detail::adapter_with(original, initial_events.get()))),
        initial_events_(initial_events.get()) {}

  [[nodiscard]] const std::vector<AnyEvent>& initial_events() const noexcept {
    return initial_events_;
  }

  /// Goes back to the initial events, whatever was pushed since, on a new adapter. Copies go back
  /// with it. Events that were grouped before keep the old adapter, as do other event stores that
  /// shared it.
  void reset() {
    this->set_event_storage_adapter(detail::adapter_with<Original>(*this, initial_events_));
  }

 private:
  std::vector<AnyEvent> initial_events_;
};

/// A mocked copy of `event_store` with these events to begin with. To push groups over several
/// mocked stores, give them one adapter with `set_event_storage_adapter`, and push there what they
/// are to begin with: the initial events stay behind. `Scenario` does that.
template <class A, class... Payloads>
[[nodiscard]] MockedEventStore<A, Payloads...> mock_event_store(
    const EventStore<A, Payloads...>& event_store,
    const std::type_identity_t<InitialEvents<EventStore<A, Payloads...>>>& initial_events = {}) {
  return MockedEventStore<A, Payloads...>(event_store, initial_events);
}

/// Puts `event_store` itself on an in-memory adapter with these events, and with it all that share
/// its adapter: its copies, the connected event stores made of it and, where it is a connected one,
/// its original. Its `on_event_pushed` and its message channel stay.
template <class A, class... Payloads>
void mute_event_store(
    EventStore<A, Payloads...>& event_store,
    const std::type_identity_t<InitialEvents<EventStore<A, Payloads...>>>& initial_events = {}) {
  event_store.set_event_storage_adapter(detail::adapter_with(event_store, initial_events.get()));
}

}  // namespace castore::testing
