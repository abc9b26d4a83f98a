#include "sqlite/row.hpp"

#include <castore/adapter_support.hpp>
#include <castore/error.hpp>
#include <string>

namespace castore::sqlite {
namespace {

constexpr auto select_newest_position = "SELECT max(position) FROM castore_event";

/// \returns null if nothing is wrong
const char* problem_of(std::int64_t position, std::string_view event_store_id,
                       const EventView& event, bool typed) noexcept {
  if (!typed) return "a value of it is of another type than its column";
  if (position < 1) return "its position is below 1";
  if (event.version < 1) return "its version is below 1";
  if (!is_storable(event.timestamp)) return "its timestamp is outside the years 0000 to 9999";
  if (!is_valid_id(event_store_id))
    return "its event store id is none that could be pushed: empty, too long, no UTF-8 or with a "
           "NUL byte";
  if (!is_valid_id(event.aggregate_id))
    return "its aggregate id is none that could be pushed: empty, too long, no UTF-8 or with a NUL "
           "byte";
  if (!is_valid_id(event.type))
    return "its type is none that could be pushed: empty, too long, no UTF-8 or with a NUL byte";
  if (is_reserved_event_type(event.type)) return "its type is reserved";
  return nullptr;
}

}  // namespace

bool have_their_types(const Statement& row, const EventColumns& columns) noexcept {
  const auto is_json = [&](int column) {
    const int type = row.type(column);
    return type == SQLITE_TEXT || type == SQLITE_NULL;
  };
  return row.type(columns.version) == SQLITE_INTEGER && row.type(columns.type) == SQLITE_TEXT &&
         row.type(columns.timestamp) == SQLITE_INTEGER && is_json(columns.payload) &&
         is_json(columns.metadata);
}

void check_stored_event(std::int64_t position, std::string_view event_store_id,
                        const EventView& event, bool typed) {
  const char* const problem = problem_of(position, event_store_id, event, typed);
  if (problem == nullptr) return;
  throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                            event.version, std::string(event.type), problem, position);
}

StoredEventCheck::StoredEventCheck(std::string_view event_store_id,
                                   std::string_view aggregate_id) noexcept
    : event_store_id_(event_store_id),
      have_valid_ids_(is_valid_id(event_store_id) && is_valid_id(aggregate_id)) {}

void StoredEventCheck::check_anew(std::int64_t position, const EventView& event, bool typed) {
  check_stored_event(position, event_store_id_, event, typed);
  valid_type_ = event.type;
}

StorageError damaged_index() {
  return {
      ErrorCode::storage,
      "an index of castore_event does not agree with the table: the file is damaged, see PRAGMA "
      "integrity_check"};
}

void check_stored_event(Connection& connection, std::int64_t position) {
  const auto statement = connection.borrow(select_at_position);
  statement->bind(1, position);
  if (!statement->step()) return;
  EventRow(*statement).check();
}

EventRow::EventRow(const Statement& row)
    : typed(row.type(1) == SQLITE_TEXT && row.type(2) == SQLITE_TEXT &&
            have_their_types(row, {3, 4, 5, 6, 7})),
      position(row.integer(0)),
      event_store_id(row.text(1)),
      event{row.text(2),          row.integer(3),      row.text(4), to_timestamp(row.integer(5)),
            row.optional_text(6), row.optional_text(7)} {}

std::int64_t newest_position(Connection& connection) {
  const auto row = connection.borrow(select_newest_position);
  row->step();
  return row->integer(0);  // NULL reads as 0
}

}  // namespace castore::sqlite
