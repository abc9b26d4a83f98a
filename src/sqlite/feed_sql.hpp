#pragma once

#include <castore/event_feed.hpp>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

/// The SQL of a feed's query. Its parameters ?1 and ?2 are the positions to read behind and up to,
/// ?3 is the most rows to read.
class FeedSql {
 public:
  explicit FeedSql(const FeedQuery& query);

  [[nodiscard]] const std::string& select_events() const noexcept { return select_events_; }
  /// Only position and timestamp.
  [[nodiscard]] const std::string& select_matches() const noexcept { return select_matches_; }

  /// Binds the other parameters. \param connection  that of the statement
  void bind(Connection& connection, Statement& statement) const;

 private:
  using Value = std::variant<std::int64_t, std::string>;
  static constexpr int first_value = 4;

  std::string parameter(Value value);
  std::string one_of(const std::vector<std::string>& values);
  std::string conditions(const FeedQuery& query);

  std::vector<Value> values_;
  std::string select_events_;
  std::string select_matches_;
};

}  // namespace castore::sqlite
