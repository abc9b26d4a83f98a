// The promises of every EventStorageAdapter, on each backend. A new backend joins by its storage in
// support/storages.hpp.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <castore/event_json.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/forwarding_event_storage_adapter.hpp>
#include <functional>
#include <limits>
#include <numeric>
#include <thread>

#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/feeds.hpp"
#include "support/memory.hpp"
#include "support/rot13_adapter.hpp"
#include "support/storages.hpp"

namespace castore::testing {
namespace {

constexpr std::string_view store = "POKEMONS";
constexpr std::string_view other_store = "TRAINERS";

using Reason = InvalidEventGroupError::Reason;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");
const Timestamp day_2 = at("2022-01-02T00:00:00.000Z");
const Timestamp day_3 = at("2022-01-03T00:00:00.000Z");

/// `count` events of one aggregate, from version 1, a second apart.
void push_history(EventStorageAdapter& adapter, const std::string& aggregate_id, Version count) {
  for (Version version = 1; version <= count; ++version) {
    push(adapter, store,
         new_event(aggregate_id, version, day_1 + std::chrono::seconds{version - 1}));
  }
}

/// The only event of the aggregate as it was stored.
EventDetail only_event(const EventStorageAdapter& adapter, std::string_view aggregate_id) {
  const auto events = read(adapter, store, aggregate_id);
  REQUIRE(events.size() == 1);
  return events.front();
}

std::string nested_arrays(int depth) {
  const auto count = static_cast<std::size_t>(depth);
  return std::string(count, '[') + std::string(count, ']');
}

// --- Reading ----------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a stored event is read as it was pushed", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const NewEventDetail pushed{.aggregate_id = "pikachu",
                              .version = 1,
                              .type = "POKEMON_APPEARED",
                              .timestamp = at("2022-01-01T12:34:56.123456Z"),
                              .payload = R"({"name":"Pikachu"})",
                              .metadata = R"({"trigger":"random"})"};

  const Timestamp answered = push(*adapter, store, pushed);

  CHECK(answered == *pushed.timestamp);
  CHECK(only_event(*adapter, "pikachu") == to_detail(to_view(pushed), *pushed.timestamp));
}

TEST_CASE_TEMPLATE("events are read in the order of their versions", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  for (const Version version : {10, 3, 1, 2}) {
    push(*adapter, store, new_event("pikachu", version), {.allow_version_gap = true});
  }

  CHECK(versions(*adapter, store, "pikachu") == std::vector<Version>{1, 2, 3, 10});
  CHECK(versions(*adapter, store, "pikachu", {.reverse = true}) ==
        std::vector<Version>{10, 3, 2, 1});
}

TEST_CASE_TEMPLATE("an aggregate without events is no error", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  CHECK(read(*adapter, store, "pikachu").empty());
  push_history(*adapter, "raichu", 1);
  CHECK(read(*adapter, store, "pikachu").empty());
  CHECK(read(*adapter, store, "").empty());
}

TEST_CASE_TEMPLATE("the bounds of a query are inclusive", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push_history(*adapter, "pikachu", 5);
  const auto query = [&](const EventsQueryOptions& options) {
    return versions(*adapter, store, "pikachu", options);
  };

  CHECK(query({.min_version = 4}) == std::vector<Version>{4, 5});
  CHECK(query({.max_version = 2}) == std::vector<Version>{1, 2});
  CHECK(query({.min_version = 2, .max_version = 4}) == std::vector<Version>{2, 3, 4});
  CHECK(query({.min_version = 3, .max_version = 3}) == std::vector<Version>{3});
  CHECK(query({.min_version = 2, .max_version = 4, .reverse = true}) ==
        std::vector<Version>{4, 3, 2});
  SUBCASE("and beyond the history they bound nothing") {
    CHECK(query({.min_version = -7, .max_version = 99}).size() == 5);
    CHECK(query({.min_version = std::numeric_limits<Version>::min(),
                 .max_version = std::numeric_limits<Version>::max()})
              .size() == 5);
  }
  SUBCASE("and where they exclude everything there are no events") {
    CHECK(query({.max_version = 0}).empty());
    CHECK(query({.max_version = -1}).empty());
    CHECK(query({.min_version = 6}).empty());
    CHECK(query({.min_version = 4, .max_version = 2}).empty());
  }
}

TEST_CASE_TEMPLATE("the limit of a query applies after bounds and order", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push_history(*adapter, "pikachu", 5);
  const auto query = [&](const EventsQueryOptions& options) {
    return versions(*adapter, store, "pikachu", options);
  };

  CHECK(query({.limit = 2}) == std::vector<Version>{1, 2});
  CHECK(query({.limit = 1, .reverse = true}) == std::vector<Version>{5});
  CHECK(query({.min_version = 2, .max_version = 4, .limit = 2}) == std::vector<Version>{2, 3});
  CHECK(query({.min_version = 2, .max_version = 4, .limit = 2, .reverse = true}) ==
        std::vector<Version>{4, 3});
  CHECK(query({.limit = 5}).size() == 5);
  CHECK(query({.limit = std::numeric_limits<std::int64_t>::max()}).size() == 5);
}

TEST_CASE_TEMPLATE("a query up to a position reads what was committed by then", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  // Their positions: 3 1 4 2 5.
  for (const Version version : {2, 4, 1, 3, 5}) {
    push(*adapter, store, new_event("a", version), {.allow_version_gap = true});
  }
  push(*adapter, store, new_event("a", 2), {.force = true});
  using Versions = std::vector<Version>;
  const auto query = [&](const EventsQueryOptions& options) {
    return versions(*adapter, store, "a", options);
  };
  CHECK(query({.max_position = 0}).empty());
  CHECK(query({.max_position = 1}) == Versions{2});
  CHECK(query({.max_position = 3}) == Versions{1, 2, 4});
  CHECK(query({.max_position = 3, .limit = 2}) == Versions{1, 2});
  CHECK(query({.max_position = 3, .limit = 2, .reverse = true}) == Versions{4, 2});
  CHECK(query({.min_version = 2, .max_position = 3, .limit = 9}) == Versions{2, 4});
  CHECK(query({.max_position = 99}) == Versions{1, 2, 3, 4, 5});
}

TEST_CASE_TEMPLATE("a query with a limit below 1 is refused", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push_history(*adapter, "pikachu", 1);
  for (const std::int64_t limit :
       {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
    const auto error = thrown<InvalidOptionError>(
        [&] { static_cast<void>(read(*adapter, store, "pikachu", {.limit = limit})); });
    REQUIRE(error);
    CHECK(error->option() == "limit");
  }
}

TEST_CASE_TEMPLATE("a visitor that answers false ends the reading", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push_history(*adapter, "pikachu", 5);
  std::vector<Version> seen;

  adapter->for_each_event(store, "pikachu", {}, [&](const EventView& event) {
    seen.push_back(event.version);
    return event.version < 2;
  });

  CHECK(seen == std::vector<Version>{1, 2});
}

TEST_CASE_TEMPLATE("a visitor may call the adapter and reads as of one moment", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push_history(*adapter, "pikachu", 3);
  std::vector<Version> seen;
  std::vector<std::size_t> nested;

  adapter->for_each_event(store, "pikachu", {}, [&](const EventView& event) {
    seen.push_back(event.version);
    push(*adapter, store, new_event("pikachu", event.version + 3));
    push(*adapter, store, with_payload(new_event("pikachu", 3), "\"repaired\""), {.force = true});
    nested.push_back(read(*adapter, store, "pikachu").size());
    CHECK_FALSE(event.payload);
    return true;
  });

  CHECK(seen == std::vector<Version>{1, 2, 3});
  CHECK(nested == std::vector<std::size_t>{4, 5, 6});
  CHECK(read(*adapter, store, "pikachu")[2].payload == "\"repaired\"");
}

TEST_CASE_TEMPLATE("readings nest as deep as visitors like", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push_history(*adapter, "pikachu", 2);
  std::string order;

  adapter->for_each_event(store, "pikachu", {}, [&](const EventView& outer) {
    adapter->for_each_event(store, "pikachu", {.reverse = true}, [&](const EventView& inner) {
      adapter->for_each_event(store, "pikachu", {.limit = 1}, [&](const EventView& innermost) {
        order += std::to_string(outer.version * 100 + inner.version * 10 + innermost.version) + " ";
        return true;
      });
      return true;
    });
    return true;
  });

  CHECK(order == "121 111 221 211 ");
}

TEST_CASE_TEMPLATE("what a visitor throws comes out and the adapter stays usable", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push_history(*adapter, "pikachu", 3);

  CHECK_THROWS_WITH_AS(adapter->for_each_event(store, "pikachu", {},
                                               [](const EventView& event) -> bool {
                                                 if (event.version == 2) {
                                                   throw std::out_of_range("enough");
                                                 }
                                                 return true;
                                               }),
                       "enough", std::out_of_range);

  CHECK(push(*adapter, store, new_event("pikachu", 4, day_2)) == day_2);
  CHECK(versions(*adapter, store, "pikachu") == std::vector<Version>{1, 2, 3, 4});
}

TEST_CASE_TEMPLATE("event stores on one adapter know nothing of each other", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push(*adapter, store, new_event("ash", 1, day_1));
  push(*adapter, other_store, new_event("ash", 1, day_2));
  push(*adapter, other_store, new_event("ash", 2, day_3));

  CHECK(versions(*adapter, store, "ash") == std::vector<Version>{1});
  CHECK(versions(*adapter, other_store, "ash") == std::vector<Version>{1, 2});
  CHECK(adapter->list_aggregate_ids(store, {}).aggregate_ids ==
        std::vector<ListedAggregateId>{{"ash", day_1}});
  CHECK(adapter->list_aggregate_ids("NOBODY", {}).aggregate_ids.empty());
}

// --- Pushing ----------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a taken version is refused with the current version", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push_history(*adapter, "pikachu", 5);
  const auto before = read(*adapter, store, "pikachu");

  const auto error = thrown<EventAlreadyExistsError>(
      [&] { push(*adapter, store, with_payload(new_event("pikachu", 2), "1")); });

  REQUIRE(error);
  CHECK(error->event_store_id() == store);
  CHECK(error->aggregate_id() == "pikachu");
  CHECK(error->version() == 2);
  CHECK(error->current_version() == 5);
  CHECK_FALSE(error->retryable());
  CHECK(error->fields() == std::vector<ErrorField>{{"eventStoreId", std::string(store)},
                                                   {"aggregateId", "pikachu"},
                                                   {"version", 2},
                                                   {"currentVersion", 5}});
  CHECK(read(*adapter, store, "pikachu") == before);
  SUBCASE("also where gaps are allowed") {
    CHECK(code_of([&] {
            push(*adapter, store, new_event("pikachu", 5), {.allow_version_gap = true});
          }) == "EventAlreadyExists");
  }
  SUBCASE("also where the event is identical") {
    CHECK(code_of([&] { push(*adapter, store, new_event("pikachu", 1, day_1)); }) ==
          "EventAlreadyExists");
  }
}

TEST_CASE_TEMPLATE("a version gap is refused with the expected version", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();

  const auto first = thrown<VersionGapError>([&] { push(*adapter, store, new_event("mew", 2)); });
  REQUIRE(first);
  CHECK(first->version() == 2);
  CHECK(first->expected_version() == 1);

  push_history(*adapter, "pikachu", 3);
  const auto later =
      thrown<VersionGapError>([&] { push(*adapter, store, new_event("pikachu", 9)); });
  REQUIRE(later);
  CHECK(later->event_store_id() == store);
  CHECK(later->aggregate_id() == "pikachu");
  CHECK(later->version() == 9);
  CHECK(later->expected_version() == 4);
  CHECK(later->fields().back() == ErrorField{"expectedVersion", 4});

  CHECK(read(*adapter, store, "mew").empty());
  CHECK(versions(*adapter, store, "pikachu") == std::vector<Version>{1, 2, 3});
}

TEST_CASE_TEMPLATE("version gaps are stored where they are allowed", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push(*adapter, store, new_event("pikachu", 5), {.allow_version_gap = true});
  push(*adapter, store, new_event("pikachu", 2), {.allow_version_gap = true});
  CHECK(versions(*adapter, store, "pikachu") == std::vector<Version>{2, 5});

  SUBCASE("and without that permission a hole is still a gap") {
    const auto error =
        thrown<VersionGapError>([&] { push(*adapter, store, new_event("pikachu", 3)); });
    REQUIRE(error);
    CHECK(error->expected_version() == 6);
  }
  SUBCASE("and the history goes on behind the newest") {
    push(*adapter, store, new_event("pikachu", 6));
    CHECK(versions(*adapter, store, "pikachu") == std::vector<Version>{2, 5, 6});
  }
  SUBCASE("up to the greatest version there is") {
    constexpr Version greatest = std::numeric_limits<Version>::max();
    push(*adapter, store, new_event("pikachu", greatest), {.allow_version_gap = true});
    CHECK(versions(*adapter, store, "pikachu") == std::vector<Version>{2, 5, greatest});
    CHECK(code_of([&] { push(*adapter, store, new_event("pikachu", 7)); }) == "VersionGap");
    CHECK(code_of([&] { push(*adapter, store, new_event("pikachu", greatest)); }) ==
          "EventAlreadyExists");
  }
}

TEST_CASE_TEMPLATE("force overwrites an event as a whole", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter([] { return day_3; });
  push_history(*adapter, "pikachu", 1);
  push(*adapter, store,
       {.aggregate_id = "pikachu",
        .version = 2,
        .type = "POKEMON_CAUGHT",
        .timestamp = day_2,
        .payload = "1",
        .metadata = "2"});
  push(*adapter, store, new_event("pikachu", 3, day_2));

  const Timestamp answered = push(*adapter, store,
                                  {.aggregate_id = "pikachu",
                                   .version = 2,
                                   .type = "POKEMON_FREED",
                                   .timestamp = std::nullopt,
                                   .payload = std::nullopt,
                                   .metadata = "null"},
                                  {.force = true});

  CHECK(answered == day_3);
  const auto events = read(*adapter, store, "pikachu");
  REQUIRE(events.size() == 3);
  CHECK(events[1] == EventDetail{.aggregate_id = "pikachu",
                                 .version = 2,
                                 .type = "POKEMON_FREED",
                                 .timestamp = day_3,
                                 .payload = std::nullopt,
                                 .metadata = "null"});
  CHECK(adapter->list_event_stores().front().last_position == 3);
}

TEST_CASE_TEMPLATE("force at a free version is an ordinary push", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push(*adapter, store, new_event("pikachu", 1), {.force = true});
  push(*adapter, store, new_event("pikachu", 2), {.force = true});
  CHECK(code_of([&] { push(*adapter, store, new_event("pikachu", 4), {.force = true}); }) ==
        "VersionGap");
  push(*adapter, store, new_event("pikachu", 4), {.force = true, .allow_version_gap = true});
  CHECK(versions(*adapter, store, "pikachu") == std::vector<Version>{1, 2, 4});
}

TEST_CASE_TEMPLATE("force on the initial event moves the aggregate in the listing", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push(*adapter, store, new_event("a", 1, day_1));
  push(*adapter, store, new_event("b", 1, day_2));

  push(*adapter, store, new_event("a", 1, day_3), {.force = true});

  CHECK(adapter->list_aggregate_ids(store, {}).aggregate_ids ==
        std::vector<ListedAggregateId>{{"b", day_2}, {"a", day_3}});
}

// --- Validation -------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a version below 1 is refused", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  for (const Version version : {Version{0}, Version{-1}, std::numeric_limits<Version>::min()}) {
    for (const bool force : {false, true}) {
      const auto error = thrown<InvalidEventError>([&] {
        push(*adapter, store, new_event("pikachu", version),
             {.force = force, .allow_version_gap = true});
      });
      REQUIRE(error);
      CHECK(error->path() == "version");
    }
  }
  CHECK(read(*adapter, store, "pikachu").empty());
}

TEST_CASE_TEMPLATE("ids and types have 1 to 1024 bytes of UTF-8 without NUL", Storage,
                   CASTORE_STORAGES) {
  using namespace std::string_literals;
  const auto adapter = Storage().make_adapter();
  const auto path_of = [&](std::string_view event_store_id, const NewEventDetail& event) {
    const auto error = thrown<InvalidEventError>([&] { push(*adapter, event_store_id, event); });
    return error ? error->path() : "accepted";
  };
  const auto typed = [](std::string type) {
    NewEventDetail event = new_event("typed", 1);
    event.type = std::move(type);
    return event;
  };

  const std::vector<std::string> wrong = {"",
                                          std::string(1025, 'x'),
                                          "a\0b"s,
                                          "\0"s,
                                          "\xFF",
                                          "\xC3",
                                          "\xC0\x80",          // a NUL in disguise
                                          "\xED\xA0\x80",      // half a surrogate pair
                                          "\xF4\x90\x80\x80",  // beyond the last character
                                          "abc\x80"};
  for (const std::string& id : wrong) {
    CAPTURE(id.size());
    CHECK(path_of(store, new_event(id, 1)) == "aggregateId");
    CHECK(path_of(id, new_event("pikachu", 1)) == "eventStoreId");
    CHECK(path_of(store, typed(id)) == "type");
  }
  CHECK(adapter->list_event_stores().empty());

  std::string longest_of_two_bytes;
  for (int i = 0; i < 512; ++i) longest_of_two_bytes += "\u00e9";
  const std::vector<std::string> right = {"x",
                                          std::string(1024, 'x'),
                                          longest_of_two_bytes,
                                          " ",
                                          "\n\t'\"\\%_#/",
                                          "\u7687\u5e1d\U0001F427",
                                          "__proto__",
                                          "'; DROP TABLE castore_event; --"};
  for (const std::string& id : right) {
    CAPTURE(id);
    CHECK(path_of(store, new_event(id, 1)) == "accepted");
    CHECK(only_event(*adapter, id).aggregate_id == id);
    CHECK(path_of(id, new_event("pikachu", 1)) == "accepted");
    CHECK(versions(*adapter, id, "pikachu") == std::vector<Version>{1});
  }
  Version version = 0;
  for (const std::string& type : right) {
    NewEventDetail event = typed(type);
    event.version = ++version;
    CHECK(path_of(store, event) == "accepted");
    CHECK(read(*adapter, store, "typed").back().type == type);
  }
}

TEST_CASE_TEMPLATE("ids are compared by bytes", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const std::vector<std::string> distinct = {"Zo\u00e9", "Zoe\u0301", "zo\u00e9", "Zo\u00e9 ", "Zo",
                                             "1",        "01",        "1.0",      "Z%"};
  for (const std::string& id : distinct) {
    push(*adapter, store, new_event(id, 1, day_1));
    push(*adapter, id, new_event("someone", 1, day_1));
  }

  for (const std::string& id : distinct) {
    CHECK(only_event(*adapter, id).aggregate_id == id);
    CHECK(versions(*adapter, id, "someone") == std::vector<Version>{1});
  }
}

TEST_CASE_TEMPLATE("aggregates and event stores are listed in the order of their bytes", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  // By UTF-16, the first byte or the second would put some of them elsewhere.
  const std::vector<std::string> sorted = {
      "Z",      "a",      "a ",     "ab",     "b",          "\u00e9",     "\u0100",    "\u0142",
      "\u0161", "\u2603", "\ufeff", "\ufffd", "\U00010000", "\U0001f427", "\U0010ffff"};
  REQUIRE(std::is_sorted(sorted.begin(), sorted.end()));
  std::vector<std::string> shuffled = sorted;
  std::rotate(shuffled.begin(), shuffled.begin() + 4, shuffled.end());
  for (const std::string& id : shuffled) push(*adapter, store, new_event(id, 1, day_2));
  for (const std::string& id : shuffled) push(*adapter, id, new_event("someone", 1, day_1));
  push(*adapter, store, new_event("later", 1, day_3));
  push(*adapter, store, new_event("earlier", 1, day_1));
  std::vector<std::string> listed = sorted;
  listed.insert(listed.begin(), "earlier");
  listed.push_back("later");

  CHECK(ids(adapter->list_aggregate_ids(store, {})) == listed);
  std::vector<std::string> stores;
  for (const auto& summary : adapter->list_event_stores()) {
    if (summary.event_store_id != store) stores.push_back(summary.event_store_id);
  }
  CHECK(stores == sorted);
  SUBCASE("by pages too") {
    for (std::int64_t limit = 1; limit <= 20; ++limit) {
      CAPTURE(limit);
      CHECK(all_pages(*adapter, store, {.limit = limit}) == listed);
    }
  }
  SUBCASE("backwards too") {
    std::reverse(listed.begin(), listed.end());
    for (std::int64_t limit = 1; limit <= 20; ++limit) {
      CAPTURE(limit);
      CHECK(all_pages(*adapter, store, {.limit = limit, .reverse = true}) == listed);
    }
  }
}

TEST_CASE_TEMPLATE("event stores of castore's own take no events of the application's", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  for (const char* const id : {"castore.", "castore.log"}) {
    const auto error = thrown<InvalidEventError>([&] { push(*adapter, id, new_event("a", 1)); });
    REQUIRE(error);
    CHECK(error->path() == "eventStoreId");
    CHECK(code_of([&] {
            push_group(*adapter, {{adapter.get(), "STORE", new_event("a", 1)},
                                  {adapter.get(), id, new_event("a", 1)}});
          }) == "InvalidEvent");
  }
  CHECK(adapter->list_event_stores().empty());
  for (const char* const id : {"castore", "Castore.log", "my.castore."}) {
    CHECK_NOTHROW(push(*adapter, id, new_event("a", 1)));
  }
}

TEST_CASE_TEMPLATE("reserved event types are refused", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  for (const std::string_view type : {"__REPLAYED__", "__AGGREGATE_EXISTS__"}) {
    NewEventDetail event = new_event("pikachu", 1);
    event.type = std::string(type);
    const auto error = thrown<ReservedEventTypeError>([&] { push(*adapter, store, event); });
    REQUIRE(error);
    CHECK(error->type() == type);
  }
  CHECK(adapter->list_event_stores().empty());
}

TEST_CASE_TEMPLATE("payload and metadata are kept byte for byte", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const std::vector<std::string> texts = {
      "null",
      "0",
      "-0",
      "\"\"",
      "false",
      "true",
      "{}",
      "[]",
      "1e400",
      "1.10",
      "123456789012345678901234567890",
      "0.1000000000000000055511151231257827021181583404541015625",
      R"({"b":1,"a":2,"b":3})",
      " { \"a\" :\t[ 1 ,\r\n2 ] } ",
      R"("\u0000 \/ \ud83d\udc27 \u00e9")",
      "\"\u00e9 e\u0301 \U0001F427\"",
      nested_arrays(512),
      "\"" + std::string(1000000, 'x') + "\""};
  Version version = 0;
  for (const std::string& text : texts) {
    NewEventDetail event = new_event("pikachu", ++version, day_1);
    event.payload = text;
    event.metadata = text;
    push(*adapter, store, event);
  }

  const auto events = read(*adapter, store, "pikachu");
  REQUIRE(events.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CAPTURE(texts[i].substr(0, 60));
    CHECK(events[i].payload == texts[i]);
    CHECK(events[i].metadata == texts[i]);
  }
}

TEST_CASE_TEMPLATE("absent is not null", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  NewEventDetail event = new_event("pikachu", 1);
  event.payload = "null";
  push(*adapter, store, event);
  event = new_event("pikachu", 2);
  event.metadata = "null";
  push(*adapter, store, event);

  const auto events = read(*adapter, store, "pikachu");
  CHECK(events[0].payload == "null");
  CHECK_FALSE(events[0].metadata);
  CHECK_FALSE(events[1].payload);
  CHECK(events[1].metadata == "null");
}

TEST_CASE_TEMPLATE("a payload that is not JSON is refused", Storage, CASTORE_STORAGES) {
  using namespace std::string_literals;
  const auto adapter = Storage().make_adapter();
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "{",
                                          "{} {}",
                                          "{'a':1}",
                                          "[1,]",
                                          "NaN",
                                          "01",
                                          "\"a\nb\"",
                                          "\"\xFF\"",
                                          "\"\xED\xA0\x80\"",
                                          R"("\ud83d")",
                                          "1\0"s,
                                          "\xEF\xBB\xBF{}",
                                          nested_arrays(513),
                                          std::string(1000000, '[')};
  for (const std::string& text : texts) {
    CAPTURE(text.substr(0, 60));
    NewEventDetail event = new_event("pikachu", 1);
    event.payload = text;
    const auto in_payload = thrown<InvalidEventError>([&] { push(*adapter, store, event); });
    REQUIRE(in_payload);
    CHECK(in_payload->path() == "payload");
    event.payload = std::nullopt;
    event.metadata = text;
    const auto in_metadata = thrown<InvalidEventError>([&] { push(*adapter, store, event); });
    REQUIRE(in_metadata);
    CHECK(in_metadata->path() == "metadata");
  }
  CHECK(adapter->list_event_stores().empty());
}

TEST_CASE_TEMPLATE("the text of an event need not outlive the push", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  std::string id = "pikachu";
  std::string payload = "\"before\"";
  adapter->push_event(store,
                      {.aggregate_id = id,
                       .version = 1,
                       .type = "T",
                       .timestamp = day_1,
                       .payload = payload,
                       .metadata = std::nullopt},
                      {});
  id = "XXXXXXX";
  payload = "XXXXXXXX";
  CHECK(only_event(*adapter, "pikachu").payload == "\"before\"");
}

// --- Timestamps -------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("the clock supplies a missing timestamp", Storage, CASTORE_STORAGES) {
  std::atomic<int> calls{0};
  const auto adapter = Storage().make_adapter([&calls] {
    ++calls;
    return day_2;
  });

  CHECK(push(*adapter, store, new_event("pikachu", 1)) == day_2);
  CHECK(only_event(*adapter, "pikachu").timestamp == day_2);
  CHECK(calls == 1);
  SUBCASE("and is not asked for one that is given") {
    CHECK(push(*adapter, store, new_event("pikachu", 2, day_1)) == day_1);
    CHECK(calls == 1);
  }
  SUBCASE("once for a group") {
    push_group(*adapter,
               {{adapter.get(), "A", new_event("x", 1)}, {adapter.get(), "B", new_event("y", 1)}});
    CHECK(calls == 2);
  }
}

TEST_CASE_TEMPLATE("the default clock is the system's in whole milliseconds", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const Timestamp before = system_now();
  const Timestamp answered = push(*adapter, store, new_event("pikachu", 1));
  const Timestamp after = system_now();

  CHECK(answered >= before);
  CHECK(answered <= after);
  CHECK(answered == std::chrono::floor<std::chrono::milliseconds>(answered));
  CHECK(only_event(*adapter, "pikachu").timestamp == answered);
}

TEST_CASE_TEMPLATE("timestamps reach from the year 0000 to 9999", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const std::chrono::microseconds tick{1};
  for (const Timestamp wrong :
       {min_timestamp - tick, max_timestamp + tick, Timestamp::min(), Timestamp::max()}) {
    CHECK(code_of([&] { push(*adapter, store, new_event("pikachu", 1, wrong)); }) ==
          "InvalidTimestamp");
  }
  CHECK(adapter->list_event_stores().empty());

  push(*adapter, store, new_event("pikachu", 1, max_timestamp));
  push(*adapter, store, new_event("pikachu", 2, min_timestamp));
  push(*adapter, store, new_event("pikachu", 3, Timestamp{-tick}));
  const auto events = read(*adapter, store, "pikachu");
  CHECK(events[0].timestamp == max_timestamp);
  CHECK(events[1].timestamp == min_timestamp);
  CHECK(events[2].timestamp == Timestamp{-tick});
}

TEST_CASE_TEMPLATE("a clock outside the storable years is refused", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter([] { return Timestamp::max(); });
  CHECK(code_of([&] { push(*adapter, store, new_event("pikachu", 1)); }) == "InvalidTimestamp");
  CHECK(code_of([&] {
          push_group(*adapter, {{adapter.get(), std::string(store), new_event("pikachu", 1)}});
        }) == "InvalidTimestamp");
  CHECK(adapter->list_event_stores().empty());
}

TEST_CASE_TEMPLATE("what a clock throws comes out and nothing is written", Storage,
                   CASTORE_STORAGES) {
  const auto adapter =
      Storage().make_adapter([]() -> Timestamp { throw std::runtime_error("no clock"); });
  CHECK_THROWS_WITH_AS(push(*adapter, store, new_event("pikachu", 1)), "no clock",
                       std::runtime_error);
  CHECK(adapter->list_event_stores().empty());
  push(*adapter, store, new_event("pikachu", 1, day_1));
  CHECK(only_event(*adapter, "pikachu").timestamp == day_1);
}

// --- Groups -----------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a group is stored in its order with one timestamp", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter([] { return day_3; });
  EventStorageAdapter* const a = adapter.get();

  CHECK(push_group(*adapter, {{a, "A", with_payload(new_event("x", 1), "1")},
                              {a, "B", with_payload(new_event("y", 1), "2")},
                              {a, "A", with_payload(new_event("x", 2), "3")}}) == day_3);

  CHECK(read(*adapter, "A", "x")[0].payload == "1");
  CHECK(read(*adapter, "A", "x")[1].payload == "3");
  CHECK(read(*adapter, "B", "y")[0].payload == "2");
  for (const EventStoreSummary& summary : adapter->list_event_stores()) {
    CHECK(summary.first_timestamp == day_3);
    CHECK(summary.last_timestamp == day_3);
    CHECK(summary.last_position == (summary.event_store_id == "A" ? 3 : 2));
  }
}

TEST_CASE_TEMPLATE("a timestamp given on one event of a group is that of all", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter([] { return day_3; });
  EventStorageAdapter* const a = adapter.get();

  CHECK(push_group(*adapter, {{a, "A", new_event("x", 1)},
                              {a, "A", new_event("x", 2, day_1)},
                              {a, "A", new_event("x", 3)},
                              {a, "A", new_event("x", 4, day_1)}}) == day_1);

  for (const EventDetail& event : read(*adapter, "A", "x")) CHECK(event.timestamp == day_1);
}

TEST_CASE_TEMPLATE("a group with different timestamps is refused", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  EventStorageAdapter* const a = adapter.get();

  const auto error = thrown<InvalidEventGroupError>([&] {
    push_group(*adapter, {{a, "A", new_event("x", 1, day_1)},
                          {a, "A", new_event("x", 2)},
                          {a, "A", new_event("x", 3, day_2)}});
  });

  REQUIRE(error);
  CHECK(error->reason() == Reason::different_timestamps);
  CHECK(error->index() == 2);
  CHECK(adapter->list_event_stores().empty());
}

TEST_CASE_TEMPLATE("an empty group is refused", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const auto error = thrown<InvalidEventGroupError>([&] { push_group(*adapter, {}); });
  REQUIRE(error);
  CHECK(error->reason() == Reason::empty);
  CHECK(error->index() == 0);
}

TEST_CASE_TEMPLATE("a group over two databases is refused", Storage, CASTORE_STORAGES) {
  Storage storage;
  const auto here = storage.make_adapter();
  const auto there = storage.make_adapter();
  CHECK(here->transaction_domain() != there->transaction_domain());

  const auto error = thrown<InvalidEventGroupError>([&] {
    push_group(*here,
               {{here.get(), "A", new_event("x", 1)}, {there.get(), "B", new_event("y", 1)}});
  });

  REQUIRE(error);
  CHECK(error->reason() == Reason::different_databases);
  CHECK(error->index() == 1);
  CHECK(here->list_event_stores().empty());
  CHECK(there->list_event_stores().empty());
}

TEST_CASE_TEMPLATE("a group whose second event conflicts writes nothing", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  EventStorageAdapter* const a = adapter.get();
  push(*adapter, "B", new_event("y", 1, day_1));
  push(*adapter, "B", new_event("y", 2, day_1));

  const auto error = thrown<EventAlreadyExistsError>([&] {
    push_group(
        *adapter,
        {{a, "A", new_event("x", 1)}, {a, "B", new_event("y", 1)}, {a, "B", new_event("y", 3)}});
  });

  REQUIRE(error);
  CHECK(error->event_store_id() == "B");
  CHECK(error->aggregate_id() == "y");
  CHECK(error->version() == 1);
  CHECK(error->current_version() == 2);
  CHECK(read(*adapter, "A", "x").empty());
  CHECK(versions(*adapter, "B", "y") == std::vector<Version>{1, 2});
  CHECK(adapter->list_aggregate_ids("A", {}).aggregate_ids.empty());
  SUBCASE("and leaves no hole in the order of commit") {
    push(*adapter, "A", new_event("x", 1));
    CHECK(adapter->list_event_stores().front().last_position == 3);
  }
}

TEST_CASE_TEMPLATE("a group that conflicts in itself writes nothing", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  EventStorageAdapter* const a = adapter.get();
  push(*adapter, "A", new_event("x", 1, day_1));

  const auto error = thrown<EventAlreadyExistsError>([&] {
    push_group(
        *adapter,
        {{a, "A", new_event("x", 2)}, {a, "A", new_event("x", 3)}, {a, "A", new_event("x", 2)}});
  });

  REQUIRE(error);
  CHECK(error->version() == 2);
  CHECK(error->current_version() == 3);
  CHECK(versions(*adapter, "A", "x") == std::vector<Version>{1});
}

TEST_CASE_TEMPLATE("a gap in a group counts the events before it", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  EventStorageAdapter* const a = adapter.get();

  const auto error = thrown<VersionGapError>([&] {
    push_group(
        *adapter,
        {{a, "A", new_event("x", 1)}, {a, "A", new_event("x", 2)}, {a, "A", new_event("x", 4)}});
  });
  REQUIRE(error);
  CHECK(error->version() == 4);
  CHECK(error->expected_version() == 3);
  CHECK(adapter->list_event_stores().empty());

  SUBCASE("and is allowed event by event") {
    push_group(*adapter, {{a, "A", new_event("x", 1)}, {a, "A", new_event("x", 4), true}});
    CHECK(versions(*adapter, "A", "x") == std::vector<Version>{1, 4});
    CHECK(code_of([&] {
            push_group(*adapter, {{a, "A", new_event("x", 6), true}, {a, "A", new_event("y", 2)}});
          }) == "VersionGap");
    CHECK(versions(*adapter, "A", "x") == std::vector<Version>{1, 4});
  }
}

TEST_CASE_TEMPLATE("a group with an invalid event writes nothing", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  EventStorageAdapter* const a = adapter.get();
  const auto code_with = [&](const NewEventDetail& second) {
    return code_of([&] { push_group(*adapter, {{a, "A", new_event("x", 1)}, {a, "A", second}}); });
  };

  CHECK(code_with(new_event("", 1)) == "InvalidEvent");
  CHECK(code_with(new_event("x", 0)) == "InvalidEvent");
  CHECK(code_with(with_payload(new_event("x", 2), "{")) == "InvalidEvent");
  CHECK(code_with(new_event("x", 2, max_timestamp + std::chrono::microseconds{1})) ==
        "InvalidTimestamp");
  NewEventDetail reserved = new_event("x", 2);
  reserved.type = "__REPLAYED__";
  CHECK(code_with(reserved) == "ReservedEventType");
  CHECK(adapter->list_event_stores().empty());
}

TEST_CASE_TEMPLATE("force applies to every event of a group", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  EventStorageAdapter* const a = adapter.get();
  push(*adapter, "A", with_payload(new_event("x", 1, day_1), "1"));
  push(*adapter, "B", with_payload(new_event("y", 1, day_1), "2"));

  push_group(*adapter,
             {{a, "A", with_payload(new_event("x", 1, day_2), "3")},
              {a, "B", with_payload(new_event("y", 1), "4")},
              {a, "A", new_event("x", 2)},
              {a, "B", new_event("y", 1)}},
             {.force = true});

  CHECK(read(*adapter, "A", "x")[0].payload == "3");
  CHECK(read(*adapter, "A", "x")[0].timestamp == day_2);
  CHECK(versions(*adapter, "A", "x") == std::vector<Version>{1, 2});
  CHECK_FALSE(read(*adapter, "B", "y")[0].payload);
  SUBCASE("and a forced group that fails restores what it overwrote") {
    CHECK(code_of([&] {
            push_group(*adapter,
                       {{a, "A", with_payload(new_event("x", 1, day_3), "5")},
                        {a, "A", with_payload(new_event("x", 1, day_3), "6")},
                        {a, "A", new_event("x", 3)},
                        {a, "A", new_event("x", 9)}},
                       {.force = true});
          }) == "VersionGap");
    CHECK(read(*adapter, "A", "x")[0].payload == "3");
    CHECK(versions(*adapter, "A", "x") == std::vector<Version>{1, 2});
    CHECK(adapter->list_aggregate_ids("A", {}).aggregate_ids ==
          std::vector<ListedAggregateId>{{"x", day_2}});
  }
}

// --- Decorators -------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a decorator keeps its part in a group with plain adapters", Storage,
                   CASTORE_STORAGES) {
  const auto plain = Storage().make_adapter([] { return day_1; });
  Rot13Adapter hiding(plain);
  const auto group = [&](std::string first, std::string second) {
    return std::vector<Grouped>{
        {plain.get(), "PLAIN", with_payload(new_event("x", 1), std::move(first))},
        {&hiding, "HIDDEN", with_payload(new_event("y", 1), std::move(second))}};
  };

  SUBCASE("pushed by the plain one") {
    CHECK(push_group(*plain, group("\"abc\"", "\"abc\"")) == day_1);
  }
  SUBCASE("pushed by the decorator") {
    CHECK(push_group(hiding, group("\"abc\"", "\"abc\"")) == day_1);
  }
  SUBCASE("with the group's timestamp") {
    auto events = group("\"abc\"", "\"abc\"");
    events[0].event.timestamp = day_2;
    CHECK(push_group(hiding, events) == day_2);
    CHECK(read(hiding, "HIDDEN", "y")[0].timestamp == day_2);
  }
  CHECK(read(*plain, "PLAIN", "x")[0].payload == "\"abc\"");
  CHECK(read(*plain, "HIDDEN", "y")[0].payload == "\"nop\"");
  CHECK(read(hiding, "HIDDEN", "y")[0].payload == "\"abc\"");
  CHECK(read(hiding, "HIDDEN", "y")[0].timestamp == read(*plain, "PLAIN", "x")[0].timestamp);
}

TEST_CASE_TEMPLATE("a decorator in a group is bound by the group's options", Storage,
                   CASTORE_STORAGES) {
  const auto plain = Storage().make_adapter();
  Rot13Adapter hiding(plain);
  push(hiding, "HIDDEN", with_payload(new_event("y", 1), "\"abc\""));

  CHECK(code_of([&] {
          push_group(*plain, {{&hiding, "HIDDEN", new_event("y", 1)}});
        }) == "EventAlreadyExists");
  CHECK(code_of([&] {
          push_group(*plain, {{&hiding, "HIDDEN", new_event("y", 3)}});
        }) == "VersionGap");
  push_group(*plain,
             {{&hiding, "HIDDEN", with_payload(new_event("y", 1), "\"xyz\"")},
              {&hiding, "HIDDEN", new_event("y", 3), true}},
             {.force = true});
  CHECK(read(hiding, "HIDDEN", "y")[0].payload == "\"xyz\"");
  CHECK(versions(hiding, "HIDDEN", "y") == std::vector<Version>{1, 3});
}

TEST_CASE_TEMPLATE("what a decorator throws in a group undoes the group", Storage,
                   CASTORE_STORAGES) {
  const auto plain = Storage().make_adapter();
  Rot13Adapter hiding(plain);

  CHECK_THROWS_AS(
      push_group(*plain, {{plain.get(), "PLAIN", new_event("x", 1)},
                          {&hiding, "HIDDEN", with_payload(new_event("y", 1), "\"hafcrnxnoyr\"")}}),
      std::domain_error);

  CHECK(plain->list_event_stores().empty());
  push(*plain, "PLAIN", new_event("x", 1));
  CHECK(plain->list_event_stores().front().last_position == 1);
}

/// Writes a second event with each: a group of its own inside whatever is going on.
class AuditingAdapter final : public ForwardingEventStorageAdapter {
 public:
  using ForwardingEventStorageAdapter::ForwardingEventStorageAdapter;

  PushAnswer push_event(std::string_view event_store_id, const NewEventView& event,
                        const PushEventOptions& options) override {
    NewEventView audit = event;
    audit.type = "AUDITED";
    audit.payload = std::nullopt;
    const std::array group{GroupedEventView{.adapter = &inner(),
                                            .event_store_id = event_store_id,
                                            .event = event,
                                            .allow_version_gap = options.allow_version_gap},
                           GroupedEventView{.adapter = &inner(),
                                            .event_store_id = "AUDIT",
                                            .event = audit,
                                            .allow_version_gap = options.allow_version_gap}};
    return inner().push_event_group(group, {.force = options.force}).front();
  }
};

TEST_CASE_TEMPLATE("a decorator may push a group of its own inside a group", Storage,
                   CASTORE_STORAGES) {
  const auto plain = Storage().make_adapter();
  AuditingAdapter auditing(plain);

  push_group(*plain, {{&auditing, "A", new_event("x", 1)}, {plain.get(), "A", new_event("x", 2)}});
  CHECK(versions(*plain, "A", "x") == std::vector<Version>{1, 2});
  CHECK(versions(*plain, "AUDIT", "x") == std::vector<Version>{1});

  CHECK(code_of([&] {
          push_group(*plain,
                     {{&auditing, "B", new_event("y", 1)}, {plain.get(), "A", new_event("x", 2)}});
        }) == "EventAlreadyExists");
  CHECK(read(*plain, "B", "y").empty());
  CHECK(read(*plain, "AUDIT", "y").empty());
  push(*plain, "A", new_event("x", 3));
  CHECK(plain->list_event_stores().front().last_position == 4);
}

/// All that an adapter has, in each way of asking for it.
struct Shown {
  std::vector<FeedEvent> by_position{};
  std::vector<FeedEvent> by_timestamp{};
  std::vector<EventDetail> read{};
  std::vector<ListedAggregateId> listed{};
  std::vector<std::int64_t> positions_of_listed{};
  std::vector<EventStoreSummary> stores{};
  std::optional<std::int64_t> newest_position{};

  friend bool operator==(const Shown&, const Shown&) = default;
};

Shown shown_by(const EventStorageAdapter& adapter) {
  Shown shown{.by_position = feed_of(adapter),
              .by_timestamp = feed_of(adapter, {.order = FeedOrder::timestamp}),
              .stores = adapter.list_event_stores(),
              .newest_position = adapter.newest_position()};
  for (const EventStoreSummary& summary : shown.stores) {
    const auto listing = adapter.list_aggregate_ids(summary.event_store_id, {});
    for (const ListedAggregateId& listed : listing.aggregate_ids) {
      const auto events = read(adapter, summary.event_store_id, listed.aggregate_id);
      shown.read.insert(shown.read.end(), events.begin(), events.end());
      shown.listed.push_back(listed);
    }
    shown.positions_of_listed.insert(shown.positions_of_listed.end(), listing.positions.begin(),
                                     listing.positions.end());
  }
  return shown;
}

/// Makes an id that is longer than what a string holds without memory of its own.
std::string long_id(char last) { return std::string("an aggregate with a long name ") + last; }

TEST_CASE_TEMPLATE("a push without memory changes nothing and the next one follows", Storage,
                   CASTORE_STORAGES) {
  const NewEventDetail first = with_payload(new_event(long_id('a'), 1, day_2), "1");
  const NewEventDetail changed = with_payload(new_event(long_id('a'), 1, day_3), "2");
  const NewEventDetail second = new_event(long_id('a'), 2, day_1);
  const NewEventDetail other = new_event(long_id('b'), 1, day_1);
  const NewEventDetail other_changed = new_event(long_id('b'), 1, day_3);
  const std::string long_store = "AN EVENT STORE WITH A LONG NAME";
  std::function<void(EventStorageAdapter&)> action;
  SUBCASE("of an event") {
    action = [&](EventStorageAdapter& adapter) { push(adapter, store, second); };
  }
  SUBCASE("of a new aggregate") {
    action = [&](EventStorageAdapter& adapter) { push(adapter, store, other); };
  }
  SUBCASE("to a new event store") {
    action = [&](EventStorageAdapter& adapter) { push(adapter, long_store, other); };
  }
  SUBCASE("that overwrites") {
    action = [&](EventStorageAdapter& adapter) { push(adapter, store, changed, {.force = true}); };
  }
  SUBCASE("of a group") {
    action = [&](EventStorageAdapter& adapter) {
      push_group(adapter, {{&adapter, std::string(store), other},
                           {&adapter, long_store, other},
                           {&adapter, std::string(store), with_payload(second, "3")}});
    };
  }
  SUBCASE("of a group that overwrites") {
    action = [&](EventStorageAdapter& adapter) {
      push_group(adapter,
                 {{&adapter, std::string(store), other_changed},
                  {&adapter, std::string(store), changed},
                  {&adapter, std::string(store), new_event(long_id('a'), 1, day_3)}},
                 {.force = true});
    };
  }
  SUBCASE("of a group inside a group") {
    action = [&](EventStorageAdapter& adapter) {
      AuditingAdapter auditing({std::shared_ptr<void>(), &adapter});
      push_group(adapter, {{&auditing, std::string(store), other}, {&adapter, long_store, other}});
    };
  }

  bool done = false;
  for (long number = 1; !done; ++number) {
    CAPTURE(number);
    const auto adapter = Storage().make_adapter();
    push(*adapter, store, first);
    const Shown before = shown_by(*adapter);
    bool stored = false;
    done = survives(number, 1, [&] {
      action(*adapter);
      stored = true;
    });
    if (!stored) CHECK(shown_by(*adapter) == before);

    const auto newest = adapter->newest_position();
    const NewEventDetail next = new_event(long_id('c'), 1, day_3);
    const PushAnswer answer = adapter->push_event(store, to_view(next), {});
    CHECK(answer.position == *newest + 1);
    for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
      CHECK(positions(feed_of(*adapter, {.order = order})).back() == *answer.position);
    }
    CHECK(read(*adapter, store, next.aggregate_id).size() == 1);
    CHECK(ids(adapter->list_aggregate_ids(store, {})).back() == next.aggregate_id);
  }
}

TEST_CASE_TEMPLATE("without a transaction of the caller an action after commit runs at once",
                   Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  bool done = false;
  adapter->after_commit([&done] { done = true; });
  CHECK(done);
  CHECK_THROWS_WITH_AS(adapter->after_commit([] { throw std::range_error("action"); }), "action",
                       std::range_error);
}

// --- Listing ----------------------------------------------------------------------------------

/// a (day 1), b c d e (all day 2), f (day 3)
template <class Storage>
std::shared_ptr<EventStorageAdapter> listed_adapter(Storage& storage) {
  auto adapter = storage.make_adapter();
  push(*adapter, store, new_event("f", 1, day_3));
  for (const auto* id : {"c", "e", "b", "d"}) push(*adapter, store, new_event(id, 1, day_2));
  push(*adapter, store, new_event("a", 1, day_1));
  return adapter;
}

using Ids = std::vector<std::string>;

TEST_CASE_TEMPLATE("aggregates are listed by initial timestamp and id", Storage, CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);
  push(*adapter, store, new_event("f", 2, day_1));
  push(*adapter, other_store, new_event("z", 1, day_1));

  const ListAggregateIdsResult listing = adapter->list_aggregate_ids(store, {});

  CHECK(listing.aggregate_ids ==
        std::vector<ListedAggregateId>{
            {"a", day_1}, {"b", day_2}, {"c", day_2}, {"d", day_2}, {"e", day_2}, {"f", day_3}});
  CHECK_FALSE(listing.next_page_token);
  CHECK(ids(adapter->list_aggregate_ids(store, {.reverse = true})) ==
        Ids{"f", "e", "d", "c", "b", "a"});
}

TEST_CASE_TEMPLATE("an aggregate without a first version is not listed", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  push(*adapter, store, new_event("late", 2, day_1), {.allow_version_gap = true});
  CHECK(adapter->list_aggregate_ids(store, {}).aggregate_ids.empty());
  push(*adapter, store, new_event("late", 1, day_2), {.allow_version_gap = true});
  CHECK(adapter->list_aggregate_ids(store, {}).aggregate_ids ==
        std::vector<ListedAggregateId>{{"late", day_2}});
}

TEST_CASE_TEMPLATE("the bounds of a listing are inclusive", Storage, CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);
  const auto list = [&](const ListAggregateIdsOptions& options) {
    return ids(adapter->list_aggregate_ids(store, options));
  };
  const std::chrono::microseconds tick{1};

  CHECK(list({.initial_event_after = day_2}) == Ids{"b", "c", "d", "e", "f"});
  CHECK(list({.initial_event_after = day_2 + tick}) == Ids{"f"});
  CHECK(list({.initial_event_before = day_2}) == Ids{"a", "b", "c", "d", "e"});
  CHECK(list({.initial_event_before = day_2 - tick}) == Ids{"a"});
  CHECK(list({.initial_event_after = day_2, .initial_event_before = day_2}) ==
        Ids{"b", "c", "d", "e"});
  CHECK(list({.initial_event_after = day_2, .initial_event_before = day_3, .reverse = true}) ==
        Ids{"f", "e", "d", "c", "b"});
  CHECK(list({.initial_event_after = day_3, .initial_event_before = day_1}).empty());
  CHECK(list({.initial_event_after = Timestamp::min(), .initial_event_before = Timestamp::max()})
            .size() == 6);
}

TEST_CASE_TEMPLATE("bounds narrowed along the way hold behind a page token", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const std::chrono::microseconds tick{1};
  for (const auto* id : {"b1", "b2", "b3"}) push(*adapter, store, new_event(id, 1, day_2));
  push(*adapter, store, new_event("a", 1, day_2 - tick));
  push(*adapter, store, new_event("c", 1, day_2 + tick));
  const auto token = [&](bool reverse) {
    const auto page = adapter->list_aggregate_ids(store, {.limit = 3, .reverse = reverse});
    REQUIRE(page.next_page_token);
    return page.next_page_token;  // behind b2 or, in reverse, behind b2 as well
  };
  const auto rest = [&](const ListAggregateIdsOptions& options) {
    return ids(adapter->list_aggregate_ids(store, options));
  };

  CHECK(rest({.initial_event_after = day_2, .page_token = token(false)}) == Ids{"b3", "c"});
  CHECK(rest({.initial_event_after = day_2 + tick, .page_token = token(false)}) == Ids{"c"});
  CHECK(rest({.initial_event_before = day_2, .page_token = token(false)}) == Ids{"b3"});
  CHECK(rest({.initial_event_before = day_2 - tick, .page_token = token(false)}).empty());
  CHECK(rest({.initial_event_before = day_2, .page_token = token(true)}) == Ids{"b1", "a"});
  CHECK(rest({.initial_event_before = day_2 - tick, .page_token = token(true)}) == Ids{"a"});
  CHECK(rest({.initial_event_after = day_2, .page_token = token(true)}) == Ids{"b1"});
  CHECK(rest({.initial_event_after = day_2 + tick, .page_token = token(true)}).empty());
}

TEST_CASE_TEMPLATE("pages join to the whole listing", Storage, CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);
  for (const bool reverse : {false, true}) {
    const Ids whole = ids(adapter->list_aggregate_ids(store, {.reverse = reverse}));
    for (std::int64_t limit = 1; limit <= 7; ++limit) {
      CAPTURE(limit);
      CHECK(all_pages(*adapter, store, {.limit = limit, .reverse = reverse}) == whole);
    }
  }
}

TEST_CASE_TEMPLATE("a page has a token only where there is more", Storage, CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);

  const auto first = adapter->list_aggregate_ids(store, {.limit = 3});
  CHECK(ids(first) == Ids{"a", "b", "c"});
  REQUIRE(first.next_page_token);
  const auto second = adapter->list_aggregate_ids(store, {.page_token = first.next_page_token});
  CHECK(ids(second) == Ids{"d", "e", "f"});
  CHECK_FALSE(second.next_page_token);
  CHECK_FALSE(adapter->list_aggregate_ids(store, {.limit = 6}).next_page_token);
  CHECK_FALSE(
      adapter->list_aggregate_ids(store, {.limit = std::numeric_limits<std::int64_t>::max()})
          .next_page_token);
}

TEST_CASE_TEMPLATE("a token carries the options of its listing", Storage, CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);
  const ListAggregateIdsOptions options{
      .limit = 2, .initial_event_after = day_2, .initial_event_before = day_2, .reverse = true};

  const auto first = adapter->list_aggregate_ids(store, options);
  REQUIRE(ids(first) == Ids{"e", "d"});
  REQUIRE(first.next_page_token);

  SUBCASE("to the end") {
    const auto second = adapter->list_aggregate_ids(store, {.page_token = first.next_page_token});
    CHECK(ids(second) == Ids{"c", "b"});
    CHECK_FALSE(second.next_page_token);
  }
  SUBCASE("and options given with it win and are carried on") {
    const auto second = adapter->list_aggregate_ids(
        store, {.limit = 1, .initial_event_after = day_1, .page_token = first.next_page_token});
    CHECK(ids(second) == Ids{"c"});
    const auto third = adapter->list_aggregate_ids(store, {.page_token = second.next_page_token});
    CHECK(ids(third) == Ids{"b"});
    REQUIRE(third.next_page_token);
    const auto fourth = adapter->list_aggregate_ids(store, {.page_token = third.next_page_token});
    CHECK(ids(fourth) == Ids{"a"});
    CHECK_FALSE(fourth.next_page_token);
  }
  SUBCASE("and an explicit direction wins too") {
    const auto turned = adapter->list_aggregate_ids(store, {.limit = 9,
                                                            .initial_event_before = day_3,
                                                            .reverse = false,
                                                            .page_token = first.next_page_token});
    CHECK(ids(turned) == Ids{"e", "f"});
  }
}

TEST_CASE_TEMPLATE("a listing up to a position has the aggregates that were there by then", Storage,
                   CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);  // the order of commit is f c e b d a
  const auto list = [&](const ListAggregateIdsOptions& options) {
    return ids(adapter->list_aggregate_ids(store, options));
  };
  CHECK(list({.max_position = 0}).empty());
  CHECK(list({.max_position = 1}) == Ids{"f"});
  CHECK(list({.max_position = 4}) == Ids{"b", "c", "e", "f"});
  CHECK(list({.limit = 2, .max_position = 4}) == Ids{"b", "c"});
  CHECK(list({.initial_event_before = day_2, .max_position = 4, .reverse = true}) ==
        Ids{"e", "c", "b"});
  CHECK(list({.max_position = 99}).size() == 6);

  SUBCASE("with their positions") {
    const auto listing = adapter->list_aggregate_ids(store, {.max_position = 4});
    CHECK(listing.positions == std::vector<std::int64_t>{4, 2, 3, 1});
    CHECK(adapter->list_aggregate_ids(store, {.limit = 2}).positions ==
          std::vector<std::int64_t>{6, 4});
  }
  SUBCASE("over all pages") {
    for (const bool reverse : {false, true}) {
      const Ids whole = list({.max_position = 4, .reverse = reverse});
      for (std::int64_t limit = 1; limit <= 5; ++limit) {
        CHECK(all_pages(*adapter, store, {.limit = limit, .max_position = 4, .reverse = reverse}) ==
              whole);
      }
    }
    CHECK_FALSE(
        adapter->list_aggregate_ids(store, {.limit = 4, .max_position = 4}).next_page_token);
    const auto first = adapter->list_aggregate_ids(store, {.limit = 1, .max_position = 4});
    CHECK(list({.limit = 9, .max_position = 3, .page_token = first.next_page_token}) ==
          Ids{"c", "e", "f"});
  }
  SUBCASE("wherever an overwriting has moved them") {
    push(*adapter, store, new_event("f", 1, day_1), {.force = true});
    push(*adapter, store, new_event("new", 1, day_1));
    CHECK(list({.max_position = 4}) == Ids{"f", "b", "c", "e"});
  }
}

TEST_CASE_TEMPLATE("a push answers where its event is and when it was stored", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const auto push_to = [&](EventStorageAdapter& through, const NewEventDetail& event,
                           const PushEventOptions& options = {}) {
    return through.push_event(store, to_view(event), options);
  };
  CHECK(push_to(*adapter, new_event("a", 1, day_2)) == PushAnswer{day_2, 1, 1});
  Rot13Adapter decorated(adapter);
  CHECK(push_to(decorated, new_event("a", 2, day_1)) == PushAnswer{day_1, 2, 2});
  const PushAnswer without_timestamp = push_to(*adapter, new_event("b", 1));
  CHECK(without_timestamp.position == 3);
  CHECK(without_timestamp.timestamp == read(*adapter, store, "b").at(0).timestamp);

  SUBCASE("of what is overwritten the place that it has") {
    CHECK(push_to(*adapter, new_event("a", 1, day_3), {.force = true}) == PushAnswer{day_3, 1, 1});
    CHECK(push_to(*adapter, new_event("b", 2, day_3), {.force = true}) == PushAnswer{day_3, 2, 4});
  }
  SUBCASE("for each event of a group") {
    EventStorageAdapter* second = adapter.get();
    SUBCASE("of one adapter") {}
    SUBCASE("of several") { second = &decorated; }
    const NewEventDetail first_event = new_event("a", 2, day_3);
    const NewEventDetail second_event = new_event("c", 1);
    const NewEventDetail third_event = new_event("c", 2);
    const std::array group{
        GroupedEventView{
            .adapter = adapter.get(), .event_store_id = store, .event = to_view(first_event)},
        GroupedEventView{
            .adapter = second, .event_store_id = other_store, .event = to_view(second_event)},
        GroupedEventView{.adapter = adapter.get(),
                         .event_store_id = other_store,
                         .event = to_view(third_event)}};
    CHECK(adapter->push_event_group(group, {.force = true}) ==
          std::vector<PushAnswer>{{day_3, 2, 2}, {day_3, 1, 4}, {day_3, 2, 5}});
  }
}

TEST_CASE_TEMPLATE("the newest position is that of the event committed last", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  CHECK(adapter->newest_position() == 0);
  push(*adapter, store, new_event("a", 1, day_2));
  CHECK(adapter->newest_position() == 1);
  push(*adapter, other_store, new_event("a", 1, day_1));
  push(*adapter, store, new_event("a", 2, day_1));
  CHECK(adapter->newest_position() == 3);
  push(*adapter, store, new_event("a", 1, day_3), {.force = true});
  CHECK(adapter->newest_position() == 3);
  CHECK(code_of([&] {
          push_group(*adapter, {{adapter.get(), std::string(store), new_event("b", 1)},
                                {adapter.get(), std::string(store), new_event("a", 2)}});
        }) == "EventAlreadyExists");
  CHECK(adapter->newest_position() == 3);
  push_group(*adapter, {{adapter.get(), std::string(store), new_event("b", 1)},
                        {adapter.get(), std::string(other_store), new_event("b", 1)}});
  CHECK(adapter->newest_position() == 5);
  CHECK(Rot13Adapter(adapter).newest_position() == 5);
}

TEST_CASE_TEMPLATE("paging goes on behind the last entry whatever happened to it", Storage,
                   CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);
  const auto first = adapter->list_aggregate_ids(store, {.limit = 3});
  REQUIRE(ids(first) == Ids{"a", "b", "c"});

  push(*adapter, store, new_event("c", 1, day_1 - std::chrono::days{1}), {.force = true});
  push(*adapter, store, new_event("bb", 1, day_2));
  push(*adapter, store, new_event("cc", 1, day_2));

  const auto rest =
      adapter->list_aggregate_ids(store, {.limit = 9, .page_token = first.next_page_token});
  CHECK(ids(rest) == Ids{"cc", "d", "e", "f"});
}

TEST_CASE_TEMPLATE("a damaged page token is refused", Storage, CASTORE_STORAGES) {
  using namespace std::string_literals;
  Storage storage;
  const auto adapter = listed_adapter(storage);
  const std::string token = *adapter->list_aggregate_ids(store, {.limit = 2}).next_page_token;
  const auto code_with = [&](const std::string& text) {
    return code_of(
        [&] { static_cast<void>(adapter->list_aggregate_ids(store, {.page_token = text})); });
  };
  REQUIRE(code_with(token) == "none");

  SUBCASE("cut off anywhere") {
    for (std::size_t length = 0; length < token.size(); ++length) {
      CHECK(code_with(token.substr(0, length)) == "InvalidPageToken");
    }
  }
  SUBCASE("with any one character changed or lost or doubled") {
    for (std::size_t i = 0; i < token.size(); ++i) {
      std::string changed = token;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      CHECK(code_with(changed) == "InvalidPageToken");
      CHECK(code_with(token.substr(0, i) + token.substr(i + 1)) == "InvalidPageToken");
      CHECK(code_with(token.substr(0, i) + token.substr(i, 1) + token.substr(i)) ==
            "InvalidPageToken");
    }
  }
  SUBCASE("or garbage") {
    for (const std::string& text : {""s, "x"s, "{}"s, "null"s, "\0"s, "\xFF\xFE"s, token + " ",
                                    token + "=", token + token, std::string(100000, 'A')}) {
      CHECK(code_with(text) == "InvalidPageToken");
    }
  }
}

TEST_CASE_TEMPLATE("a page token of another event store is refused", Storage, CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);
  push(*adapter, other_store, new_event("x", 1));
  const auto token = adapter->list_aggregate_ids(store, {.limit = 2}).next_page_token;
  CHECK(code_of([&] {
          static_cast<void>(adapter->list_aggregate_ids(other_store, {.page_token = token}));
        }) == "InvalidPageToken");
}

TEST_CASE_TEMPLATE("a listing with a limit below 1 is refused", Storage, CASTORE_STORAGES) {
  Storage storage;
  const auto adapter = listed_adapter(storage);
  const auto token = adapter->list_aggregate_ids(store, {.limit = 2}).next_page_token;
  for (const std::int64_t limit : {0, -1}) {
    const auto error = thrown<InvalidOptionError>(
        [&] { static_cast<void>(adapter->list_aggregate_ids(store, {.limit = limit})); });
    REQUIRE(error);
    CHECK(error->option() == "limit");
    CHECK(code_of([&] {
            static_cast<void>(
                adapter->list_aggregate_ids(store, {.limit = limit, .page_token = token}));
          }) == "InvalidOption");
  }
}

TEST_CASE_TEMPLATE("event stores are listed with what they hold", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  CHECK(adapter->list_event_stores().empty());
  push(*adapter, "B", new_event("x", 1, day_2));
  push(*adapter, "B", new_event("x", 2, day_1));
  push(*adapter, "A", new_event("x", 1, day_3));
  push(*adapter, "B", new_event("y", 7, day_2), {.allow_version_gap = true});
  push(*adapter, "B", new_event("x", 1, day_3), {.force = true});
  CHECK(code_of([&] { push(*adapter, "A", new_event("x", 1)); }) == "EventAlreadyExists");
  CHECK(code_of([&] { push(*adapter, "C", new_event("x", 2)); }) == "VersionGap");

  CHECK(adapter->list_event_stores() == std::vector<EventStoreSummary>{{.event_store_id = "A",
                                                                        .aggregate_count = 1,
                                                                        .event_count = 1,
                                                                        .first_timestamp = day_3,
                                                                        .last_timestamp = day_3,
                                                                        .last_position = 3},
                                                                       {.event_store_id = "B",
                                                                        .aggregate_count = 2,
                                                                        .event_count = 3,
                                                                        .first_timestamp = day_1,
                                                                        .last_timestamp = day_3,
                                                                        .last_position = 4}});
}

// --- Threads ----------------------------------------------------------------------------------

/// Pushes `count` events behind whatever others have pushed, as a command would.
void push_with_retries(EventStorageAdapter& adapter, std::string_view aggregate_id, int count,
                       const std::string& payload) {
  Version next = 1;
  for (int pushed = 0; pushed < count;) {
    try {
      push(adapter, store, with_payload(new_event(std::string(aggregate_id), next), payload));
      ++next;
      ++pushed;
    } catch (const EventAlreadyExistsError& error) {
      next = error.current_version() + 1;
    }
  }
}

TEST_CASE_TEMPLATE("threads that push to one aggregate get each version once", Storage,
                   CASTORE_STORAGES) {
  constexpr int thread_count = 4;
  constexpr int events_each = 50;
  const auto adapter = Storage().make_adapter();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < thread_count; ++i) {
      threads.emplace_back([&adapter, i] {
        push_with_retries(*adapter, "pikachu", events_each, std::to_string(i));
      });
    }
  }

  const auto events = read(*adapter, store, "pikachu");
  REQUIRE(events.size() == thread_count * events_each);
  std::vector<int> pushed_by(thread_count);
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i].version == static_cast<Version>(i + 1));
    ++pushed_by.at(static_cast<std::size_t>(std::stoi(*events[i].payload)));
  }
  CHECK(pushed_by == std::vector<int>(thread_count, events_each));
  CHECK(adapter->list_event_stores().front().last_position == thread_count * events_each);
}

TEST_CASE_TEMPLATE("threads that read while others push see whole histories", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  std::atomic<bool> finished{false};
  std::atomic<int> broken{0};
  std::atomic<int> readings{0};
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) {
      readers.emplace_back([&] {
        std::size_t seen = 0;
        do {
          // Groups of two: an odd count would be half a group.
          const auto found = versions(*adapter, store, "pikachu");
          std::vector<Version> expected(found.size());
          std::iota(expected.begin(), expected.end(), Version{1});
          if (found != expected || found.size() % 2 != 0 || found.size() < seen) ++broken;
          if (adapter->list_aggregate_ids(store, {}).aggregate_ids.size() > 1) ++broken;
          seen = found.size();
          ++readings;
        } while (!finished);
      });
    }
    for (Version version = 1; version < 200; version += 2) {
      push_group(*adapter,
                 {{adapter.get(), std::string(store), new_event("pikachu", version)},
                  {adapter.get(), std::string(store), new_event("pikachu", version + 1)}});
    }
    finished = true;
  }
  CHECK(broken == 0);
  CHECK(readings >= 2);
  CHECK(read(*adapter, store, "pikachu").size() == 200);
}

}  // namespace
}  // namespace castore::testing
