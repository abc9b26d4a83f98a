#pragma once

#include <castore/event_json.hpp>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errors.hpp"

namespace castore::cli {

/// The limit of a line: longer than any event anybody means to store, and far from the memory of a
/// machine.
inline constexpr std::size_t longest_line = std::size_t{256} << 20;

struct PlacedLine {
  Location location;
  EventLine content;
};

/// Reads JSON Lines of `{"eventStoreId":…,"event":{…}}`; blank lines count, but are skipped, as is
/// a byte order mark before the first. No more is read than the input has ready, and no line longer
/// than `longest_line`.
class EventLineReader {
 public:
  explicit EventLineReader(std::istream& in, const ParseEventLineOptions& options = {});

  /// Returns nothing at the end, nor where the user interrupts. The errors name the line in message
  /// and field; where the first line is of another format, they say how to convert it. \throws
  /// InvalidEventError, InvalidTimestampError  as `parse_event_line` \throws StorageError  the
  /// input cannot be read
  std::optional<PlacedLine> next();

 private:
  std::optional<std::string_view> next_line();
  std::optional<PlacedLine> parse(std::string_view line);

  std::istream& in_;
  ParseEventLineOptions options_;
  std::vector<char> block_;
  std::string_view rest_;  ///< of the block, not yet read
  std::string text_;       ///< of a line that is in several blocks
  std::int64_t count_ = 0;
  bool is_first_ = true;  ///< there were only blank lines
};

/// Refuses an event of a history without its timestamp: the clock's would make it another event
/// each time it is read. \throws InvalidEventError  it has no timestamp
void require_timestamp(const PlacedLine& line);

/// Returns nothing for a blank line. \throws InvalidEventError, InvalidTimestampError
[[nodiscard]] std::optional<PlacedLine> parse_placed_line(
    std::string_view text, const Location& location, const ParseEventLineOptions& options = {});

/// Returns everything there is, without a byte order mark.
/// \throws StorageError       it cannot be read
/// \throws InvalidInputError  it is longer than `longest_line`, compressed, or UTF-16
[[nodiscard]] std::string read_all(std::istream& in);

}  // namespace castore::cli
