// A host's own triggers on castore's tables: what they keep out was never acknowledged.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <castore/sqlite/event_storage_adapter.hpp>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/forwarding_adapter.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

/// A store with version 1 of "a", and a host beside it. What has a type that begins with KEPT is
/// kept out, by a trigger of the host's.
struct Triggers {
  TemporaryDirectory directory;
  std::shared_ptr<sqlite::Database> database = sqlite::Database::open(directory / "store.db");
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
  ForwardingAdapter decorator(events);
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
  const auto open = [&] { static_cast<void>(sqlite::Database::open(directory / "store.db")); };

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
