#include "sqlite/aggregate_listing.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sqlite/database.hpp"
#include "sqlite/encoding.hpp"
#include "sqlite/row.hpp"

namespace castore::sqlite {
namespace {

// No id is empty, and a listing would begin behind one that is.
constexpr auto find_initial_event_without_id = R"sql(
  SELECT position FROM castore_event
   WHERE version = 1 AND event_store_id = ?1 AND timestamp = ?2 AND aggregate_id = '' LIMIT 1
)sql";

// One range of the index on initial events, from a (timestamp, id) to a timestamp. No id is empty,
// so that (t, '') is before all of t.
constexpr auto select_aggregate_ids = R"sql(
  SELECT aggregate_id, timestamp, position FROM castore_event
   WHERE version = 1 AND event_store_id = ?1
     AND (timestamp, aggregate_id) > (?2, ?3) AND timestamp <= ?4
   ORDER BY timestamp, aggregate_id LIMIT ?5
)sql";

constexpr auto select_aggregate_ids_reverse = R"sql(
  SELECT aggregate_id, timestamp, position FROM castore_event
   WHERE version = 1 AND event_store_id = ?1
     AND (timestamp, aggregate_id) < (?2, ?3) AND timestamp >= ?4
   ORDER BY timestamp DESC, aggregate_id DESC LIMIT ?5
)sql";

// The same range without the id, for a database whose order of ids is not ours.
constexpr auto select_aggregate_ids_between = R"sql(
  SELECT aggregate_id, timestamp, position FROM castore_event
   WHERE version = 1 AND event_store_id = ?1 AND timestamp BETWEEN ?2 AND ?3
   ORDER BY timestamp
)sql";

constexpr auto select_aggregate_ids_between_reverse = R"sql(
  SELECT aggregate_id, timestamp, position FROM castore_event
   WHERE version = 1 AND event_store_id = ?1 AND timestamp BETWEEN ?2 AND ?3
   ORDER BY timestamp DESC
)sql";

// These find events that no other statement lists: an event has no such timestamp.
constexpr auto find_initial_event_before = R"sql(
  SELECT position FROM castore_event
   WHERE version = 1 AND event_store_id = ?1 AND timestamp < ?2 LIMIT 1
)sql";

constexpr auto find_initial_event_after = R"sql(
  SELECT position FROM castore_event
   WHERE version = 1 AND event_store_id = ?1 AND timestamp > ?2 LIMIT 1
)sql";

/// A question for aggregates, in microseconds.
struct Listing {
  Listing(std::string_view store, const ListAggregateIdsQuery& asked)
      : event_store_id(store),
        has_valid_id(is_valid_id(store)),
        query(asked),
        lowest(to_microseconds(asked.initial_event_after.value_or(min_timestamp))),
        highest(to_microseconds(
            std::min(asked.initial_event_before.value_or(max_timestamp), max_timestamp))) {}

  /// Whether there is a next page, too: one row more than the page has.
  [[nodiscard]] bool is_full(std::size_t size) const noexcept {
    return query.limit && size > static_cast<std::uint64_t>(*query.limit);
  }

  /// Whether an initial event is among those that are listed, by its position.
  [[nodiscard]] bool has(const Connection::Borrowed& row) const noexcept {
    return !query.max_position || row->integer(2) <= *query.max_position;
  }

  std::string_view event_store_id;
  bool has_valid_id;
  const ListAggregateIdsQuery& query;
  std::int64_t lowest;   ///< inclusive
  std::int64_t highest;  ///< inclusive
};

struct ListedRow {
  ListedAggregateId id;
  std::int64_t position;
};
using ListedRows = std::vector<ListedRow>;

/// With room for a page, if it is not all too large.
ListedRows make_rows(const ListAggregateIdsQuery& query) {
  constexpr std::int64_t most = 1024;
  ListedRows rows;
  if (query.limit) rows.reserve(static_cast<std::size_t>(std::min(*query.limit, most)) + 1);
  return rows;
}

/// Reads a row of the index. \throws MalformedEventError
ListedRow read_aggregate_id(Connection& connection, const Listing& listing,
                            const Connection::Borrowed& row) {
  const bool typed = row->type(0) == SQLITE_TEXT && row->type(1) == SQLITE_INTEGER;
  ListedAggregateId listed{std::string(row->text(0)), to_timestamp(row->integer(1))};
  const std::int64_t position = row->integer(2);
  if (!typed || position < 1 || !listing.has_valid_id || !is_valid_id(listed.aggregate_id)) {
    check_stored_event(connection, position);
    throw damaged_index();
  }
  return {std::move(listed), position};
}

/// Looks for the aggregates whose timestamp is none, which a listing without an end has to meet,
/// and has met if it continues.
/// \throws MalformedEventError
void check_ends(Connection& connection, const Listing& listing) {
  if (listing.query.last) return;
  const auto check = [&](const char* sql, std::int64_t end) {
    const auto row = connection.borrow(sql);
    row->bind(1, storable(connection, listing.event_store_id));
    row->bind(2, end);
    if (row->step()) check_stored_event(connection, row->integer(0));
  };
  if (!listing.query.initial_event_after)
    check(find_initial_event_before, to_microseconds(min_timestamp));
  if (!listing.query.initial_event_before)
    check(find_initial_event_after, to_microseconds(max_timestamp));
  check(find_initial_event_without_id, listing.lowest);
}

ListedRows list_by_index(Connection& connection, const Listing& listing) {
  const ListAggregateIdsQuery& query = listing.query;
  const std::int64_t start = query.reverse ? listing.highest + 1 : listing.lowest;
  const std::int64_t last =
      query.last ? to_microseconds(query.last->initial_event_timestamp) : start;
  // A token's place may lie outside bounds that the call has narrowed.
  const bool continues = query.last && (query.reverse ? last < start : last >= start);

  const auto row =
      connection.borrow(query.reverse ? select_aggregate_ids_reverse : select_aggregate_ids);
  row->bind(1, listing.event_store_id);
  row->bind(2, continues ? last : start);
  row->bind(3, continues ? std::string_view(query.last->aggregate_id) : std::string_view());
  row->bind(4, query.reverse ? listing.lowest : listing.highest);
  // Where some are left out, how many there have to be is ours to count.
  row->bind(5, query.limit && !query.max_position &&
                       *query.limit < std::numeric_limits<std::int64_t>::max()
                   ? *query.limit + 1
                   : no_limit);
  ListedRows listed = make_rows(query);
  while (!listing.is_full(listed.size()) && row->step()) {
    if (listing.has(row)) listed.push_back(read_aggregate_id(connection, listing, row));
  }
  return listed;
}

/// Reads the index, which has the timestamps in order. All aggregates of a timestamp are read at
/// once, and their ids put in our order: (t, id) may be anywhere among those of t.
ListedRows list_by_timestamp(Connection& connection, const Listing& listing) {
  const ListAggregateIdsQuery& query = listing.query;
  const auto is_before = [&](const ListedAggregateId& a, const ListedAggregateId& b) {
    const auto place = [](const ListedAggregateId& id) {
      return std::tie(id.initial_event_timestamp, id.aggregate_id);
    };
    return query.reverse ? place(b) < place(a) : place(a) < place(b);
  };
  std::int64_t lowest = listing.lowest;
  std::int64_t highest = listing.highest;
  if (query.last) {
    const std::int64_t last = to_microseconds(query.last->initial_event_timestamp);
    (query.reverse ? highest : lowest) =
        query.reverse ? std::min(highest, last) : std::max(lowest, last);
  }

  const auto row = connection.borrow(query.reverse ? select_aggregate_ids_between_reverse
                                                   : select_aggregate_ids_between);
  row->bind(1, storable(connection, listing.event_store_id));
  row->bind(2, lowest);
  row->bind(3, highest);
  ListedRows listed = make_rows(query);
  while (row->step()) {
    if (!listing.has(row)) continue;
    ListedRow next = read_aggregate_id(connection, listing, row);
    if (query.last && !is_before(*query.last, next.id)) continue;
    if (listing.is_full(listed.size()) &&
        next.id.initial_event_timestamp != listed.back().id.initial_event_timestamp) {
      break;
    }
    listed.push_back(std::move(next));
  }
  std::sort(listed.begin(), listed.end(),
            [&](const ListedRow& a, const ListedRow& b) { return is_before(a.id, b.id); });
  return listed;
}

}  // namespace

ListAggregateIdsResult list_aggregate_ids(Database& database, std::string_view event_store_id,
                                          ListAggregateIdsQuery query) {
  const Listing listing(event_store_id, query);
  ListedRows listed = Reading::from(database, [&](const Reading& reading) {
    check_ends(reading.connection(), listing);
    return reading.connection().is_utf8() ? list_by_index(reading.connection(), listing)
                                          : list_by_timestamp(reading.connection(), listing);
  });
  ListAggregateIdsResult result;
  if (listing.is_full(listed.size())) {
    listed.erase(listed.begin() + static_cast<std::ptrdiff_t>(*query.limit), listed.end());
    query.last = listed.back().id;
    result.next_page_token = make_page_token(event_store_id, query);
  }
  result.aggregate_ids.reserve(listed.size());
  result.positions.reserve(listed.size());
  for (ListedRow& row : listed) {
    result.aggregate_ids.push_back(std::move(row.id));
    result.positions.push_back(row.position);
  }
  return result;
}

}  // namespace castore::sqlite
