#include "raw.hpp"

#include <cstdio>
#include <cstdlib>

#include "workload.hpp"

namespace castore::bench::raw {
namespace {

constexpr auto insert_event = R"sql(
  INSERT INTO castore_event
    (event_store_id, aggregate_id, version, type, timestamp, payload)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
)sql";

constexpr auto select_events = R"sql(
  SELECT version, type, timestamp, payload, metadata FROM castore_event
   WHERE event_store_id = ?1 AND aggregate_id = ?2 ORDER BY version
)sql";

constexpr auto select_ids = R"sql(
  SELECT aggregate_id, timestamp FROM castore_event
   WHERE version = 1 AND event_store_id = ?1 AND (timestamp, aggregate_id) > (?2, ?3)
   ORDER BY timestamp, aggregate_id LIMIT ?4
)sql";

Connection open(const std::filesystem::path& file, int flags) {
  sqlite3* connection = nullptr;
  const int answer =
      sqlite3_open_v2(file.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  require(answer, SQLITE_OK, "opening a file");
  return Connection(connection);
}

}  // namespace

Connection open_for_writing(const std::filesystem::path& file, const char* synchronous) {
  Connection connection = open(file, SQLITE_OPEN_READWRITE);
  execute(connection.get(), (std::string("PRAGMA synchronous = ") + synchronous).c_str());
  return connection;
}

Connection open_for_reading(const std::filesystem::path& file) {
  return open(file, SQLITE_OPEN_READONLY);
}

Statement prepare(sqlite3* connection, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  require(sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
          SQLITE_OK, sql);
  return Statement(statement);
}

void execute(sqlite3* connection, const char* sql) {
  require(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr), SQLITE_OK, sql);
}

void require(int answer, int expected, const char* doing) {
  if (answer == expected) return;
  std::fprintf(stderr, "bench: %s: SQLite answered %d\n", doing, answer);
  std::abort();
}

Insert::Insert(sqlite3* connection) : statement_(prepare(connection, insert_event)) {
  bind(statement_.get(), 1, event_store_id);
  bind(statement_.get(), 4, ItemStored::type);
}

SelectEvents::SelectEvents(sqlite3* connection) : statement_(prepare(connection, select_events)) {
  bind(statement_.get(), 1, event_store_id);
}

SelectIds::SelectIds(sqlite3* connection) : statement_(prepare(connection, select_ids)) {
  bind(statement_.get(), 1, event_store_id);
}

std::vector<ListedId> SelectIds::operator()(std::int64_t timestamp, std::string_view aggregate_id,
                                            int limit) {
  sqlite3_stmt* const row = statement_.get();
  sqlite3_bind_int64(row, 2, timestamp);
  bind(row, 3, aggregate_id);
  sqlite3_bind_int(row, 4, limit + 1);
  std::vector<ListedId> ids;
  ids.reserve(static_cast<std::size_t>(limit));
  while (sqlite3_step(row) == SQLITE_ROW && ids.size() < static_cast<std::size_t>(limit)) {
    ids.push_back({std::string(text(row, 0)), sqlite3_column_int64(row, 1)});
  }
  require(sqlite3_reset(row), SQLITE_OK, "listing ids");
  return ids;
}

}  // namespace castore::bench::raw
