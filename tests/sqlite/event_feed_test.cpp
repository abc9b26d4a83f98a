// What an event feed on SQLite keeps from others: no snapshot, no file, no memory.

#include <doctest/doctest.h>

#include <algorithm>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/feeds.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

using Positions = std::vector<std::int64_t>;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");

/// A file with an adapter, and another program on it.
struct Feeds {
  TemporaryDirectory directory;
  std::filesystem::path path = directory / "store.db";
  std::shared_ptr<sqlite::Database> database =
      sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off});
  SqliteEventStorageAdapter events{database};
  Sql sql{path};

  /// `count` events of store S, `aggregates` aggregates in turn, an event a second.
  void fill(int count, int aggregates = 10) {
    sql("WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < " +
        std::to_string(count) +
        ") INSERT INTO castore_event(event_store_id, aggregate_id, version, type, timestamp) "
        "SELECT 'S', 'a' || (i % " +
        std::to_string(aggregates) + "), 1 + i / " + std::to_string(aggregates) +
        ", 'T', 1640995200000000 + i * 1000000 FROM n");
  }
};

FeedQuery by_timestamp(std::size_t page_size = 500) {
  return {.order = FeedOrder::timestamp, .page_size = page_size};
}

// --- Event stores of castore's own ------------------------------------------------------------

TEST_CASE_FIXTURE(Feeds, "a feed of everything counts castore's own events and leaves them out") {
  fill(10);
  sql("UPDATE castore_event SET event_store_id = 'castore.log' WHERE position BETWEEN 3 AND 8");
  const Positions others{1, 2, 9, 10};
  FeedQuery query;
  SUBCASE("by position") {}
  SUBCASE("in small pages") { query.page_size = 2; }
  SUBCASE("by timestamp") { query.order = FeedOrder::timestamp; }
  SUBCASE("by timestamp where it has to sort") {
    sql("UPDATE castore_event SET timestamp = -timestamp WHERE position > 8");
    query.order = FeedOrder::timestamp;
  }
  const auto feed = events.open_event_feed(query);
  Positions positions;
  for (auto page = feed->next_page(); !page.empty(); page = feed->next_page()) {
    for (const FeedEvent& fed : page) positions.push_back(fed.position);
  }
  std::sort(positions.begin(), positions.end());
  CHECK(positions == others);
  CHECK(feed->left_out() == 6);
  CHECK(feed->looked_up_to() == 10);
}

TEST_CASE_FIXTURE(Feeds, "a feed that names castore's own event stores has their events") {
  fill(10);
  sql("UPDATE castore_event SET event_store_id = 'castore.log' WHERE position BETWEEN 3 AND 8");
  const auto feed = events.open_event_feed({.event_store_ids = {"castore.log"}});
  CHECK(feed->next_page().size() == 6);
  CHECK(feed->left_out() == 0);
}

TEST_CASE_FIXTURE(Feeds, "what is left out before a damaged event is counted once") {
  fill(10);
  sql("UPDATE castore_event SET event_store_id = 'castore.log' WHERE position BETWEEN 1 AND 3");
  sql("PRAGMA ignore_check_constraints = ON;"
      "UPDATE castore_event SET type = '' WHERE position = 4");
  const auto feed = events.open_event_feed({});
  CHECK(code_of([&] { static_cast<void>(feed->next_page()); }) == "MalformedEvent");
  CHECK(code_of([&] { static_cast<void>(feed->next_page()); }) == "MalformedEvent");
  sql("UPDATE castore_event SET type = 'T' WHERE position = 4");
  CHECK(feed->next_page().size() == 7);
  CHECK(feed->left_out() == 3);
}

// --- Between pages ----------------------------------------------------------------------------

TEST_CASE_FIXTURE(Feeds, "an open feed keeps no checkpoint waiting") {
  fill(100);
  FeedQuery query;
  SUBCASE("by position") { query = {.page_size = 10}; }
  SUBCASE("of an aggregate") { query = {.aggregate_id = "a3", .page_size = 2}; }
  SUBCASE("by timestamp") { query = by_timestamp(10); }
  SUBCASE("by timestamp where it has to sort") {
    sql("UPDATE castore_event SET timestamp = -timestamp");
    query = by_timestamp(10);
  }
  const auto feed = events.open_event_feed(query);
  CHECK_FALSE(feed->next_page().empty());
  push(events, "S", new_event("late", 1, day_1));

  CHECK(sql.value("PRAGMA wal_checkpoint(TRUNCATE)") == "0|0|0");

  CHECK_FALSE(feed->next_page().empty());
  CHECK(sql.value("PRAGMA wal_checkpoint(TRUNCATE)") == "0|0|0");
}

TEST_CASE_FIXTURE(Feeds, "a feed finds what is far apart") {
  fill(70'000);
  sql("UPDATE castore_event SET type = 'RARE' WHERE position IN (1, 20000, 20001, 69999)");

  CHECK(positions(feed_of(events, {.types = {"RARE"}})) == Positions{1, 20'000, 20'001, 69'999});
  CHECK(positions(feed_of(events, {.types = {"RARE"}, .order = FeedOrder::timestamp})) ==
        Positions{1, 20'000, 20'001, 69'999});
  CHECK(feed_of(events, {.types = {"NEVER"}}).empty());
  SUBCASE("and what comes behind it later") {
    const auto feed = events.open_event_feed({.types = {"RARE"}});
    CHECK(rest_of(*feed).size() == 4);
    NewEventDetail rare = new_event("late", 1);
    rare.type = "RARE";
    push(events, "S", rare);
    CHECK(positions(rest_of(*feed)) == Positions{70'001});
  }
}

TEST_CASE_FIXTURE(Feeds, "a long history of one aggregate is fed whole") {
  fill(45'000, 1);
  for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
    const auto all = feed_of(events, {.aggregate_id = "a0", .order = order});
    REQUIRE(all.size() == 45'000);
    CHECK(std::is_sorted(all.begin(), all.end(), [](const FeedEvent& a, const FeedEvent& b) {
      return a.position < b.position;
    }));
  }
}

TEST_CASE_FIXTURE(Feeds, "timestamps that run backwards are fed in their order") {
  fill(45'000);
  sql("UPDATE castore_event SET timestamp = 3281990400000000 - timestamp");

  const auto all = feed_of(events, by_timestamp());

  REQUIRE(all.size() == 45'000);
  CHECK(all.front().position == 45'000);
  CHECK(all.back().position == 1);
  CHECK(std::is_sorted(all.begin(), all.end(), [](const FeedEvent& a, const FeedEvent& b) {
    return a.event.timestamp < b.event.timestamp;
  }));
}

TEST_CASE_FIXTURE(Feeds, "an event that is deleted meanwhile is skipped") {
  fill(10);
  sql("UPDATE castore_event SET timestamp = 0 WHERE position = 10");
  const auto feed = events.open_event_feed(by_timestamp(1));
  CHECK(feed->next_page().front().position == 10);

  sql("DELETE FROM castore_event WHERE position IN (1, 2, 3, 9)");

  CHECK(positions(rest_of(*feed)) == Positions{4, 5, 6, 7, 8});
}

// --- Where from -------------------------------------------------------------------------------

TEST_CASE("a file that is opened read-only is fed and stays alone in its folder") {
  const TemporaryDirectory directory;
  const auto path = directory / "store.db";
  {
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    push(events, "S", new_event("b", 1, day_1 + std::chrono::hours{1}));
    push(events, "S", new_event("a", 1, day_1));
  }
  const SqliteEventStorageAdapter events(sqlite::Database::open(path, {.read_only = true}));

  CHECK(names(feed_of(events)) == std::vector<std::string>{"S/b/1", "S/a/1"});
  CHECK(names(feed_of(events, by_timestamp())) == std::vector<std::string>{"S/a/1", "S/b/1"});
  CHECK(feed_of(events, {.aggregate_id = "a"}).size() == 1);
  const std::filesystem::directory_iterator files(directory.path());
  CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("a database in memory is fed") {
  SqliteEventStorageAdapter events(sqlite::Database::open(":memory:"));
  push(events, "S", new_event("b", 1, day_1 + std::chrono::hours{1}));
  push(events, "S", new_event("a", 1, day_1));
  const auto feed = events.open_event_feed({.page_size = 1});
  CHECK(feed->next_page().size() == 1);
  push(events, "S", new_event("c", 1, day_1));
  CHECK(positions(rest_of(*feed)) == Positions{2, 3});
  CHECK(positions(feed_of(events, by_timestamp(1))) == Positions{2, 3, 1});
}

TEST_CASE_FIXTURE(Feeds, "inside a transaction a feed has what it has pushed") {
  fill(3);
  {
    const sqlite::Transaction transaction(*database);
    push(events, "S", new_event("mine", 1, day_1));
    CHECK(positions(feed_of(events)) == Positions{1, 2, 3, 4});
    CHECK(positions(feed_of(events, by_timestamp())) == Positions{1, 4, 2, 3});
    CHECK(positions(feed_of(events, {.aggregate_id = "mine"})) == Positions{4});
  }
  CHECK(feed_of(events).size() == 3);
}

// --- Damage -----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Feeds, "a damaged event is refused after those before it") {
  fill(5);
  sql("UPDATE castore_event SET timestamp = 9223372036854775807 WHERE position = 4");
  FeedQuery query;
  SUBCASE("by position") {}
  SUBCASE("by timestamp") { query = by_timestamp(); }
  SUBCASE("of an aggregate") {
    sql("UPDATE castore_event SET aggregate_id = 'a', version = position");
    query.aggregate_id = "a";
  }
  const auto feed = events.open_event_feed(query);
  CHECK(feed->next_page().size() >= 3);

  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto error = thrown<MalformedEventError>([&] { static_cast<void>(feed->next_page()); });
    REQUIRE(error);
    CHECK(error->event_store_id() == "S");
    CHECK(error->type() == "T");
  }
  SUBCASE("and fed once it is repaired") {
    sql("UPDATE castore_event SET timestamp = 1640995203000000 WHERE position = 4");
    CHECK(rest_of(*feed).at(0).position == 4);
  }
}

TEST_CASE_FIXTURE(Feeds, "an event with a position below 1 is not left out in silence") {
  fill(3);
  sql("UPDATE castore_event SET position = -7 WHERE position = 2");
  FeedQuery query;
  SUBCASE("by position") {}
  SUBCASE("by timestamp") { query = by_timestamp(); }
  SUBCASE("of its type") { query.types = {"T"}; }
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto feed = events.open_event_feed(query);
    CHECK(code_of([&] { static_cast<void>(feed->next_page()); }) == "MalformedEvent");
    CHECK(code_of([&] { static_cast<void>(feed->next_page()); }) == "MalformedEvent");
  }
}

TEST_CASE_FIXTURE(Feeds, "the lowest and the highest position are met at once") {
  fill(3);
  FeedQuery query;
  SUBCASE("by position") {}
  SUBCASE("by timestamp") { query = by_timestamp(); }
  const auto positions_of = [&](const char* position) {
    sql(std::string("UPDATE castore_event SET position = ") + position + " WHERE position = 2");
    return positions(feed_of(events, query));
  };
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  if (query.order == FeedOrder::position) {
    CHECK(positions_of("9223372036854775807") == Positions{1, 3, highest});
  } else {
    CHECK(positions_of("9223372036854775807") == Positions{1, highest, 3});
  }
  sql("UPDATE castore_event SET position = -9223372036854775808 WHERE position > 3");
  CHECK(code_of([&] { static_cast<void>(feed_of(events, query)); }) == "MalformedEvent");
}

TEST_CASE_FIXTURE(Feeds, "an event with a position below 1 is nothing to those who do not ask") {
  fill(3);
  sql("UPDATE castore_event SET position = -7, type = 'OTHER' WHERE position = 2");
  FeedQuery query;
  SUBCASE("for its type") { query.types = {"T"}; }
  SUBCASE("for what is behind a position") { query.after = FeedCursor{.position = 1}; }
  CHECK(feed_of(events, query).size() == (query.after ? 1 : 2));
}

TEST_CASE_FIXTURE(Feeds, "a file that is no event store any more is a storage error") {
  fill(5);
  const auto feed = events.open_event_feed({.page_size = 1});
  CHECK(feed->next_page().size() == 1);
  sql("DROP VIEW castore_readable_event; DROP TABLE castore_event");
  CHECK(code_of([&] { static_cast<void>(feed->next_page()); }) == "Storage");
}

}  // namespace
}  // namespace castore::testing
