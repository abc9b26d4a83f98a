#pragma once

/// \file
/// The history that Dam pours: of which event stores, and how much of it.

#include <castore/event.hpp>
#include <castore/event_storage_adapter.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace castore {

/// An event store by its id, for tools that know no types. \pre `adapter` is not null
struct PouredEventSource {
  const EventStorageAdapter* adapter = nullptr;
  std::string event_store_id{};
};

/// By the timestamps of events.
struct PourFilters {
  std::optional<Timestamp> from{};  ///< inclusive
  std::optional<Timestamp> to{};    ///< inclusive
};

/// Which aggregates to list.
struct PourAggregateIdsQueryOptions {
  std::int64_t limit = 500;                         ///< ≥ 1, the size of a page; all are poured
  std::optional<Timestamp> initial_event_after{};   ///< inclusive
  std::optional<Timestamp> initial_event_before{};  ///< inclusive
  bool reverse = false;                             ///< newest first
};

/// The place of a pour of several event stores: after that event.
struct CollectionCursor {
  Timestamp timestamp{};
  std::size_t database =
      0;  ///< which one, from 0, in the order in which the event stores name them
  std::int64_t position = 0;

  friend bool operator==(const CollectionCursor&, const CollectionCursor&) = default;
};

}  // namespace castore
