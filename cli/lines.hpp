#pragma once

#include <castore/event_json.hpp>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

namespace castore::cli {

/// Reads JSON Lines of `{"eventStoreId":…,"event":{…}}`; blank lines count, but are skipped.
class StoredEventReader {
 public:
  explicit StoredEventReader(std::istream& in) : in_(in) {}

  /// Nothing at the end. The errors name the line in message and field.
  /// \throws InvalidEventError, InvalidTimestampError  as `parse_stored_event`
  /// \throws StorageError  the input cannot be read
  std::optional<StoredEvent> next();

  /// Of the event that `next` answered last, from 1.
  [[nodiscard]] std::int64_t line() const noexcept { return line_; }

 private:
  bool next_line();

  std::istream& in_;
  std::string text_;
  std::int64_t line_ = 0;
};

/// The error, with the line it happened at.
[[nodiscard]] Error at_line(const Error& error, std::int64_t line);

/// Everything there is. \throws StorageError
[[nodiscard]] std::string read_all(std::istream& in);

}  // namespace castore::cli
