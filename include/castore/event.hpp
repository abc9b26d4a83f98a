#pragma once

/// \file
/// An event without its C++ type: what adapters store and tools print. Payload and metadata are
/// JSON text, kept byte for byte; absent is not `null`.

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace castore {

/// The place of an event in its aggregate: 1, 2, 3, …
using Version = std::int64_t;

/// UTC. Storable moments are `min_timestamp` to `max_timestamp`.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

inline constexpr Timestamp min_timestamp{
    std::chrono::sys_days{std::chrono::year{0} / std::chrono::January / 1}};
/// The last microsecond of the year 9999, so that the text form always has four digits of year.
inline constexpr Timestamp max_timestamp{
    std::chrono::sys_days{std::chrono::year{10000} / std::chrono::January / 1} -
    std::chrono::microseconds{1}};

/// A stored event, owning its text.
struct EventDetail {
  std::string aggregate_id;
  Version version = 0;
  std::string type;
  Timestamp timestamp{};
  std::optional<std::string> payload{};   ///< JSON text
  std::optional<std::string> metadata{};  ///< JSON text

  friend bool operator==(const EventDetail&, const EventDetail&) = default;
};

/// A stored event, borrowed: valid only during the call that hands it out.
struct EventView {
  std::string_view aggregate_id;
  Version version = 0;
  std::string_view type;
  Timestamp timestamp{};
  std::optional<std::string_view> payload{};
  std::optional<std::string_view> metadata{};

  friend bool operator==(const EventView&, const EventView&) = default;
};

/// An event to be pushed, owning its text. Without `timestamp` the adapter's clock supplies it.
struct NewEventDetail {
  std::string aggregate_id;
  Version version = 0;
  std::string type;
  std::optional<Timestamp> timestamp{};
  std::optional<std::string> payload{};
  std::optional<std::string> metadata{};

  friend bool operator==(const NewEventDetail&, const NewEventDetail&) = default;
};

/// An event to be pushed, borrowed for the call.
struct NewEventView {
  std::string_view aggregate_id;
  Version version = 0;
  std::string_view type;
  std::optional<Timestamp> timestamp{};
  std::optional<std::string_view> payload{};
  std::optional<std::string_view> metadata{};

  friend bool operator==(const NewEventView&, const NewEventView&) = default;
};

[[nodiscard]] EventView to_view(const EventDetail& event) noexcept;
[[nodiscard]] NewEventView to_view(const NewEventDetail& event) noexcept;
/// The stored event as one to be pushed again, elsewhere or by force, with its own timestamp.
[[nodiscard]] NewEventView to_new_event(const EventView& event) noexcept;
[[nodiscard]] EventDetail to_detail(const EventView& event);
/// The event as it was stored, with the timestamp that the push returned.
[[nodiscard]] EventDetail to_detail(const NewEventView& event, Timestamp timestamp);

/// For logs and test failures: one line of JSON.
std::ostream& operator<<(std::ostream& out, const EventView& event);
std::ostream& operator<<(std::ostream& out, const EventDetail& event);

}  // namespace castore
