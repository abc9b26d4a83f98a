// Memory that is short for a moment: each call throws or succeeds, and nobody waits for ever. A
// program of its own, since it replaces SQLite's allocator.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <array>
#include <atomic>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "sqlite/flaws.hpp"
#include "support/events.hpp"
#include "support/figures.hpp"
#include "support/memory.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

sqlite3_mem_methods sqlite_memory;

/// Before SQLite is used for the first time.
const bool sqlite_is_prepared = [] {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
  static sqlite3_mem_methods failing = sqlite_memory;
  failing.xMalloc = [](int size) -> void* {
    return allocation_fails() ? nullptr : sqlite_memory.xMalloc(size);
  };
  failing.xRealloc = [](void* memory, int size) -> void* {
    return allocation_fails() ? nullptr : sqlite_memory.xRealloc(memory, size);
  };
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK;
}();

/// Calls `action` with each number of an allocation that it has: one that fails, then ten in a row.
/// \returns how many it has
template <class Action>
long at_each_allocation(const Action& action) {
  long first = 1;
  while (!action(first, 1L)) ++first;
  constexpr long step = 3;
  for (long first_of_ten = 1; !action(first_of_ten, 10L); first_of_ten += step) {
  }
  return first;
}

TEST_CASE("opening a file with memory that is short throws or succeeds and can be repeated") {
  REQUIRE(sqlite_is_prepared);
  const TemporaryDirectory directory;
  int number = 0;
  const long most = at_each_allocation([&](long first, long count) {
    const fs::path path = directory / (std::to_string(++number) + ".db");
    std::shared_ptr<sqlite::Database> database;
    const bool done = survives(first, count, [&] {
      database = sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off});
    });
    if (!database) {
      database = sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off});
    }
    SqliteEventStorageAdapter events(database);
    push(events, "STORE", new_event("a", 1));
    CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
    database.reset();
    fs::remove(path);
    return done;
  });
  if (figures_wanted()) MESSAGE(most << " allocations");
}

TEST_CASE("pushing with memory that is short throws or stores and goes on afterwards") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  const auto database = sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off});
  std::size_t round = 0;
  const long most = at_each_allocation([&](long first, long count) {
    SqliteEventStorageAdapter events(database);
    const std::string store = "STORE" + std::to_string(++round);
    std::size_t acknowledged = 0;
    const auto event = [](Version version) { return new_event("a", version); };
    const bool done = survives(first, count, [&] {
      push(events, store, event(1));
      acknowledged = 1;
      push_group(events, {{&events, store, event(2)}, {&events, store, event(3)}});
      acknowledged = 3;
      {
        sqlite::Transaction transaction(*database);
        push(events, store, event(4));
        push(events, store, event(5));
        transaction.commit();
      }
      acknowledged = 5;
      push(events, store, event(5), {.force = true});
      try {
        push(events, store, event(3));
      } catch (const EventAlreadyExistsError&) {
      }
    });
    const auto stored = versions(events, store, "a");
    CHECK(stored.size() >= acknowledged);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      CHECK(stored[i] == static_cast<Version>(i) + 1);
    }
    const auto next = static_cast<Version>(stored.size()) + 1;
    push(events, store, event(next));
    CHECK(versions(events, store, "a").back() == next);
    return done;
  });
  CHECK(flaws(path) == "");
  if (figures_wanted()) MESSAGE(most << " allocations");
}

TEST_CASE("what failed inside a transaction is not committed however short memory is") {
  const TemporaryDirectory directory;
  int number = 0;
  at_each_allocation([&](long first, long count) {
    const fs::path path = directory / (std::to_string(++number) + ".db");
    const auto database = sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off});
    SqliteEventStorageAdapter events(database);
    push(events, "STORE", new_event("taken", 1));
    const bool done = survives(first, count, [&] {
      sqlite::Transaction transaction(*database);
      push(events, "STORE", new_event("a", 1));
      try {
        push_group(events, {{&events, "STORE", new_event("of the group", 1)},
                            {&events, "STORE", new_event("taken", 1)}});
      } catch (const Error&) {
      } catch (const std::bad_alloc&) {
      }
      transaction.commit();
    });
    CHECK(versions(events, "STORE", "of the group").empty());
    push(events, "STORE", new_event("afterwards", 1));
    fs::remove(path);
    return done;
  });
}

TEST_CASE("a reader that was short of memory once sees what is pushed afterwards") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  SqliteEventStorageAdapter writer(
      sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off}));
  push(writer, "STORE", new_event("a", 1));
  Version last = 1;
  at_each_allocation([&](long first, long count) {
    std::shared_ptr<sqlite::Database> database;
    const bool done = survives(first, count, [&] {
      database = sqlite::Database::open(path, {.read_only = true});
      const SqliteEventStorageAdapter events(database);
      const auto feed = events.open_event_feed({.order = FeedOrder::timestamp});
      static_cast<void>(feed->next_page());
    });
    if (database) {
      const SqliteEventStorageAdapter events(database);
      push(writer, "STORE", new_event("a", ++last));
      CHECK(static_cast<Version>(versions(events, "STORE", "a").size()) == last);
    }
    return done;
  });
}

TEST_CASE("reading with memory that is short throws or shows everything") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  bool crashed = false;
  SUBCASE("a file that is closed") {}
  SUBCASE("beside a writer") { crashed = true; }
  constexpr Version last = 40;
  auto writer = std::make_unique<SqliteEventStorageAdapter>(sqlite::Database::open(path));
  for (Version version = 1; version <= last; ++version) {
    push(*writer, "STORE",
         with_payload(new_event("a", version), '"' + std::string(300, 'x') + '"'));
  }
  if (!crashed) writer.reset();
  const long most = at_each_allocation([&](long first, long count) {
    std::size_t seen = 0;
    std::size_t fed = 0;
    std::size_t listed = 0;
    bool read_all = false;
    bool fed_all = false;
    const bool done = survives(first, count, [&] {
      const SqliteEventStorageAdapter events(sqlite::Database::open(path, {.read_only = true}));
      events.for_each_event("STORE", "a", {}, [&](const EventView& event) {
        if (event.payload) seen += event.payload->size() == 302 ? 1 : 0;
        return true;
      });
      read_all = true;
      const auto feed = events.open_event_feed({.order = FeedOrder::timestamp});
      for (auto page = feed->next_page(); !page.empty(); page = feed->next_page()) {
        fed += page.size();
      }
      fed_all = true;
      listed = events.list_aggregate_ids("STORE", {}).aggregate_ids.size();
    });
    if (read_all) CHECK(seen == static_cast<std::size_t>(last));
    if (fed_all) CHECK(fed == static_cast<std::size_t>(last));
    CHECK(listed <= 1);
    return done;
  });
  if (figures_wanted()) MESSAGE(most << " allocations");
}

TEST_CASE("a feed that was short of memory once goes on where it was") {
  const TemporaryDirectory directory;
  const auto database = sqlite::Database::open(directory / "store.db");
  SqliteEventStorageAdapter events(database);
  constexpr Version last = 40;
  {
    sqlite::Transaction transaction(*database);
    for (Version version = 1; version <= last; ++version) {
      auto event = new_event("a", version);
      event.timestamp = Timestamp(std::chrono::microseconds(version * 7 % last));
      push(events, "STORE", event);
    }
    transaction.commit();
  }
  FeedQuery query{.page_size = 15};
  SUBCASE("in the order of commit") {}
  SUBCASE("in the order of timestamps") { query.order = FeedOrder::timestamp; }
  SUBCASE("of an aggregate") { query.aggregate_id = "a"; }
  const auto read_all = [&](EventFeed& feed, std::vector<std::int64_t>& positions) {
    for (int calls = 0; calls < 20; ++calls) {
      try {
        const auto page = feed.next_page();
        if (page.empty()) return;
        for (const FeedEvent& event : page) positions.push_back(event.position);
      } catch (const Error&) {
      } catch (const std::bad_alloc&) {
      }
    }
  };
  std::vector<std::int64_t> expected;
  read_all(*events.open_event_feed(query), expected);
  CHECK(expected.size() == static_cast<std::size_t>(last));
  at_each_allocation([&](long first, long count) {
    const auto feed = events.open_event_feed(query);
    std::vector<std::int64_t> positions;
    positions.reserve(expected.size() * 20);
    fail_allocations(first, count);
    read_all(*feed, positions);
    const bool done = stop_failing_allocations() < first;
    CHECK(positions == expected);
    return done;
  });
}

TEST_CASE("six threads with memory that is short now and then all get their answers") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  const auto database = sqlite::Database::open(
      path, {.synchronous = sqlite::Synchronous::off, .busy_timeout = std::chrono::minutes{5}});
  SqliteEventStorageAdapter events(database);
  constexpr int thread_count = 6;
  const int rounds = number_from_environment("CASTORE_MEMORY_ROUNDS", 300);
  std::atomic<bool> stop{false};
  std::array<std::atomic<Version>, thread_count> acknowledged{};
  std::atomic<long> refused{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(thread_count);
    for (int t = 0; t < thread_count; ++t) {
      threads.emplace_back([&, t] {
        auto& mine = acknowledged.at(static_cast<std::size_t>(t));
        while (!stop) {
          const Version next = mine + 1;
          try {
            const std::string id = "an aggregate with a long name " + std::to_string(t);
            if (next % 3 == 0) {
              push_group(events, {{&events, "STORE", new_event(id, next)},
                                  {&events, "STORE", new_event(id, next + 1)}});
              mine = next + 1;
            } else if (next % 10 == 1) {
              sqlite::Transaction transaction(*database);
              push(events, "STORE", new_event(id, next));
              transaction.commit();
              mine = next;
            } else {
              push(events, "STORE", new_event(id, next));
              mine = next;
            }
            if (next % 7 == 0) {
              const auto seen = static_cast<Version>(versions(events, "STORE", id).size());
              if (seen < mine) throw std::logic_error("fewer events than acknowledged");
            }
          } catch (const EventAlreadyExistsError& error) {
            mine = error.current_version();  // stored, although what came after it failed
          } catch (const Error&) {
            ++refused;
          } catch (const std::bad_alloc&) {
            ++refused;
          }
        }
      });
    }
    std::mt19937 random(20261127);
    for (int round = 0; round < rounds; ++round) {
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
      fail_allocations(1 + static_cast<long>(random() % 200), round % 2 == 0 ? 1 : 10);
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
      stop_failing_allocations();
    }
    stop = true;
  }
  CHECK(refused > 0);
  for (int t = 0; t < thread_count; ++t) {
    const auto stored =
        versions(events, "STORE", "an aggregate with a long name " + std::to_string(t));
    CHECK(static_cast<Version>(stored.size()) >= acknowledged.at(static_cast<std::size_t>(t)));
    CHECK(stored.back() == static_cast<Version>(stored.size()));
  }
  if (figures_wanted()) MESSAGE(refused.load() << " calls failed");
}

}  // namespace
}  // namespace castore::testing
