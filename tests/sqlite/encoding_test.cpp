// Databases that a host has made in UTF-16. What is promised of any adapter is tested on them by
// the contract test; this is what is theirs.

#include <doctest/doctest.h>

#include <algorithm>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/feeds.hpp"
#include "support/storages.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

using Ids = std::vector<std::string>;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");

/// SQLite would have U+FFFD in the place of each.
const Ids unstorable = {"\uFFFE", "\uFFFF", "x\uFFFEy", "\u00e9\uFFFF", "\uFFFD\uFFFE"};

/// The path of the InvalidEventError that the push throws.
std::string refused_path(EventStorageAdapter& adapter, const std::string& store,
                         const NewEventDetail& event, const PushEventOptions& options = {}) {
  const auto error = thrown<InvalidEventError>([&] { push(adapter, store, event, options); });
  return error ? error->path() : "none";
}

TEST_CASE_TEMPLATE("what a database in UTF-16 cannot hold is refused", Storage, Utf16leHost,
                   Utf16beHost) {
  const auto adapter = Storage().make_adapter();
  push(*adapter, "STORE", new_event("a", 1));
  for (const std::string& text : unstorable) {
    CHECK(refused_path(*adapter, text, new_event("a", 1)) == "eventStoreId");
    CHECK(refused_path(*adapter, "STORE", new_event(text, 1)) == "aggregateId");
    NewEventDetail event = new_event("a", 2);
    event.type = text;
    CHECK(refused_path(*adapter, "STORE", event) == "type");
    event = with_payload(new_event("a", 2), '"' + text + '"');
    CHECK(refused_path(*adapter, "STORE", event) == "payload");
    CHECK(refused_path(*adapter, "STORE", event, {.allow_version_gap = true}) == "payload");
    event.version = 1;
    CHECK(refused_path(*adapter, "STORE", event, {.force = true}) == "payload");
    event = new_event("a", 2);
    event.metadata = '"' + text + '"';
    CHECK(refused_path(*adapter, "STORE", event) == "metadata");
    CHECK(code_of([&] {
            push_group(*adapter, {{adapter.get(), "STORE", new_event("b", 1)},
                                  {adapter.get(), "STORE", event}});
          }) == "InvalidEvent");
  }
  CHECK(names(feed_of(*adapter)) == Ids{"STORE/a/1"});
}

TEST_CASE_TEMPLATE("all other text is kept byte for byte", Storage, CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  Ids kept = {"\uFFFD",     "\uFEFF",     "\uFEFFx", "x\uFEFF", "\uFDD0",
              "\U0001FFFE", "\U0010FFFF", "\uE000",  "\uD7FF",  "\U00010000"};
  if (!std::is_same_v<Storage, Utf16leHost> && !std::is_same_v<Storage, Utf16beHost>) {
    kept.insert(kept.end(), unstorable.begin(), unstorable.end());
  }
  for (const std::string& text : kept) {
    NewEventDetail event = with_payload(new_event(text, 1, day_1), '"' + text + '"');
    event.type = text;
    event.metadata = event.payload;
    push(*adapter, text, event);
    const auto events = read(*adapter, text, text);
    REQUIRE(events.size() == 1);
    CHECK(events.front() == to_detail(to_view(event), day_1));
    CHECK(ids(adapter->list_aggregate_ids(text, {})) == Ids{text});
    CHECK(names(feed_of(*adapter, {.event_store_ids = {text}, .types = {text}})) ==
          Ids{text + "/" + text + "/1"});
    CHECK(names(feed_of(*adapter, {.aggregate_id = text})) == Ids{text + "/" + text + "/1"});
  }
}

TEST_CASE_TEMPLATE("what cannot be stored is not found in the place of another text", Storage,
                   CASTORE_STORAGES) {
  const auto adapter = Storage().make_adapter();
  const std::string replacement = "\uFFFD";
  NewEventDetail event = new_event(replacement, 1);
  event.type = replacement;
  push(*adapter, replacement, event);

  for (const std::string text : {"\uFFFE", "\uFFFF", "\xFF", "\xED\xA0\x80", "\xC0\x80"}) {
    CAPTURE(text);
    CHECK(read(*adapter, text, replacement).empty());
    CHECK(read(*adapter, replacement, text).empty());
    for (const bool reverse : {false, true}) {
      CHECK(adapter->list_aggregate_ids(text, {.reverse = reverse}).aggregate_ids.empty());
    }
    for (const FeedOrder order : {FeedOrder::position, FeedOrder::timestamp}) {
      CHECK(feed_of(*adapter, {.event_store_ids = {text}, .order = order}).empty());
      CHECK(feed_of(*adapter, {.types = {text}, .order = order}).empty());
      CHECK(feed_of(*adapter, {.aggregate_id = text, .order = order}).empty());
      CHECK(feed_of(*adapter, {.event_store_ids = {text, replacement}, .order = order}).size() ==
            1);
    }
  }
}

TEST_CASE("a file in UTF-16 is an event store like any other") {
  for (const char* const encoding : {"UTF-16le", "UTF-16be"}) {
    const TemporaryDirectory directory;
    const auto path = directory / "host.db";
    Sql{path}("PRAGMA encoding = '" + std::string(encoding) + "'; CREATE TABLE customer (name)");
    const Ids sorted = {"a", "b", "\u0100", "\u0142", "\uFFFD", "\U0001F600"};
    {
      SqliteEventStorageAdapter events(sqlite::Database::open(path));
      for (const std::string& id : sorted) push(events, "STORE", new_event(id, 1, day_1));
      CHECK(all_pages(events, "STORE", {.limit = 1}) == sorted);
    }
    CHECK(Sql{path}.value("PRAGMA encoding") == encoding);
    CHECK(Sql{path}.value("SELECT timestamp FROM castore_readable_event LIMIT 1") ==
          "2022-01-01T00:00:00.000Z");

    const SqliteEventStorageAdapter events(sqlite::Database::open(path, {.read_only = true}));

    for (std::int64_t limit = 1; limit <= 7; ++limit) {
      CHECK(all_pages(events, "STORE", {.limit = limit}) == sorted);
      CHECK(all_pages(events, "STORE", {.limit = limit, .reverse = true}) ==
            Ids(sorted.rbegin(), sorted.rend()));
    }
    CHECK(versions(events, "STORE", "\u0142") == std::vector<Version>{1});
    CHECK(feed_of(events, {.aggregate_id = "\U0001F600"}).size() == 1);
    CHECK(events.list_event_stores().size() == 1);
  }
}

TEST_CASE("an event of a text in UTF-16 that is broken is malformed") {
  Sql host(":memory:");
  host("PRAGMA encoding = 'UTF-16le'");
  SqliteEventStorageAdapter events(sqlite::Database::on_connection(host.handle()));
  push(events, "STORE", new_event("a", 1, day_1));
  // Half a pair at the end, at the front, the wrong half, half a character.
  for (const char* const id : {"6100 00D8", "00D8 6200", "00DC", "00DC 00D8", "6300 64"}) {
    std::string hex(id);
    std::erase(hex, ' ');
    host(
        "INSERT INTO castore_event (event_store_id, aggregate_id, version, type, timestamp, "
        "payload) SELECT event_store_id, CAST(x'" +
        hex + "' AS TEXT), 1, CAST(x'00D8' AS TEXT), timestamp, CAST(x'" + hex +
        "' AS TEXT) FROM castore_event WHERE position = 1");
  }

  const auto list = [&] { static_cast<void>(events.list_aggregate_ids("STORE", {})); };
  const auto next_page = [&](std::int64_t after) {
    static_cast<void>(
        events.open_event_feed({.after = FeedCursor{.position = after}})->next_page());
  };
  CHECK(code_of(list) == "MalformedEvent");
  for (std::int64_t after = 1; after <= 5; ++after) {
    CHECK(code_of([&] { next_page(after); }) == "MalformedEvent");
  }
  push(events, "STORE", new_event("a", 2));
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1, 2});
}

}  // namespace
}  // namespace castore::testing
