// Files from somebody else: tables by our names that are not ours are told as such, and nothing of
// them is computed.

#include <doctest/doctest.h>

#include <castore/sqlite/event_storage_adapter.hpp>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

constexpr auto ledger = R"sql(
  CREATE TABLE castore_migration (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
  INSERT INTO castore_migration VALUES (1, 'events', 1), (2, 'readable_events', 1);
)sql";

constexpr std::string_view columns = R"sql(
    position       INTEGER PRIMARY KEY AUTOINCREMENT,
    event_store_id TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    version        INTEGER NOT NULL CHECK (version >= 1),
    type           TEXT    NOT NULL,
    timestamp      INTEGER NOT NULL,
    payload        TEXT,
    metadata       TEXT,
    UNIQUE (event_store_id, aggregate_id, version))sql";

constexpr auto index =
    "CREATE INDEX castore_initial_event ON castore_event (event_store_id, timestamp, aggregate_id)"
    " WHERE version = 1;";

/// `columns`, with `found` replaced.
std::string changed(const std::string& found, const std::string& replacement) {
  std::string text(columns);
  text.replace(text.find(found), found.size(), replacement);
  return text;
}

std::string table(const std::string& definitions, const std::string& options = "STRICT") {
  return "CREATE TABLE castore_event (" + definitions + ") " + options + ';';
}

/// Somebody else's file.
struct File {
  TemporaryDirectory directory;
  fs::path path = directory / "store.db";

  void make(const std::string& sql) const { Sql{path}(sql); }

  [[nodiscard]] std::shared_ptr<sqlite::Database> open(bool read_only) const {
    return sqlite::Database::open(path, {.read_only = read_only});
  }

  void push_one(const std::string& aggregate_id, Version version) const {
    SqliteEventStorageAdapter events(open(false));
    push(events, "STORE", new_event(aggregate_id, version));
  }

  /// The message of the `not_a_castore_file` that it is, however it is opened.
  [[nodiscard]] std::string refusal() const {
    const auto before = Sql{path}("SELECT type, name, sql FROM sqlite_master ORDER BY name");
    std::string message;
    for (const bool read_only : {true, false}) {
      const auto error = thrown<StorageError>([&] { static_cast<void>(open(read_only)); });
      REQUIRE(error);
      CHECK(error->code() == ErrorCode::not_a_castore_file);
      message = error->what();
    }
    CHECK(Sql{path}("SELECT type, name, sql FROM sqlite_master ORDER BY name") == before);
    return message;
  }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE_FIXTURE(File, "tables of the same meaning are ours however they are written") {
  std::string lower = table(std::string(columns));
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  make(ledger + lower + "-- a comment\n" + index);
  push_one("a", 1);
  CHECK(read(SqliteEventStorageAdapter(open(true)), "STORE", "a").size() == 1);
}

TEST_CASE_FIXTURE(File, "a file that SQLite has written anew is ours as before") {
  push_one("a", 1);
  make("ALTER TABLE castore_event RENAME TO t; ALTER TABLE t RENAME TO castore_event; VACUUM");
  CHECK_FALSE(
      Sql{path}("SELECT 1 FROM sqlite_master WHERE sql LIKE '%\"castore_event\"%'").empty());
  CHECK(read(SqliteEventStorageAdapter(open(true)), "STORE", "a").size() == 1);
}

TEST_CASE_FIXTURE(File, "a table of events that differs is refused with the difference") {
  struct Case {
    std::string definitions;
    std::string has;
    std::string lacks;
  };
  const std::vector<Case> cases{
      {changed(",\n    UNIQUE (event_store_id, aggregate_id, version)", ""), "",
       "unique(event_store_id,aggregate_id,version)"},
      {changed("aggregate_id   TEXT", "aggregate_id TEXT COLLATE NOCASE"),
       "aggregate_id text collate nocase not null", "aggregate_id text not null"},
      {changed("version        INTEGER NOT NULL CHECK (version >= 1)", "version INTEGER NOT NULL"),
       "version integer not null", "check(version>=1)"},
      {changed("payload        TEXT", "payload TEXT AS (hex(zeroblob(100000000)))"),
       "payload text as(hex(zeroblob(100000000)))", "payload text"},
      {changed("timestamp      INTEGER", "timestamp TEXT"), "timestamp text not null",
       "timestamp integer not null"},
      {changed("type           TEXT    NOT NULL", "type ANY NOT NULL"), "type any not null",
       "type text not null"},
      {changed("PRIMARY KEY AUTOINCREMENT", "PRIMARY KEY"), "position integer primary key",
       "autoincrement"},
      {changed("metadata       TEXT", "metadata TEXT DEFAULT (random())"),
       "metadata text default(random())", "metadata text"},
      {changed("metadata       TEXT,", "metadata TEXT, colour TEXT,"), "colour text", ""},
      {changed("metadata       TEXT,", ""), "", "metadata text"},
      {changed("payload        TEXT", "payload TEXT REFERENCES other ON DELETE CASCADE"),
       "payload text references other on delete cascade", "payload text"}};
  for (const Case& each : cases) {
    CAPTURE(each.definitions);
    fs::remove(path);
    make(ledger + table(each.definitions) + index);
    const std::string message = refusal();
    CAPTURE(message);
    CHECK(contains(message, "castore_event"));
    CHECK(contains(message, each.has));
    CHECK(contains(message, each.lacks));
  }
}

/// Runs `sql` on the file while `name` is another thing to SQLite than its schema says, as crafted
/// files have it.
void with_schema_text(const fs::path& path, const std::string& name, const std::string& text,
                      const std::string& sql) {
  const auto set = [&](const std::string& value) {
    Sql{path}("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = " + value +
              " WHERE name = '" + name + "'");
  };
  const std::string original =
      Sql{path}.value("SELECT quote(sql) FROM sqlite_master WHERE name = '" + name + "'");
  set(text);
  Sql{path}(sql);
  set(original);
}

TEST_CASE_FIXTURE(File, "what stands behind a NUL in the text of a table is no part of it") {
  push_one("a", 1);
  const std::string text =
      Sql{path}.value("SELECT sql FROM sqlite_master WHERE name = 'castore_event'");
  const auto end = text.rfind("STRICT");
  REQUIRE(end != std::string::npos);
  Sql{path}("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = substr(sql, 1, " +
            std::to_string(end) + ") || '--' || char(0) || char(10) || 'STRICT'" +
            " WHERE name = 'castore_event'");
  CHECK(contains(refusal(), "NUL"));
}

TEST_CASE_FIXTURE(File, "a value of another type than its column is a malformed event") {
  push_one("a", 1);
  std::string change;
  SUBCASE("payload") { change = "payload = x'7b7d'"; }
  SUBCASE("type") { change = "type = x'54'"; }
  SUBCASE("timestamp") { change = "timestamp = '1640995200000000x'"; }
  with_schema_text(path, "castore_event",
                   "replace((SELECT sql FROM sqlite_master WHERE name = 'castore_event'), "
                   "'STRICT', '')",
                   "UPDATE castore_event SET " + change);
  const SqliteEventStorageAdapter events(open(true));
  CHECK(code_of([&] { static_cast<void>(read(events, "STORE", "a")); }) == "MalformedEvent");
  CHECK(code_of([&] { static_cast<void>(events.open_event_feed({})->next_page()); }) ==
        "MalformedEvent");
}

TEST_CASE_FIXTURE(File, "an index that shows another id than the table is damage") {
  push_one("a", 1);
  std::string damaged;
  SUBCASE("of a listing") { damaged = "castore_initial_event"; }
  SUBCASE("of the event stores") { damaged = "sqlite_autoindex_castore_event_1"; }
  const bool listing = damaged == "castore_initial_event";
  const std::string column = listing ? "aggregate_id" : "event_store_id";
  const std::string old = Sql{path}.value("SELECT " + column + " FROM castore_event");
  // The byte is changed in the index alone: an id in the table has another one behind it.
  {
    Sql sql(path);
    sql("PRAGMA journal_mode = DELETE");
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto root = std::stoll(
      Sql{path}.value("SELECT rootpage FROM sqlite_master WHERE name = '" + damaged + "'"));
  const auto page_size = std::stoll(Sql{path}.value("PRAGMA page_size"));
  std::string page(static_cast<std::size_t>(page_size), '\0');
  file.seekg((root - 1) * page_size);
  file.read(page.data(), page_size);
  const std::size_t at = page.rfind(listing ? "a\x01" : "STOREa");
  const std::size_t place = at != std::string::npos ? at : page.rfind(old);
  REQUIRE(place != std::string::npos);
  page[place] = '\xff';
  file.seekp((root - 1) * page_size);
  file.write(page.data(), page_size);
  file.close();

  const SqliteEventStorageAdapter events(open(true));
  if (listing) {
    CHECK(code_of([&] { static_cast<void>(events.list_aggregate_ids("STORE", {})); }) == "Storage");
  } else {
    CHECK(code_of([&] { static_cast<void>(events.list_event_stores()); }) == "Storage");
  }
}

TEST_CASE("a temporary table on a host's connection hides nothing") {
  for (const char* const hiding : {"CREATE TEMP TABLE castore_event (position INTEGER)",
                                   "CREATE TEMP VIEW Castore_Migration AS SELECT 99 AS version"}) {
    Sql host(":memory:");
    static_cast<void>(sqlite::Database::on_connection(host.handle()));
    host(hiding);
    CHECK(code_of([&] { static_cast<void>(sqlite::Database::on_connection(host.handle())); }) ==
          "NotACastoreFile");
  }
}

TEST_CASE_FIXTURE(File, "a journal that names another file is not rolled back") {
  push_one("a", 1);
  const fs::path journal = path.string() + "-journal";
  const fs::path victim = directory / "victim.txt";
  std::ofstream(victim) << "here";
  const std::string name = victim.string();
  const auto big_endian = [](std::uint32_t number) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 0xFFU);
    return bytes;
  };
  std::uint32_t sum = 0;
  for (const char c : name) sum += static_cast<std::uint32_t>(c);
  const std::string magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
  std::string header =
      magic + big_endian(0) + big_endian(1) + big_endian(1) + big_endian(512) + big_endian(4096);
  header.resize(512, '\0');
  std::ofstream(journal, std::ios::binary)
      << header << big_endian(1) << name << big_endian(static_cast<std::uint32_t>(name.size()))
      << big_endian(sum) << magic;

  CHECK(code_of([&] { push_one("a", 2); }) == "Storage");
  CHECK(fs::exists(victim));
  CHECK(fs::exists(journal));
}

TEST_CASE_FIXTURE(File, "a table that is not strict is refused") {
  make(ledger + table(std::string(columns), "") + index);
  CHECK(contains(refusal(), "strict"));
}

TEST_CASE_FIXTURE(File, "a view in place of the events is refused") {
  make(std::string(ledger) +
       "CREATE VIEW castore_event AS SELECT 1 AS position, 'S' AS event_store_id");
  CHECK(contains(refusal(), "is a view"));
}

TEST_CASE_FIXTURE(File, "a virtual table in place of the events is refused") {
  make(std::string(ledger) + "CREATE VIRTUAL TABLE castore_event USING fts5 (position, type)");
  CHECK(contains(refusal(), "virtual table"));
}

TEST_CASE_FIXTURE(File, "an index that differs or is missing is refused") {
  SUBCASE("missing") {
    make(ledger + table(std::string(columns)));
    CHECK(contains(refusal(), "no index castore_initial_event"));
  }
  SUBCASE("of other columns") {
    make(ledger + table(std::string(columns)) +
         "CREATE INDEX castore_initial_event ON castore_event (event_store_id) WHERE version = 1");
    CHECK(contains(refusal(), "index castore_initial_event is not castore's"));
  }
}

TEST_CASE_FIXTURE(File, "a ledger that differs is refused before it is read") {
  SUBCASE("it would compute for a quarter of an hour") {
    make(
        "CREATE TABLE castore_migration (name TEXT, n INTEGER, version INTEGER AS"
        " (n + 0 * length(hex(zeroblob(400000000))) *"
        "  (hex(zeroblob(40)) LIKE '%0%0%0%0%0%0%0%0%0%0%0%0%0%1')));"
        "INSERT INTO castore_migration (name, n) VALUES ('x', 1), ('y', 2);" +
        table(std::string(columns)) + index);
    CHECK(contains(refusal(), "castore_migration"));
  }
  SUBCASE("a view") {
    make(
        "CREATE VIEW castore_migration AS WITH RECURSIVE n(version) AS"
        " (SELECT 1 UNION ALL SELECT version + 1 FROM n) SELECT version FROM n;" +
        table(std::string(columns)) + index);
    CHECK(contains(refusal(), "castore_migration is a view"));
  }
}

TEST_CASE_FIXTURE(File, "events without a ledger are somebody else's") {
  SUBCASE("without a table of it") { make(table(std::string(columns)) + index); }
  SUBCASE("with none of its rows") {
    make(ledger + table(std::string(columns)) + index + "DELETE FROM castore_migration");
  }
  CHECK(contains(refusal(), "castore_event is not castore's"));
}

TEST_CASE_FIXTURE(File, "views and indexes of the host's are its own business") {
  push_one("a", 1);
  make(
      "DROP VIEW castore_readable_event;"
      "CREATE INDEX by_type ON castore_event (type);"
      "CREATE INDEX by_trainer ON castore_event (payload ->> 'trainer_id');"
      "CREATE VIEW newest AS SELECT * FROM castore_event ORDER BY position DESC");
  push_one("a", 2);
  CHECK(read(SqliteEventStorageAdapter(open(true)), "STORE", "a").size() == 2);
}

}  // namespace
}  // namespace castore::testing
