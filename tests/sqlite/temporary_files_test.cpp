// What SQLite cannot do in memory it does in temporary files, on another disk than the database's.

#include <doctest/doctest.h>

#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "sqlite/flaws.hpp"
#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

const std::string failed = "a temporary file for putting events in order failed, not the database";

/// A file whose disk works, beside one for temporary files that need not.
struct TemporaryFiles {
  FaultyVfs disk;
  TemporaryDirectory directory;
  std::filesystem::path path = directory / "store.db";
  std::shared_ptr<sqlite::Database> database =
      sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off});
  SqliteEventStorageAdapter events{database};

  /// As many events of store S. \param aggregate_id, timestamp  of the i-th, in SQL
  void fill(int count, const std::string& aggregate_id, const std::string& timestamp) const {
    Sql sql(path);
    sql("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(count) +
        ") INSERT INTO castore_event(event_store_id, aggregate_id, version, type, timestamp) "
        "SELECT 'S', " +
        aggregate_id + ", i, 'T', " + timestamp + " FROM n");
  }

  /// Too many for the memory of a feed by timestamp, from the latest to the earliest.
  void fill_out_of_order(int count = many) const { fill(count, "'a'", "1640995200000000 - i"); }

  void plan(Failure failure, int first = 1, bool lasting = true) {
    disk.plan({.failure = failure, .first = first, .lasting = lasting, .files = Files::temporary});
  }

  static constexpr int many = 130'000;
};

void check_names_the_temporary_file(const std::optional<StorageError>& error, Failure failure) {
  REQUIRE(error);
  CHECK(error->code() == (failure == Failure::full ? ErrorCode::storage_full : ErrorCode::storage));
  CAPTURE(error->what());
  const std::string message = error->what();
  CHECK(message.find(failed) != std::string::npos);
#ifndef _WIN32
  CHECK(message.find("SQLITE_TMPDIR, TMPDIR, ") != std::string::npos);
#endif
  CHECK((message.find("there is no folder for it") != std::string::npos) ==
        (failure == Failure::io_error));
}

TEST_CASE_FIXTURE(TemporaryFiles, "a feed that has to sort names the temporary file that fails") {
  fill_out_of_order();
  const FeedQuery query{.order = FeedOrder::timestamp, .page_size = 100'000};
  for (const Failure failure : {Failure::io_error, Failure::short_write, Failure::full}) {
    plan(failure);
    const auto error = thrown<StorageError>(
        [&] { static_cast<void>(events.open_event_feed(query)->next_page()); });
    check_names_the_temporary_file(error, failure);
    CHECK(disk.failures() > 0);
  }
  disk.heal();
  const auto feed = events.open_event_feed(query);
  CHECK(feed->next_page()[0].position == many);
}

TEST_CASE_FIXTURE(TemporaryFiles, "a feed goes on where its temporary file could not be read") {
  fill_out_of_order();
  const auto feed = events.open_event_feed({.order = FeedOrder::timestamp, .page_size = 1'000'000});
  std::int64_t next = many;
  int failures = 0;
  for (;;) {
    if (failures < 2) plan(Failure::read_error, 2, false);
    std::span<const FeedEvent> page;
    const auto error = thrown<StorageError>([&] { page = feed->next_page(); });
    if (error) {
      ++failures;
      CHECK(std::string(error->what()).starts_with(failed));
      disk.heal();
      page = feed->next_page();
    }
    if (page.empty()) break;
    bool is_in_order = true;
    for (const FeedEvent& event : page) is_in_order = is_in_order && event.position == next--;
    CHECK(is_in_order);
  }
  CHECK(next == 0);
  CHECK(failures == 2);
}

/// Reads a feed of as many positions from the last to the first, healing the disk at an error and
/// asking on. \returns whether there was none
bool hands_out_everything_or_throws(FaultyVfs& disk, EventFeed& feed, std::int64_t count) {
  std::int64_t next = count;
  bool is_in_order = true;
  int errors = 0;
  constexpr int most_errors = 4;
  while (errors < most_errors) {
    std::span<const FeedEvent> page;
    const auto error = thrown<StorageError>([&] { page = feed.next_page(); });
    if (error) {
      CHECK(std::string(error->what()).starts_with(failed));
      disk.heal();
      ++errors;
      continue;
    }
    if (page.empty()) break;
    for (const FeedEvent& event : page) is_in_order = is_in_order && event.position == next--;
  }
  CHECK(is_in_order);
  CHECK((next == 0 || errors == most_errors));
  return errors == 0;
}

TEST_CASE_FIXTURE(TemporaryFiles,
                  "a feed whose temporary file could not be written hands out all or throws") {
  // A part of the positions is in the file, a part in SQLite's cache.
  constexpr int count = 250'000;
  fill_out_of_order(count);
  const FeedQuery query{.order = FeedOrder::timestamp, .page_size = 100'000};
  int opened = 0;
  int failures = 0;
  for (const Failure failure : {Failure::io_error, Failure::full}) {
    for (const bool before_it_is_opened : {true, false}) {
      for (const int first : {1, 200, 400}) {
        CAPTURE(static_cast<int>(failure));
        CAPTURE(before_it_is_opened);
        CAPTURE(first);
        std::unique_ptr<EventFeed> feed;
        if (before_it_is_opened) plan(failure, first);
        const auto error = thrown<StorageError>([&] { feed = events.open_event_feed(query); });
        if (!before_it_is_opened) plan(failure, first);
        if (feed) ++opened;
        if (feed && !hands_out_everything_or_throws(disk, *feed, count)) ++failures;
        disk.heal();
      }
    }
  }
  CHECK(opened > 0);
  CHECK(failures > 0);
}

TEST_CASE_FIXTURE(TemporaryFiles, "whoever counts aggregates names the temporary file that fails") {
  constexpr int aggregates = 20'000;
  fill(aggregates, "printf('%0150d', i)", "1640995200000000");
  for (const Failure failure : {Failure::io_error, Failure::short_write, Failure::full}) {
    plan(failure);
    const auto error = thrown<StorageError>([&] { static_cast<void>(events.list_event_stores()); });
    check_names_the_temporary_file(error, failure);
    CHECK(std::string(error->what()).starts_with(path.string() + ": a temporary file"));
    CHECK(disk.failures() > 0);
  }
  disk.heal();
  CHECK(events.list_event_stores().at(0).aggregate_count == aggregates);
}

TEST_CASE_FIXTURE(TemporaryFiles, "pushing needs no temporary file") {
  constexpr int aggregates = 2'000;
  const std::string filler(100, 'x');
  const auto id = [&](int i) { return std::to_string(i * 7919 % aggregates) + filler; };
  const auto push_all = [&](Version version) {
    for (int i = 0; i < aggregates; ++i) {
      push(events, "S", new_event(id(i), version, at("2022-01-01T00:00:00Z")));
    }
  };
  sqlite::Transaction first(*database);
  push_all(1);
  first.commit();

  plan(Failure::io_error);
  sqlite::Transaction outer(*database);
  {
    sqlite::Transaction rolled_back(*database);
    push_all(2);
  }
  sqlite::Transaction inner(*database);
  push_all(2);
  CHECK(events.list_event_stores().at(0).event_count == 2 * aggregates);
  inner.commit();
  outer.commit();
  CHECK(disk.failures() == 0);
  CHECK(flaws(path) == "");
}

}  // namespace
}  // namespace castore::testing
