// The promises of every adapter's event feed, on each backend.

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <castore/adapter_support.hpp>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/feeds.hpp"
#include "support/memory.hpp"
#include "support/rot13_adapter.hpp"
#include "support/storages.hpp"

namespace castore::testing {
namespace {

using Names = std::vector<std::string>;
using Positions = std::vector<std::int64_t>;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");
const Timestamp day_2 = at("2022-01-02T00:00:00.000Z");
const Timestamp day_3 = at("2022-01-03T00:00:00.000Z");

NewEventDetail typed(NewEventDetail event, std::string type) {
  event.type = std::move(type);
  return event;
}

/// Two stores, three aggregates, timestamps that go back once.
///
///   position  1    2    3    4    5    6
///   event     P/a1 T/a1 P/b1 P/a2 T/a2 P/b2
///   day       1    2    3    2    2    3
///   type      MET  MET  MET  LEFT MET  LEFT
template <class Storage>
std::shared_ptr<EventStorageAdapter> filled_adapter(Storage&& storage = Storage()) {
  auto adapter = storage.make_adapter();
  push(*adapter, "P", typed(new_event("a", 1, day_1), "MET"));
  push(*adapter, "T", typed(new_event("a", 1, day_2), "MET"));
  push(*adapter, "P", typed(new_event("b", 1, day_3), "MET"));
  push(*adapter, "P", typed(new_event("a", 2, day_2), "LEFT"));
  push(*adapter, "T", typed(new_event("a", 2, day_2), "MET"));
  push(*adapter, "P", typed(new_event("b", 2, day_3), "LEFT"));
  return adapter;
}

// --- Order ------------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a feed has the events of all stores in the order of commit", Storage,
                   CASTORE_STORAGES) {
  const auto events = feed_of(*filled_adapter<Storage>());
  CHECK(positions(events) == Positions{1, 2, 3, 4, 5, 6});
  CHECK(names(events) == Names{"P/a/1", "T/a/1", "P/b/1", "P/a/2", "T/a/2", "P/b/2"});
}

TEST_CASE_TEMPLATE("a feed by timestamp keeps the order of commit within one timestamp", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = filled_adapter<Storage>();
  for (const std::size_t page_size : {1U, 2U, 500U}) {
    const auto events = feed_of(*adapter, {.order = FeedOrder::timestamp, .page_size = page_size});
    CHECK(positions(events) == Positions{1, 2, 4, 5, 3, 6});
  }
}

TEST_CASE_TEMPLATE("an event is fed as it was pushed", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const NewEventDetail whole{.aggregate_id = "Pikachu \u26A1 \u96F7",
                             .version = 1,
                             .type = "\u00C9V\u00C9NEMENT",
                             .timestamp = at("2022-01-01T12:34:56.123456Z"),
                             .payload = R"({"name":"Pikachu"})",
                             .metadata = R"({"trigger":"random"})"};
  push(*adapter, "\u0416\u0418\u0417\u041D\u042C", whole);
  push(*adapter, "S", new_event("bare", 1, day_1));
  push(*adapter, "S", with_payload(new_event("null", 1, day_1), "null"));

  for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
    auto events = feed_of(*adapter, {.order = order});
    REQUIRE(events.size() == 3);
    if (order == FeedOrder::timestamp) std::rotate(events.begin(), events.end() - 1, events.end());
    CHECK(events[0].event_store_id == "\u0416\u0418\u0417\u041D\u042C");
    CHECK(events[0].event == to_detail(to_view(whole), *whole.timestamp));
    CHECK_FALSE(events[1].event.payload);
    CHECK_FALSE(events[1].event.metadata);
    CHECK(events[2].event.payload == "null");
  }
  CHECK(names(feed_of(*adapter, {.event_store_ids = {"\u0416\u0418\u0417\u041D\u042C"},
                                 .types = {"\u00C9V\u00C9NEMENT"},
                                 .aggregate_id = whole.aggregate_id}))
            .size() == 1);
}

TEST_CASE_TEMPLATE("a feed of nothing is empty", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
    CHECK(feed_of(*adapter, {.order = order}).empty());
    CHECK(feed_of(*adapter, {.aggregate_id = "a", .order = order}).empty());
  }
}

// --- Filters ----------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a feed has only what its filters let through", Storage, CASTORE_STORAGES) {
  const auto adapter = filled_adapter<Storage>();
  const auto fed = [&](FeedQuery query) {
    const auto by_position = positions(feed_of(*adapter, query));
    query.order = FeedOrder::timestamp;
    auto by_timestamp = positions(feed_of(*adapter, query));
    std::sort(by_timestamp.begin(), by_timestamp.end());
    CHECK(by_timestamp == by_position);
    return by_position;
  };

  SUBCASE("of stores") {
    CHECK(fed({.event_store_ids = {"T"}}) == Positions{2, 5});
    CHECK(fed({.event_store_ids = {"T", "P"}}) == Positions{1, 2, 3, 4, 5, 6});
    CHECK(fed({.event_store_ids = {"T", "T", "NOBODY"}}) == Positions{2, 5});
    CHECK(fed({.event_store_ids = {"t"}}).empty());
    CHECK(fed({.event_store_ids = {""}}).empty());
  }
  SUBCASE("of types") {
    CHECK(fed({.types = {"LEFT"}}) == Positions{4, 6});
    CHECK(fed({.types = {"LEFT", "MET"}}).size() == 6);
    CHECK(fed({.types = {"left"}}).empty());
  }
  SUBCASE("of an aggregate id") {
    CHECK(fed({.aggregate_id = "a"}) == Positions{1, 2, 4, 5});
    CHECK(fed({.aggregate_id = "b"}) == Positions{3, 6});
    CHECK(fed({.aggregate_id = "c"}).empty());
    CHECK(fed({.aggregate_id = ""}).empty());
    CHECK(fed({.event_store_ids = {"P"}, .aggregate_id = "a"}) == Positions{1, 4});
    CHECK(fed({.event_store_ids = {"P", "T"}, .aggregate_id = "a"}) == Positions{1, 2, 4, 5});
  }
  SUBCASE("of time with inclusive ends") {
    CHECK(fed({.from = day_2}) == Positions{2, 3, 4, 5, 6});
    CHECK(fed({.to = day_2}) == Positions{1, 2, 4, 5});
    CHECK(fed({.from = day_2, .to = day_2}) == Positions{2, 4, 5});
    CHECK(fed({.from = day_2 + std::chrono::microseconds{1}}) == Positions{3, 6});
    CHECK(fed({.to = day_2 - std::chrono::microseconds{1}}) == Positions{1});
    CHECK(fed({.from = day_3, .to = day_1}).empty());
    CHECK(fed({.from = Timestamp::min(), .to = Timestamp::max()}).size() == 6);
  }
  SUBCASE("of all these at once") {
    CHECK(fed({.event_store_ids = {"P"}, .types = {"LEFT"}}) == Positions{4, 6});
    CHECK(fed({.types = {"MET"}, .aggregate_id = "a", .to = day_1}) == Positions{1});
    CHECK(fed({.event_store_ids = {"T"},
               .types = {"MET"},
               .aggregate_id = "a",
               .from = day_2,
               .to = day_2,
               .after = FeedCursor{day_2, 2}}) == Positions{5});
  }
}

TEST_CASE_TEMPLATE("a filter is data and never SQL", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const std::string quoted = "x') OR ('1'='1";
  push(*adapter, "S", new_event("a", 1));
  push(*adapter, quoted, typed(new_event(quoted, 1), quoted));

  CHECK(positions(feed_of(*adapter, {.event_store_ids = {quoted}})) == Positions{2});
  CHECK(positions(feed_of(*adapter, {.types = {quoted}})) == Positions{2});
  CHECK(positions(feed_of(*adapter, {.aggregate_id = quoted})) == Positions{2});
}

// --- Going on ---------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a feed goes on behind any event of another one", Storage, CASTORE_STORAGES) {
  const auto adapter = filled_adapter<Storage>();
  for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
    for (const bool of_one_aggregate : {false, true}) {
      FeedQuery query{.order = order};
      if (of_one_aggregate) query.aggregate_id = "a";
      const auto all = feed_of(*adapter, query);
      for (std::size_t i = 0; i < all.size(); ++i) {
        query.after = FeedCursor{all[i].event.timestamp, all[i].position};
        CHECK(feed_of(*adapter, query) ==
              std::vector<FeedEvent>(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end()));
      }
    }
  }
}

TEST_CASE_TEMPLATE("a feed goes on behind places where there is no event", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = filled_adapter<Storage>();
  const auto by_position = [&](std::int64_t position) {
    return positions(feed_of(*adapter, {.after = FeedCursor{day_3, position}}));
  };
  CHECK(by_position(std::numeric_limits<std::int64_t>::min()).size() == 6);
  CHECK(by_position(0).size() == 6);
  CHECK(by_position(4) == Positions{5, 6});
  CHECK(by_position(99).empty());
  CHECK(by_position(std::numeric_limits<std::int64_t>::max()).empty());

  const auto by_timestamp = [&](Timestamp timestamp, std::int64_t position) {
    return positions(feed_of(
        *adapter, {.order = FeedOrder::timestamp, .after = FeedCursor{timestamp, position}}));
  };
  CHECK(by_timestamp(day_2, 0) == Positions{2, 4, 5, 3, 6});
  CHECK(by_timestamp(day_2, 3) == Positions{4, 5, 3, 6});
  CHECK(by_timestamp(day_2, 99) == Positions{3, 6});
  CHECK(by_timestamp(Timestamp::min(), 0).size() == 6);
  CHECK(by_timestamp(Timestamp::max(), 0).empty());
}

TEST_CASE_TEMPLATE("a feed by position sees what is committed after it was opened", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  for (const bool of_one_aggregate : {false, true}) {
    FeedQuery query;
    query.aggregate_id = of_one_aggregate ? std::optional<std::string>("a") : std::nullopt;
    const auto feed = adapter->open_event_feed(query);
    const auto before = rest_of(*feed).size();
    CHECK(feed->next_page().empty());

    push(*adapter, "S", new_event("a", static_cast<Version>(before) + 1));
    CHECK(names(rest_of(*feed)) == Names{"S/a/" + std::to_string(before + 1)});
    CHECK(feed->next_page().empty());

    push(*adapter, "S", new_event("a", static_cast<Version>(before) + 2));
    CHECK(names(rest_of(*feed)) == Names{"S/a/" + std::to_string(before + 2)});
  }
}

TEST_CASE_TEMPLATE("a feed tells how far it has looked where nothing matches", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = filled_adapter<Storage>();
  FeedQuery query{.types = {"NEVER"}};
  SUBCASE("in the whole") {}
  SUBCASE("of one aggregate") { query.aggregate_id = "a"; }
  SUBCASE("of one store") { query.event_store_ids = {"T"}; }
  const auto feed = adapter->open_event_feed(query);
  CHECK(feed->looked_up_to() == 0);
  CHECK(feed->next_page().empty());
  CHECK(feed->looked_up_to() == 6);
  push(*adapter, "T", typed(new_event("a", 3, day_1), "MET"));
  CHECK(feed->next_page().empty());
  CHECK(feed->looked_up_to() == 7);
  CHECK(feed->left_out() == 0);
}

TEST_CASE_TEMPLATE(
    "a feed by timestamp has looked as far as there was something when it was opened", Storage,
    CASTORE_STORAGES) {
  const auto adapter = filled_adapter<Storage>();
  const auto feed = adapter->open_event_feed({.order = FeedOrder::timestamp});
  push(*adapter, "T", typed(new_event("a", 3, day_1), "MET"));
  while (!feed->next_page().empty()) {
  }
  CHECK(feed->looked_up_to() == 6);
}

TEST_CASE_TEMPLATE("a feed by timestamp has the events of its opening", Storage, CASTORE_STORAGES) {
  const auto adapter = filled_adapter<Storage>();
  bool with_disorder = false;
  SUBCASE("also where they need no sorting") {}
  SUBCASE("also where they do") { with_disorder = true; }
  const std::vector<std::string> stores = with_disorder ? Names{"P"} : Names{"T"};
  const auto feed = adapter->open_event_feed(
      {.event_store_ids = stores, .order = FeedOrder::timestamp, .page_size = 1});

  push(*adapter, stores.front(), new_event("new", 1, day_1));

  CHECK(positions(rest_of(*feed)) == (with_disorder ? Positions{1, 4, 3, 6} : Positions{2, 5}));
  CHECK(feed->next_page().empty());
}

TEST_CASE_TEMPLATE("an event that is overwritten meanwhile is fed as it is then", Storage,
                   CASTORE_STORAGES) {
  for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
    const auto adapter = filled_adapter<Storage>();
    const auto feed = adapter->open_event_feed({.types = {"MET"}, .order = order, .page_size = 1});
    CHECK(feed->next_page().front().position == 1);

    push(*adapter, "T", with_payload(typed(new_event("a", 1, day_2), "MET"), "1"), {.force = true});
    push(*adapter, "T", typed(new_event("a", 2, day_2), "LEFT"), {.force = true});

    const auto rest = rest_of(*feed);
    CHECK(positions(rest) == Positions{2, 3});  // what does not match any more is left out
    CHECK(rest.at(0).event.payload == "1");
  }
}

// --- Pages ------------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("a page has at most as many events as were asked for", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  for (Version version = 1; version <= 25; ++version) {
    push(*adapter, "S", new_event("a", version, day_1 + std::chrono::seconds{version}));
  }
  for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
    for (const bool of_one_aggregate : {false, true}) {
      FeedQuery query{.order = order, .page_size = 10};
      if (of_one_aggregate) query.aggregate_id = "a";
      const auto feed = adapter->open_event_feed(query);
      CHECK(feed->next_page().size() == 10);
      CHECK(feed->next_page().size() == 10);
      CHECK(feed->next_page().size() == 5);
      CHECK(feed->next_page().empty());
      query.page_size = std::numeric_limits<std::size_t>::max();
      CHECK(adapter->open_event_feed(query)->next_page().size() == 25);
    }
  }
}

TEST_CASE_TEMPLATE("a page of large events ends early", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const auto large = [](std::size_t size) { return '"' + std::string(size, 'x') + '"'; };
  for (Version version = 1; version <= 9; ++version) {
    push(*adapter, "S", with_payload(new_event("a", version), large(400'000)));
  }
  push(*adapter, "S", with_payload(new_event("a", 10), large(3'000'000)));
  push(*adapter, "S", new_event("a", 11));

  for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
    const auto feed = adapter->open_event_feed({.order = order});
    std::vector<std::size_t> sizes;
    Version version = 0;
    for (auto page = feed->next_page(); !page.empty(); page = feed->next_page()) {
      sizes.push_back(page.size());
      for (const FeedEvent& fed : page) {
        CHECK(fed.event.version == ++version);
        CHECK(fed.event.payload.value_or("").size() == (version < 10    ? 400'002U
                                                        : version == 10 ? 3'000'002U
                                                                        : 0U));
      }
    }
    CHECK(sizes == std::vector<std::size_t>{3, 3, 3, 1, 1});
  }
}

TEST_CASE_TEMPLATE("pages of no events are refused", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const auto error = thrown<InvalidOptionError>(
      [&] { static_cast<void>(adapter->open_event_feed({.page_size = 0})); });
  REQUIRE(error);
  CHECK(error->option() == "page_size");
}

TEST_CASE_TEMPLATE("a feed outlives its adapter", Storage, CASTORE_STORAGES) {
  Storage storage;  // its files stay
  auto adapter = filled_adapter<Storage&>(storage);
  const auto by_position = adapter->open_event_feed({.page_size = 2});
  const auto by_timestamp =
      adapter->open_event_feed({.order = FeedOrder::timestamp, .page_size = 2});
  CHECK(by_position->next_page().size() == 2);

  adapter.reset();

  CHECK(rest_of(*by_position).size() == 4);
  CHECK(rest_of(*by_timestamp).size() == 6);
}

TEST_CASE_TEMPLATE("events may be pushed between pages and by whoever reads one", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = filled_adapter<Storage>();
  const auto feed = adapter->open_event_feed({.page_size = 1});
  std::size_t seen = 0;
  for (auto page = feed->next_page(); !page.empty(); page = feed->next_page()) {
    for (const FeedEvent& fed : page) {
      if (fed.event_store_id != "COPY") {
        push(*adapter, "COPY",
             new_event(fed.event_store_id + fed.event.aggregate_id, fed.event.version));
      }
      ++seen;
    }
  }
  CHECK(seen == 12);
}

TEST_CASE_TEMPLATE("a decorator's feed undoes what it has done to the events", Storage,
                   CASTORE_STORAGES) {
  const auto plain = Storage().make_adapter();
  Rot13Adapter hiding(plain);
  push(hiding, "S", with_payload(new_event("a", 1), "\"abc\""));

  CHECK(feed_of(*plain).at(0).event.payload == "\"nop\"");
  CHECK(feed_of(hiding).at(0).event.payload == "\"abc\"");
}

TEST_CASE_TEMPLATE("a feed that was without memory once goes on where it was", Storage,
                   CASTORE_STORAGES) {
  constexpr Version last = 12;
  auto adapter = Storage().make_adapter();
  FeedQuery query{.page_size = 5};
  SUBCASE("in the order of commit") {}
  SUBCASE("in the order of timestamps") { query.order = FeedOrder::timestamp; }
  SUBCASE("of an aggregate") { query.aggregate_id = "an aggregate with a long name"; }
  SUBCASE("of a decorator") { adapter = std::make_shared<Rot13Adapter>(adapter); }
  SUBCASE("of a decorator in the order of timestamps") {
    adapter = std::make_shared<Rot13Adapter>(adapter);
    query.order = FeedOrder::timestamp;
  }
  for (Version version = 1; version <= last; ++version) {
    const Timestamp timestamp = day_1 + std::chrono::seconds{version * 5 % last};
    push(*adapter, "S",
         with_payload(new_event("an aggregate with a long name", version, timestamp),
                      "\"a payload that is long as well\""));
  }
  const auto expected = feed_of(*adapter, query);
  REQUIRE(expected.size() == static_cast<std::size_t>(last));

  bool done = false;
  for (long number = 1; !done; ++number) {
    CAPTURE(number);
    const auto feed = adapter->open_event_feed(query);
    std::size_t seen = 0;
    bool in_order = true;
    const auto read_page = [&] {
      const auto page = feed->next_page();
      for (const FeedEvent& event : page) {
        in_order = in_order && seen < expected.size() && event == expected[seen];
        ++seen;
      }
      return !page.empty();
    };
    const auto read_all = [&] {
      while (read_page()) {
      }
    };
    done = survives(number, 1, read_all);
    read_all();
    CHECK(in_order);
    CHECK(seen == expected.size());
  }
}

// --- All of it at random ----------------------------------------------------------------------

std::string any_of(std::initializer_list<std::string> values) {
  return *rc::gen::elementOf(std::vector<std::string>(values));
}

/// Few of each, so that all filters and ties matter.
Timestamp any_timestamp() { return day_1 + std::chrono::microseconds{*rc::gen::inRange(0, 8)}; }

/// Random events, and how a feed of everything has them.
std::vector<FeedEvent> push_any_events(
    const std::vector<std::shared_ptr<EventStorageAdapter>>& adapters) {
  std::vector<FeedEvent> pushed;
  std::map<std::pair<std::string, std::string>, Version> newest;
  const auto count = *rc::gen::inRange<std::int64_t>(0, 40);
  for (std::int64_t position = 1; position <= count; ++position) {
    const std::string store = any_of({"A", "B", "\u0100"});
    const std::string aggregate = any_of({"x", "\U0001f427"});
    const NewEventDetail event =
        typed(new_event(aggregate, ++newest[{store, aggregate}], any_timestamp()),
              any_of({"MET", "LEFT", "SEEN"}));
    for (const auto& adapter : adapters) push(*adapter, store, event);
    pushed.push_back({position, store, to_detail(to_view(event), *event.timestamp)});
  }
  return pushed;
}

template <class Make>
auto sometimes(Make make) -> std::optional<decltype(make())> {
  if (*rc::gen::inRange(0, 3) > 0) return std::nullopt;
  return make();
}

FeedQuery any_query() {
  FeedQuery query;
  if (*rc::gen::arbitrary<bool>()) query.event_store_ids = {any_of({"A", "\u0100", "D"})};
  if (*rc::gen::inRange(0, 4) == 0) query.event_store_ids.push_back(any_of({"A", "B", "\u0100"}));
  if (*rc::gen::inRange(0, 3) == 0)
    query.types = {any_of({"MET", "LEFT"}), any_of({"MET", "SEEN"})};
  query.aggregate_id = sometimes([] { return any_of({"x", "\U0001f427", "z"}); });
  query.from = sometimes(any_timestamp);
  query.to = sometimes(any_timestamp);
  query.order = *rc::gen::element(FeedOrder::position, FeedOrder::timestamp);
  query.after = sometimes([] {
    return FeedCursor{any_timestamp(), *rc::gen::inRange<std::int64_t>(-1, 42)};
  });
  query.page_size = *rc::gen::inRange<std::size_t>(1, 12);
  return query;
}

std::vector<FeedEvent> expected(std::vector<FeedEvent> events, const FeedQuery& query) {
  const auto place = [&](Timestamp timestamp, std::int64_t position) {
    return std::pair(query.order == FeedOrder::timestamp ? timestamp : Timestamp{}, position);
  };
  const auto lacks = [](const std::vector<std::string>& wanted, const std::string& id) {
    return !wanted.empty() && std::count(wanted.begin(), wanted.end(), id) == 0;
  };
  std::erase_if(events, [&](const FeedEvent& fed) {
    return lacks(query.event_store_ids, fed.event_store_id) || lacks(query.types, fed.event.type) ||
           query.aggregate_id.value_or(fed.event.aggregate_id) != fed.event.aggregate_id ||
           fed.event.timestamp < query.from.value_or(min_timestamp) ||
           fed.event.timestamp > query.to.value_or(max_timestamp) ||
           (query.after && place(fed.event.timestamp, fed.position) <=
                               place(query.after->timestamp, query.after->position));
  });
  std::sort(events.begin(), events.end(), [&](const FeedEvent& a, const FeedEvent& b) {
    return place(a.event.timestamp, a.position) < place(b.event.timestamp, b.position);
  });
  return events;
}

TEST_CASE("a feed has all that matches up to where it has looked and nothing behind") {
  const bool holds = rc::check([] {
    const auto adapters = make_adapters<CASTORE_STORAGES>();
    const auto events = push_any_events(adapters);
    FeedQuery query = any_query();
    query.order = FeedOrder::position;
    for (const auto& adapter : adapters) {
      const auto feed = adapter->open_event_feed(query);
      std::vector<FeedEvent> had;
      std::int64_t looked = std::max<std::int64_t>(0, query.after.value_or(FeedCursor{}).position);
      RC_ASSERT(feed->looked_up_to() == looked);
      bool ended = false;
      while (!ended) {
        const auto page = feed->next_page();
        ended = page.empty();
        had.insert(had.end(), page.begin(), page.end());
        RC_ASSERT(feed->looked_up_to() >= looked);
        looked = feed->looked_up_to();
        auto all = expected(events, query);
        std::erase_if(all, [&](const FeedEvent& fed) { return fed.position > looked; });
        RC_ASSERT(had == all);
      }
      RC_ASSERT(looked >= std::ssize(events));
    }
  });
  CHECK(holds);
}

TEST_CASE("any feed of any events is what matches in its order") {
  const bool holds = rc::check([] {
    const auto adapters = make_adapters<CASTORE_STORAGES>();
    const auto events = push_any_events(adapters);
    for (int i = 0; i < 20; ++i) {
      const FeedQuery query = any_query();
      for (const auto& adapter : adapters) {
        RC_ASSERT(feed_of(*adapter, query) == expected(events, query));
      }
    }
  });
  CHECK(holds);
}

}  // namespace
}  // namespace castore::testing
