#pragma once

/// \file
/// How a row of castore_event is an event.

#include <castore/error.hpp>
#include <castore/event.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace castore::sqlite {

[[nodiscard]] inline std::int64_t count(Timestamp timestamp) noexcept {
  return timestamp.time_since_epoch().count();
}

[[nodiscard]] inline Timestamp to_timestamp(std::int64_t microseconds) noexcept {
  return Timestamp(std::chrono::microseconds{microseconds});
}

/// What the table cannot keep out. \throws MalformedEventError
inline void check_stored_event(std::string_view event_store_id, const EventView& event) {
  if (event.timestamp >= min_timestamp && event.timestamp <= max_timestamp) return;
  throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                            event.version, std::string(event.type),
                            "its timestamp is outside the years 0000 to 9999");
}

}  // namespace castore::sqlite
