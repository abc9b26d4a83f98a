#pragma once

/// \file
/// Whether a statement has written what it says.

#include <cstdint>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

/// Made before a statement that writes: tells afterwards whether that has written a row. It may be
/// done without an error and without one: a trigger says RAISE(IGNORE), and SQLite counts 0; or a
/// host's authorizer says SQLITE_IGNORE, and SQLite's count stays that of an earlier statement.
class Changes {
 public:
  explicit Changes(const Connection& connection) noexcept
      : connection_(connection), before_(connection.total_changes()) {}

  [[nodiscard]] bool any() const noexcept {
    return connection_.changes() > 0 && connection_.total_changes() > before_;
  }

  /// The number of rows written since, by the statement or by others.
  [[nodiscard]] std::int64_t count() const noexcept {
    return connection_.total_changes() - before_;
  }

  /// Whether a trigger has written, too: perhaps to the same row.
  [[nodiscard]] bool by_others() const noexcept { return count() > connection_.changes(); }

 private:
  const Connection& connection_;
  std::int64_t before_;
};

}  // namespace castore::sqlite
