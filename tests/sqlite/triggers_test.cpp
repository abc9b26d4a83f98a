// A host's own triggers on castore's tables: what they keep out was never acknowledged.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <castore/forwarding_event_storage_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

using sqlite::ForeignTriggers;

constexpr sqlite::DatabaseOptions allowed{.foreign_triggers = ForeignTriggers::allow};

/// A store with version 1 of "a", and a host beside it. What has a type that begins with KEPT is
/// kept out, by a trigger of the host's.
struct Triggers {
  TemporaryDirectory directory;
  std::shared_ptr<sqlite::Database> database =
      sqlite::Database::open(directory / "store.db", allowed);
  std::shared_ptr<SqliteEventStorageAdapter> events =
      std::make_shared<SqliteEventStorageAdapter>(database);
  Sql sql{directory / "store.db"};

  Triggers() {
    push(*events, "STORE", new_event("a", 1));
    sql("CREATE TABLE audit (type TEXT)");
    for (const char* const change : {"INSERT", "UPDATE"}) {
      sql(std::string("CREATE TRIGGER host_") + change + " BEFORE " + change +
          " ON castore_event WHEN NEW.type LIKE 'KEPT%' BEGIN"
          "   INSERT INTO audit VALUES (NEW.type);"
          "   SELECT RAISE(IGNORE);"
          " END");
    }
  }

  static NewEventDetail kept_out(std::string aggregate_id, Version version) {
    NewEventDetail event = new_event(std::move(aggregate_id), version);
    event.type = "KEPT_OUT";
    return event;
  }

  /// The message of the StorageError that `action` throws.
  template <class Action>
  static std::string failure(Action&& action) {
    const auto error = thrown<StorageError>(action);
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::storage);
    return error->what();
  }

  std::string stored() {
    return sql.value("SELECT group_concat(aggregate_id || version, ' ') FROM castore_event");
  }
};

TEST_CASE_FIXTURE(Triggers, "an event that a trigger keeps out is an error") {
  const auto first = new_event("a", 2);
  // What is counted of a statement before must not count for this one.
  push(*events, "STORE", first);

  const std::string message = failure([&] { push(*events, "STORE", kept_out("a", 3)); });

  CHECK(message.find("trigger") != std::string::npos);
  CHECK(message.find("version 3") != std::string::npos);
  CHECK(message.find("aggregate a") != std::string::npos);
  CHECK(message.find("STORE") != std::string::npos);
  CHECK(versions(*events, "STORE", "a") == std::vector<Version>{1, 2});
  failure([&] { push(*events, "STORE", kept_out("a", 3)); });
  push(*events, "STORE", new_event("a", 3));
  failure([&] { push(*events, "STORE", kept_out("a", 7), {.allow_version_gap = true}); });
  failure([&] { push(*events, "STORE", kept_out("b", 1)); });
  CHECK(stored() == "a1 a2 a3");
}

TEST_CASE_FIXTURE(Triggers, "a version that is wrong is told as such whatever a trigger would do") {
  CHECK(code_of([&] { push(*events, "STORE", kept_out("a", 1)); }) == "EventAlreadyExists");
  CHECK(code_of([&] { push(*events, "STORE", kept_out("a", 1), {.allow_version_gap = true}); }) ==
        "EventAlreadyExists");
  CHECK(code_of([&] { push(*events, "STORE", kept_out("a", 3)); }) == "VersionGap");
}

TEST_CASE_FIXTURE(Triggers, "an event that a trigger keeps from being overwritten is an error") {
  failure([&] { push(*events, "STORE", kept_out("a", 1), {.force = true}); });
  failure([&] {
    push(*events, "STORE", kept_out("a", 1), {.force = true, .allow_version_gap = true});
  });
  failure([&] { push(*events, "STORE", kept_out("a", 2), {.force = true}); });
  CHECK(code_of([&] { push(*events, "STORE", kept_out("a", 3), {.force = true}); }) ==
        "VersionGap");

  CHECK(stored() == "a1");
  CHECK(read(*events, "STORE", "a").front().type == "SOMETHING_HAPPENED");
  push(*events, "STORE", with_payload(new_event("a", 1), "1"), {.force = true});
  CHECK(read(*events, "STORE", "a").front().payload == "1");
}

TEST_CASE_FIXTURE(Triggers, "a group of which a trigger keeps an event out is not stored") {
  SqliteEventStorageAdapter other(database);
  ForwardingEventStorageAdapter decorator(events);
  for (EventStorageAdapter* const second :
       std::initializer_list<EventStorageAdapter*>{&other, &decorator}) {
    for (const bool force : {false, true}) {
      failure([&] {
        push_group(*events,
                   {{events.get(), "STORE", new_event("a", 2)},
                    {second, "STORE", kept_out("b", 1)},
                    {events.get(), "STORE", new_event("c", 1)}},
                   {.force = force});
      });
    }
  }
  failure([&] {
    push_group(
        *events,
        {{events.get(), "STORE", new_event("a", 2)}, {events.get(), "STORE", kept_out("a", 1)}},
        {.force = true});
  });
  CHECK(stored() == "a1");
  CHECK(sql.value("SELECT count(*) FROM audit") == "0");
}

TEST_CASE_FIXTURE(Triggers, "in a transaction only the event that a trigger keeps out is missing") {
  sqlite::Transaction transaction(*database);
  push(*events, "STORE", new_event("a", 2));
  failure([&] { push(*events, "STORE", kept_out("a", 3)); });
  push(*events, "STORE", new_event("a", 3));
  transaction.commit();
  CHECK(stored() == "a1 a2 a3");
}

TEST_CASE_FIXTURE(Triggers, "of pushes that share a transaction the one kept out alone fails") {
  using namespace std::chrono_literals;
  std::vector<std::future<std::string>> answers;
  {
    sqlite::Transaction transaction(*database);
    for (int i = 0; i < 8; ++i) {
      answers.push_back(std::async(std::launch::async, [this, i] {
        const std::string id(1, static_cast<char>('b' + i));
        const auto event = i % 2 == 0 ? new_event(id, 1) : kept_out(id, 1);
        return std::string(code_of([&] { push(*events, "STORE", event); }));
      }));
      std::this_thread::sleep_for(20ms);  // it stands in the queue now, most probably
    }
    transaction.commit();
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    CHECK(answers[i].get() == std::string(i % 2 == 0 ? "none" : "Storage"));
  }
  CHECK(stored() == "a1 b1 d1 f1 h1");
}

TEST_CASE_FIXTURE(Triggers, "what else a trigger writes changes no answer") {
  sql("CREATE TRIGGER host_audit AFTER INSERT ON castore_event BEGIN"
      "  INSERT INTO audit SELECT NEW.type FROM castore_event;"
      "  SELECT RAISE(IGNORE);"  // the event is stored by then
      " END");
  push(*events, "STORE", new_event("a", 2));
  push(*events, "STORE", new_event("a", 2), {.force = true});
  push_group(*events, {{events.get(), "STORE", new_event("a", 3)},
                       {events.get(), "STORE", new_event("b", 1)}});
  CHECK(stored() == "a1 a2 a3 b1");
  CHECK(sql.value("SELECT count(*) FROM audit") == std::to_string(2 + 3 + 4));
}

TEST_CASE_FIXTURE(Triggers, "an event that a trigger changes or deletes is an error") {
  sql("CREATE TRIGGER host_change AFTER INSERT ON castore_event WHEN NEW.type = 'CHANGED' BEGIN"
      "  UPDATE castore_event SET payload = '1000000' WHERE position = NEW.position;"
      " END;"
      "CREATE TRIGGER host_delete AFTER INSERT ON castore_event WHEN NEW.type = 'DELETED' BEGIN"
      "  DELETE FROM castore_event WHERE position = NEW.position;"
      " END;"
      "CREATE TRIGGER host_overwrite AFTER UPDATE ON castore_event WHEN NEW.type = 'OVERWRITTEN'"
      " BEGIN UPDATE castore_event SET metadata = '1' WHERE position = NEW.position; END");
  const auto of_type = [](const char* type, Version version) {
    NewEventDetail event = with_payload(new_event("a", version), "1");
    event.type = type;
    return event;
  };
  for (const char* const type : {"CHANGED", "DELETED"}) {
    CAPTURE(type);
    failure([&] { push(*events, "STORE", of_type(type, 2)); });
    failure([&] { push(*events, "STORE", of_type(type, 2), {.force = true}); });
    failure([&] {
      push_group(*events, {{events.get(), "STORE", of_type("OTHER", 2)},
                           {events.get(), "STORE", of_type(type, 3)}});
    });
  }
  failure([&] { push(*events, "STORE", of_type("OVERWRITTEN", 1), {.force = true}); });
  CHECK(stored() == "a1");
  CHECK(read(*events, "STORE", "a").front().type == "SOMETHING_HAPPENED");
  push(*events, "STORE", of_type("OTHER", 2));
  CHECK(stored() == "a1 a2");
}

TEST_CASE_FIXTURE(Triggers, "an event that another one's trigger changes fails the group") {
  sql("CREATE TRIGGER host_change AFTER INSERT ON castore_event WHEN NEW.version = 3 BEGIN"
      "  UPDATE castore_event SET payload = '99' WHERE version = 2;"
      " END");
  failure([&] {
    push_group(*events, {{events.get(), "STORE", new_event("a", 2)},
                         {events.get(), "STORE", new_event("a", 3)}});
  });
  CHECK(stored() == "a1");
  SUBCASE("also if the two are pushed by two adapters") {
    SqliteEventStorageAdapter other(database);
    failure([&] {
      push_group(*events, {{events.get(), "STORE", new_event("a", 2)},
                           {&other, "STORE", new_event("a", 3)}});
    });
    CHECK(stored() == "a1");
  }
}

TEST_CASE_FIXTURE(Triggers, "a trigger that fails leaves nothing of the push") {
  sql("CREATE TRIGGER host_fail AFTER INSERT ON castore_event WHEN NEW.type = 'FAILING' BEGIN"
      "  SELECT RAISE(FAIL, 'no');"
      " END");
  NewEventDetail failing = new_event("a", 2);
  failing.type = "FAILING";
  failure([&] { push(*events, "STORE", failing); });
  {
    sqlite::Transaction transaction(*database);
    failure([&] { push(*events, "STORE", failing); });
    transaction.commit();
  }
  CHECK(stored() == "a1");
}

// --- Refused, which is the rule ---

constexpr auto host_trigger =
    "CREATE TRIGGER host AFTER INSERT ON castore_event WHEN NEW.version > 1"
    " BEGIN DELETE FROM castore_event WHERE position = NEW.position; END";

/// The `foreign_trigger` that `action` throws names "host".
template <class Action>
void check_refused(Action&& action) {
  const auto error = thrown<StorageError>(action);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::foreign_trigger);
  CHECK(error->fields() == std::vector<ErrorField>{{"trigger", "host"}});
  CHECK(std::string_view(error->what()).find("host") != std::string_view::npos);
}

TEST_CASE("a file with a trigger of others is read but not opened for writing") {
  const TemporaryDirectory directory;
  const auto path = directory / "store.db";
  static_cast<void>(sqlite::Database::open(path));
  Sql sql(path);
  SUBCASE("on the events") { sql(host_trigger); }
  SUBCASE("on the ledger") {
    sql("CREATE TRIGGER host DELETE ON CASTORE_MIGRATION BEGIN SELECT RAISE(IGNORE); END");
  }
  SUBCASE("by a name that looks like ours") {
    sql("CREATE TRIGGER \"host\" BEFORE UPDATE ON castore_event BEGIN SELECT 1; END");
  }
  check_refused([&] { static_cast<void>(sqlite::Database::open(path)); });
  const SqliteEventStorageAdapter events(sqlite::Database::open(path, {.read_only = true}));
  CHECK(read(events, "STORE", "a").empty());
  CHECK(sql.value("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == "1");
}

TEST_CASE("triggers on the host's own tables are the host's business") {
  const TemporaryDirectory directory;
  static_cast<void>(sqlite::Database::open(directory / "store.db"));
  Sql{directory / "store.db"}(
      "CREATE TABLE customer (name TEXT);"
      "CREATE TRIGGER host AFTER INSERT ON customer BEGIN DELETE FROM castore_event; END");
  SqliteEventStorageAdapter events(sqlite::Database::open(directory / "store.db"));
  push(events, "STORE", new_event("a", 1));
}

TEST_CASE("a trigger that is made while the file is open fails the next push") {
  const TemporaryDirectory directory;
  const auto database = sqlite::Database::open(directory / "store.db");
  SqliteEventStorageAdapter events(database);
  push(events, "STORE", new_event("a", 1));
  Sql sql(directory / "store.db");
  sql(host_trigger);

  check_refused([&] { push(events, "STORE", new_event("a", 2)); });
  check_refused([&] {
    push_group(events,
               {{&events, "STORE", new_event("a", 2)}, {&events, "STORE", new_event("b", 1)}});
  });
  CHECK(code_of([&] {
          sqlite::Transaction transaction(*database);
          push(events, "STORE", new_event("a", 2));
        }) == "ForeignTrigger");
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});

  sql("DROP TRIGGER host");
  push(events, "STORE", new_event("a", 2));
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1, 2});
}

TEST_CASE("a trigger that is made later and only fails leaves nothing of the push") {
  const TemporaryDirectory directory;
  SqliteEventStorageAdapter events(sqlite::Database::open(directory / "store.db"));
  push(events, "STORE", new_event("a", 1));
  Sql{directory / "store.db"}(
      "CREATE TRIGGER host AFTER INSERT ON castore_event BEGIN SELECT RAISE(FAIL, 'no'); END");
  check_refused([&] { push(events, "STORE", new_event("a", 2)); });
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
}

TEST_CASE("what a trigger on a host's connection that is made later does is taken back") {
  Sql host(":memory:");
  SqliteEventStorageAdapter events(sqlite::Database::on_connection(host.handle()));
  push(events, "STORE", new_event("a", 1));
  host(
      "CREATE TABLE log (version INTEGER);"
      "CREATE TRIGGER host AFTER INSERT ON castore_event BEGIN"
      "  INSERT INTO log VALUES (NEW.version);"
      "  UPDATE castore_event SET payload = '99' WHERE position = NEW.position;"
      " END");
  CHECK(code_of([&] { push(events, "STORE", new_event("a", 2)); }) == "Storage");
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
  CHECK(host.value("SELECT count(*) FROM log") == "0");
}

TEST_CASE("a host's connection has the same rule") {
  Sql host(":memory:");
  static_cast<void>(sqlite::Database::on_connection(host.handle()));
  SUBCASE("for lasting triggers") { host(host_trigger); }
  SUBCASE("for temporary ones") {
    host("CREATE TEMP TRIGGER host AFTER INSERT ON main.castore_event BEGIN SELECT 1; END");
  }
  check_refused([&] { static_cast<void>(sqlite::Database::on_connection(host.handle())); });
  SqliteEventStorageAdapter events(
      sqlite::Database::on_connection(host.handle(), ForeignTriggers::allow));
  push(events, "STORE", new_event("a", 1));
}

TEST_CASE("a host's connection is left as the host has configured it") {
  Sql host(":memory:");
  const auto configuration = [&] {
    std::vector<int> values;
    for (const int option : {SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
                             SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW}) {
      int value = -1;
      sqlite3_db_config(host.handle(), option, -1, &value);
      values.push_back(value);
    }
    values.push_back(sqlite3_limit(host.handle(), SQLITE_LIMIT_ATTACHED, -1));
    return values;
  };
  const auto before = configuration();
  static_cast<void>(sqlite::Database::on_connection(host.handle()));
  CHECK(configuration() == before);
  host("ATTACH ':memory:' AS other");
}

TEST_CASE("an event that a host's authorizer keeps out is an error") {
  Sql host(":memory:");
  SqliteEventStorageAdapter events(sqlite::Database::on_connection(host.handle()));
  push(events, "STORE", new_event("a", 1));
  const auto ignore_inserts = [](void*, int action, const char* table, const char*, const char*,
                                 const char*) {
    const bool ours = table != nullptr && std::string_view(table) == "castore_event";
    return action == SQLITE_INSERT && ours ? SQLITE_IGNORE : SQLITE_OK;
  };
  sqlite3_set_authorizer(host.handle(), ignore_inserts, nullptr);

  CHECK(code_of([&] { push(events, "STORE", new_event("a", 2)); }) == "Storage");
  CHECK(code_of([&] { push(events, "STORE", new_event("b", 1), {.allow_version_gap = true}); }) ==
        "Storage");

  sqlite3_set_authorizer(host.handle(), nullptr, nullptr);
  CHECK(versions(events, "STORE", "a") == std::vector<Version>{1});
  CHECK(versions(events, "STORE", "b").empty());
}

TEST_CASE("a migration that a trigger keeps out of the ledger is an error and not applied") {
  const TemporaryDirectory directory;
  Sql sql(directory / "store.db");
  sql("CREATE TABLE castore_migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
      "applied_at INTEGER NOT NULL) STRICT;"
      "CREATE TRIGGER host BEFORE INSERT ON castore_migration BEGIN SELECT RAISE(IGNORE); END");
  const auto open = [&] {
    static_cast<void>(sqlite::Database::open(directory / "store.db", allowed));
  };

  const auto error = thrown<StorageError>(open);

  REQUIRE(error);
  CHECK(std::string_view(error->what()).find("trigger") != std::string_view::npos);
  CHECK(sql("SELECT name FROM sqlite_master WHERE name = 'castore_event'").empty());
  sql("DROP TRIGGER host");
  open();
  CHECK(sql.value("SELECT count(*) FROM castore_migration") ==
        std::to_string(sqlite::Database::schema_version()));
}

}  // namespace
}  // namespace castore::testing
