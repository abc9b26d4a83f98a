#pragma once

#include <castore/event_json.hpp>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "errors.hpp"

namespace castore::cli {

/// Reads JSON Lines of `{"eventStoreId":…,"event":{…}}`; blank lines count, but are skipped.
class StoredEventReader {
 public:
  explicit StoredEventReader(std::istream& in) : in_(in) {}

  /// Nothing at the end. The errors name the line in message and field.
  /// \throws InvalidEventError, InvalidTimestampError  as `parse_stored_event`
  /// \throws StorageError  the input cannot be read
  std::optional<StoredEvent> next();

  /// Of the event that `next` answered last.
  [[nodiscard]] Place place() const noexcept { return {Place::Of::line, line_}; }

 private:
  bool next_line();

  std::istream& in_;
  std::string text_;
  std::int64_t line_ = 0;
};

/// An event of a history: the clock's time would make it another one each time it is read.
/// \throws InvalidEventError  it has no timestamp
void require_timestamp(const NewEventDetail& event, const Place& place);

/// Everything there is. \throws StorageError
[[nodiscard]] std::string read_all(std::istream& in);

}  // namespace castore::cli
