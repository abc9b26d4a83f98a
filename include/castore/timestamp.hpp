#pragma once

/// \file
/// Timestamps as text: ISO 8601.

#include <castore/event.hpp>
#include <castore/timestamp.hpp>
#include <string>
#include <string_view>

namespace castore {

/// ISO 8601 in UTC: `2022-01-01T00:00:00.000Z`; six fraction digits where the microseconds are not
/// whole milliseconds. \throws InvalidTimestampError outside the storable range
[[nodiscard]] std::string format_timestamp(Timestamp timestamp);

/// The same, without allocating for the result.
void append_timestamp(std::string& out, Timestamp timestamp);

/// Reads `YYYY-MM-DDTHH:MM:SS[.f…](Z|±HH:MM)` with up to 18 fraction digits, of which those after
/// the sixth are zeros; an offset is normalised to UTC. `t` and `z` will do, a space for `T` will
/// not. A time without zone is refused: it names no moment.
/// \throws InvalidTimestampError
[[nodiscard]] Timestamp parse_timestamp(std::string_view text);

struct TruncatedTimestamp {
  Timestamp timestamp{};
  bool truncated = false;  ///< the moment was up to a microsecond later

  friend bool operator==(const TruncatedTimestamp&, const TruncatedTimestamp&) = default;
};

/// The same, but a moment between two microseconds is taken for the earlier one.
/// \throws InvalidTimestampError
[[nodiscard]] TruncatedTimestamp parse_truncated_timestamp(std::string_view text);

}  // namespace castore
