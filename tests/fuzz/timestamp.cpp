/// \file
/// Any text is a timestamp or an InvalidTimestampError; any storable moment has a text.

#include <castore/event.hpp>
#include <castore/timestamp.hpp>
#include <cstring>
#include <optional>
#include <string>

#include "fuzz.hpp"
#include "support/errors.hpp"

namespace castore::fuzz {
namespace {

using testing::code_of;

void check_moment(Timestamp moment) {
  if (moment < min_timestamp || moment > max_timestamp) {
    require(code_of([&] { static_cast<void>(format_timestamp(moment)); }) == "InvalidTimestamp",
            "a moment outside the storable range has no text");
    return;
  }
  const std::string text = format_timestamp(moment);
  require(parse_timestamp(text) == moment, "a storable moment survives being written and read");
  require(text.size() == 24 || text.size() == 27, "a text has three fraction digits, or six");
}

void check_text(std::string_view text) {
  try {
    const auto [moment, truncated] = parse_truncated_timestamp(text);
    require(moment >= min_timestamp && moment <= max_timestamp, "what is read can be stored");
    check_moment(moment);
    require((code_of([&] { static_cast<void>(parse_timestamp(text)); }) == "InvalidTimestamp") ==
                truncated,
            "only what is truncated is refused where nothing may be");
  } catch (const InvalidTimestampError& error) {
    require(error.text() == text, "an error names the text");
  }
}

/// Among all 64-bit numbers of microseconds, one in 58 is storable.
Timestamp into_range(std::int64_t count) {
  const std::uint64_t range =
      static_cast<std::uint64_t>((max_timestamp - min_timestamp).count()) + 1;
  return min_timestamp + std::chrono::microseconds{
                             static_cast<std::int64_t>(static_cast<std::uint64_t>(count) % range)};
}

void check(std::string_view input) {
  check_text(input);
  std::int64_t count = 0;
  if (input.size() < sizeof count) return;
  std::memcpy(&count, input.data(), sizeof count);
  check_moment(Timestamp(std::chrono::microseconds{count}));
  check_moment(into_range(count));
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
