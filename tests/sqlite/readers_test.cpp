// How many read at once, and what they leave behind.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/figures.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// How many files this process has open whose names begin with `path`.
int open_files(const fs::path& path) {
  int count = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", error)) {
    const auto target = fs::read_symlink(entry.path(), error).string();
    if (target.starts_with(path.string())) ++count;
  }
  return count;
}

TEST_CASE("many threads read on few connections") {
  for (const bool read_only : {false, true}) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "store.db";
    SqliteEventStorageAdapter writer(sqlite::Database::open(path));
    push(writer, "STORE", new_event("a", 1));
    const SqliteEventStorageAdapter events(sqlite::Database::open(
        path, {.read_only = read_only, .busy_timeout = std::chrono::seconds{60}}));
    constexpr int thread_count = 200;
    std::atomic<int> most{0};
    std::atomic<int> failed{0};
    {
      std::latch all(thread_count);
      std::vector<std::jthread> threads;
      for (int i = 0; i < thread_count; ++i) {
        threads.emplace_back([&, i] {
          all.arrive_and_wait();
          for (int n = 0; n < 5; ++n) {
            if (versions(events, "STORE", "a").size() != 1) ++failed;
          }
          if (i % 20 == 0) most = std::max<int>(most, open_files(fs::canonical(path)));
        });
      }
    }
    CHECK(failed == 0);
    CHECK(most.load() <= 2 * 16 + 20);
    CHECK(open_files(fs::canonical(path)) <= 16 + 20);
  }
}

/// A reading of an aggregate of one event, on a thread of its own, that has begun and goes on.
class LastingReading {
 public:
  explicit LastingReading(const EventStorageAdapter& events)
      : reader_([this, &events] {
          events.for_each_event("STORE", "a", {}, [&](const EventView&) {
            began_.count_down();
            may_end_.wait();
            return true;
          });
        }) {
    began_.wait();
  }

  void end() { may_end_.count_down(); }

 private:
  std::latch began_{1};
  std::latch may_end_{1};
  std::jthread reader_;
};

TEST_CASE("who finds no connection to read with waits for one until the busy timeout") {
  const TemporaryDirectory directory;
  SqliteEventStorageAdapter events(sqlite::Database::open(
      directory / "store.db", {.busy_timeout = milliseconds{200}, .max_readers = 1}));
  push(events, "STORE", new_event("a", 1));
  LastingReading reading(events);

  CHECK(code_of([&] { static_cast<void>(versions(events, "STORE", "a")); }) == "StorageBusy");
  push(events, "STORE", new_event("a", 2));  // no reader is in a writer's way
  std::jthread waiting([&] {
    const auto seen = versions(events, "STORE", "a");
    CHECK(seen == std::vector<Version>{1, 2});
  });
  std::this_thread::sleep_for(milliseconds{50});
  reading.end();
}

TEST_CASE("a visitor that reads is not kept waiting by its own reading") {
  const TemporaryDirectory directory;
  SqliteEventStorageAdapter events(sqlite::Database::open(
      directory / "store.db", {.busy_timeout = milliseconds{200}, .max_readers = 1}));
  push(events, "STORE", new_event("a", 1));
  int nested = 0;

  events.for_each_event("STORE", "a", {}, [&](const EventView&) {
    nested = static_cast<int>(versions(events, "STORE", "a").size());
    return true;
  });

  CHECK(nested == 1);
}

TEST_CASE("the log stays small while threads read without pause") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  SqliteEventStorageAdapter events(
      sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off}));
  const std::string payload = '"' + std::string(2000, 'x') + '"';
  for (Version version = 1; version <= 50; ++version) {
    push(events, "STORE", with_payload(new_event("read", version), payload));
  }
  std::atomic<bool> stop{false};
  std::uintmax_t longest = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        while (!stop) static_cast<void>(versions(events, "STORE", "read"));
      });
    }
    // Each takes about five pages of the log: together some 200 MB.
    for (Version version = 1; version <= 10'000; ++version) {
      push(events, "STORE", with_payload(new_event("written", version), payload));
      if (version % 100 == 0) {
        longest = std::max(longest, fs::file_size(directory / "store.db-wal"));
      }
    }
    stop = true;
  }
  constexpr std::uintmax_t bound = 40U << 20U;
  CHECK(longest < bound);
  if (figures_wanted()) MESSAGE("longest -wal: " << longest / 1024 << " KiB");
}

TEST_CASE("a reading that lasts keeps nobody from writing") {
  const TemporaryDirectory directory;
  SqliteEventStorageAdapter events(
      sqlite::Database::open(directory / "store.db", {.synchronous = sqlite::Synchronous::off}));
  push(events, "STORE", new_event("a", 1));
  const std::string payload = '"' + std::string(30'000, 'x') + '"';
  const auto began = std::chrono::steady_clock::now();

  events.for_each_event("STORE", "a", {}, [&](const EventView&) {
    for (Version version = 1; version <= 1000; ++version) {  // 30 MB of log
      push(events, "STORE", with_payload(new_event("b", version), payload));
    }
    return true;
  });
  LastingReading reading(events);
  for (Version version = 1001; version <= 2000; ++version) {
    push(events, "STORE", with_payload(new_event("b", version), payload));
  }
  reading.end();

  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{20});
  CHECK(versions(events, "STORE", "b").size() == 2000);
}

TEST_CASE("whether anything was committed is told to a writer as well") {
  const TemporaryDirectory directory;
  for (const fs::path& path : {directory / "store.db", fs::path(":memory:")}) {
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    auto told = events.database()->data_version();
    CHECK(events.database()->data_version() == told);
    const auto moved = [&] {
      const auto before = std::exchange(told, events.database()->data_version());
      return told != before;
    };
    for (Version version = 1; version <= 3; ++version) {
      push(events, "STORE", new_event("a", version));
      CHECK(moved());
      CHECK_FALSE(moved());
    }
    static_cast<void>(versions(events, "STORE", "a"));
    CHECK_FALSE(moved());
    push(events, "STORE", with_payload(new_event("a", 3), "{}"), {.force = true});
    CHECK(moved());
  }
}

}  // namespace
}  // namespace castore::testing
