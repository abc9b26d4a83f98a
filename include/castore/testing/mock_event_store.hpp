#pragma once

/// \file
/// Event stores for tests: in memory, with the events a test begins with.

#include <castore/event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <memory>
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

/// A copy of an event store on an in-memory adapter of its own. It *is* an event store of the same
/// type: a command's handler takes it. The original is not touched, and needs no adapter; its
/// `on_event_pushed` and its message channel, where it is a connected one, are left behind.
template <class A, class... Payloads>
class MockedEventStore : public EventStore<A, Payloads...> {
 public:
  using Original = EventStore<A, Payloads...>;
  using typename Original::AnyEvent;

  explicit MockedEventStore(const Original& original, std::vector<AnyEvent> initial_events = {})
      : Original(original.on_adapter(detail::adapter_with(original, initial_events))),
        initial_events_(std::move(initial_events)) {}

  [[nodiscard]] const std::vector<AnyEvent>& initial_events() const noexcept {
    return initial_events_;
  }

  /// Back to the initial events, whatever was pushed since, on a new adapter of this store alone.
  /// Copies, and events that were grouped before, keep the old one.
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
    std::vector<typename EventStore<A, Payloads...>::AnyEvent> initial_events = {}) {
  return MockedEventStore<A, Payloads...>(event_store, std::move(initial_events));
}

/// Puts `event_store` itself on an in-memory adapter with these events. Its `on_event_pushed` and
/// its message channel stay. Of a connected event store, the original.
template <class A, class... Payloads>
void mute_event_store(
    EventStore<A, Payloads...>& event_store,
    const std::vector<typename EventStore<A, Payloads...>::AnyEvent>& initial_events = {}) {
  event_store.set_event_storage_adapter(detail::adapter_with(event_store, initial_events));
}

}  // namespace castore::testing
