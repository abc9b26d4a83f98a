#pragma once

/// \file
/// Rows of castore_event as events.

#include <castore/error.hpp>
#include <castore/event.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

[[nodiscard]] inline std::int64_t to_microseconds(Timestamp timestamp) noexcept {
  return timestamp.time_since_epoch().count();
}

[[nodiscard]] inline Timestamp to_timestamp(std::int64_t microseconds) noexcept {
  return Timestamp(std::chrono::microseconds{microseconds});
}

[[nodiscard]] constexpr bool is_storable(Timestamp timestamp) noexcept {
  return timestamp >= min_timestamp && timestamp <= max_timestamp;
}

/// Whether the values of an event are of the types of their columns. SQLite keeps that for a STRICT
/// table, but not in a file that was made by other means.
struct EventColumns {
  int version;
  int type;
  int timestamp;
  int payload;
  int metadata;
};
[[nodiscard]] bool have_their_types(const Statement& row, const EventColumns& columns) noexcept;

/// Checks the rules of an event that the table does not enforce. Whether payload and metadata are
/// JSON is found by their reader.
/// \param typed  whether its values have their types
/// \throws MalformedEventError
void check_stored_event(std::int64_t position, std::string_view event_store_id,
                        const EventView& event, bool typed);

/// Checks the events of one aggregate, whose ids are the same for all of them.
class StoredEventCheck {
 public:
  StoredEventCheck(std::string_view event_store_id, std::string_view aggregate_id) noexcept;

  /// As `check_stored_event`.
  void operator()(std::int64_t position, const EventView& event, bool typed) {
    const bool fits = typed && have_valid_ids_ && position >= 1 && event.version >= 1 &&
                      is_storable(event.timestamp) && !valid_type_.empty() &&
                      event.type == valid_type_;
    if (!fits) check_anew(position, event, typed);
  }

 private:
  void check_anew(std::int64_t position, const EventView& event, bool typed);

  std::string_view event_store_id_;
  bool have_valid_ids_;
  std::string valid_type_;  ///< of the event before; empty: there is none
};

/// \returns the error about a row that an index has shown otherwise than the table does
[[nodiscard]] StorageError damaged_index();

/// Checks the event at that position, if there is one.
void check_stored_event(Connection& connection, std::int64_t position);

/// \returns 0 where there is no event
[[nodiscard]] std::int64_t newest_position(Connection& connection);

/// The LIMIT of a statement that has none.
constexpr std::int64_t no_limit = -1;

/// The row at position ?1, as `EventRow` reads it.
inline constexpr auto select_at_position = R"sql(
  SELECT position, event_store_id, aggregate_id, version, type, timestamp, payload, metadata
    FROM castore_event WHERE position = ?1
)sql";

/// A row of an event with all that belongs to it, valid until the next step.
struct EventRow {
  explicit EventRow(const Statement& row);

  /// \throws MalformedEventError
  void check() const { check_stored_event(position, event_store_id, event, typed); }

  bool typed;
  std::int64_t position;
  std::string_view event_store_id;
  EventView event;
};

}  // namespace castore::sqlite
