#include <doctest/doctest.h>
#include <castore/forwarding_event_storage_adapter.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/events.hpp"

namespace castore::testing {
namespace {

std::shared_ptr<EventStorageAdapter> three_events() {
  auto adapter = std::make_shared<InMemoryEventStorageAdapter>();
  for (Version version = 1; version <= 3; ++version)
    push(*adapter, "STORE", new_event("a", version));
  return adapter;
}

std::vector<Version> versions(std::span<const FeedEvent> page) {
  std::vector<Version> result;
  for (const FeedEvent& fed : page) result.push_back(fed.event.version);
  return result;
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
                           [](FeedEvent& fed) { fed.event.payload = "\"changed\""; });

  for (const FeedEvent& fed : feed.next_page()) CHECK(fed.event.payload == "\"changed\"");
  CHECK(feed.looked_up_to() == 3);
  CHECK(feed.next_page().empty());
}

TEST_CASE("the change of a forwarding feed knows where the event stands") {
  const auto adapter = three_events();
  push(*adapter, "OTHER", new_event("a", 1));
  ForwardingEventFeed feed(adapter->open_event_feed({}), [](FeedEvent& fed) {
    fed.event.payload = '"' + fed.event_store_id + ' ' + std::to_string(fed.position) + '"';
  });

  std::vector<std::optional<std::string>> payloads;
  for (const FeedEvent& fed : feed.next_page()) payloads.push_back(fed.event.payload);
  CHECK(payloads == std::vector<std::optional<std::string>>{"\"STORE 1\"", "\"STORE 2\"",
                                                            "\"STORE 3\"", "\"OTHER 4\""});
}

TEST_CASE("a forwarding feed hands out the events before one whose change throws") {
  bool is_fixed = false;
  FeedQuery query;
  bool by_timestamp = false;
  SUBCASE("in the order of positions") {}
  SUBCASE("in the order of timestamps") {
    query.order = FeedOrder::timestamp;
    by_timestamp = true;
  }
  ForwardingEventFeed feed(three_events()->open_event_feed(query), [&](FeedEvent& fed) {
    if (fed.event.version == 2 && !is_fixed) throw std::domain_error("the key is not there");
    fed.event.payload = "\"changed\"";
  });

  CHECK(versions(feed.next_page()) == std::vector<Version>{1});
  CHECK(feed.looked_up_to() == (by_timestamp ? 3 : 1));
  for (int attempt = 1; attempt <= 2; ++attempt) {
    CHECK_THROWS_AS(static_cast<void>(feed.next_page()), std::domain_error);
    CHECK(feed.looked_up_to() == (by_timestamp ? 3 : 1));
  }
  is_fixed = true;
  const auto rest = feed.next_page();
  CHECK(versions(rest) == std::vector<Version>{2, 3});
  for (const FeedEvent& fed : rest) CHECK(fed.event.payload == "\"changed\"");
  CHECK(feed.looked_up_to() == 3);
  CHECK(feed.next_page().empty());
}

TEST_CASE("a forwarding feed goes on where its first event could not be changed before") {
  int calls = 0;
  ForwardingEventFeed feed(three_events()->open_event_feed({.page_size = 2}), [&](FeedEvent&) {
    if (++calls == 1) throw std::domain_error("the key is not there");
  });

  CHECK_THROWS_AS(static_cast<void>(feed.next_page()), std::domain_error);
  CHECK(feed.looked_up_to() == 0);
  CHECK(versions(feed.next_page()) == std::vector<Version>{1, 2});
  CHECK(feed.looked_up_to() == 2);
  CHECK(versions(feed.next_page()) == std::vector<Version>{3});
}

}  // namespace castore::testing
