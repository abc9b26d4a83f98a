// Pouring history into a channel: the original's results, on every backend.

#include <doctest/doctest.h>

#include <algorithm>
#include <castore/connected_event_store.hpp>
#include <castore/dam.hpp>
#include <castore/message_channel.hpp>
#include <chrono>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <pokemon/pokemon.hpp>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/rot13_adapter.hpp"
#include "support/storages.hpp"

namespace castore::testing {
namespace {

using Names = std::vector<std::string>;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");
const Timestamp day_2 = at("2022-01-02T00:00:00.000Z");
const Timestamp day_3 = at("2022-01-03T00:00:00.000Z");
const Timestamp day_4 = at("2022-01-04T00:00:00.000Z");

Timestamp second(int count) { return day_1 + std::chrono::seconds{count}; }

/// A channel of anything that keeps what it is given, and can ask a pour to stop.
class Recorder {
 public:
  void publish_message(const Message& message, const PublishMessageOptions& options) {
    CHECK(options.replay);
    if (messages.size() == fails_at) throw std::runtime_error("the channel is full");
    messages.push_back(message);
    if (messages.size() == stops_at) stop.request_stop();
  }

  /// "store/aggregate/version", or "store/aggregate" of an aggregate that exists.
  [[nodiscard]] Names names() const {
    Names result;
    for (const Message& message : messages) {
      std::string name = event_store_id_of(message) + '/';
      if (const EventDetail* const event = event_of(message)) {
        name += event->aggregate_id + '/' + std::to_string(event->version);
      } else {
        name += std::get<AggregateExistsMessage>(message).aggregate_id;
      }
      result.push_back(std::move(name));
    }
    return result;
  }

  std::vector<Message> messages;
  std::size_t stops_at = std::numeric_limits<std::size_t>::max();
  std::size_t fails_at = std::numeric_limits<std::size_t>::max();
  StopSource stop;
};

/// The events of a store without types.
template <class Storage>
struct Stored {
  std::shared_ptr<EventStorageAdapter> adapter = Storage().make_adapter();
  PouredEventSource source{adapter.get(), "S"};

  void push_one(const std::string& event_store_id, const std::string& aggregate_id, Version version,
                Timestamp timestamp) {
    push(*adapter, event_store_id, new_event(aggregate_id, version, timestamp),
         {.allow_version_gap = true});
  }
  /// Aggregate "long", a second apart.
  void push_history(Version count) {
    for (Version version = 1; version <= count; ++version) {
      push_one("S", "long", version, second(static_cast<int>(version)));
    }
  }
};

// --- pour_aggregate_events --------------------------------------------------------------------

TEST_CASE_TEMPLATE("the events of an aggregate are poured in the order they are read", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_history(4);
  stored.push_one("S", "other", 1, day_1);
  Recorder channel;
  const auto pour = [&](PourAggregateEventsOptions options) {
    options.aggregate_id = "long";
    return pour_aggregate_events(stored.source, channel, options);
  };

  SUBCASE("all of them") {
    const auto result = pour({});
    CHECK(channel.names() == Names{"S/long/1", "S/long/2", "S/long/3", "S/long/4"});
    const auto events = read(*stored.adapter, "S", "long");
    CHECK(channel.messages[2] == Message(NotificationMessage{"S", events[2]}));
    CHECK(result.poured_event_count == 4);
    CHECK(result.first_poured_event == events.front());
    CHECK(result.last_poured_event == events.back());
    CHECK_FALSE(result.stopped);
    CHECK_FALSE(result.rest);
  }
  SUBCASE("newest first") {
    const auto result = pour({.options = {.max_version = 3, .reverse = true}});
    CHECK(channel.names() == Names{"S/long/3", "S/long/2", "S/long/1"});
    CHECK(result.first_poured_event->version == 3);
    CHECK(result.last_poured_event->version == 1);
  }
  SUBCASE("between inclusive times") {
    const auto result = pour({.filters = {.from = second(2), .to = second(3)}});
    CHECK(channel.names() == Names{"S/long/2", "S/long/3"});
    CHECK(result.first_poured_event->version == 2);
    CHECK(result.last_poured_event->version == 3);
  }
  SUBCASE("none where none fits") {
    const auto result = pour({.filters = {.from = day_2}});
    CHECK(result.poured_event_count == 0);
    CHECK_FALSE(result.first_poured_event);
    CHECK_FALSE(result.last_poured_event);
  }
  SUBCASE("with a limit that counts before the times") {
    CHECK(pour({.options = {.limit = 2}, .filters = {.from = second(2)}}).poured_event_count == 1);
    CHECK(pour({.options = {.min_version = 2, .limit = 2}}).poured_event_count == 2);
    CHECK(channel.names() == Names{"S/long/2", "S/long/2", "S/long/3"});
  }
  SUBCASE("within versions that leave none") {
    CHECK(pour({.options = {.max_version = 0}}).poured_event_count == 0);
    CHECK(pour({.options = {.min_version = 5}}).poured_event_count == 0);
    CHECK(pour({.options = {.min_version = 3, .max_version = 2}}).poured_event_count == 0);
    CHECK(pour({.options = {.min_version = 3, .max_version = 2, .reverse = true}})
              .poured_event_count == 0);
  }
}

TEST_CASE_TEMPLATE("an unknown aggregate is poured without a message", Storage, CASTORE_STORAGES) {
  Stored<Storage> stored;
  Recorder channel;
  const auto result = pour_aggregate_events(stored.source, channel, {.aggregate_id = "nobody"});
  CHECK(result.poured_event_count == 0);
  CHECK_FALSE(result.first_poured_event);
  CHECK_FALSE(result.stopped);
  CHECK(channel.messages.empty());
}

TEST_CASE_TEMPLATE("a long history is poured whole and up to where it was", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_history(1'200);
  stored.push_one("S", "long", std::numeric_limits<Version>::max(), day_2);
  // Each message makes another event: one that follows its own pour would never end.
  struct Echo {
    EventStorageAdapter& adapter;
    std::vector<Version> versions{};
    void publish_message(const Message& message, const PublishMessageOptions&) {
      versions.push_back(event_of(message)->version);
      push(adapter, "S", new_event("long", 10'000 + static_cast<Version>(versions.size())),
           {.allow_version_gap = true});
    }
  };

  Echo echo{*stored.adapter};
  Recorder channel;
  SUBCASE("forwards") {
    const auto result = pour_aggregate_events(
        stored.source, echo, {.aggregate_id = "long", .options = {.max_version = 5'000}});
    CHECK(result.poured_event_count == 1'200);
    CHECK(echo.versions.front() == 1);
    CHECK(echo.versions.back() == 1'200);
  }
  SUBCASE("backwards") {
    const auto result = pour_aggregate_events(
        stored.source, channel, {.aggregate_id = "long", .options = {.reverse = true}});
    CHECK(result.poured_event_count == 1'201);
    CHECK(result.first_poured_event->version == std::numeric_limits<Version>::max());
    CHECK(result.last_poured_event->version == 1);
  }
  SUBCASE("with a limit beyond a page") {
    CHECK(pour_aggregate_events(stored.source, channel,
                                {.aggregate_id = "long", .options = {.limit = 1'001}})
              .last_poured_event->version == 1'001);
  }
}

/// Does something for each message, at most that often: a pour must have ended long before.
struct Meddler {
  std::function<void(const Message&, int)> meddle;
  int count = 0;
  void publish_message(const Message& message, const PublishMessageOptions&) {
    REQUIRE(++count < 100);
    meddle(message, count);
  }
};

TEST_CASE_TEMPLATE("versions that are filled in while an aggregate is poured are not poured",
                   Storage, CASTORE_STORAGES) {
  for (const bool reverse : {false, true}) {
    Stored<Storage> stored;
    stored.push_one("S", "long", 1'000, day_1);
    stored.push_one("S", "long", 1, day_1);
    Meddler meddler{[&](const Message& message, int) {
      const Version version = event_of(message)->version + (reverse ? -1 : 1);
      if (version > 0) stored.push_one("S", "long", version, day_1);
    }};
    const auto result = pour_aggregate_events(
        stored.source, meddler,
        {.aggregate_id = "long", .options = {.limit = 50, .reverse = reverse}});
    CHECK(result.poured_event_count == 2);
    CHECK(result.last_poured_event->version == (reverse ? 1 : 1'000));
  }
}

TEST_CASE_TEMPLATE("events committed since a pour was stopped are poured by the one that goes on",
                   Storage, CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_history(2);
  Recorder channel;
  channel.stops_at = 1;
  const StopToken stop = channel.stop.get_token();
  const auto of_aggregate =
      pour_aggregate_events(stored.source, channel, {.aggregate_id = "long", .stop_token = stop});
  channel.stop = {};
  channel.stops_at = 2;
  const auto of_store =
      pour_event_store_events(stored.source, channel, {.stop_token = channel.stop.get_token()});
  REQUIRE(of_aggregate.rest);
  stored.push_one("S", "long", 3, second(3));

  CHECK(pour_aggregate_events(stored.source, channel,
                              {.aggregate_id = "long", .options = *of_aggregate.rest})
            .poured_event_count == 2);
  CHECK(pour_event_store_events(stored.source, channel, {.after = of_store.cursor})
            .poured_event_count == 2);
}

TEST_CASE_TEMPLATE("large events are poured page by page", Storage, CASTORE_STORAGES) {
  Stored<Storage> stored;
  const std::string large = '"' + std::string(700'000, 'x') + '"';
  for (Version version = 1; version <= 7; ++version) {
    push(*stored.adapter, "S", with_payload(new_event("a", version), large));
  }
  Recorder channel;
  CHECK(pour_aggregate_events(stored.source, channel, {.aggregate_id = "a"}).poured_event_count ==
        7);
  CHECK(pour_event_store_events(stored.source, channel).poured_event_count == 7);
  CHECK(event_of(channel.messages.back())->payload == large);
}

// --- pour_event_store_aggregate_ids -----------------------------------------------------------

TEST_CASE_TEMPLATE("aggregate ids are poured in the order of their listing", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_one("S", "c", 1, day_1);
  stored.push_one("S", "b", 1, day_2);
  stored.push_one("S", "a", 1, day_2);
  stored.push_one("S", "d", 1, day_3);
  stored.push_one("S", "d", 2, day_1);
  stored.push_one("OTHER", "x", 1, day_1);
  Recorder channel;
  const auto pour = [&](const PourAggregateIdsQueryOptions& options) {
    return pour_event_store_aggregate_ids(stored.source, channel, {.options = options});
  };

  SUBCASE("all of them") {
    const auto result = pour({});
    CHECK(channel.names() == Names{"S/c", "S/a", "S/b", "S/d"});
    CHECK(channel.messages[0] == Message(AggregateExistsMessage{"S", "c", day_1}));
    CHECK(result.poured_aggregate_id_count == 4);
    CHECK(result.first_scanned_aggregate == ListedAggregateId{"c", day_1});
    CHECK(result.last_scanned_aggregate == ListedAggregateId{"d", day_3});
    CHECK_FALSE(result.stopped);
  }
  SUBCASE("whatever the size of a page") {
    for (std::int64_t limit = 1; limit <= 5; ++limit) {
      CHECK(pour({.limit = limit}).poured_aggregate_id_count == 4);
      CHECK(pour({.limit = limit, .reverse = true}).poured_aggregate_id_count == 4);
    }
  }
  SUBCASE("newest first") {
    const auto result = pour({.limit = 2, .reverse = true});
    CHECK(channel.names() == Names{"S/d", "S/b", "S/a", "S/c"});
    CHECK(result.first_scanned_aggregate == ListedAggregateId{"d", day_3});
    CHECK(result.last_scanned_aggregate == ListedAggregateId{"c", day_1});
  }
  SUBCASE("between inclusive times") {
    const auto result =
        pour({.limit = 1, .initial_event_after = day_2, .initial_event_before = day_2});
    CHECK(channel.names() == Names{"S/a", "S/b"});
    CHECK(result.poured_aggregate_id_count == 2);
  }
  SUBCASE("none of a store without any") {
    const auto result =
        pour_event_store_aggregate_ids(PouredEventSource{stored.adapter.get(), "EMPTY"}, channel);
    CHECK(result.poured_aggregate_id_count == 0);
    CHECK_FALSE(result.first_scanned_aggregate);
    CHECK_FALSE(result.last_scanned_aggregate);
  }
  SUBCASE("not in pages of none") {
    const auto error = thrown<InvalidOptionError>([&] { static_cast<void>(pour({.limit = 0})); });
    REQUIRE(error);
    CHECK(error->option() == "limit");
  }
}

TEST_CASE_TEMPLATE("aggregate ids of one time are poured in the order of their bytes", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  const Names sorted = {"a", "b", "\u0100", "\u0142", "\ufffd", "\U0001f600"};
  for (const std::string& id : sorted) stored.push_one("S", id, 1, day_1);
  const auto pour = [&](const PourEventStoreAggregateIdsOptions& options) {
    Recorder channel;
    static_cast<void>(pour_event_store_aggregate_ids(stored.source, channel, options));
    Names ids;
    for (const Message& message : channel.messages) {
      ids.push_back(std::get<AggregateExistsMessage>(message).aggregate_id);
    }
    return ids;
  };

  for (std::int64_t limit = 1; limit <= 7; ++limit) {
    CAPTURE(limit);
    CHECK(pour({.options = {.limit = limit}}) == sorted);
    CHECK(pour({.options = {.limit = limit, .reverse = true}}) ==
          Names(sorted.rbegin(), sorted.rend()));
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      const ListedAggregateId after{sorted[i], day_1};
      CHECK(pour({.options = {.limit = limit}, .after = after}) ==
            Names(sorted.begin() + static_cast<std::ptrdiff_t>(i) + 1, sorted.end()));
    }
  }
}

TEST_CASE_TEMPLATE("aggregates that come up while ids are poured are not poured", Storage,
                   CASTORE_STORAGES) {
  struct Echo {
    EventStorageAdapter& adapter;
    int count = 0;
    void publish_message(const Message&, const PublishMessageOptions&) {
      push(adapter, "S", new_event("new" + std::to_string(++count), 1, day_1));
    }
  };
  for (const bool reverse : {false, true}) {
    Stored<Storage> stored;
    stored.push_one("S", "a", 1, day_1);
    stored.push_one("S", "b", 1, day_1);
    Echo echo{*stored.adapter};
    CHECK(pour_event_store_aggregate_ids(stored.source, echo,
                                         {.options = {.limit = 1, .reverse = reverse}})
              .poured_aggregate_id_count == 2);
  }
}

TEST_CASE_TEMPLATE("aggregates whose timestamps lie between those still to come are not poured",
                   Storage, CASTORE_STORAGES) {
  for (const bool reverse : {false, true}) {
    for (const std::int64_t limit : {1, 2, 500}) {
      Stored<Storage> stored;
      stored.push_one("S", "a", 1, day_1);
      stored.push_one("S", "b", 1, day_2);
      stored.push_one("S", "c", 1, day_3);
      Names poured;
      Meddler meddler{[&](const Message& message, int count) {
        const auto& exists = std::get<AggregateExistsMessage>(message);
        poured.push_back(exists.aggregate_id);
        const std::chrono::microseconds tick{reverse ? -1 : 1};
        stored.push_one("S", "new" + std::to_string(count), 1,
                        exists.initial_event_timestamp + tick);
      }};
      const auto result = pour_event_store_aggregate_ids(
          stored.source, meddler, {.options = {.limit = limit, .reverse = reverse}});
      CHECK(poured == (reverse ? Names{"c", "b", "a"} : Names{"a", "b", "c"}));
      CHECK(result.poured_aggregate_id_count == 3);
      CHECK_FALSE(result.stopped);
    }
  }
}

TEST_CASE("a pour of aggregate ids ends while other threads push") {
  Stored<SqliteStorage> stored;
  stored.push_one("S", "a", 1, day_1);
  stored.push_one("S", "b", 1, day_4);
  std::jthread pushing([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      stored.push_one("S", "new" + std::to_string(i), 1, day_2 + std::chrono::microseconds{i});
    }
  });
  Recorder channel;
  pour_event_store_aggregate_ids(stored.source, channel, {.options = {.limit = 1}});
  Names names = channel.names();
  REQUIRE(names.size() >= 2);
  CHECK(names.front() == "S/a");
  CHECK(names.back() == "S/b");
}

TEST_CASE_TEMPLATE("aggregates whose initial event is overwritten meanwhile are poured once",
                   Storage, CASTORE_STORAGES) {
  for (const bool reverse : {false, true}) {
    Stored<Storage> stored;
    const Names all = {"a", "b", "c"};
    for (const std::string& id : all) stored.push_one("S", id, 1, day_2);
    Names poured;
    Meddler meddler{[&](const Message& message, int count) {
      const std::string id = std::get<AggregateExistsMessage>(message).aggregate_id;
      poured.push_back(id);
      // Ahead of the pour again.
      const std::chrono::seconds ahead{reverse ? -count : count};
      push(*stored.adapter, "S", new_event(id, 1, day_2 + ahead), {.force = true});
    }};
    pour_event_store_aggregate_ids(stored.source, meddler,
                                   {.options = {.limit = 1, .reverse = reverse}});
    std::sort(poured.begin(), poured.end());
    CHECK(poured == all);
  }
}

// --- pour_event_store_events ------------------------------------------------------------------

TEST_CASE_TEMPLATE("the events of a store are poured by timestamp", Storage, CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_one("S", "pikachu", 1, day_1);
  stored.push_one("S", "pikachu", 2, day_3);
  stored.push_one("OTHER", "ash", 1, day_1);
  stored.push_one("S", "charizard", 1, day_2);
  stored.push_one("S", "arcanine", 1, day_4);
  Recorder channel;
  const ListedAggregateId pikachu{"pikachu", day_1};
  const ListedAggregateId charizard{"charizard", day_2};
  const ListedAggregateId arcanine{"arcanine", day_4};

  SUBCASE("all of them") {
    const auto result = pour_event_store_events(stored.source, channel);
    CHECK(channel.names() == Names{"S/pikachu/1", "S/charizard/1", "S/pikachu/2", "S/arcanine/1"});
    CHECK(result.poured_event_count == 4);
    CHECK(result.first_scanned_aggregate == pikachu);
    CHECK(result.last_scanned_aggregate == arcanine);
    CHECK_FALSE(result.stopped);
  }
  SUBCASE("from a time that does not narrow what is scanned") {
    const auto result =
        pour_event_store_events(stored.source, channel, {.filters = {.from = day_3}});
    CHECK(channel.names() == Names{"S/pikachu/2", "S/arcanine/1"});
    CHECK(result.first_scanned_aggregate == pikachu);
    CHECK(result.last_scanned_aggregate == arcanine);
  }
  SUBCASE("to a time that does") {
    const auto result = pour_event_store_events(stored.source, channel, {.filters = {.to = day_3}});
    CHECK(result.poured_event_count == 3);
    CHECK(result.first_scanned_aggregate == pikachu);
    CHECK(result.last_scanned_aggregate == charizard);
  }
  SUBCASE("to a time before all") {
    const auto result = pour_event_store_events(
        stored.source, channel, {.filters = {.to = day_1 - std::chrono::microseconds{1}}});
    CHECK(result.poured_event_count == 0);
    CHECK_FALSE(result.first_scanned_aggregate);
    CHECK_FALSE(result.last_scanned_aggregate);
  }
  SUBCASE("none of an empty store") {
    const auto result =
        pour_event_store_events(PouredEventSource{stored.adapter.get(), "EMPTY"}, channel);
    CHECK(result.poured_event_count == 0);
    CHECK_FALSE(result.first_scanned_aggregate);
    CHECK_FALSE(result.cursor);
    CHECK(channel.messages.empty());
  }
}

TEST_CASE_TEMPLATE("events of one timestamp are poured in the order of commit", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  for (Version version = 1; version <= 3; ++version) stored.push_one("S", "a", version, day_2);
  stored.push_one("S", "b", 1, day_2);
  stored.push_one("S", "first", 1, day_1);
  Recorder channel;
  pour_event_store_events(stored.source, channel);
  CHECK(channel.names() == Names{"S/first/1", "S/a/1", "S/a/2", "S/a/3", "S/b/1"});
}

TEST_CASE_TEMPLATE("many aggregates with many events are each poured once", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  for (int i = 0; i < 40; ++i) {
    for (Version version = 1; version <= 30; ++version) {
      stored.push_one("S", "a" + std::to_string(i), version,
                      second(static_cast<int>(version) * 7 - i));
    }
  }
  Recorder channel;
  CHECK(pour_event_store_events(stored.source, channel).poured_event_count == 1'200);
  Timestamp latest = min_timestamp;
  std::map<std::string, Version> newest;
  for (const Message& message : channel.messages) {
    const EventDetail& event = *event_of(message);
    CHECK(event.timestamp >= latest);
    CHECK(event.version == ++newest[event.aggregate_id]);
    latest = event.timestamp;
  }
}

TEST_CASE_TEMPLATE("a channel may push to the store that is poured into it", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_history(3);
  struct Echo {
    EventStorageAdapter& adapter;
    void publish_message(const Message& message, const PublishMessageOptions&) {
      push(adapter, "S", new_event("echo", event_of(message)->version, day_4));
    }
  };
  CHECK(pour_event_store_events(stored.source, Echo{*stored.adapter}).poured_event_count == 3);
  CHECK(versions(*stored.adapter, "S", "echo").size() == 3);
}

TEST_CASE_TEMPLATE("events that are overwritten meanwhile are poured once", Storage,
                   CASTORE_STORAGES) {
  for (const bool in_order : {false, true}) {
    Stored<Storage> stored;
    stored.push_history(3);
    if (!in_order) stored.push_one("S", "old", 1, day_1);
    std::map<std::string, int> poured;
    Meddler meddler{[&](const Message& message, int count) {
      const EventDetail event = *event_of(message);
      ++poured[event.aggregate_id + std::to_string(event.version)];
      push(*stored.adapter, "S",
           new_event(event.aggregate_id, event.version, day_2 + std::chrono::seconds{count}),
           {.force = true});
      push(*stored.adapter, "S", new_event("long", 3, day_2), {.force = true});
    }};
    const int count = in_order ? 3 : 4;
    CHECK(pour_event_store_events(stored.source, meddler).poured_event_count == count);
    CHECK(std::ssize(poured) == count);
    CHECK(pour_aggregate_events(stored.source, meddler, {.aggregate_id = "long"})
              .poured_event_count == 3);
  }
}

// --- pour_event_store_collection_events -------------------------------------------------------

TEST_CASE_TEMPLATE("event stores of one database are poured together", Storage, CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_one("T", "ash", 1, day_2);
  stored.push_one("S", "pikachu", 1, day_2);
  stored.push_one("T", "ash", 2, day_2);
  stored.push_one("S", "pikachu", 2, day_1);
  const std::vector<PouredEventSource> sources = {
      {stored.adapter.get(), "S"}, {stored.adapter.get(), "T"}, {stored.adapter.get(), "EMPTY"}};
  Recorder channel;

  const auto result = pour_event_store_collection_events(sources, channel);

  CHECK(channel.names() == Names{"S/pikachu/2", "T/ash/1", "S/pikachu/1", "T/ash/2"});
  CHECK(result.poured_event_count == 4);
  const ListedAggregateId pikachu{"pikachu", day_2};
  const ListedAggregateId ash{"ash", day_2};
  CHECK(result.scans ==
        std::vector<EventStoreScan>{{"S", 0, pikachu, pikachu}, {"T", 0, ash, ash}, {"EMPTY"}});
}

TEST_CASE_TEMPLATE("event stores of several databases are merged by timestamp", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> one;
  Stored<Storage> two;
  one.push_one("A", "x", 1, day_1);
  one.push_one("C", "x", 1, day_2);
  one.push_one("A", "x", 2, day_2);
  two.push_one("B", "y", 1, day_2);
  two.push_one("B", "y", 2, day_1);
  two.push_one("B", "y", 3, day_3);
  const std::vector<PouredEventSource> sources = {
      {one.adapter.get(), "A"}, {two.adapter.get(), "B"}, {one.adapter.get(), "C"}};
  Recorder channel;

  const auto result = pour_event_store_collection_events(sources, channel,
                                                         {.filters = {.from = day_1, .to = day_2}});

  CHECK(channel.names() == Names{"A/x/1", "B/y/2", "C/x/1", "A/x/2", "B/y/1"});
  const ListedAggregateId y{"y", day_2};
  CHECK(result.scans == std::vector<EventStoreScan>{{"A", 0, {{"x", day_1}}, {{"x", day_1}}},
                                                    {"B", 1, y, y},
                                                    {"C", 0, {{"x", day_2}}, {{"x", day_2}}}});
  SUBCASE("in the order in which they are given") {
    Recorder other;
    pour_event_store_collection_events(
        std::vector<PouredEventSource>{sources[1], sources[0], sources[2]}, other);
    CHECK(other.names() == Names{"B/y/2", "A/x/1", "B/y/1", "C/x/1", "A/x/2", "B/y/3"});
  }
}

TEST_CASE_TEMPLATE("stores of a decorator are poured as it reads them", Storage, CASTORE_STORAGES) {
  Stored<Storage> stored;
  Rot13Adapter hiding(stored.adapter);
  push(hiding, "HIDDEN", with_payload(new_event("a", 1, day_1), "\"abc\""));
  push(*stored.adapter, "PLAIN", with_payload(new_event("a", 1, day_1), "\"abc\""));
  push(hiding, "HIDDEN", with_payload(new_event("a", 2, day_1), "\"abc\""));
  Recorder channel;

  pour_event_store_collection_events(
      std::vector<PouredEventSource>{{stored.adapter.get(), "PLAIN"}, {&hiding, "HIDDEN"}},
      channel);

  CHECK(channel.names() == Names{"HIDDEN/a/1", "PLAIN/a/1", "HIDDEN/a/2"});
  for (const Message& message : channel.messages) CHECK(event_of(message)->payload == "\"abc\"");
}

TEST_CASE_TEMPLATE("the events before one that a decorator cannot read are poured", Storage,
                   CASTORE_STORAGES) {
  class Unreadable final : public ForwardingEventStorageAdapter {
   public:
    using ForwardingEventStorageAdapter::ForwardingEventStorageAdapter;
    [[nodiscard]] std::unique_ptr<EventFeed> open_event_feed(FeedQuery query) const override {
      return std::make_unique<ForwardingEventFeed>(inner().open_event_feed(std::move(query)),
                                                   [this](FeedEvent& fed) {
                                                     if (fed.event.version == unreadable)
                                                       throw std::domain_error("it was changed");
                                                   });
    }
    Version unreadable = 11;
  };
  Stored<Storage> stored;
  stored.push_history(20);
  Unreadable decorator(stored.adapter);
  const PouredEventSource source{&decorator, "S"};
  std::optional<FeedCursor> cursor;
  const auto keep = [&](const PourEventStoreEventsResult& result) { cursor = result.cursor; };
  Recorder channel;

  for (int attempt = 1; attempt <= 2; ++attempt) {
    CHECK_THROWS_AS(pour_event_store_events(source, channel, {.after = cursor, .on_poured = keep}),
                    std::domain_error);
    CHECK(channel.messages.size() == 10);
    CHECK(cursor == FeedCursor{second(10), 10});
  }
  decorator.unreadable = 0;
  pour_event_store_events(source, channel, {.after = cursor});
  CHECK(channel.messages.size() == 20);
  CHECK(channel.names().back() == "S/long/20");
}

TEST_CASE_TEMPLATE("event stores of one id in two databases are both poured and reported", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> one;
  Stored<Storage> two;
  one.push_one("S", "x", 1, day_1);
  two.push_one("S", "y", 1, day_2);
  Recorder channel;

  const auto result = pour_event_store_collection_events(
      std::vector<PouredEventSource>{one.source, two.source}, channel);

  CHECK(channel.names() == Names{"S/x/1", "S/y/1"});
  CHECK(result.scans == std::vector<EventStoreScan>{{"S", 0, {{"x", day_1}}, {{"x", day_1}}},
                                                    {"S", 1, {{"y", day_2}}, {{"y", day_2}}}});
}

TEST_CASE_TEMPLATE("an event store that is named twice is refused before anything is poured",
                   Storage, CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_history(2);
  const Rot13Adapter decorator(stored.adapter);
  Recorder channel;
  for (const EventStorageAdapter* const again :
       {static_cast<const EventStorageAdapter*>(stored.adapter.get()),
        static_cast<const EventStorageAdapter*>(&decorator)}) {
    const std::vector<PouredEventSource> sources = {
        stored.source, {stored.adapter.get(), "T"}, {again, "S"}};
    const auto error =
        thrown<InvalidOptionError>([&] { pour_event_store_collection_events(sources, channel); });
    REQUIRE(error);
    CHECK(error->option() == "event_stores");
  }
  CHECK(channel.messages.empty());
}

TEST_CASE("no event stores are poured without a message") {
  Recorder channel;
  const auto result =
      pour_event_store_collection_events(std::span<const PouredEventSource>(), channel);
  CHECK(result.poured_event_count == 0);
  CHECK(result.scans.empty());
  CHECK_FALSE(result.stopped);
  CHECK(pour_event_store_collection_events(std::tie(), channel).poured_event_count == 0);
}

// --- Stopping and going on --------------------------------------------------------------------

/// Pours at once, and again a few messages at a time: the messages must be the same. `go_on` makes
/// options that continue from a result.
template <class Options, class Pour, class GoOn>
void check_in_steps(const Options& options, Pour pour, GoOn go_on) {
  Recorder whole;
  CHECK_FALSE(pour(whole, options).stopped);
  CHECK(whole.messages.size() > 2);
  for (const std::size_t step : {1U, 2U, 5U, 100U}) {
    std::vector<Message> messages;
    Options next = options;
    for (bool stopped = true; stopped;) {
      Recorder channel;
      channel.stops_at = step;
      next.stop_token = channel.stop.get_token();
      const auto result = pour(channel, next);
      stopped = result.stopped;
      if (stopped) CHECK(channel.messages.size() == step);
      if (stopped) go_on(next, result);
      messages.insert(messages.end(), channel.messages.begin(), channel.messages.end());
    }
    CHECK(messages == whole.messages);
  }
}

TEST_CASE_TEMPLATE("a pour that was stopped goes on where it was", Storage, CASTORE_STORAGES) {
  Stored<Storage> one;
  Stored<Storage> two;
  for (int i = 0; i < 24; ++i) {
    Stored<Storage>& stored = i % 3 == 0 ? two : one;
    stored.push_one(i % 2 == 0 ? "S" : "T", "a" + std::to_string(i % 5), 1 + i / 5,
                    second(i * 7 % 4));
  }
  const auto with_cursor = [](auto& options, const auto& result) { options.after = result.cursor; };

  SUBCASE("of an aggregate") {
    one.push_history(5);
    for (const bool reverse : {false, true}) {
      check_in_steps(
          PourAggregateEventsOptions{.aggregate_id = "long",
                                     .options = {.limit = 4, .reverse = reverse},
                                     .filters = {.from = second(2)}},
          [&](Recorder& channel, const PourAggregateEventsOptions& options) {
            return pour_aggregate_events(one.source, channel, options);
          },
          [](PourAggregateEventsOptions& options, const PourAggregateEventsResult& result) {
            options.options = *result.rest;
          });
    }
  }
  SUBCASE("of aggregate ids") {
    for (int i = 0; i < 7; ++i) one.push_one("S", "b" + std::to_string(i), 1, second(i / 4));
    for (const bool reverse : {false, true}) {
      check_in_steps(
          PourEventStoreAggregateIdsOptions{.options = {.limit = 2, .reverse = reverse}},
          [&](Recorder& channel, const PourEventStoreAggregateIdsOptions& options) {
            return pour_event_store_aggregate_ids(one.source, channel, options);
          },
          with_cursor);
    }
  }
  SUBCASE("of an event store") {
    check_in_steps(
        PourEventStoreEventsOptions{.filters = {.to = second(2)}},
        [&](Recorder& channel, const PourEventStoreEventsOptions& options) {
          return pour_event_store_events(one.source, channel, options);
        },
        with_cursor);
  }
  SUBCASE("of event stores in several databases") {
    const std::vector<PouredEventSource> sources = {{one.adapter.get(), "S"},
                                                    {two.adapter.get(), "S"},
                                                    {two.adapter.get(), "T"},
                                                    {one.adapter.get(), "T"}};
    check_in_steps(
        PourEventStoreCollectionEventsOptions{},
        [&](Recorder& channel, const PourEventStoreCollectionEventsOptions& options) {
          return pour_event_store_collection_events(sources, channel, options);
        },
        with_cursor);
  }
}

TEST_CASE_TEMPLATE("a pour that is stopped before it begins publishes nothing", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_history(3);
  Recorder channel;
  channel.stop.request_stop();
  const StopToken stop = channel.stop.get_token();

  const auto of_aggregate =
      pour_aggregate_events(stored.source, channel, {.aggregate_id = "long", .stop_token = stop});
  CHECK(of_aggregate.stopped);
  CHECK(of_aggregate.rest->min_version == 1);
  CHECK(pour_event_store_aggregate_ids(stored.source, channel, {.stop_token = stop}).stopped);
  const FeedCursor cursor{second(1), 1};
  const auto of_store =
      pour_event_store_events(stored.source, channel, {.stop_token = stop, .after = cursor});
  CHECK(of_store.stopped);
  CHECK(of_store.cursor == cursor);
  CHECK(of_store.first_scanned_aggregate);
  CHECK(channel.messages.empty());
  SUBCASE("but is through where there is nothing to publish") {
    CHECK_FALSE(pour_event_store_events(PouredEventSource{stored.adapter.get(), "EMPTY"}, channel,
                                        {.stop_token = stop})
                    .stopped);
  }
}

TEST_CASE_TEMPLATE("what a channel throws ends the pour and comes out", Storage, CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_history(3);
  Recorder channel;
  channel.fails_at = 2;
  CHECK_THROWS_WITH_AS(pour_event_store_events(stored.source, channel), "the channel is full",
                       std::runtime_error);
  CHECK(channel.messages.size() == 2);
  CHECK_THROWS_AS(pour_aggregate_events(stored.source, channel, {.aggregate_id = "long"}),
                  std::runtime_error);
  CHECK(channel.messages.size() == 2);
}

bool same_answer(const PourAggregateEventsResult& a, const PourAggregateEventsResult& b) {
  return a.poured_event_count == b.poured_event_count &&
         a.first_poured_event == b.first_poured_event &&
         a.last_poured_event == b.last_poured_event && a.rest && b.rest;
}
bool same_answer(const PourEventStoreAggregateIdsResult& a,
                 const PourEventStoreAggregateIdsResult& b) {
  return a.poured_aggregate_id_count == b.poured_aggregate_id_count && a.cursor == b.cursor &&
         a.first_scanned_aggregate == b.first_scanned_aggregate &&
         a.last_scanned_aggregate == b.last_scanned_aggregate;
}
bool same_answer(const PourEventStoreEventsResult& a, const PourEventStoreEventsResult& b) {
  return a.poured_event_count == b.poured_event_count && a.cursor == b.cursor &&
         a.first_scanned_aggregate == b.first_scanned_aggregate &&
         a.last_scanned_aggregate == b.last_scanned_aggregate;
}
bool same_answer(const PourEventStoreCollectionEventsResult& a,
                 const PourEventStoreCollectionEventsResult& b) {
  return a.poured_event_count == b.poured_event_count && a.cursor == b.cursor && a.scans == b.scans;
}

/// Pours into a channel that throws at each message once, goes on from what `on_poured` has kept,
/// and expects to have all messages, in their order. `go_on` makes options that continue from a
/// result.
template <class Result, class Options, class Pour, class GoOn>
void check_goes_on_after_throws(const Options& options, Pour pour, GoOn go_on) {
  Recorder whole;
  const auto complete = pour(whole, options);
  REQUIRE(whole.messages.size() > 2);
  std::vector<Message> messages;
  std::optional<Result> kept;
  Options next = options;
  next.on_poured = [&](const Result& result) { kept = result; };
  for (std::size_t round = 0; round <= whole.messages.size(); ++round) {
    if (kept) go_on(next, *kept);
    Recorder channel;
    channel.fails_at = round == 0 ? 0 : 1;
    try {
      const Result result = pour(channel, next);
      CHECK(round == whole.messages.size());
      CHECK_FALSE(result.stopped);
    } catch (const std::runtime_error& error) {
      CHECK(std::string(error.what()) == "the channel is full");
    }
    messages.insert(messages.end(), channel.messages.begin(), channel.messages.end());
  }
  CHECK(messages == whole.messages);

  // Nothing is left behind the last one.
  go_on(next, *kept);
  Recorder nothing;
  CHECK_FALSE(pour(nothing, next).stopped);
  CHECK(nothing.messages.empty());
  // What is kept is what a pour that is stopped there answers.
  for (std::size_t step = 1; step < whole.messages.size(); ++step) {
    Recorder stopping;
    stopping.stops_at = step;
    Options watched = options;
    watched.stop_token = stopping.stop.get_token();
    watched.on_poured = [&](const Result& result) { kept = result; };
    const Result result = pour(stopping, watched);
    CHECK(result.stopped);
    CHECK(kept->stopped);
    CHECK(same_answer(*kept, result));
  }
}

TEST_CASE_TEMPLATE("after a channel has thrown a pour goes on from what was kept", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> one;
  Stored<Storage> two;
  for (int i = 0; i < 12; ++i) {
    Stored<Storage>& stored = i % 3 == 0 ? two : one;
    stored.push_one(i % 2 == 0 ? "S" : "T", "a" + std::to_string(i % 5), 1 + i / 5,
                    second(i * 7 % 4));
  }
  const auto with_cursor = [](auto& options, const auto& result) { options.after = result.cursor; };

  SUBCASE("of an aggregate") {
    one.push_history(5);
    one.push_one("S", "long", std::numeric_limits<Version>::max(), second(9));
    for (const bool reverse : {false, true}) {
      for (const std::optional<std::int64_t> limit : {std::optional<std::int64_t>(), {4}, {6}}) {
        check_goes_on_after_throws<PourAggregateEventsResult>(
            PourAggregateEventsOptions{.aggregate_id = "long",
                                       .options = {.limit = limit, .reverse = reverse},
                                       .filters = {.from = second(2)}},
            [&](Recorder& channel, const PourAggregateEventsOptions& options) {
              return pour_aggregate_events(one.source, channel, options);
            },
            [](PourAggregateEventsOptions& options, const PourAggregateEventsResult& result) {
              options.options = *result.rest;
            });
      }
    }
  }
  SUBCASE("of aggregate ids") {
    for (int i = 0; i < 5; ++i) one.push_one("S", "b" + std::to_string(i), 1, second(i / 3));
    for (const bool reverse : {false, true}) {
      check_goes_on_after_throws<PourEventStoreAggregateIdsResult>(
          PourEventStoreAggregateIdsOptions{.options = {.limit = 2, .reverse = reverse}},
          [&](Recorder& channel, const PourEventStoreAggregateIdsOptions& options) {
            return pour_event_store_aggregate_ids(one.source, channel, options);
          },
          with_cursor);
    }
  }
  SUBCASE("of an event store") {
    check_goes_on_after_throws<PourEventStoreEventsResult>(
        PourEventStoreEventsOptions{.filters = {.to = second(2)}},
        [&](Recorder& channel, const PourEventStoreEventsOptions& options) {
          return pour_event_store_events(one.source, channel, options);
        },
        with_cursor);
  }
  SUBCASE("of event stores in several databases") {
    const std::vector<PouredEventSource> sources = {
        one.source, two.source, {two.adapter.get(), "T"}, {one.adapter.get(), "T"}};
    check_goes_on_after_throws<PourEventStoreCollectionEventsResult>(
        PourEventStoreCollectionEventsOptions{},
        [&](Recorder& channel, const PourEventStoreCollectionEventsOptions& options) {
          return pour_event_store_collection_events(sources, channel, options);
        },
        with_cursor);
  }
}

TEST_CASE_TEMPLATE("what keeps the answer of a pour may throw and ends it", Storage,
                   CASTORE_STORAGES) {
  Stored<Storage> stored;
  stored.push_history(3);
  Recorder channel;
  std::int64_t count = 0;
  const auto fail = [&](const auto& result) {
    count = result.poured_event_count;
    if (count == 2) throw std::runtime_error("the cursor cannot be kept");
  };
  CHECK_THROWS_WITH_AS(pour_event_store_events(stored.source, channel, {.on_poured = fail}),
                       "the cursor cannot be kept", std::runtime_error);
  CHECK(count == 2);
  CHECK(channel.messages.size() == 2);
  CHECK_THROWS_AS(
      pour_aggregate_events(stored.source, channel, {.aggregate_id = "long", .on_poured = fail}),
      std::runtime_error);
  CHECK(channel.messages.size() == 4);
}

// --- The rate ---------------------------------------------------------------------------------

using Clock = std::chrono::steady_clock;

TEST_CASE("messages are poured no faster than the rate allows") {
  Stored<InMemoryStorage> stored;
  stored.push_history(6);
  Recorder channel;
  const auto elapsed = [](auto pour) {
    const auto start = Clock::now();
    pour();
    return Clock::now() - start;
  };
  constexpr std::chrono::milliseconds five_gaps{10};

  CHECK(elapsed([&] { pour_event_store_events(stored.source, channel, {.rate_limit = 500}); }) >=
        five_gaps);
  CHECK(elapsed([&] {
          pour_aggregate_events(stored.source, channel,
                                {.aggregate_id = "long", .rate_limit = 500});
        }) >= five_gaps);
  CHECK(channel.messages.size() == 12);
  SUBCASE("and the first one at once") {
    const auto result =
        pour_event_store_aggregate_ids(stored.source, channel, {.rate_limit = 1e-300});
    CHECK(result.poured_aggregate_id_count == 1);
  }
  SUBCASE("or as fast as they come") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    pour_event_store_events(stored.source, channel, {.rate_limit = infinity});
    CHECK(channel.messages.size() == 18);
  }
}

TEST_CASE("a pour that waits for its rate can be stopped") {
  Stored<InMemoryStorage> stored;
  stored.push_history(3);
  Recorder channel;
  std::jthread stopping([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    channel.stop.request_stop();
  });
  const auto result = pour_event_store_events(
      stored.source, channel, {.rate_limit = 0.001, .stop_token = channel.stop.get_token()});
  CHECK(result.stopped);
  CHECK(channel.messages.size() <= 1);
}

TEST_CASE("a rate of less than one message in a lifetime waits for the second") {
  for (const double rate : {1e-10, 1e-300, std::numeric_limits<double>::denorm_min()}) {
    Stored<InMemoryStorage> stored;
    stored.push_history(3);
    Recorder channel;
    std::jthread stopping([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      channel.stop.request_stop();
    });
    const auto result = pour_event_store_events(
        stored.source, channel, {.rate_limit = rate, .stop_token = channel.stop.get_token()});
    CHECK(result.stopped);
    CHECK(channel.messages.size() <= 1);  // none, where the stop came first
  }
}

TEST_CASE("a rate that is not above 0 is refused") {
  Stored<InMemoryStorage> stored;
  stored.push_history(1);
  Recorder channel;
  for (const double rate : {0.0, -0.0, -1.0, -std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()}) {
    const auto error = thrown<InvalidOptionError>(
        [&] { pour_event_store_events(stored.source, channel, {.rate_limit = rate}); });
    REQUIRE(error);
    CHECK(error->option() == "rate_limit");
    CHECK(code_of([&] {
            pour_aggregate_events(stored.source, channel,
                                  {.aggregate_id = "x", .rate_limit = rate});
          }) == "InvalidOption");
    CHECK(code_of([&] {
            pour_event_store_aggregate_ids(stored.source, channel, {.rate_limit = rate});
          }) == "InvalidOption");
    CHECK(code_of([&] {
            pour_event_store_collection_events(std::tie(), channel, {.rate_limit = rate});
          }) == "InvalidOption");
  }
  CHECK(code_of([&] {
          pour_aggregate_events(stored.source, channel,
                                {.aggregate_id = "long", .options = {.limit = 0}});
        }) == "InvalidOption");
  CHECK(channel.messages.empty());
}

// --- Typed stores and channels ----------------------------------------------------------------

using pokemon::Pokemons;
using pokemon::Trainers;

/// Behind a typed channel.
class RecordingAdapter final : public MessageChannelAdapter {
 public:
  void publish_message(const Message& message, const PublishMessageOptions& options) override {
    recorder.publish_message(message, options);
  }
  void publish_messages(std::span<const Message> messages,
                        const PublishMessageOptions& options) override {
    for (const Message& message : messages) publish_message(message, options);
  }
  Recorder recorder;
};

struct Typed {
  std::shared_ptr<EventStorageAdapter> adapter =
      std::make_shared<InMemoryEventStorageAdapter>([] { return day_1; });
  Pokemons pokemons = pokemon::make_pokemons(adapter);
  Trainers trainers = pokemon::make_trainers(adapter);
  std::shared_ptr<RecordingAdapter> recording = std::make_shared<RecordingAdapter>();
  NotificationMessageQueue<Pokemons, Trainers> queue{"queue", pokemons, trainers, recording};

  Typed() {
    pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
    trainers.push_event(pokemon::created("ash", "Ash"));
    pokemons.push_event(pokemon::caught("pikachu", 2, "ash"));
  }
};

TEST_CASE_FIXTURE(Typed, "typed event stores are poured into typed channels") {
  SUBCASE("an aggregate") {
    CHECK(pour_aggregate_events(pokemons, queue, {.aggregate_id = "pikachu"}).poured_event_count ==
          2);
  }
  SUBCASE("aggregate ids") {
    AggregateExistsMessageBus<Pokemons> bus("bus", pokemons, recording);
    CHECK(pour_event_store_aggregate_ids(pokemons, bus).poured_aggregate_id_count == 1);
    CHECK(recording->recorder.names() == Names{"POKEMONS/pikachu"});
  }
  SUBCASE("an event store") {
    const auto result = pour_event_store_events(trainers, queue);
    CHECK(result.poured_event_count == 1);
    CHECK(result.first_scanned_aggregate == ListedAggregateId{"ash", day_1});
    CHECK(recording->recorder.names() == Names{"TRAINERS/ash/1"});
  }
  SUBCASE("several event stores") {
    const auto result = pour_event_store_collection_events(std::tie(pokemons, trainers), queue);
    CHECK(result.poured_event_count == 3);
    CHECK(recording->recorder.names() ==
          Names{"POKEMONS/pikachu/1", "TRAINERS/ash/1", "POKEMONS/pikachu/2"});
    REQUIRE(result.scans.size() == 2);
    CHECK(result.scans[1].event_store_id == "TRAINERS");
    CHECK(result.scans[1].last_scanned_aggregate == ListedAggregateId{"ash", day_1});
  }
  SUBCASE("an adapter of a channel") {
    CHECK(pour_event_store_events(pokemons, *recording).poured_event_count == 2);
  }
}

TEST_CASE_FIXTURE(Typed, "a connected event store is poured without publishing twice") {
  const ConnectedEventStore connected(pokemons, queue);
  CHECK(pour_event_store_events(connected, queue).poured_event_count == 2);
  CHECK(recording->recorder.messages.size() == 2);
}

TEST_CASE_FIXTURE(Typed, "an event store that the channel does not carry is an error") {
  const NotificationMessageQueue<Trainers> other("queue", trainers, recording);
  CHECK(code_of([&] { pour_event_store_events(pokemons, other); }) ==
        "MessageChannelEventStoreNotFound");
}

TEST_CASE("an event store without an adapter is not poured") {
  Recorder channel;
  CHECK(code_of([&] { pour_event_store_events(pokemon::make_pokemons(), channel); }) ==
        "UndefinedEventStorageAdapter");
}

}  // namespace
}  // namespace castore::testing
