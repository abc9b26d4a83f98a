#pragma once

#include <castore/event_json.hpp>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "errors.hpp"

namespace castore::cli {

struct StoredLine {
  Place place;
  StoredEvent stored;
};

/// Reads JSON Lines of `{"eventStoreId":…,"event":{…}}`; blank lines count, but are skipped.
class StoredEventReader {
 public:
  explicit StoredEventReader(std::istream& in) : in_(in) {}

  /// Nothing at the end. The errors name the line in message and field.
  /// \throws InvalidEventError, InvalidTimestampError  as `parse_stored_event`
  /// \throws StorageError  the input cannot be read
  std::optional<StoredLine> next();

 private:
  std::istream& in_;
  std::string text_;
  std::int64_t count_ = 0;
};

/// An event of a history: the clock's time would make it another one each time it is read.
/// \throws InvalidEventError  it has no timestamp
void require_timestamp(const StoredLine& line);

/// Nothing for a blank line. \throws InvalidEventError, InvalidTimestampError
[[nodiscard]] std::optional<StoredLine> parse_stored_line(std::string_view text,
                                                          const Place& place);

/// Everything there is. \throws StorageError
[[nodiscard]] std::string read_all(std::istream& in);

}  // namespace castore::cli
