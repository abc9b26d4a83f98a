#include <algorithm>
#include <array>
#include <castore/adapter_support.hpp>
#include <castore/error.hpp>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <tuple>

#include "page_token.hpp"

namespace castore {
namespace {

void check_id(std::string_view path, std::string_view id) {
  if (id.empty()) throw InvalidEventError(std::string(path), "must not be empty");
  if (id.size() > max_id_size) {
    throw InvalidEventError(std::string(path), "is longer than " + std::to_string(max_id_size) +
                                                   " bytes: " + std::to_string(id.size()));
  }
  if (id.find('\0') != std::string_view::npos) {
    throw InvalidEventError(std::string(path), "must not contain a NUL byte");
  }
  if (!is_utf8(id)) throw InvalidEventError(std::string(path), "is not UTF-8");
}

void check_optional_json(std::string_view path, const std::optional<std::string_view>& json) {
  if (!json) return;
  if (const std::string problem = check_json(*json); !problem.empty()) {
    throw InvalidEventError(std::string(path), problem);
  }
}

void check_limit(const std::optional<std::int64_t>& limit) {
  if (limit && *limit < 1) {
    throw InvalidOptionError("limit", "must be at least 1, not " + std::to_string(*limit));
  }
}

std::optional<std::int64_t> to_number(std::optional<Timestamp> timestamp) {
  if (!timestamp) return std::nullopt;
  return timestamp->time_since_epoch().count();
}

std::optional<Timestamp> to_timestamp(std::optional<std::int64_t> microseconds) {
  if (!microseconds) return std::nullopt;
  return Timestamp(std::chrono::microseconds{*microseconds});
}

constexpr std::string_view token_form = "1";
constexpr std::string_view token_form_with_max_position = "2";

ListAggregateIdsQuery read_page_token(std::string_view event_store_id, std::string_view token) {
  PageTokenReader reader(token);
  const std::string form = reader.text();
  const bool has_max_position = form == token_form_with_max_position;
  if ((form != token_form && !has_max_position) || reader.text() != event_store_id) {
    throw InvalidPageTokenError();
  }
  ListAggregateIdsQuery query;
  query.limit = reader.number();
  query.initial_event_after = to_timestamp(reader.number());
  query.initial_event_before = to_timestamp(reader.number());
  if (has_max_position) query.max_position = reader.number();
  query.reverse = reader.number().value_or(0) != 0;
  const auto last_timestamp = to_timestamp(reader.number());
  const std::string last_id = reader.text();
  if (!last_timestamp || last_id.empty() || query.limit.value_or(1) < 1) {
    throw InvalidPageTokenError();
  }
  query.last = {last_id, *last_timestamp};
  // One token per query: no other spelling of a number, nothing after it.
  if (make_page_token(event_store_id, query) != token) throw InvalidPageTokenError();
  return query;
}

}  // namespace

bool is_valid_id(std::string_view id) noexcept {
  return !id.empty() && id.size() <= max_id_size && id.find('\0') == std::string_view::npos &&
         is_utf8(id);
}

Timestamp checked_timestamp(Timestamp timestamp) {
  if (timestamp < min_timestamp || timestamp > max_timestamp) {
    throw InvalidTimestampError(std::to_string(timestamp.time_since_epoch().count()),
                                "outside the years 0000 to 9999 (microseconds since 1970)");
  }
  return timestamp;
}

bool is_reserved_event_store_id(std::string_view event_store_id) noexcept {
  return event_store_id.starts_with("castore.");
}

bool is_reserved_event_type(std::string_view type) noexcept {
  return type == "__REPLAYED__" || type == "__AGGREGATE_EXISTS__";
}

void check_event_type_name(std::string_view type) {
  if (is_reserved_event_type(type)) throw ReservedEventTypeError(std::string(type));
}

void check_new_event(std::string_view event_store_id, const NewEventView& event) {
  check_id("eventStoreId", event_store_id);
  if (is_reserved_event_store_id(event_store_id)) {
    throw InvalidEventError("eventStoreId", "must not begin with castore., which is reserved: " +
                                                std::string(event_store_id));
  }
  check_id("aggregateId", event.aggregate_id);
  if (event.version < 1) {
    throw InvalidEventError("version", "must be at least 1, not " + std::to_string(event.version));
  }
  check_id("type", event.type);
  check_event_type_name(event.type);
  if (event.timestamp) checked_timestamp(*event.timestamp);
  check_optional_json("payload", event.payload);
  check_optional_json("metadata", event.metadata);
}

void check_query(const EventsQueryOptions& options) { check_limit(options.limit); }

void check_query(const FeedQuery& query) {
  if (query.page_size == 0) throw InvalidOptionError("page_size", "must be at least 1, not 0");
}

bool matches(const FeedQuery& query, std::int64_t position, std::string_view event_store_id,
             const EventView& event) {
  const auto is_one_of = [](std::string_view id, const std::vector<std::string>& wanted) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), id) != wanted.end();
  };
  if (query.after) {
    const FeedCursor place{
        query.order == FeedOrder::timestamp ? event.timestamp : query.after->timestamp, position};
    if (std::tie(place.timestamp, place.position) <=
        std::tie(query.after->timestamp, query.after->position)) {
      return false;
    }
  }
  return (!query.aggregate_id || event.aggregate_id == *query.aggregate_id) &&
         (!query.from || event.timestamp >= *query.from) &&
         (!query.to || event.timestamp <= *query.to) && is_one_of(event.type, query.types) &&
         is_one_of(event_store_id, query.event_store_ids);
}

bool leaves_out(const FeedQuery& query, std::string_view event_store_id) noexcept {
  return query.event_store_ids.empty() && is_reserved_event_store_id(event_store_id);
}

std::optional<Timestamp> check_event_group(const EventStorageAdapter& pushing,
                                           std::span<const GroupedEventView> events) {
  using Reason = InvalidEventGroupError::Reason;
  if (events.empty()) {
    throw InvalidEventGroupError(Reason::empty, 0, "An event group needs at least one event");
  }
  std::optional<Timestamp> timestamp;
  std::size_t timestamp_index = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const GroupedEventView& grouped = events[i];
    if (grouped.adapter == nullptr ||
        grouped.adapter->transaction_domain() != pushing.transaction_domain()) {
      throw InvalidEventGroupError(
          Reason::different_databases, i,
          "Event group event #" + std::to_string(i) +
              " is not connected to the same database as the adapter that pushes the group");
    }
    if (grouped.event.timestamp) {
      if (timestamp && *timestamp != *grouped.event.timestamp) {
        throw InvalidEventGroupError(Reason::different_timestamps, i,
                                     "Event group events #" + std::to_string(timestamp_index) +
                                         " and #" + std::to_string(i) +
                                         " have different timestamps");
      }
      if (!timestamp) timestamp_index = i;
      timestamp = grouped.event.timestamp;
    }
  }
  for (const GroupedEventView& grouped : events) {
    check_new_event(grouped.event_store_id, grouped.event);
  }
  return timestamp;
}

ListAggregateIdsQuery resolve_list_query(std::string_view event_store_id,
                                         const ListAggregateIdsOptions& options) {
  check_limit(options.limit);
  ListAggregateIdsQuery query;
  if (options.page_token) query = read_page_token(event_store_id, *options.page_token);
  if (options.limit) query.limit = options.limit;
  if (options.initial_event_after) query.initial_event_after = options.initial_event_after;
  if (options.initial_event_before) query.initial_event_before = options.initial_event_before;
  if (options.max_position) query.max_position = options.max_position;
  if (options.reverse) query.reverse = *options.reverse;
  return query;
}

std::string make_page_token(std::string_view event_store_id, const ListAggregateIdsQuery& query) {
  PageTokenWriter token;
  token.put(query.max_position ? token_form_with_max_position : token_form);
  token.put(event_store_id);
  token.put(query.limit);
  token.put(to_number(query.initial_event_after));
  token.put(to_number(query.initial_event_before));
  if (query.max_position) token.put(query.max_position);
  token.put(std::optional<std::int64_t>(query.reverse ? 1 : 0));
  token.put(to_number(query.last.value().initial_event_timestamp));
  token.put(query.last->aggregate_id);
  return token.finish();
}

}  // namespace castore
