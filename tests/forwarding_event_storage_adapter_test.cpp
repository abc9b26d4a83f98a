#include <doctest/doctest.h>
#include <castore/forwarding_event_storage_adapter.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <memory>
#include <stdexcept>

#include "support/events.hpp"

namespace castore::testing {
namespace {

std::shared_ptr<EventStorageAdapter> three_events() {
  auto adapter = std::make_shared<InMemoryEventStorageAdapter>();
  for (Version version = 1; version <= 3; ++version)
    push(*adapter, "STORE", new_event("a", version));
  return adapter;
}

}  // namespace

TEST_CASE("an adapter that only forwards shows what the one inside it has") {
  const auto inner = three_events();
  ForwardingEventStorageAdapter adapter(inner);

  push(adapter, "STORE", new_event("a", 4));

  CHECK(read(adapter, "STORE", "a") == read(*inner, "STORE", "a"));
  CHECK(adapter.list_event_stores() == inner->list_event_stores());
  CHECK(adapter.newest_position() == 4);
  CHECK(adapter.transaction_domain() == inner->transaction_domain());
}

TEST_CASE("a forwarding feed changes each event") {
  ForwardingEventFeed feed(three_events()->open_event_feed({}),
                           [](EventDetail& event) { event.payload = "\"changed\""; });

  for (const FeedEvent& fed : feed.next_page()) CHECK(fed.event.payload == "\"changed\"");
  CHECK(feed.looked_up_to() == 3);
  CHECK(feed.next_page().empty());
}

TEST_CASE("a forwarding feed begins with the same page again when a change has thrown") {
  int calls = 0;
  ForwardingEventFeed feed(three_events()->open_event_feed({.page_size = 2}), [&](EventDetail&) {
    if (++calls == 2) throw std::domain_error("the key is not there");
  });

  CHECK_THROWS_AS(static_cast<void>(feed.next_page()), std::domain_error);
  CHECK(feed.looked_up_to() == 0);
  CHECK(feed.next_page().size() == 2);
  CHECK(feed.looked_up_to() == 2);
  CHECK(feed.next_page().size() == 1);
}

}  // namespace castore::testing
