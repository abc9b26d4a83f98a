#include "sqlite/feed_sql.hpp"

#include <utility>

#include "sqlite/encoding.hpp"
#include "sqlite/row.hpp"

namespace castore::sqlite {
namespace {

// Each by one step in the unique index.
constexpr auto every_event_store = R"sql(
  WITH RECURSIVE "castore every event store"(id) AS (
    SELECT min(event_store_id) FROM castore_event
    UNION ALL
    SELECT (SELECT min(event_store_id) FROM castore_event WHERE event_store_id > store.id)
      FROM "castore every event store" AS store WHERE store.id IS NOT NULL)
  SELECT id FROM "castore every event store" WHERE id IS NOT NULL
)sql";

}  // namespace

std::string FeedSql::parameter(Value value) {
  values_.push_back(std::move(value));
  return '?' + std::to_string(first_value - 1 + static_cast<int>(values_.size()));
}

std::string FeedSql::one_of(const std::vector<std::string>& values) {
  std::string sql;
  for (const std::string& value : values) sql += (sql.empty() ? "" : ", ") + parameter(value);
  return " IN (" + sql + ")";
}

/// Returns the condition on a row. A unary + keeps a column's index out of it: rows are found by
/// position, or those of an aggregate by its index, and never otherwise.
std::string FeedSql::conditions(const FeedQuery& query) {
  std::string sql;
  if (query.aggregate_id) {
    sql += "+position > ?1 AND +position <= ?2 AND event_store_id";
    sql += query.event_store_ids.empty() ? " IN (" + std::string(every_event_store) + ")"
                                         : one_of(query.event_store_ids);
    sql += " AND aggregate_id = " + parameter(*query.aggregate_id);
  } else {
    sql += "position > ?1 AND position <= ?2";
    if (!query.event_store_ids.empty())
      sql += " AND +event_store_id" + one_of(query.event_store_ids);
  }
  if (!query.types.empty()) sql += " AND type" + one_of(query.types);
  if (query.from) sql += " AND +timestamp >= " + parameter(to_microseconds(*query.from));
  if (query.to) sql += " AND +timestamp <= " + parameter(to_microseconds(*query.to));
  if (query.order == FeedOrder::timestamp && query.after) {
    sql += " AND (+timestamp, +position) > (" + parameter(to_microseconds(query.after->timestamp)) +
           ", " + parameter(query.after->position) + ")";
  }
  return sql;
}

FeedSql::FeedSql(const FeedQuery& query) {
  const std::string rest = " FROM castore_event WHERE " + conditions(query) + " ORDER BY " +
                           (query.aggregate_id ? "+position" : "position") + " LIMIT ?3";
  select_events_ =
      "SELECT position, event_store_id, aggregate_id, version, type, timestamp, payload, metadata" +
      rest;
  select_matches_ = "SELECT position, timestamp" + rest;
}

void FeedSql::bind(Connection& connection, Statement& statement) const {
  int index = first_value;
  for (const Value& value : values_) {
    if (const auto* const text = std::get_if<std::string>(&value)) {
      statement.bind(index++, storable(connection, *text));
    } else {
      statement.bind(index++, std::get<std::int64_t>(value));
    }
  }
}

}  // namespace castore::sqlite
