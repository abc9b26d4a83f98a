// The schema through time: files of earlier versions, files of later ones, files of others.

#include <doctest/doctest.h>

#include <algorithm>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <string>

#include "sqlite/fixtures.hpp"
#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

constexpr auto our_schema =
    "SELECT type, name, sql FROM sqlite_master WHERE name LIKE 'castore_%' ORDER BY name";

void open_for_writing(const fs::path& path) { static_cast<void>(sqlite::Database::open(path)); }

TEST_CASE("a file of every earlier schema version is upgraded and keeps its events") {
  for (int version = 1; version < sqlite::Database::schema_version(); ++version) {
    CAPTURE(version);
    const TemporaryDirectory directory;
    const fs::path path = directory / "old.db";
    Sql{path}(fixture(version));
    open_for_writing(directory / "fresh.db");

    SqliteEventStorageAdapter events(sqlite::Database::open(path));

    CHECK(Sql{path}(our_schema) == Sql(directory / "fresh.db")(our_schema));
    CHECK(Sql{path}.value("SELECT max(version) FROM castore_migration") ==
          std::to_string(sqlite::Database::schema_version()));
    const auto pikachu = read(events, "POKEMONS", "pikachu");
    REQUIRE(pikachu.size() == 2);
    CHECK(pikachu[0] == EventDetail{.aggregate_id = "pikachu",
                                    .version = 1,
                                    .type = "POKEMON_APPEARED",
                                    .timestamp = at("2022-01-01T00:00:00.000Z"),
                                    .payload = R"({"name":"Pikachu","level":42})",
                                    .metadata = R"({"trigger":"random"})"});
    CHECK(pikachu[1].timestamp == at("1969-12-31T23:59:59.999999Z"));
    push(events, "POKEMONS", new_event("pikachu", 3));
    CHECK(Sql{path}.value("SELECT max(position) FROM castore_event") == "4");
  }
}

TEST_CASE("a file of every earlier schema version is read without upgrading it") {
  for (int version = 1; version < sqlite::Database::schema_version(); ++version) {
    CAPTURE(version);
    const TemporaryDirectory directory;
    const fs::path path = directory / "old.db";
    Sql{path}(fixture(version));

    const SqliteEventStorageAdapter events(sqlite::Database::open(path, {.read_only = true}));

    CHECK(versions(events, "POKEMONS", "pikachu") == std::vector<Version>{1, 2});
    CHECK(Sql{path}.value("SELECT max(version) FROM castore_migration") == std::to_string(version));
  }
}

TEST_CASE("what is the host's stays as it was") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "host.db";
  Sql{path}(
      "CREATE TABLE customer (name TEXT); INSERT INTO customer VALUES ('Misty');"
      "PRAGMA user_version = 7; PRAGMA application_id = 8");

  open_for_writing(path);

  Sql sql(path);
  CHECK(sql("SELECT * FROM customer") == std::vector<std::string>{"Misty"});
  CHECK(sql.value("PRAGMA user_version") == "7");
  CHECK(sql.value("PRAGMA application_id") == "8");
  const auto ours =
      sql("SELECT name FROM sqlite_master WHERE name NOT LIKE 'castore_%' AND name NOT LIKE "
          "'sqlite_%'");
  CHECK(ours == std::vector<std::string>{"customer"});
}

TEST_CASE("the ledger tells what a file has had") {
  const TemporaryDirectory directory;
  open_for_writing(directory / "store.db");
  open_for_writing(directory / "store.db");

  const auto ledger = Sql(directory / "store.db")(
      "SELECT version, name FROM castore_migration WHERE applied_at > 0 ORDER BY version");
  CHECK(ledger == std::vector<std::string>{"1|events", "2|readable_events"});
}

TEST_CASE("a file of a newer library is refused and not touched") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "new.db";
  open_for_writing(path);
  Sql{path}("INSERT INTO castore_migration VALUES (99, 'from_the_future', 1)");
  const auto message = [&](bool read_only) {
    const auto error = thrown<StorageError>(
        [&] { static_cast<void>(sqlite::Database::open(path, {.read_only = read_only})); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::newer_schema);
    return std::string(error->what());
  };

  CHECK(message(false).find("upgrade castore") != std::string::npos);
  CHECK(message(true).find("upgrade castore") != std::string::npos);
  CHECK(Sql{path}.value("SELECT max(version) FROM castore_migration") == "99");
}

TEST_CASE("a table of our name with other columns is refused and not touched") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "other.db";
  SUBCASE("without a ledger") { Sql{path}("CREATE TABLE castore_event (name TEXT)"); }
  SUBCASE("with one") {
    open_for_writing(path);
    Sql{path}("ALTER TABLE castore_event ADD COLUMN colour TEXT");
  }
  const auto before = Sql{path}("SELECT sql FROM sqlite_master ORDER BY name");

  CHECK(code_of([&] { open_for_writing(path); }) == "NotACastoreFile");
  CHECK(code_of([&] { static_cast<void>(sqlite::Database::open(path, {.read_only = true})); }) ==
        "NotACastoreFile");
  CHECK(Sql{path}("SELECT sql FROM sqlite_master ORDER BY name") == before);
}

TEST_CASE("the view for people shows ISO timestamps") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "store.db";
  {
    SqliteEventStorageAdapter events(sqlite::Database::open(path));
    const auto moments = {"0000-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999999Z",
                          "2022-02-28T23:59:59.120Z", "9999-12-31T23:59:59.999999Z"};
    Version version = 0;
    for (const char* const moment : moments) {
      push(events, "STORE", new_event("a", ++version, at(moment)));
    }
  }

  const auto shown = Sql{path}("SELECT timestamp FROM castore_readable_event ORDER BY position");
  CHECK(shown == std::vector<std::string>{"0000-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999999Z",
                                          "2022-02-28T23:59:59.120Z",
                                          "9999-12-31T23:59:59.999999Z"});
}

}  // namespace
}  // namespace castore::testing
