#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <castore/adapter_support.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>

#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::testing {
namespace {

using Reason = InvalidEventGroupError::Reason;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");
const Timestamp day_2 = at("2022-01-02T00:00:00.000Z");

ListAggregateIdsQuery resolve(std::string_view event_store_id, std::string token) {
  return resolve_list_query(event_store_id, {.page_token = std::move(token)});
}

ListAggregateIdsQuery query_behind(ListedAggregateId last, std::int64_t limit) {
  ListAggregateIdsQuery query;
  query.limit = limit;
  query.last = std::move(last);
  return query;
}

bool same(const ListAggregateIdsQuery& a, const ListAggregateIdsQuery& b) {
  return a.limit == b.limit && a.initial_event_after == b.initial_event_after &&
         a.initial_event_before == b.initial_event_before && a.max_position == b.max_position &&
         a.reverse == b.reverse && a.last == b.last;
}

// --- Page tokens ------------------------------------------------------------------------------

TEST_CASE("a page token brings back the query it was made of") {
  const bool holds = rc::check([] {
    const auto maybe_time = [] {
      return *rc::gen::arbitrary<bool>() ? std::optional<Timestamp>(std::chrono::microseconds{
                                               *rc::gen::arbitrary<std::int64_t>()})
                                         : std::nullopt;
    };
    ListAggregateIdsQuery query;
    if (*rc::gen::arbitrary<bool>()) query.limit = *rc::gen::positive<std::int64_t>();
    query.initial_event_after = maybe_time();
    query.initial_event_before = maybe_time();
    if (*rc::gen::arbitrary<bool>()) query.max_position = *rc::gen::arbitrary<std::int64_t>();
    query.reverse = *rc::gen::arbitrary<bool>();
    const auto text = rc::gen::nonEmpty(
        rc::gen::container<std::string>(rc::gen::suchThat<char>([](char c) { return c != 0; })));
    query.last = ListedAggregateId{
        *text, Timestamp(std::chrono::microseconds{*rc::gen::arbitrary<std::int64_t>()})};
    const std::string store = *text;
    RC_ASSERT(same(resolve(store, make_page_token(store, query)), query));
    RC_ASSERT(code_of([&] {
                static_cast<void>(resolve(store + "x", make_page_token(store, query)));
              }) == "InvalidPageToken");
  });
  CHECK(holds);
}

TEST_CASE("a page token needs no quoting in a shell or a URL") {
  const std::string token = make_page_token("S", query_behind({"a b?&'\"\u00e9", day_1}, 1));
  CHECK(
      token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
      std::string::npos);
}

TEST_CASE("two random bytes changed in a page token do not go unnoticed") {
  const std::string token = make_page_token("S", query_behind({"pikachu", day_1}, 5));
  const bool holds = rc::check([&token] {
    std::string damaged = token;
    for (int i = 0; i < 2; ++i) {
      damaged[*rc::gen::inRange<std::size_t>(0, token.size())] = *rc::gen::arbitrary<char>();
    }
    RC_PRE(damaged != token);
    RC_ASSERT(code_of([&] { static_cast<void>(resolve("S", damaged)); }) == "InvalidPageToken");
  });
  CHECK(holds);
}

TEST_CASE("a page token with a limit below 1 is none of ours") {
  for (const std::int64_t limit : {std::int64_t{0}, std::int64_t{-1}}) {
    const std::string token = make_page_token("S", query_behind({"pikachu", day_1}, limit));
    CHECK(code_of([&] { static_cast<void>(resolve("S", token)); }) == "InvalidPageToken");
  }
}

TEST_CASE("a page token that spells its query in another way is none of ours") {
  // the limit as "01", under a checksum that fits
  const std::string token =
      "MTIzNTY2Mzc1NDU1MTI2NDI1OQAxAFMAMDEAAAAwADE2NDA5OTUyMDAwMDAwMDAAcGlrYWNodQA";
  CHECK(code_of([&] { static_cast<void>(resolve("S", token)); }) == "InvalidPageToken");
}

TEST_CASE("a page token of an earlier version is read") {
  const std::string token =
      "NzYwMDc2MTgyMDA4NzkyNTQzNwAxAFMANQAAADAAMTY0MDk5NTIwMDAwMDAwMABwaWthY2h1AA";
  CHECK(same(resolve("S", token), query_behind({"pikachu", day_1}, 5)));
  CHECK(make_page_token("S", query_behind({"pikachu", day_1}, 5)) == token);
}

TEST_CASE("a listing without a token is its options") {
  const auto query = resolve_list_query("S", {.limit = 3,
                                              .initial_event_after = day_1,
                                              .initial_event_before = day_2,
                                              .max_position = 7,
                                              .reverse = true});
  CHECK(same(query, {.limit = 3,
                     .initial_event_after = day_1,
                     .initial_event_before = day_2,
                     .max_position = 7,
                     .reverse = true,
                     .last = std::nullopt}));
  CHECK(same(resolve_list_query("S", {}), {}));
}

TEST_CASE("options given with a token win over its own") {
  ListAggregateIdsQuery asked = query_behind({"pikachu", day_1}, 5);
  asked.initial_event_after = day_1;
  asked.initial_event_before = day_2;
  asked.max_position = 7;
  asked.reverse = true;

  const auto query = resolve_list_query("S", {.limit = 2,
                                              .initial_event_after = day_2,
                                              .max_position = 8,
                                              .reverse = false,
                                              .page_token = make_page_token("S", asked)});

  asked.limit = 2;
  asked.initial_event_after = day_2;
  asked.max_position = 8;
  asked.reverse = false;
  CHECK(same(query, asked));
}

// --- Checks -----------------------------------------------------------------------------------

TEST_CASE("an event that keeps the rules passes") {
  NewEventDetail event = new_event(std::string(max_id_size, 'x'), 1, max_timestamp);
  event.payload = "null";
  event.metadata = "{}";
  CHECK_NOTHROW(check_new_event(std::string(max_id_size, 's'), to_view(event)));
}

TEST_CASE("the first rule that an event breaks is named") {
  const auto path = [](std::string_view event_store_id, const NewEventDetail& event) {
    const auto error =
        thrown<InvalidEventError>([&] { check_new_event(event_store_id, to_view(event)); });
    return error ? error->path() : "none";
  };
  NewEventDetail event = new_event("x", 1);
  CHECK(path("", event) == "eventStoreId");
  event.metadata = "}";
  CHECK(path("S", event) == "metadata");
  event.payload = "{";
  CHECK(path("S", event) == "payload");
  event.type = std::string(max_id_size + 1, 'T');
  CHECK(path("S", event) == "type");
  event.version = 0;
  CHECK(path("S", event) == "version");
  event.aggregate_id = "\xFF";
  CHECK(path("S", event) == "aggregateId");
}

TEST_CASE("two names of event types are taken by message buses") {
  CHECK(code_of([] { check_event_type_name("__REPLAYED__"); }) == "ReservedEventType");
  CHECK(code_of([] { check_event_type_name("__AGGREGATE_EXISTS__"); }) == "ReservedEventType");
  CHECK_NOTHROW(check_event_type_name("__replayed__"));
  CHECK_NOTHROW(check_event_type_name("REPLAYED"));
  const auto error = thrown<ReservedEventTypeError>([] { check_event_type_name("__REPLAYED__"); });
  REQUIRE(error);
  CHECK(std::string_view(error->what()) ==
        "__REPLAYED__ is a reserved event type. Please chose another one.");
}

TEST_CASE("a limit is an integer of at least 1") {
  CHECK_NOTHROW(check_query({.limit = 1}));
  CHECK_NOTHROW(check_query(EventsQueryOptions{}));
  CHECK(code_of([] { check_query({.limit = 0}); }) == "InvalidOption");
  CHECK(code_of([] { static_cast<void>(resolve_list_query("S", {.limit = -5})); }) ==
        "InvalidOption");
}

TEST_CASE("a group answers the timestamp that its events share") {
  InMemoryEventStorageAdapter adapter;
  std::vector<NewEventDetail> events = {new_event("x", 1), new_event("x", 2), new_event("x", 3)};
  const auto check = [&] {
    std::vector<GroupedEventView> group;
    group.reserve(events.size());
    for (const auto& event : events) {
      group.push_back({.adapter = &adapter, .event_store_id = "S", .event = to_view(event)});
    }
    return check_event_group(adapter, group);
  };

  CHECK_FALSE(check());
  events[1].timestamp = day_1;
  CHECK(check() == day_1);
  events[2].timestamp = day_1;
  CHECK(check() == day_1);
  events[2].timestamp = day_2;
  const auto error = thrown<InvalidEventGroupError>([&] { static_cast<void>(check()); });
  REQUIRE(error);
  CHECK(error->reason() == Reason::different_timestamps);
  CHECK(error->index() == 2);
  CHECK(std::string_view(error->what()) ==
        "Event group events #1 and #2 have different timestamps");
}

TEST_CASE("a group needs events that all have an adapter on the same database") {
  InMemoryEventStorageAdapter here;
  InMemoryEventStorageAdapter there;
  const NewEventDetail event = new_event("x", 1);
  const auto error_with = [&](EventStorageAdapter* second) {
    const std::vector<GroupedEventView> group = {
        {.adapter = &here, .event_store_id = "S", .event = to_view(event)},
        {.adapter = second, .event_store_id = "S", .event = to_view(event)}};
    return thrown<InvalidEventGroupError>(
        [&] { static_cast<void>(check_event_group(here, group)); });
  };

  CHECK_FALSE(error_with(&here));
  for (EventStorageAdapter* const second :
       {static_cast<EventStorageAdapter*>(&there), static_cast<EventStorageAdapter*>(nullptr)}) {
    const auto error = error_with(second);
    REQUIRE(error);
    CHECK(error->reason() == Reason::different_databases);
    CHECK(error->index() == 1);
  }
  const auto empty =
      thrown<InvalidEventGroupError>([&] { static_cast<void>(check_event_group(here, {})); });
  REQUIRE(empty);
  CHECK(empty->reason() == Reason::empty);
}

TEST_CASE("the system clock counts in whole milliseconds") {
  const Timestamp now = system_now();
  CHECK(now == std::chrono::floor<std::chrono::milliseconds>(now));
  CHECK(now > at("2024-01-01T00:00:00Z"));
  CHECK(now <= std::chrono::system_clock::now());
}

}  // namespace
}  // namespace castore::testing
