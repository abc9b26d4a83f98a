// Opening files, sharing them among objects, threads and the host, and what can be wrong with them.

#include <doctest/doctest.h>

#include <atomic>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "pokemon/pokemon.hpp"
#include "sqlite/fixtures.hpp"
#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

std::string_view open_failure(const fs::path& path) {
  return code_of([&] { static_cast<void>(sqlite::Database::open(path)); });
}

/// Pushes the next version of `id` until it gets one, `count` times.
void push_with_retries(EventStorageAdapter& events, const std::string& id, int count) {
  Version version = 1;
  for (int pushed = 0; pushed < count;) {
    try {
      push(events, "STORE", new_event(id, version));
      ++pushed;
      ++version;
    } catch (const EventAlreadyExistsError& error) {
      version = error.current_version() + 1;
    } catch (const VersionGapError& error) {
      version = error.expected_version();
    }
  }
}

TEST_CASE("a new file is made with our tables and in WAL mode") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";

  const auto database = sqlite::Database::open(path);

  CHECK(database->path() == path);
  CHECK_FALSE(database->read_only());
  CHECK(Sql{path}.value("PRAGMA journal_mode") == "wal");
  CHECK(Sql{path}("SELECT count(*) FROM castore_event") == std::vector<std::string>{"0"});
}

TEST_CASE("events outlive the database object") {
  const TemporaryDirectory directory;
  {
    SqliteEventStorageAdapter events(sqlite::Database::open(directory / "store.db"));
    push(events, "STORE", new_event("a", 1));
  }

  const SqliteEventStorageAdapter events(sqlite::Database::open(directory / "store.db"));
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
}

TEST_CASE("a database in memory is its own") {
  SqliteEventStorageAdapter one(sqlite::Database::open(":memory:"));
  const SqliteEventStorageAdapter two(sqlite::Database::open(":memory:"));
  push(one, "STORE", new_event("a", 1));

  CHECK(versions(one, "STORE", "a") == std::vector<Version>{1});
  CHECK(versions(two, "STORE", "a").empty());
  CHECK(one.database()->path().empty());
  CHECK_FALSE(fs::exists(":memory:"));
}

TEST_CASE("in memory too a visitor may push and reads as of one moment") {
  SqliteEventStorageAdapter events(sqlite::Database::open(":memory:"));
  push(events, "STORE", new_event("a", 1));
  std::vector<Version> seen;

  events.for_each_event("STORE", "a", {}, [&](const EventView& event) {
    seen.push_back(event.version);
    push(events, "STORE", new_event("a", event.version + 1));
    return seen.size() < 10;
  });

  CHECK(seen == std::vector<Version>{1});
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1, 2});
}

TEST_CASE("a database tells what it is") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  const auto before = std::chrono::system_clock::now() - std::chrono::seconds{1};
  const auto database = sqlite::Database::open(path);
  CHECK(database->info().last_position == 0);
  SqliteEventStorageAdapter events(database);
  push(events, "STORE", new_event("a", 1));
  push(events, "STORE", new_event("a", 2));

  const sqlite::DatabaseInfo info = database->info();

  CHECK(info.path == fs::canonical(path));
  CHECK(info.file_size == fs::file_size(path));
  CHECK(info.wal_size == fs::file_size(path.string() + "-wal"));
  CHECK(info.wal_size > 0);
  CHECK(info.encoding == "UTF-8");
  CHECK(info.journal_mode == "wal");
  CHECK(std::to_string(info.page_size) == Sql{path}.value("PRAGMA page_size"));
  CHECK(info.schema_version == sqlite::Database::schema_version());
  REQUIRE(info.migrations.size() == static_cast<std::size_t>(info.schema_version));
  CHECK(info.migrations.front().version == 1);
  CHECK(info.migrations.front().name == "events");
  CHECK(info.migrations.front().applied_at > before);
  CHECK(info.last_position == 2);
  CHECK(info.sqlite_version == Sql{path}.value("SELECT sqlite_version()"));
  SUBCASE("inside a transaction with what it has pushed") {
    sqlite::Transaction transaction(*database);
    push(events, "STORE", new_event("a", 3));
    CHECK(database->info().last_position == 3);
  }
  SUBCASE("the same where it is opened for reading only") {
    const auto reader = sqlite::Database::open(path, {.read_only = true});
    CHECK(reader->info().path == info.path);
    CHECK(reader->info().journal_mode == "wal");
    CHECK(reader->info().migrations == info.migrations);
    CHECK(reader->info().last_position == 2);
    CHECK(reader->info().wal_size == info.wal_size);
  }
}

TEST_CASE("a database tells what it is in whatever state its file is") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  const auto read_info = [&] { return sqlite::Database::open(path, {.read_only = true})->info(); };
  SUBCASE("closed") {
    static_cast<void>(sqlite::Database::open(path));
    CHECK(read_info().journal_mode == "wal");
    CHECK(read_info().wal_size == 0);
    CHECK_FALSE(fs::exists(path.string() + "-wal"));
  }
  SUBCASE("with a rollback journal") {
    static_cast<void>(sqlite::Database::open(path));
    Sql{path}.value("PRAGMA journal_mode = DELETE");
    CHECK(read_info().journal_mode == "delete");
    CHECK(read_info().schema_version == sqlite::Database::schema_version());
  }
  SUBCASE("of an earlier schema") {
    Sql{path}(fixture(1));
    CHECK(read_info().schema_version == 1);
    REQUIRE(read_info().migrations.size() == 1);
    CHECK(read_info().migrations.front().version == 1);
    CHECK(read_info().last_position == 3);
  }
  SUBCASE("in UTF-16") {
    Sql{path}("PRAGMA encoding = 'UTF-16be'; CREATE TABLE host (x)");
    SqliteEventStorageAdapter(sqlite::Database::open(path));
    CHECK(read_info().encoding == "UTF-16be");
    CHECK(read_info().migrations.front().name == "events");
  }
  SUBCASE("with a time in its ledger that is none") {
    static_cast<void>(sqlite::Database::open(path));
    Sql{path}("UPDATE castore_migration SET applied_at = 9223372036854775807");
    CHECK(code_of([&] { static_cast<void>(read_info()); }) == "NotACastoreFile");
  }
}

TEST_CASE("a database in memory has no path and no size") {
  const auto info = sqlite::Database::open(":memory:")->info();
  CHECK(info.path.empty());
  CHECK(info.file_size == 0);
  CHECK(info.wal_size == 0);
  CHECK(info.journal_mode == "memory");
  CHECK(info.schema_version == sqlite::Database::schema_version());
}

TEST_CASE("what cannot be opened says why and stays as it is") {
  const TemporaryDirectory directory;

  SUBCASE("a text file") {
    std::ofstream(directory / "text.db") << std::string(5000, 'x');
    CHECK(open_failure(directory / "text.db") == "NotACastoreFile");
    CHECK(fs::file_size(directory / "text.db") == 5000);
    CHECK_FALSE(fs::exists(directory / "text.db-wal"));
  }
  SUBCASE("a file in a folder that is not there") {
    const auto error = thrown<FileNotFoundError>(
        [&] { static_cast<void>(sqlite::Database::open(directory / "none" / "store.db")); });
    REQUIRE(error);
    CHECK(error->path() == (directory / "none").string());
    CHECK_FALSE(fs::exists(directory / "none"));
  }
  SUBCASE("no name") { CHECK(open_failure("") == "NotACastoreFile"); }
  SUBCASE("the name of a folder that is not there") {
    CHECK(open_failure(directory / "store.db/") == "NotACastoreFile");
    CHECK_FALSE(fs::exists(directory / "store.db"));
  }
  SUBCASE("a few bytes that are no database") {
    std::ofstream(directory / "few.db") << "hello";
    CHECK(open_failure(directory / "few.db") == "NotACastoreFile");
    CHECK(fs::file_size(directory / "few.db") == 5);
  }
  SUBCASE("the first half of a database") {
    static_cast<void>(sqlite::Database::open(directory / "half.db"));
    fs::resize_file(directory / "half.db", fs::file_size(directory / "half.db") / 2);
    CHECK(open_failure(directory / "half.db") != "none");
  }
  SUBCASE("a folder") { CHECK(open_failure(directory.path()) == "NotACastoreFile"); }
  SUBCASE("without a reader") {
    CHECK(code_of([&] {
            static_cast<void>(sqlite::Database::open(directory / "store.db", {.max_readers = 0}));
          }) == "InvalidOption");
    CHECK_FALSE(fs::exists(directory / "store.db"));
  }
  SUBCASE("with a negative timeout") {
    CHECK(code_of([&] {
            static_cast<void>(sqlite::Database::open(
                directory / "store.db", {.busy_timeout = std::chrono::milliseconds{-1}}));
          }) == "InvalidOption");
    CHECK_FALSE(fs::exists(directory / "store.db"));
  }
}

TEST_CASE("a file that another connection keeps locked is busy and stays as it is") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  SqliteEventStorageAdapter events(
      sqlite::Database::open(path, {.busy_timeout = std::chrono::milliseconds{30}}));
  push(events, "STORE", new_event("a", 1));
  Sql other(path);
  other("BEGIN IMMEDIATE");

  const auto error = thrown<StorageBusyError>([&] { push(events, "STORE", new_event("a", 2)); });

  REQUIRE(error);
  CHECK(error->retryable());
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
  SUBCASE("and is free again once the lock is gone") {
    other("ROLLBACK");
    push(events, "STORE", new_event("a", 2));
    CHECK(versions(events, "STORE", "a") == std::vector<Version>{1, 2});
  }
}

TEST_CASE("several databases and adapters and event stores share one file") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  const auto database = sqlite::Database::open(path);
  SqliteEventStorageAdapter one(database);
  SqliteEventStorageAdapter two(database);
  SqliteEventStorageAdapter elsewhere(sqlite::Database::open(path));

  push(one, "STORE", new_event("a", 1));
  push(two, "STORE", new_event("a", 2));
  push(elsewhere, "OTHER", new_event("a", 1));

  CHECK(versions(elsewhere, "STORE", "a") == std::vector<Version>{1, 2});
  CHECK(versions(one, "OTHER", "a") == std::vector<Version>{1});
  CHECK(one.transaction_domain() == two.transaction_domain());
  CHECK(one.transaction_domain() != elsewhere.transaction_domain());
  SUBCASE("a group may span the adapters of one database") {
    push_group(one, {{&one, "STORE", new_event("g", 1)}, {&two, "OTHER", new_event("g", 1)}});
    CHECK(versions(one, "OTHER", "g") == std::vector<Version>{1});
  }
  SUBCASE("and not two databases even on one file") {
    CHECK(code_of([&] {
            push_group(one, {{&one, "STORE", new_event("g", 1)},
                             {&elsewhere, "OTHER", new_event("g", 1)}});
          }) == "InvalidEventGroup");
    CHECK(versions(one, "STORE", "g").empty());
  }
}

TEST_CASE("threads that push to the same aggregates get each version once") {
  const TemporaryDirectory directory;
  const auto database = sqlite::Database::open(
      directory / "store.db",
      {.synchronous = sqlite::Synchronous::off, .busy_timeout = std::chrono::seconds{60}});
  constexpr int thread_count = 6;
  constexpr int pushes = 30;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < thread_count; ++i) {
      threads.emplace_back([&, i] {
        SqliteEventStorageAdapter events(database);
        push_with_retries(events, i % 2 == 0 ? "even" : "odd", pushes);
      });
    }
  }

  const SqliteEventStorageAdapter events(database);
  std::vector<Version> all(std::size_t{pushes} * thread_count / 2);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Version>(i) + 1;
  CHECK(versions(events, "STORE", "even") == all);
  CHECK(versions(events, "STORE", "odd") == all);
  const auto summary = events.list_event_stores().at(0);
  CHECK(summary.last_position == summary.event_count);
}

TEST_CASE("readers see whole groups while a writer is at work") {
  const TemporaryDirectory directory;
  const auto database =
      sqlite::Database::open(directory / "store.db", {.synchronous = sqlite::Synchronous::off});
  SqliteEventStorageAdapter events(database);
  std::atomic<bool> done = false;
  std::atomic<int> halves = 0;
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        while (!done) {
          if (versions(events, "STORE", "pair").size() % 2 != 0) ++halves;
        }
      });
    }
    for (Version version = 1; version < 100; version += 2) {
      push_group(events, {{&events, "STORE", new_event("pair", version)},
                          {&events, "STORE", new_event("pair", version + 1)}});
    }
    done = true;
  }

  CHECK(halves == 0);
  CHECK(versions(events, "STORE", "pair").size() == 100);
}

TEST_CASE("a reader does not wait for an open transaction") {
  const TemporaryDirectory directory;
  const auto database = sqlite::Database::open(directory / "store.db",
                                               {.busy_timeout = std::chrono::milliseconds{50}});
  SqliteEventStorageAdapter events(database);
  push(events, "STORE", new_event("a", 1));
  sqlite::Transaction transaction(*database);
  push(events, "STORE", new_event("a", 2));

  const auto seen =
      std::async(std::launch::async, [&] { return versions(events, "STORE", "a"); }).get();

  CHECK(seen == std::vector<Version>{1});
  transaction.commit();
}

// --- The host's connection --------------------------------------------------------------------

struct Host {
  Sql sql{":memory:"};
  std::shared_ptr<sqlite::Database> database;
  std::shared_ptr<SqliteEventStorageAdapter> events;

  explicit Host(const std::string& encoding = "UTF-8") {
    sql("PRAGMA encoding = '" + encoding + "'");
    sql("CREATE TABLE customer (name TEXT)");
    database = sqlite::Database::on_connection(sql.handle());
    events = std::make_shared<SqliteEventStorageAdapter>(database);
  }
  ~Host() {
    events.reset();
    database.reset();
  }
  Host& operator=(Host&&) = delete;

  std::string customers() { return sql.value("SELECT count(*) FROM customer"); }
};

TEST_CASE_FIXTURE(Host, "the host's rows and our events commit together") {
  sql("BEGIN");
  sql("INSERT INTO customer VALUES ('Misty')");
  push(*events, "STORE", new_event("misty", 1));
  sql("COMMIT");

  CHECK(customers() == "1");
  CHECK(versions(*events, "STORE", "misty") == std::vector<Version>{1});
}

TEST_CASE_FIXTURE(Host, "the host's rows and our events are rolled back together") {
  sql("BEGIN");
  sql("INSERT INTO customer VALUES ('Misty')");
  push(*events, "STORE", new_event("misty", 1));
  push_group(*events, {{events.get(), "STORE", new_event("misty", 2)}});
  CHECK(versions(*events, "STORE", "misty") == std::vector<Version>{1, 2});
  sql("ROLLBACK");

  CHECK(customers() == "0");
  CHECK(versions(*events, "STORE", "misty").empty());
}

TEST_CASE_FIXTURE(Host, "a failing push leaves the host's transaction as it was") {
  sql("BEGIN");
  sql("INSERT INTO customer VALUES ('Misty')");
  push(*events, "STORE", new_event("misty", 1));
  CHECK(code_of([&] { push(*events, "STORE", new_event("misty", 1)); }) == "EventAlreadyExists");
  sql("COMMIT");

  CHECK(customers() == "1");
  CHECK(versions(*events, "STORE", "misty") == std::vector<Version>{1});
}

TEST_CASE_FIXTURE(Host, "the host's rows are part of a transaction of ours") {
  {
    const sqlite::Transaction transaction(*database);
    sql("INSERT INTO customer VALUES ('Misty')");
    push(*events, "STORE", new_event("misty", 1));
  }

  CHECK(customers() == "0");
  CHECK(versions(*events, "STORE", "misty").empty());
}

TEST_CASE_FIXTURE(Host, "on_event_pushed does not fire for what the host may still roll back") {
  int fired = 0;
  const auto pokemons = pokemon::make_pokemons(
      events, {.on_event_pushed = [&](const pokemon::Pokemons::Pushed&) { ++fired; }});
  sql("BEGIN");
  pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
  sql("ROLLBACK");
  CHECK(fired == 0);

  pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
  CHECK(fired == 1);
}

TEST_CASE_FIXTURE(Host, "what the host rolls back of groups and transactions was never pushed") {
  int fired = 0;
  const auto pokemons = pokemon::make_pokemons(
      events, {.on_event_pushed = [&](const pokemon::Pokemons::Pushed&) { ++fired; }});
  const auto trainers = pokemon::make_trainers(
      events, {.on_event_pushed = [&](const pokemon::Trainers::Pushed&) { ++fired; }});
  pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
  const auto catch_pikachu = [&] {
    castore::push_event_group(pokemons.group_event(pokemon::caught("pikachu", 2, "misty")),
                              trainers.group_event(pokemon::created("misty", "Misty")));
  };
  fired = 0;

  SUBCASE("a group") {
    sql("BEGIN");
    sql("INSERT INTO customer VALUES ('Misty')");
    catch_pikachu();
    CHECK(trainers.get_aggregate("misty").has_value());
    sql("ROLLBACK");
  }
  SUBCASE("a group in a transaction of ours") {
    sql("BEGIN");
    sql("INSERT INTO customer VALUES ('Misty')");
    sqlite::Transaction transaction(*database);
    catch_pikachu();
    transaction.commit();
    sql("ROLLBACK");
  }
  SUBCASE("a group behind a savepoint of the host's") {
    sql("BEGIN; SAVEPOINT host; INSERT INTO customer VALUES ('Misty')");
    catch_pikachu();
    sql("ROLLBACK TO host; COMMIT");
  }
  CHECK(fired == 0);
  CHECK(customers() == "0");
  CHECK_FALSE(trainers.get_aggregate("misty").has_value());
  CHECK(pokemons.get_existing_aggregate("pikachu").version == 1);

  catch_pikachu();
  CHECK(fired == 2);
  CHECK(events->list_event_stores().back().last_position == 3);
}

TEST_CASE_FIXTURE(Host, "what does not fit on the disk is an error and leaves nothing behind") {
  push(*events, "STORE", new_event("a", 1));
  sql("PRAGMA max_page_count = " + sql.value("PRAGMA page_count"));
  const auto large = with_payload(new_event("a", 2), '"' + std::string(100000, 'x') + '"');

  CHECK(code_of([&] { push(*events, "STORE", large); }) == "StorageFull");
  CHECK(code_of([&] {
          push_group(*events,
                     {{events.get(), "STORE", new_event("b", 1)}, {events.get(), "STORE", large}});
        }) == "StorageFull");
  {
    sqlite::Transaction transaction(*database);
    push(*events, "STORE", new_event("c", 1));
    CHECK(code_of([&] { push(*events, "STORE", large); }) == "StorageFull");
    // SQLite may have rolled back all of it: then no half of it may be committed.
    const bool alive = code_of([&] { push(*events, "STORE", new_event("c", 2)); }) == "none";
    CHECK((code_of([&] { transaction.commit(); }) == "none") == alive);
    CHECK(versions(*events, "STORE", "c").size() == (alive ? 2 : 0));
  }

  CHECK(versions(*events, "STORE", "a") == std::vector<Version>{1});
  CHECK(versions(*events, "STORE", "b").empty());
  sql("PRAGMA max_page_count = 1000000");
  push(*events, "STORE", large);
  CHECK(versions(*events, "STORE", "a") == std::vector<Version>{1, 2});
}

/// Which statements there are, and so how they find their rows, may depend on the encoding.
void check_plans(Host& host) {
  Sql& sql = host.sql;
  EventStorageAdapter* const events = host.events.get();
  std::set<std::string> statements;
  const auto note = [](unsigned, void* target, void* statement, void*) {
    static_cast<std::set<std::string>*>(target)->insert(
        sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
    return 0;
  };
  sqlite3_trace_v2(sql.handle(), SQLITE_TRACE_STMT, note, &statements);
  push(*events, "STORE", new_event("a", 1));
  push(*events, "STORE", new_event("a", 2));
  push(*events, "STORE", new_event("a", 1), {.force = true});
  CHECK(code_of([&] { push(*events, "STORE", new_event("a", 2)); }) == "EventAlreadyExists");
  for (const bool reverse : {false, true}) {
    CHECK(versions(*events, "STORE", "a", {.limit = 1, .reverse = reverse}).size() == 1);
    CHECK(all_pages(*events, "STORE", {.limit = 1, .reverse = reverse}).size() == 1);
    CHECK(all_pages(*events, "STORE", {.limit = 1, .max_position = 9, .reverse = reverse}).size() ==
          1);
  }
  CHECK(events->newest_position() == 2);
  sqlite3_trace_v2(sql.handle(), 0, nullptr, nullptr);

  int planned = 0;
  for (const std::string& statement : statements) {
    if (statement.find("castore_event") == std::string::npos) continue;
    for (const std::string& step : sql("EXPLAIN QUERY PLAN " + statement)) {
      CAPTURE(statement);
      CAPTURE(step);
      CHECK(step.find("SCAN") == std::string::npos);
      CHECK(step.find("TEMP B-TREE") == std::string::npos);
      if (step.find("INDEX") != std::string::npos) ++planned;
    }
  }
  CHECK(planned >= 6);
}

TEST_CASE("pushes and reads and listings find their rows by an index") {
  for (const char* const encoding : {"UTF-8", "UTF-16le", "UTF-16be"}) {
    CAPTURE(encoding);
    Host host(encoding);
    check_plans(host);
  }
}

TEST_CASE("a database on the host's connection tells what the host has made it") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "host.db";
  Sql sql(path);
  sql("PRAGMA page_size = 8192; PRAGMA journal_mode = TRUNCATE; CREATE TABLE customer (name TEXT)");
  const auto info = sqlite::Database::on_connection(sql.handle())->info();
  CHECK(info.path == fs::canonical(path));
  CHECK(info.file_size == fs::file_size(path));
  CHECK(info.page_size == 8192);
  CHECK(info.journal_mode == "truncate");
  CHECK(Host().database->info().path.empty());
}

TEST_CASE_FIXTURE(Host, "the host's connection stays open and as it was set up") {
  events.reset();
  database.reset();

  CHECK(customers() == "0");
  CHECK(sql.value("PRAGMA user_version") == "0");
}

TEST_CASE("a host's deferred transaction that has read may find the file busy") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "host.db";
  SqliteEventStorageAdapter other(sqlite::Database::open(path));
  push(other, "STORE", new_event("a", 1));
  Sql host(path);
  SqliteEventStorageAdapter events(sqlite::Database::on_connection(host.handle()));
  host("BEGIN");
  host("SELECT * FROM castore_event");
  push(other, "STORE", new_event("a", 2));

  CHECK(code_of([&] { push(events, "STORE", new_event("b", 1)); }) == "StorageBusy");
  host("ROLLBACK");
  CHECK(versions(events, "STORE", "b").empty());
}

TEST_CASE("a row that breaks our rules is an error to whoever meets it") {
  struct Case {
    std::string damage;  ///< of the first event of "a" in STORE
    std::string event_store_id;
    std::string aggregate_id;
    bool in_summaries;
    bool in_listing;
  };
  const std::string no_utf8 = "a\xff\x9b";
  const std::vector<Case> cases{
      {"timestamp = 9223372036854775807", "STORE", "a", true, true},
      {"timestamp = -9223372036854775808", "STORE", "a", true, true},
      {"timestamp = 253402300800000000", "STORE", "a", true, true},
      {"position = -5", "STORE", "a", true, true},
      {"position = 0", "STORE", "a", true, true},
      {"aggregate_id = CAST(x'61ff9b' AS TEXT)", "STORE", no_utf8, false, true},
      {"aggregate_id = CAST(x'6100' AS TEXT)", "STORE", std::string("a\0", 2), false, true},
      {"aggregate_id = ''", "STORE", "", false, true},
      {"event_store_id = CAST(x'61ff9b' AS TEXT)", no_utf8, "a", true, true},
      {"type = CAST(x'54c3' AS TEXT)", "STORE", "a", false, false},
      {"type = ''", "STORE", "a", false, false},
      {"type = '__REPLAYED__'", "STORE", "a", false, false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.damage);
    const TemporaryDirectory directory;
    const fs::path path = directory / "store.db";
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    push(events, "STORE", new_event("a", 1, at("2022-01-01T00:00:00Z")));
    push(events, "STORE", new_event("b", 1, at("2022-01-01T00:00:00Z")));
    Sql{path}("UPDATE castore_event SET " + each.damage + " WHERE aggregate_id = 'a'");

    const auto check = [&](const auto& ask) {
      const auto error = thrown<MalformedEventError>(ask);
      REQUIRE(error);
      CHECK(error->event_store_id() == each.event_store_id);
      CHECK(error->aggregate_id() == each.aggregate_id);
      CHECK(error->version() == 1);
      CHECK(error->position().has_value());
      CHECK(std::string_view(error->what()).find("of type") != std::string_view::npos);
    };
    const auto summarize = [&] { static_cast<void>(events.list_event_stores()); };
    check([&] { static_cast<void>(read(events, each.event_store_id, each.aggregate_id)); });
    check([&] {
      const auto feed = events.open_event_feed({});
      while (!feed->next_page().empty()) {
      }
    });
    if (each.in_summaries) check(summarize);
    if (!each.in_summaries) CHECK_NOTHROW(summarize());
    for (const bool reverse : {false, true}) {
      const auto list = [&](std::optional<Timestamp> after) {
        return events
            .list_aggregate_ids(each.event_store_id,
                                {.initial_event_after = after, .reverse = reverse})
            .aggregate_ids.size();
      };
      if (each.in_listing) check([&] { static_cast<void>(list({})); });
      if (!each.in_listing) CHECK(list({}) == 2);
    }
    CHECK(read(events, "STORE", "b").size() == 1);
  }
}

TEST_CASE("a listing with an end on one side does not meet what lies beyond it") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  SqliteEventStorageAdapter events(sqlite::Database::open(path));
  push(events, "STORE", new_event("a", 1, at("2022-01-01T00:00:00Z")));
  push(events, "STORE", new_event("b", 1, at("2022-01-01T00:00:00Z")));
  Sql{path}("UPDATE castore_event SET timestamp = -9223372036854775808 WHERE aggregate_id = 'a'");
  const ListAggregateIdsOptions after{.initial_event_after = at("2000-01-01T00:00:00Z")};
  const ListAggregateIdsOptions before{.initial_event_before = at("2030-01-01T00:00:00Z")};

  CHECK(events.list_aggregate_ids("STORE", after).aggregate_ids.size() == 1);
  SUBCASE("but what is at it") {
    Sql{path}(
        "UPDATE castore_event SET timestamp = 946684800000000, aggregate_id = ''"
        " WHERE aggregate_id = 'a'");
    CHECK(code_of([&] { static_cast<void>(events.list_aggregate_ids("STORE", after)); }) ==
          "MalformedEvent");
    return;
  }
  CHECK(code_of([&] { static_cast<void>(events.list_aggregate_ids("STORE", before)); }) ==
        "MalformedEvent");
}

}  // namespace
}  // namespace castore::testing
