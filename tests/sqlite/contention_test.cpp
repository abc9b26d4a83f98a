// Many writers on one file: each gets its turn, or is told in time. POSIX only.

#ifndef _WIN32

#include <doctest/doctest.h>

#include <algorithm>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sqlite/flaws.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/figures.hpp"
#include "support/processes.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int process_count = 8;
constexpr int threads_per_process = 8;
constexpr int aggregate_count = 10;

/// What one thread of a child has met.
struct Account {
  int pushed = 0;
  int conflicts = 0;
  int busy = 0;
  int other_errors = 0;
  std::int64_t most_overtaken =
      0;  ///< by that many events of others, from beginning to end of a push
  steady_clock::duration longest{};
};

/// So long that a disk that stands still for a moment, on a machine that has more to do, is no
/// failure: that nobody waits too long is seen by how many get their turn before.
constexpr std::chrono::minutes patience{2};

/// Reads the aggregate, decides, pushes, and does so again after a lost race.
void push_next(SqliteEventStorageAdapter& events, const std::string& id, Account& account) {
  const auto newest_position = [&] { return events.database()->info().last_position; };
  for (bool lost = true; lost;) {
    const auto newest = versions(events, "STORE", id, {.limit = 1, .reverse = true});
    const Version next = newest.empty() ? 1 : newest.front() + 1;
    const std::int64_t before = newest_position();
    const auto start = steady_clock::now();
    lost = false;
    try {
      push(events, "STORE", new_event(id, next));
      ++account.pushed;
    } catch (const EventAlreadyExistsError&) {
      ++account.conflicts;
      lost = true;
    } catch (const StorageBusyError&) {
      ++account.busy;
    }
    account.longest = std::max(account.longest, steady_clock::now() - start);
    account.most_overtaken = std::max(account.most_overtaken, newest_position() - before - 1);
  }
}

struct Load {
  sqlite::Synchronous synchronous;
  int pushes_per_thread;
};

void push_in_threads(const fs::path& path, const Load& load, const Pipe<Account>& pipe) {
  const auto database =
      sqlite::Database::open(path, {.synchronous = load.synchronous, .busy_timeout = patience});
  std::vector<std::jthread> threads;
  threads.reserve(threads_per_process);
  for (int i = 0; i < threads_per_process; ++i) {
    threads.emplace_back([&, i] {
      SqliteEventStorageAdapter events(database);
      Account account;
      try {
        for (int n = 0; n < load.pushes_per_thread; ++n) {
          push_next(events, "aggregate-" + std::to_string((n + i) % aggregate_count), account);
        }
      } catch (...) {
        ++account.other_errors;
      }
      pipe.send(account);
    });
  }
}

Account sum(const Pipe<Account>& pipe) {
  Account sum;
  for (Account account; pipe.receive(account);) {
    sum.pushed += account.pushed;
    sum.conflicts += account.conflicts;
    sum.busy += account.busy;
    sum.other_errors += account.other_errors;
    sum.most_overtaken = std::max(sum.most_overtaken, account.most_overtaken);
    sum.longest = std::max(sum.longest, account.longest);
  }
  return sum;
}

TEST_CASE("threads of many processes get each version once and nobody waits too long") {
  Load load{};
  SUBCASE("without syncs") { load = {sqlite::Synchronous::off, 100}; }
  SUBCASE("with syncs") { load = {sqlite::Synchronous::full, 40}; }
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  static_cast<void>(sqlite::Database::open(path));
  Pipe<Account> pipe;

  const int succeeded =
      in_processes(process_count, [&](int) { push_in_threads(path, load, pipe); });

  pipe.close_sending();
  const Account all = sum(pipe);
  CHECK(succeeded == process_count);
  CHECK(all.pushed == process_count * threads_per_process * load.pushes_per_thread);
  CHECK(all.busy == 0);
  CHECK(all.other_errors == 0);
  CHECK(all.most_overtaken < all.pushed / 2);
  CHECK(Sql{path}.value("SELECT count(*) FROM castore_event") == std::to_string(all.pushed));
  CHECK(flaws(path) == "");
  if (figures_wanted()) {
    const auto longest = std::chrono::duration_cast<milliseconds>(all.longest).count();
    MESSAGE(all.pushed << " pushed, " << all.conflicts << " conflicts, longest " << longest
                       << " ms, overtaken by " << all.most_overtaken);
  }
}

/// A process that keeps the write lock of a file until it is told to commit.
class Holder {
 public:
  explicit Holder(const fs::path& path)
      : child_(start_process([&] {
          commit_.close_sending();
          const auto database = sqlite::Database::open(path);
          SqliteEventStorageAdapter events(database);
          sqlite::Transaction transaction(*database);
          push(events, "STORE", new_event("holder", 1));
          holds_.send('!');
          char ignored{};
          commit_.receive(ignored);
          transaction.commit();
        })) {
    holds_.close_sending();
    char ignored{};
    holds_.receive(ignored);
  }
  [[nodiscard]] bool commit() {
    commit_.close_sending();
    return ended_well(child_);
  }

 private:
  Pipe<char> holds_;
  Pipe<char> commit_;
  pid_t child_;
};

constexpr milliseconds short_timeout{100};

/// How long a push takes to fail; nothing if it fails otherwise, or not at all.
std::optional<milliseconds> busy_after(EventStorageAdapter& events, const NewEventDetail& event) {
  const auto start = steady_clock::now();
  if (!thrown<StorageBusyError>([&] { push(events, "STORE", event); })) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
}

/// Later than this only where the machine is busy with something else.
bool is_about_the_timeout(milliseconds waited) {
  return waited >= short_timeout - milliseconds{10} && waited < short_timeout * 15;
}

TEST_CASE("who waits too long for another process is told in time and can push afterwards") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  Holder holder(path);
  SqliteEventStorageAdapter events(sqlite::Database::open(path, {.busy_timeout = short_timeout}));

  const auto waited = busy_after(events, new_event("loser", 1));

  REQUIRE(waited);
  CHECK(is_about_the_timeout(*waited));
  CHECK(versions(events, "STORE", "holder").empty());
  CHECK(holder.commit());
  push(events, "STORE", new_event("loser", 1));
  CHECK(versions(events, "STORE", "holder") == std::vector<Version>{1});
  CHECK(flaws(path) == "");
}

TEST_CASE("who waits too long for another thread is told in time and can push afterwards") {
  const TemporaryDirectory directory;
  const auto database =
      sqlite::Database::open(directory / "store.db", {.busy_timeout = short_timeout});
  SqliteEventStorageAdapter events(database);
  std::optional<milliseconds> waited;
  {
    sqlite::Transaction transaction(*database);
    push(events, "STORE", new_event("holder", 1));
    waited = std::async(std::launch::async, [&] {
               return busy_after(events, new_event("loser", 1));
             }).get();
    transaction.commit();
  }

  REQUIRE(waited);
  CHECK(is_about_the_timeout(*waited));
  push(events, "STORE", new_event("loser", 1));
  CHECK(versions(events, "STORE", "holder") == std::vector<Version>{1});
}

}  // namespace
}  // namespace castore::testing

#endif
