#include "sqlite/migrations.hpp"

#include <castore/adapter_support.hpp>
#include <string>

#include "sqlite/changes.hpp"

namespace castore::sqlite {
namespace {

constexpr auto create_ledger = R"sql(
  CREATE TABLE IF NOT EXISTS castore_migration (
    version    INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    applied_at INTEGER NOT NULL  -- UTC, microseconds since 1970
  ) STRICT;
)sql";

constexpr auto find_table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";

constexpr auto newest_migration = "SELECT coalesce(max(version), 0) FROM castore_migration";

constexpr auto insert_migration =
    "INSERT INTO castore_migration (version, name, applied_at) VALUES (?1, ?2, ?3)";

constexpr auto event_columns = "PRAGMA table_info(castore_event)";

constexpr std::string_view expected_event_columns =
    "position INTEGER, event_store_id TEXT, aggregate_id TEXT, version INTEGER, type TEXT, "
    "timestamp INTEGER, payload TEXT, metadata TEXT";

/// What is read while it lives is of one moment: another process may be at work on the schema. A
/// savepoint, since the host may be inside a transaction.
class Snapshot {
 public:
  explicit Snapshot(Connection& connection)
      // Prepared before there is something to end: memory may be short then.
      : release_(connection.borrow("RELEASE castore_snapshot")) {
    connection.execute("SAVEPOINT castore_snapshot");
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  Snapshot(Snapshot&&) = delete;
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    try {
      release_->step();
    } catch (...) {
      // The connection is not used any more.
    }
  }

 private:
  Connection::Borrowed release_;
};

bool has_table(Connection& connection, std::string_view name) {
  const auto found = connection.borrow(find_table);
  found->bind(1, name);
  return found->step();
}

std::string read_event_columns(Connection& connection) {
  std::string columns;
  const auto column = connection.borrow(event_columns);
  while (column->step()) {
    if (!columns.empty()) columns += ", ";
    columns.append(column->text(1)).append(" ").append(column->text(2));
  }
  return columns;
}

void apply(Connection& connection, const Migration& migration) {
  connection.execute(create_ledger);
  connection.execute(migration.sql);
  const auto insert = connection.borrow(insert_migration);
  insert->bind(1, std::int64_t{migration.version});
  insert->bind(2, std::string_view(migration.name));
  insert->bind(3, system_now().time_since_epoch().count());
  const Changes changes(connection.handle());
  insert->step();
  if (!changes.any()) {
    throw StorageError(ErrorCode::storage,
                       "a trigger (or an authorizer) on castore_migration, which is not castore's, "
                       "keeps migration " +
                           std::to_string(migration.version) + " out: it is not applied");
  }
}

}  // namespace

int applied_version(Connection& connection) {
  if (!has_table(connection, "castore_migration")) return 0;
  const auto newest = connection.borrow(newest_migration);
  newest->step();
  return static_cast<int>(newest->integer(0));
}

void check_schema(Connection& connection, const std::string& file) {
  const Snapshot snapshot(connection);
  const int applied = applied_version(connection);
  if (applied > migrations().back().version) {
    throw StorageError(ErrorCode::newer_schema,
                       file + " was written by a newer version of castore (its schema is " +
                           std::to_string(applied) + ", this library knows " +
                           std::to_string(migrations().back().version) +
                           "): upgrade castore to open it");
  }
  if (!has_table(connection, "castore_event")) {
    if (applied == 0) return;
    throw StorageError(ErrorCode::not_a_castore_file,
                       file + " is damaged: it lost its table castore_event");
  }
  const std::string columns = read_event_columns(connection);
  if (applied == 0 || columns != expected_event_columns) {
    throw StorageError(
        ErrorCode::not_a_castore_file,
        file + " has a table castore_event that is not castore's (columns: " + columns + ")");
  }
}

void migrate(Connection& connection) {
  for (const Migration& migration : migrations()) {
    if (migration.version <= applied_version(connection)) continue;
    const bool savepoint = connection.in_transaction();
    connection.begin();
    try {
      // Another process may have been faster while we waited for the lock.
      if (migration.version > applied_version(connection)) apply(connection, migration);
      connection.commit(savepoint);
    } catch (...) {
      connection.rollback(savepoint);
      throw;
    }
  }
}

}  // namespace castore::sqlite
