#pragma once

/// \file
/// BOUNDARY: checks and paging shared by all adapters. For authors of adapters.

#include <castore/after_commit.hpp>  // IWYU pragma: export
#include <castore/event_storage_adapter.hpp>
#include <limits>

namespace castore {

/// \throws InvalidTimestampError  the moment is not storable
Timestamp checked_timestamp(Timestamp timestamp);

/// The version that follows `newest` without a gap; the largest is followed by itself.
[[nodiscard]] constexpr Version next_version(Version newest) noexcept {
  return newest == std::numeric_limits<Version>::max() ? newest : newest + 1;
}

/// The longest aggregate id, event store id or event type, in bytes.
inline constexpr std::size_t max_id_size = 1024;

/// Whether an aggregate id, event store id or event type keeps the rules of `check_new_event`.
[[nodiscard]] bool is_valid_id(std::string_view id) noexcept;

/// The rules of an event to be pushed: ids and type are 1 to `max_id_size` bytes of UTF-8 without
/// NUL, neither the type nor the event store's id is reserved, `version` ≥ 1, the timestamp is
/// storable, payload and metadata pass `check_json`. \throws InvalidEventError,
/// InvalidTimestampError
void check_new_event(std::string_view event_store_id, const NewEventView& event);

/// Whether an event store is castore's own, for what it keeps beside the application's events: its
/// id begins with `castore.`.
[[nodiscard]] bool is_reserved_event_store_id(std::string_view event_store_id) noexcept;

/// Whether a type means something on message buses, and so names no event.
[[nodiscard]] bool is_reserved_event_type(std::string_view type) noexcept;

/// A name an event type may have. \throws ReservedEventTypeError
void check_event_type_name(std::string_view type);

/// \throws InvalidOptionError  `limit` below 1
void check_query(const EventsQueryOptions& options);

/// \throws InvalidOptionError  `page_size` below 1
void check_query(const FeedQuery& query);

/// Whether a feed of `query` hands out that event.
[[nodiscard]] bool matches(const FeedQuery& query, std::int64_t position,
                           std::string_view event_store_id, const EventView& event);

/// Whether a feed of `query` leaves out the events of that store, though all else matches: it is
/// reserved, and the query names no stores.
[[nodiscard]] bool leaves_out(const FeedQuery& query, std::string_view event_store_id) noexcept;

/// The rules of a group: not empty, all of the transaction domain of `pushing`, one timestamp; and
/// `check_new_event` for each. Answers the timestamp they share, if any of them has one.
/// \throws InvalidEventGroupError, InvalidEventError
[[nodiscard]] std::optional<Timestamp> check_event_group(const EventStorageAdapter& pushing,
                                                         std::span<const GroupedEventView> events);

/// A listing after its token, if it has one, is taken apart.
struct ListAggregateIdsQuery {
  std::optional<std::int64_t> limit;
  std::optional<Timestamp> initial_event_after;   ///< inclusive
  std::optional<Timestamp> initial_event_before;  ///< inclusive
  std::optional<std::int64_t> max_position;       ///< inclusive
  bool reverse = false;
  /// List what comes strictly after this one, in the order of the listing.
  std::optional<ListedAggregateId> last;
};

/// \throws InvalidPageTokenError, InvalidOptionError
[[nodiscard]] ListAggregateIdsQuery resolve_list_query(std::string_view event_store_id,
                                                       const ListAggregateIdsOptions& options);

/// The token that continues `query` after `query.last`.
[[nodiscard]] std::string make_page_token(std::string_view event_store_id,
                                          const ListAggregateIdsQuery& query);

}  // namespace castore
