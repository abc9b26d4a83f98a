#include "sqlite/sorter.hpp"

#include <algorithm>
#include <castore/error.hpp>

namespace castore::sqlite {
namespace {

constexpr auto create_matches = R"sql(
  PRAGMA journal_mode = OFF;
  PRAGMA cache_size = -4000;
  CREATE TABLE match (timestamp INTEGER, position INTEGER PRIMARY KEY);
  BEGIN;
)sql";

constexpr auto insert_match = "INSERT INTO match VALUES (?1, ?2)";

constexpr auto count_matches = "SELECT count(*) FROM match WHERE (timestamp, position) > (?1, ?2)";

constexpr auto select_matches = R"sql(
  SELECT position, timestamp FROM match
   WHERE (timestamp, position) > (?1, ?2) ORDER BY timestamp, position
)sql";

[[noreturn]] void throw_lost() {
  throw StorageError(ErrorCode::storage,
                     "a temporary file for putting events in order failed, not the database: it "
                     "has lost some of them; open another feed after the last event of this");
}

}  // namespace

Sorter::Sorter() : connection_("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, {}) {
  connection_.execute(create_matches);
}

void Sorter::add(const std::vector<Match>& matches) {
  const auto insert = connection_.borrow(insert_match);
  for (const Match& match : matches) {
    insert->bind(1, match.timestamp);
    insert->bind(2, match.position);
    insert->step();
    insert->reset();
  }
  left_ += static_cast<std::int64_t>(matches.size());
}

void Sorter::finish() { connection_.execute("COMMIT"); }

void Sorter::next(std::vector<Match>& matches, std::int64_t most) {
  matches.clear();
  most = std::min(most, left_);
  if (most == 0) return;
  try {
    if (!sorted_) sort();
    while (static_cast<std::int64_t>(matches.size()) < most) {
      if (!sorted_->step()) throw_lost();
      matches.push_back({sorted_->integer(0), sorted_->integer(1)});
    }
  } catch (...) {
    matches.clear();
    sorted_.reset();  // SQLite would begin it anew
    throw;
  }
  last_ = matches.back();
  left_ -= most;
}

void Sorter::sort() {
  check_nothing_is_lost();
  sorted_.emplace(connection_, select_matches);
  sorted_->bind(1, last_.timestamp);
  sorted_->bind(2, last_.position);
}

/// SQLite may write what it has in its cache only when it needs the room to read: if that fails, it
/// goes on with the pages that are in the file.
void Sorter::check_nothing_is_lost() {
  Statement count(connection_, count_matches);
  count.bind(1, last_.timestamp);
  count.bind(2, last_.position);
  if (!count.step() || count.integer(0) != left_) throw_lost();
}

}  // namespace castore::sqlite
