#include "sqlite/migrations.hpp"

#include <castore/clock.hpp>
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

constexpr auto find_ledger =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND lower(name) = 'castore_migration'";

constexpr auto newest_migration = "SELECT coalesce(max(version), 0) FROM castore_migration";

constexpr auto insert_migration =
    "INSERT INTO castore_migration (version, name, applied_at) VALUES (?1, ?2, ?3)";

void apply(Connection& connection, const Migration& migration) {
  connection.execute(create_ledger);
  connection.execute(migration.sql);
  const auto insert = connection.borrow(insert_migration);
  insert->bind(1, std::int64_t{migration.version});
  insert->bind(2, std::string_view(migration.name));
  insert->bind(3, system_now().time_since_epoch().count());
  const Changes changes(connection);
  insert->step();
  if (!changes.any()) {
    throw StorageError(ErrorCode::storage,
                       "a trigger (or an authorizer) on castore_migration, which is not castore's, "
                       "keeps migration " +
                           std::to_string(migration.version) + " out: it is not applied");
  }
}

}  // namespace

std::int64_t applied_version(Connection& connection) {
  if (!connection.borrow(find_ledger)->step()) return 0;
  const auto newest = connection.borrow(newest_migration);
  newest->step();
  return newest->integer(0);
}

void migrate(Connection& connection, int newest) {
  for (const Migration& migration : migrations()) {
    if (migration.version > newest) return;
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
