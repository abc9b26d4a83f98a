#pragma once

/// \file
/// Whether a statement has written what it says.

#include <sqlite3.h>

#include <cstdint>

namespace castore::sqlite {

/// Made before a statement that writes: tells afterwards whether that has written a row. It may be
/// done without an error and without one: a trigger says RAISE(IGNORE), and SQLite counts 0; or a
/// host's authorizer says SQLITE_IGNORE, and SQLite's count stays that of an earlier statement.
class Changes {
 public:
  explicit Changes(sqlite3* connection) noexcept
      : connection_(connection), before_(sqlite3_total_changes64(connection)) {}

  [[nodiscard]] bool any() const noexcept {
    return sqlite3_changes64(connection_) > 0 && sqlite3_total_changes64(connection_) > before_;
  }

  /// How many rows were written since, by whomever.
  [[nodiscard]] std::int64_t count() const noexcept {
    return sqlite3_total_changes64(connection_) - before_;
  }

  /// Whether a trigger has written, too: perhaps to the same row.
  [[nodiscard]] bool by_others() const noexcept { return count() > sqlite3_changes64(connection_); }

 private:
  sqlite3* connection_;
  std::int64_t before_;
};

}  // namespace castore::sqlite
