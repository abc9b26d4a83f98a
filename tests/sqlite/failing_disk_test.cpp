// Whatever operation of the disk fails: a typed error, nothing lost, nothing half, and on it goes.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "pokemon/commands.hpp"
#include "pokemon/pokemon.hpp"
#include "sqlite/fixtures.hpp"
#include "sqlite/flaws.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/faulty_vfs.hpp"
#include "support/figures.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

/// Events by "STORE/aggregate/version", with their payloads.
using Contents = std::map<std::string, std::string>;

std::string key(const std::string& store, const std::string& id, Version version) {
  return store + '/' + id + '/' + std::to_string(version);
}

Contents contents_of(const EventStorageAdapter& events) {
  Contents contents;
  for (const EventStoreSummary& store : events.list_event_stores()) {
    for (const std::string& id : all_pages(events, store.event_store_id, {.limit = 2})) {
      for (const EventDetail& event : read(events, store.event_store_id, id)) {
        contents[key(store.event_store_id, id, event.version)] = event.payload.value_or("");
      }
    }
  }
  return contents;
}

Contents contents_of(const fs::path& path) {
  return contents_of(SqliteEventStorageAdapter(sqlite::Database::open(path)));
}

void copy_database(const fs::path& from, const fs::path& to) {
  for (const char* const suffix : {"", "-wal"}) {
    const fs::path file = from.string() + suffix;
    if (fs::exists(file)) fs::copy_file(file, to.string() + suffix);
  }
}

std::string name_of(Failure failure) {
  switch (failure) {
    case Failure::io_error:
      return "I/O error";
    case Failure::read_error:
      return "read error";
    case Failure::sync_error:
      return "sync error";
    case Failure::short_write:
      return "short write";
    case Failure::full:
      return "full";
    case Failure::busy:
      return "busy";
  }
  return "";
}

bool fits(ErrorCode code, Failure failure) {
  switch (failure) {
    case Failure::full:
      return code == ErrorCode::storage_full;
    case Failure::busy:
      return code == ErrorCode::storage_busy;
    default:
      return code == ErrorCode::storage;
  }
}

/// A commit may fail so that it is found later, if it was written.
bool leaves_open_outcome(Failure failure) {
  return failure == Failure::io_error || failure == Failure::sync_error ||
         failure == Failure::short_write;
}

/// A program's dealings with one file on a disk that fails somewhere. It notes what it was told is
/// stored, and checks that.
class Scenario {
 public:
  Scenario(const fs::path& start, FaultyVfs& disk, const Fault& fault)
      : disk_(disk), fault_(fault) {
    disk_.heal();
    if (!start.empty()) {
      copy_database(start, path_);
      copy_database(start, directory_ / "seen.db");
      stored_ = contents_of(directory_ / "seen.db");  // which upgrades it
    }
    disk_.plan(fault);
  }

  /// Everything a program does.
  void run() {
    open();
    push_one("POKEMONS", "pikachu", "1");
    push_one("POKEMONS", "pikachu", '"' + std::string(10000, 'x') + '"');
    push_one_twice("POKEMONS", "pikachu");
    push_group_of_four();
    push_in_transaction(true);
    push_in_transaction(false);
    overwrite("POKEMONS", "pikachu");
    look();
    reopen();
    push_one("POKEMONS", "pikachu", "2");
    look();
  }

  /// Where opening is the interesting part, or the first push.
  void run_briefly() {
    open();
    push_one("POKEMONS", "pikachu", "1");
    push_one("POKEMONS", "pikachu", "2");
    look();
    reopen();
    look();
  }

  /// The disk works again, and so does the same `Database`.
  void recover() {
    disk_.heal();
    healed_ = true;
    push_one("POKEMONS", "pikachu", "3");
    push_group_of_four();
    look();
    reopen();
    look();
    events_.reset();
    CHECK(flaws(path_) == "");
  }

  /// How often a failed push would have been there, had the program crashed right after it.
  [[nodiscard]] int reappearing() const { return reappearing_; }

 private:
  /// \returns whether `call`, which commits nothing, succeeded; it may fail only as the disk does
  template <class Call>
  bool attempt(Call&& call) {
    const std::optional<ErrorCode> failure = failure_of(call);
    if (failure) CHECK(fits(*failure, fault_.failure));
    return !failure;
  }

  template <class Call>
  std::optional<ErrorCode> failure_of(Call&& call) {
    const bool works = healed_ || (!fault_.lasting && disk_.failures() > 0);
    try {
      call();
      return std::nullopt;
    } catch (const StorageError& error) {
      CAPTURE(std::string(error.what()));
      CHECK_FALSE(works);
      CHECK(disk_.failures() > 0);
      return error.code();
    }
  }

  /// A push of `unit`, whatever it consists of.
  template <class Call>
  void attempt_to_store(const Contents& unit, Call&& call) {
    const std::optional<ErrorCode> failure = failure_of(call);
    if (!failure) {
      stored_ = stored_and(unit);
      in_doubt_.clear();
      return;
    }
    if (failure == ErrorCode::outcome_unknown) {
      CHECK(leaves_open_outcome(fault_.failure));
      in_doubt_.push_back(unit);
    } else {
      CHECK(fits(*failure, fault_.failure));
    }
    if (!fault_.lasting) look_at_crash();
  }

  [[nodiscard]] Contents stored_and(const Contents& unit) const {
    Contents contents = stored_;
    for (const auto& [where, payload] : unit) contents[where] = payload;
    return contents;
  }

  void open() {
    const auto call = [&] {
      events_ = std::make_unique<SqliteEventStorageAdapter>(
          sqlite::Database::open(path_, {.busy_timeout = std::chrono::milliseconds{4}}));
    };
    if (attempt(call)) return;
    if (fault_.lasting) {
      disk_.heal();
      healed_ = true;
    }
    REQUIRE(attempt(call));
  }

  void reopen() {
    const bool closes_well = disk_.failures() == 0 || !fault_.lasting || healed_;
    events_.reset();
    open();
    // What could not be checkpointed is recovered as after a crash.
    if (!closes_well) stored_ = settle(contents_of(*events_));
    in_doubt_.clear();
  }

  Version next_version(const Contents& contents, const std::string& store, const std::string& id) {
    Version version = 1;
    while (contents.contains(key(store, id, version))) ++version;
    return version;
  }

  void push_one(const std::string& store, const std::string& id, const std::string& payload) {
    const Version version = next_version(stored_, store, id);
    attempt_to_store({{key(store, id, version), payload}},
                     [&] { push(*events_, store, with_payload(new_event(id, version), payload)); });
  }

  void push_one_twice(const std::string& store, const std::string& id) {
    if (!stored_.contains(key(store, id, 1))) return;
    attempt([&] {
      try {
        push(*events_, store, with_payload(new_event(id, 1), "\"again\""));
        FAIL_CHECK("a version was taken twice");
      } catch (const EventAlreadyExistsError&) {
      }
    });
  }

  void push_group_of_four() {
    Contents unit;
    std::vector<Grouped> group;
    for (const char* const store : {"POKEMONS", "TRAINERS", "POKEMONS", "BADGES"}) {
      const Version version = next_version(stored_and(unit), store, "grouped");
      const std::string payload = '"' + std::string(1500, *store) + '"';
      unit[key(store, "grouped", version)] = payload;
      group.push_back({events_.get(), store, with_payload(new_event("grouped", version), payload)});
    }
    attempt_to_store(unit, [&] { push_group(*events_, group); });
  }

  void push_in_transaction(bool commit) {
    std::optional<sqlite::Transaction> transaction;
    if (!attempt([&] { transaction.emplace(*events_->database()); })) return;
    Contents unit;
    for (int i = 0; i < 3; ++i) {
      const std::string id = "joined-" + std::to_string(i % 2);
      const Version version = next_version(stored_and(unit), "POKEMONS", id);
      if (attempt([&] {
            push(*events_, "POKEMONS", with_payload(new_event(id, version), std::to_string(i)));
          })) {
        unit[key("POKEMONS", id, version)] = std::to_string(i);
      }
    }
    if (commit) attempt_to_store(unit, [&] { transaction->commit(); });
  }

  void overwrite(const std::string& store, const std::string& id) {
    if (!stored_.contains(key(store, id, 1))) return;
    attempt_to_store({{key(store, id, 1), "\"overwritten\""}}, [&] {
      push(*events_, store, with_payload(new_event(id, 1), "\"overwritten\""), {.force = true});
    });
  }

  /// What can be read is the truth.
  void look() {
    Contents found;
    if (attempt([&] { found = contents_of(*events_); })) CHECK(found == stored_);
  }

  /// Right after a failed push, the file is as before, or as after it: never between.
  void look_at_crash() {
    const fs::path image = directory_ / ("crash-" + std::to_string(++crashes_) + ".db");
    copy_database(path_, image);
    static_cast<void>(settle(contents_of(image)));
  }

  /// After a crash, a push of unknown outcome may be there: whole, and no earlier than it.
  /// \returns what is stored then
  Contents settle(const Contents& found) {
    if (found == stored_) return found;
    CHECK(std::any_of(in_doubt_.begin(), in_doubt_.end(),
                      [&](const Contents& unit) { return found == stored_and(unit); }));
    ++reappearing_;
    return found;
  }

  TemporaryDirectory directory_;
  fs::path path_ = directory_ / "store.db";
  FaultyVfs& disk_;
  Fault fault_;
  bool healed_ = false;
  std::unique_ptr<SqliteEventStorageAdapter> events_;
  Contents stored_;
  std::vector<Contents> in_doubt_;  ///< since something was stored
  int crashes_ = 0;
  int reappearing_ = 0;
};

struct Counts {
  int runs = 0;
  int reappearing = 0;
};

/// A file, or none, and what is done with it.
struct Plot {
  fs::path start;
  void (Scenario::*run)();
};

/// Fails the first operation, the second, … to the last of the plot.
Counts fail_each(const Plot& plot, FaultyVfs& disk, Failure failure, bool lasting) {
  Counts counts;
  const std::string kind = name_of(failure) + (lasting ? " lasting" : " once");
  CAPTURE(kind);
  for (;;) {
    const int first = counts.runs + 1;
    CAPTURE(first);
    Scenario scenario(plot.start, disk, {.failure = failure, .first = first, .lasting = lasting});
    (scenario.*plot.run)();
    if (disk.failures() == 0) break;
    scenario.recover();
    ++counts.runs;
    counts.reappearing += scenario.reappearing();
  }
  if (figures_wanted()) {
    MESSAGE(kind << ": " << counts.runs << " runs, " << counts.reappearing << " reappearing");
  }
  return counts;
}

void fail_each(const Plot& plot, FaultyVfs& disk, const std::vector<Failure>& failures) {
  for (const Failure failure : failures) {
    for (const bool lasting : {false, true}) {
      const Counts counts = fail_each(plot, disk, failure, lasting);
      CHECK(counts.runs > 0);
      // Only what was written completely and then not synced, or not known to be.
      if (failure != Failure::io_error && failure != Failure::sync_error) {
        CHECK(counts.reappearing == 0);
      }
    }
  }
}

const std::vector<Failure> all_failures{Failure::io_error,   Failure::read_error,
                                        Failure::sync_error, Failure::short_write,
                                        Failure::full,       Failure::busy};
const std::vector<Failure> failures_of_writing{Failure::io_error, Failure::short_write,
                                               Failure::full};

TEST_CASE("whatever fails on the way of a new file is an error and nothing is lost") {
  FaultyVfs disk;
  fail_each({{}, &Scenario::run}, disk, all_failures);
}

TEST_CASE("whatever fails while an older file is upgraded is an error and nothing is lost") {
  FaultyVfs disk;
  const TemporaryDirectory directory;
  const fs::path path = directory / "old.db";
  Sql{path}(fixture(1));
  fail_each({path, &Scenario::run_briefly}, disk, all_failures);
}

/// A file whose log is due for a checkpoint, as a crash would leave it.
void make_file_with_long_log(const fs::path& path, const fs::path& image) {
  static_cast<void>(sqlite::Database::open(path));
  Sql sql(path);
  sql("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF; CREATE TABLE host (number)");
  sql("INSERT INTO host VALUES (0)");
  for (int i = 0; i < 1000; ++i) sql("UPDATE host SET number = number + 1");
  copy_database(path, image);
}

TEST_CASE("whatever fails at a checkpoint is an error and nothing is lost") {
  FaultyVfs disk;
  const TemporaryDirectory directory;
  const fs::path image = directory / "image.db";
  make_file_with_long_log(directory / "store.db", image);
  fail_each({image, &Scenario::run_briefly}, disk, failures_of_writing);
}

TEST_CASE("whatever fails while a file is only read is an error") {
  FaultyVfs disk;
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  {
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    for (Version version = 1; version <= 3; ++version) {
      push(events, "POKEMONS", with_payload(new_event("pikachu", version), "1"));
    }
  }
  const Contents stored = contents_of(path);
  for (const Failure failure : {Failure::io_error, Failure::read_error}) {
    for (int first = 1, failures = 1; failures > 0; ++first) {
      CAPTURE(first);
      disk.plan({.failure = failure, .first = first});
      const auto code = code_of([&] {
        const auto database = sqlite::Database::open(path, {.read_only = true});
        const Contents found = contents_of(SqliteEventStorageAdapter(database));
        CHECK(found == stored);
      });
      failures = disk.failures();
      CHECK((code == "Storage" || code == "none"));
      CHECK((code == "none" || failures > 0));
    }
  }
}

struct Disk {
  FaultyVfs vfs;
  TemporaryDirectory directory;
  std::shared_ptr<sqlite::Database> database = sqlite::Database::open(directory / "store.db");
  SqliteEventStorageAdapter events{database};

  void fail(Failure failure, int first = 1) {
    vfs.plan({.failure = failure, .first = first, .lasting = true});
  }
};

TEST_CASE_FIXTURE(Disk, "a full disk is an error until there is room") {
  const auto large = with_payload(new_event("a", 2), '"' + std::string(100000, 'x') + '"');
  push(events, "STORE", new_event("a", 1));
  fail(Failure::full);

  CHECK(code_of([&] { push(events, "STORE", large); }) == "StorageFull");
  CHECK(code_of([&] {
          push_group(events, {{&events, "STORE", new_event("b", 1)}, {&events, "STORE", large}});
        }) == "StorageFull");
  CHECK(code_of([&] {
          sqlite::Transaction transaction(*database);
          push(events, "STORE", new_event("c", 1));
          transaction.commit();
        }) == "StorageFull");
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});

  vfs.heal();
  push(events, "STORE", large);
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1, 2});
  CHECK(versions(events, "STORE", "b").empty());
  CHECK(versions(events, "STORE", "c").empty());
  CHECK(flaws(database->path()) == "");
}

TEST_CASE_FIXTURE(Disk, "what waits for a commit that fails is dropped") {
  int fired = 0;
  const auto push_all = [&] {
    sqlite::Transaction transaction(*database);
    push(events, "STORE", new_event("a", 1));
    events.after_commit([&] { ++fired; });
    transaction.commit();
  };
  fail(Failure::io_error);
  CHECK(code_of(push_all) == "Storage");
  fail(Failure::sync_error);
  CHECK(code_of(push_all) == "OutcomeUnknown");
  CHECK(fired == 0);

  vfs.heal();
  push_all();
  CHECK(fired == 1);
}

TEST_CASE_FIXTURE(Disk, "whether a push whose sync has failed is stored is unknown") {
  const auto push_one = [&] { push(events, "STORE", new_event("a", 1)); };
  const auto push_two = [&] {
    push_group(events,
               {{&events, "STORE", new_event("b", 1)}, {&events, "STORE", new_event("b", 2)}});
  };
  const auto commit = [&] {
    sqlite::Transaction transaction(*database);
    push_one();
    transaction.commit();
  };
  fail(Failure::sync_error);
  CHECK(code_of(push_one) == "OutcomeUnknown");
  CHECK(code_of(push_two) == "OutcomeUnknown");
  CHECK(code_of(commit) == "OutcomeUnknown");
  CHECK(versions(events, "STORE", "a").empty());

  vfs.heal();
  push_one();
  push_two();
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
  CHECK(versions(events, "STORE", "b") == std::vector<Version>{1, 2});
}

TEST_CASE("whether a push on a host's connection is stored is unknown where a sync has failed") {
  FaultyVfs disk;
  const TemporaryDirectory directory;
  Sql host(directory / "store.db");  // with a rollback journal
  SqliteEventStorageAdapter events(sqlite::Database::on_connection(host.handle()));
  const auto push_one = [&] { push(events, "STORE", new_event("a", 1)); };
  disk.plan({.failure = Failure::sync_error});
  CHECK(code_of(push_one) == "OutcomeUnknown");
  CHECK(versions(events, "STORE", "a").empty());
  push_one();
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
}

TEST_CASE_FIXTURE(Disk, "a push that fails before its commit is not stored") {
  const auto larger_than_cache =
      with_payload(new_event("a", 1), '"' + std::string(10'000'000, 'x') + '"');
  const auto push_one = [&] { push(events, "STORE", larger_than_cache); };
  const auto begin = [&] { sqlite::Transaction(*database).commit(); };
  fail(Failure::short_write);
  CHECK(code_of(push_one) == "Storage");
  fail(Failure::io_error);  // of the lock
  CHECK(code_of(push_one) == "Storage");
  CHECK(code_of(begin) == "Storage");

  vfs.heal();
  push_one();
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
}

TEST_CASE_FIXTURE(Disk, "a command whose outcome is unknown is not run again") {
  const auto pokemons =
      pokemon::make_pokemons(std::make_shared<SqliteEventStorageAdapter>(database));
  pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 1));
  int retries = 0;
  const auto level_up = pokemon::make_level_up_pokemon(
      pokemons, {.on_event_already_exists = [&](const auto&, const auto&) { ++retries; }});
  fail(Failure::sync_error);
  CHECK(code_of([&] { level_up({"pikachu"}); }) == "OutcomeUnknown");
  CHECK(vfs.failures() == 1);
  CHECK(retries == 0);

  vfs.heal();
  level_up({"pikachu"});
  CHECK(pokemons.get_existing_aggregate("pikachu").level == 2);
}

TEST_CASE_FIXTURE(Disk, "each caller that shares a commit learns that its outcome is unknown") {
  constexpr int thread_count = 8;
  std::array<std::string_view, thread_count> codes;
  {
    std::vector<std::jthread> threads;
    sqlite::Transaction transaction(*database);  // for which they wait
    for (std::size_t i = 0; i < codes.size(); ++i) {
      threads.emplace_back([&, i] {
        codes.at(i) = code_of([&] { push(events, "STORE", new_event(std::to_string(i), 1)); });
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    fail(Failure::sync_error);
  }
  CHECK(std::all_of(codes.begin(), codes.end(),
                    [](std::string_view code) { return code == "OutcomeUnknown"; }));
  CHECK(vfs.failures() < thread_count);
  CHECK(ids(events.list_aggregate_ids("STORE", {})).empty());
}

TEST_CASE_FIXTURE(Disk, "threads on a failing disk each learn what became of their pushes") {
  constexpr int thread_count = 4;
  constexpr int pushes = 100;
  const auto id = [](int thread, int number) {
    return std::to_string(thread) + '-' + std::to_string(number);
  };
  std::array<std::set<std::string>, thread_count> stored;
  std::atomic<int> failed = 0;
  std::atomic<int> other = 0;
  const auto work = [&](int thread) {
    for (int i = 0; i < pushes; ++i) {
      try {
        push_group(events, {{&events, "STORE", new_event(id(thread, i), 1)},
                            {&events, "STORE", new_event(id(thread, i), 2)}});
        stored.at(static_cast<std::size_t>(thread)).insert(id(thread, i));
      } catch (const StorageError&) {
        ++failed;
      } catch (...) {
        ++other;
      }
    }
  };
  std::atomic<bool> done = false;
  {
    const std::jthread trouble([&] {
      for (int first = 1; !done; first = first % 40 + 7) {
        vfs.plan({.failure = Failure::io_error, .first = first});
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
      }
    });
    {
      std::vector<std::jthread> threads;
      threads.reserve(thread_count);
      for (int i = 0; i < thread_count; ++i) threads.emplace_back(work, i);
    }
    done = true;
  }
  vfs.heal();

  std::set<std::string> acknowledged;
  for (const auto& ids_of_thread : stored) {
    acknowledged.insert(ids_of_thread.begin(), ids_of_thread.end());
  }
  const auto listed = ids(events.list_aggregate_ids("STORE", {}));
  CHECK(std::set<std::string>(listed.begin(), listed.end()) == acknowledged);
  CHECK(acknowledged.size() + static_cast<std::size_t>(failed) == thread_count * pushes);
  CHECK(other == 0);
  for (const std::string& aggregate : listed) {
    CHECK(versions(events, "STORE", aggregate) == std::vector<Version>{1, 2});
  }
  CHECK(flaws(database->path()) == "");
  if (figures_wanted()) MESSAGE(failed.load() << " of " << thread_count * pushes << " failed");
}

}  // namespace
}  // namespace castore::testing
