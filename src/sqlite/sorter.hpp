#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

/// An event that a query has found.
struct Match {
  std::int64_t position;
  std::int64_t timestamp;
};

/// Positions in the order of timestamps, put so by SQLite's sorter on a database of its own, which
/// goes with the object. The part that does not fit into the cache lies in temporary files.
class Sorter {
 public:
  Sorter();

  void add(const std::vector<Match>& matches);

  /// Called once, after the last `add`. A read that fails would undo what is not committed; where
  /// it cannot be committed, it is lost.
  void finish();

  /// Replaces `matches` by the next ones, up to `most`; by none after the last. If it throws, they
  /// are still the next.
  void next(std::vector<Match>& matches, std::int64_t most);

 private:
  void sort();
  void check_nothing_is_lost();

  Connection connection_;
  std::optional<Statement> sorted_;
  Match last_{.position = 0, .timestamp = std::numeric_limits<std::int64_t>::min()};
  std::int64_t left_ = 0;  ///< how many are still to be handed out
};

}  // namespace castore::sqlite
