#include <castore/event.hpp>
#include <string>
#include <system_error>

#include "sqlite/database.hpp"
#include "sqlite/file.hpp"
#include "sqlite/migrations.hpp"
#include "sqlite/row.hpp"

namespace castore::sqlite {
namespace {

constexpr auto read_encoding = "PRAGMA encoding";
constexpr auto read_journal_mode = "PRAGMA journal_mode";
constexpr auto read_page_size = "PRAGMA page_size";
constexpr auto applied_at = "SELECT applied_at FROM castore_migration WHERE version = ?1";

std::string text_of(Connection& connection, const char* sql) {
  const auto row = connection.borrow(sql);
  return row->step() ? std::string(row->text(0)) : std::string();
}

std::int64_t integer_of(Connection& connection, const char* sql) {
  const auto row = connection.borrow(sql);
  return row->step() ? row->integer(0) : 0;
}

/// Reads those that this library knows: a file with others would not be open.
std::vector<AppliedMigration> read_ledger(Connection& connection) {
  std::vector<AppliedMigration> applied;
  for (const Migration& migration : migrations()) {
    const auto row = connection.borrow(applied_at);
    row->bind(1, std::int64_t{migration.version});
    if (!row->step()) continue;
    const Timestamp time = to_timestamp(row->integer(0));
    if (!is_storable(time)) {
      throw StorageError(ErrorCode::not_a_castore_file,
                         "castore_migration is damaged: version " +
                             std::to_string(migration.version) +
                             " was applied outside the years 0000 to 9999");
    }
    applied.push_back({migration.version, migration.name, time});
  }
  return applied;
}

/// \returns 0 where there is none
std::uintmax_t size_of(const std::filesystem::path& file) {
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(file, missing);
  return missing ? 0 : size;
}

}  // namespace

DatabaseInfo Database::info() const {
  DatabaseInfo info = Reading::from(*impl_, [this](const Reading& reading) {
    Connection& connection = reading.connection();
    DatabaseInfo read;
    read.path = impl_->writer.is_on_host_connection() ? connection.path() : impl_->file.path;
    read.last_position = newest_position(connection);
    read.encoding = text_of(connection, read_encoding);
    read.journal_mode = text_of(connection, read_journal_mode);
    read.page_size = integer_of(connection, read_page_size);
    read.schema_version = static_cast<int>(applied_version(connection));
    read.migrations = read_ledger(connection);
    return read;
  });
  info.sqlite_version = sqlite3_libversion();
  if (info.path.empty()) return info;
  info.file_size = size_of(info.path);
  info.wal_size = size_of(beside(info.path, "-wal"));
  return info;
}

}  // namespace castore::sqlite
