// A process that is killed at any moment keeps what it has acknowledged. POSIX only.

#ifndef _WIN32

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "sqlite/flaws.hpp"
#include "support/events.hpp"
#include "support/figures.hpp"
#include "support/processes.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;

constexpr int rounds_per_file = 20;
constexpr int threads_of_child = 4;

// --- Units: what is stored as a whole, told by its payloads -------------------------------------

/// The `index`-th of the `size` events of a unit: a small one, or one of several pages.
std::string unit_payload(const std::string& unit, int size, int index) {
  const std::size_t number = std::hash<std::string>{}(unit) + static_cast<std::size_t>(index);
  const std::size_t longest = number % 16 == 0 ? 12000 : 600;
  return R"({"unit":")" + unit + R"(","size":)" + std::to_string(size) + R"(,"index":)" +
         std::to_string(index) + R"(,"filler":")" + std::string(number / 16 % longest, 'x') + "\"}";
}

struct Unit {
  std::string name;
  int size = 0;
  int index = 0;
};

Unit unit_of(const std::string& payload) {
  std::array<char, 64> name{};
  Unit unit;
  if (std::sscanf(payload.c_str(), R"({"unit":"%63[^"]","size":%d,"index":%d)", name.data(),
                  &unit.size, &unit.index) == 3) {
    unit.name = name.data();
  }
  return unit;
}

// --- The child ----------------------------------------------------------------------------------

struct Record {
  enum class Kind { acknowledged, refused, unexpected };
  Kind kind{};
  std::array<char, 96> text{};
};

Record make_record(Record::Kind kind, std::string_view text) {
  Record record{.kind = kind};
  text.substr(0, record.text.size() - 1).copy(record.text.data(), record.text.size());
  return record;
}

/// One thread of the child: pushes until it is killed. It shares one aggregate with the others.
class Pusher {
 public:
  Pusher(std::shared_ptr<sqlite::Database> database, const Pipe<Record>& pipe, int round,
         int thread, unsigned seed)
      : events_(std::move(database)),
        pipe_(pipe),
        round_("round-" + std::to_string(round) + "-thread-" + std::to_string(thread)),
        thread_("thread-" + std::to_string(thread)),
        random_(seed) {}

  void run() {
    for (int count = 0;; ++count) {
      const std::string unit = round_ + '-' + std::to_string(count);
      try {
        push_unit(unit);
        report(Record::Kind::acknowledged, unit);
      } catch (const EventAlreadyExistsError&) {
        next_.clear();
        report(Record::Kind::refused, unit);
      } catch (const std::exception& error) {
        report(Record::Kind::unexpected, error.what());
        _exit(2);
      }
    }
  }

 private:
  static constexpr std::array stores{"POKEMONS", "TRAINERS", "BADGES"};

  void report(Record::Kind kind, std::string_view text) { pipe_.send(make_record(kind, text)); }

  unsigned random(unsigned below) { return static_cast<unsigned>(random_() % below); }

  void push_unit(const std::string& unit) {
    const unsigned kind = random(8);
    if (kind < 2) return push_group_of(unit, 2 + static_cast<int>(random(6)));
    if (kind < 3) return push_in_transaction(unit, 1 + static_cast<int>(random(5)));
    const char* const store = stores.at(random(3));
    const std::string id = kind < 5 ? "shared" : own_aggregate();
    push(events_, store, next_event(store, id, unit_payload(unit, 1, 0)));
  }

  void push_group_of(const std::string& unit, int size) {
    std::vector<Grouped> group;
    for (int i = 0; i < size; ++i) {
      const char* const store = stores.at(random(3));
      group.push_back(
          {&events_, store, next_event(store, own_aggregate(), unit_payload(unit, size, i))});
    }
    push_group(events_, group);
  }

  void push_in_transaction(const std::string& unit, int size) {
    sqlite::Transaction transaction(*events_.database());
    for (int i = 0; i < size; ++i) {
      const char* const store = stores.at(random(3));
      push(events_, store, next_event(store, own_aggregate(), unit_payload(unit, size, i)));
    }
    transaction.commit();
  }

  std::string own_aggregate() { return thread_ + '-' + std::to_string(random(3)); }

  NewEventDetail next_event(const char* store, const std::string& id, std::string payload) {
    const auto [next, unknown] = next_.try_emplace({store, id}, 1);
    if (unknown) {
      const auto newest = versions(events_, store, id, {.limit = 1, .reverse = true});
      if (!newest.empty()) next->second = newest.front() + 1;
    }
    return with_payload(new_event(id, next->second++), std::move(payload));
  }

  SqliteEventStorageAdapter events_;
  const Pipe<Record>& pipe_;
  std::string round_;
  std::string thread_;
  std::minstd_rand random_;
  std::map<std::pair<std::string, std::string>, Version> next_;
};

void push_until_killed(const fs::path& path, sqlite::Synchronous synchronous,
                       const Pipe<Record>& pipe, int round, unsigned seed) {
  const auto database = sqlite::Database::open(path, {.synchronous = synchronous});
  std::vector<std::jthread> threads;
  threads.reserve(threads_of_child);
  for (int i = 0; i < threads_of_child; ++i) {
    threads.emplace_back(
        [&, i] { Pusher(database, pipe, round, i, seed + static_cast<unsigned>(i)).run(); });
  }
}

// --- The parent ---------------------------------------------------------------------------------

/// What the children on one file have reported.
struct Ledger {
  std::set<std::string> acknowledged;
  std::set<std::string> refused;
  std::string unexpected;

  void add(const Record& record) {
    const std::string text = record.text.data();
    if (record.kind == Record::Kind::acknowledged) acknowledged.insert(text);
    if (record.kind == Record::Kind::refused) refused.insert(text);
    if (record.kind == Record::Kind::unexpected) unexpected += text + '\n';
  }
};

/// Mostly without syncs, which a kill needs as little as it needs the disk's patience.
sqlite::Synchronous synchronous_in(int round) {
  if (round % 5 == 0) return sqlite::Synchronous::full;
  return round % 5 == 1 ? sqlite::Synchronous::normal : sqlite::Synchronous::off;
}

struct Round {
  fs::path path;
  sqlite::Synchronous synchronous;
  int number;
  unsigned seed;
};

/// Lets a child push, kills it, and notes what it has reported.
void push_and_kill(const Round& round, Ledger& ledger) {
  std::minstd_rand random(round.seed);
  const bool from_the_start = random() % 3 == 0;  // else from the first push on
  const microseconds life(random() % 25000);

  Pipe<Record> pipe;
  const pid_t child = start_process(
      [&] { push_until_killed(round.path, round.synchronous, pipe, round.number, round.seed); });
  REQUIRE(child > 0);
  pipe.close_sending();
  Record record;
  if (!from_the_start && pipe.receive(record)) ledger.add(record);
  {
    // A full pipe would hold the child up.
    const std::jthread drain([&] {
      while (pipe.receive(record)) ledger.add(record);
    });
    std::this_thread::sleep_for(life);
    kill(child, SIGKILL);
  }
  waitpid(child, nullptr, 0);
}

/// Every event of the file by its unit: payloads and versions are checked on the way.
std::map<std::string, Unit> read_units(const EventStorageAdapter& events) {
  std::map<std::string, Unit> units;
  int wrong = 0;
  for (const EventStoreSummary& store : events.list_event_stores()) {
    for (const std::string& id : ids(events.list_aggregate_ids(store.event_store_id, {}))) {
      Version version = 0;
      events.for_each_event(store.event_store_id, id, {}, [&](const EventView& event) {
        const std::string payload(event.payload.value_or(""));
        const Unit unit = unit_of(payload);
        if (event.version != ++version || payload != unit_payload(unit.name, unit.size, unit.index))
          ++wrong;
        ++units.try_emplace(unit.name, Unit{.name = unit.name, .size = unit.size})
              .first->second.index;
        return true;
      });
    }
  }
  CHECK(wrong == 0);
  return units;
}

void check_file(const fs::path& path, const Ledger& ledger, int round) {
  SqliteEventStorageAdapter events(
      sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off}));
  const auto units = read_units(events);
  std::string lost;
  std::string half;
  std::string refused;
  for (const std::string& name : ledger.acknowledged) {
    if (!units.contains(name)) lost += name + ' ';
  }
  for (const auto& [name, unit] : units) {
    if (unit.index != unit.size) half += name + ' ';
    if (ledger.refused.contains(name)) refused += name + ' ';
  }
  CHECK(lost == "");
  CHECK(half == "");
  CHECK(refused == "");
  push(events, "AFTER",
       with_payload(new_event(std::to_string(round), 1),
                    unit_payload("after-" + std::to_string(round), 1, 0)));
  CHECK(flaws(path) == "");
}

/// The files as the kill has left them. What is checked is repaired: the next child is to find them
/// as they are.
fs::path copy_of(const fs::path& path, const fs::path& folder) {
  fs::path copy = folder / "copy.db";
  fs::remove(copy.string() + "-shm");
  for (const char* const suffix : {"", "-wal"}) {
    const fs::path file = path.string() + suffix;
    fs::remove(copy.string() + suffix);
    if (fs::exists(file)) fs::copy_file(file, copy.string() + suffix);
  }
  return copy;
}

TEST_CASE("a process that is killed at any moment has stored all it acknowledged and no halves") {
  const int rounds = number_from_environment("CASTORE_CRASH_ROUNDS", 200);
  const auto seed = static_cast<unsigned>(
      number_from_environment("CASTORE_CRASH_SEED", static_cast<int>(std::random_device{}() >> 1)));
  CAPTURE(seed);
  std::size_t acknowledged = 0;
  std::size_t refused = 0;
  for (int first = 0; first < rounds; first += rounds_per_file) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "store.db";
    Ledger ledger;
    for (int round = first; round < std::min(first + rounds_per_file, rounds); ++round) {
      CAPTURE(round);
      push_and_kill({.path = path,
                     .synchronous = synchronous_in(round),
                     .number = round,
                     .seed = seed + static_cast<unsigned>(round) * threads_of_child},
                    ledger);
      REQUIRE(ledger.unexpected == "");
      check_file(round % 2 == 0 ? copy_of(path, directory.path()) : path, ledger, round);
    }
    acknowledged += ledger.acknowledged.size();
    refused += ledger.refused.size();
  }
  if (figures_wanted()) {
    MESSAGE(rounds << " rounds, " << acknowledged << " acknowledged, " << refused << " refused");
  }
}

}  // namespace
}  // namespace castore::testing

#endif
