#pragma once

/// \file
/// BOUNDARY: the events of all stores of one database, in one order, a page at a time.
/// `EventStorageAdapter::open_event_feed` opens one.

#include <castore/event.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace castore {

/// An event as a feed hands it out.
struct FeedEvent {
  /// Its place in the order of commit, from 1, over all stores of the database.
  std::int64_t position = 0;
  std::string event_store_id;
  EventDetail event;

  friend bool operator==(const FeedEvent&, const FeedEvent&) = default;
};

/// The place of a reading: after that event.
struct FeedCursor {
  Timestamp timestamp{};  ///< counts only in the order of timestamps
  std::int64_t position = 0;

  friend bool operator==(const FeedCursor&, const FeedCursor&) = default;
};

enum class FeedOrder {
  position,   ///< the order of commit
  timestamp,  ///< by timestamp, events of one timestamp in the order of commit
};

/// The events to read, and their order. Filters narrow each other.
struct FeedQuery {
  /// None: those of every store but the reserved ones (`is_reserved_event_store_id`).
  std::vector<std::string> event_store_ids{};
  std::vector<std::string> types{};  ///< none: every type
  std::optional<std::string> aggregate_id{};
  std::optional<Timestamp> from{};  ///< inclusive
  std::optional<Timestamp> to{};    ///< inclusive
  FeedOrder order = FeedOrder::position;
  std::optional<FeedCursor> after{};  ///< exclusive; without it, from the beginning
  std::size_t page_size = 500;        ///< ≥ 1, the most events of a page
};

/// A reading of events. A page is read as of one moment, in a transaction of its own that is over
/// when `next_page` returns: however slowly the pages are worked on, no writer and no checkpoint is
/// kept waiting, and only one page is in memory.
///
/// In the order of positions a feed sees what is committed while it is read; after an empty page it
/// can be asked again later. In the order of timestamps it reads the events that were there when it
/// was opened. For one thread at a time. It keeps what it reads from alive.
class EventFeed {
 public:
  EventFeed() = default;
  EventFeed& operator=(EventFeed&&) = delete;
  virtual ~EventFeed() = default;

  /// The next events, valid until the next call; none: there are no more. A page ends early where
  /// its events are large (1 MiB of text and more) and where few events match. An event that is
  /// overwritten while the feed is open counts as it is when its page is read. Asked again after an
  /// error, a feed goes on where it was, or throws again.
  /// \throws StorageError, MalformedEventError
  [[nodiscard]] virtual std::span<const FeedEvent> next_page() = 0;

  /// The position up to which it has looked: of what was committed up to there, the pages so far
  /// have all that the query wants, and the rest was left out. So it moves on where nothing
  /// matches, and a reader who keeps it need not look there again. In the order of timestamps the
  /// position as of which the feed reads; that counts once the last page was read. 0 at first, or
  /// where the query begins.
  ///
  /// Inside an open transaction of the calling thread it counts what that has pushed, as the pages
  /// do. After a rollback other events get these positions: who has kept it misses them.
  [[nodiscard]] virtual std::int64_t looked_up_to() const noexcept = 0;

  /// The number of events of reserved event stores (`is_reserved_event_store_id`) the pages so far
  /// leave out, since the query names no event stores. They are there, but none of the
  /// application's.
  [[nodiscard]] virtual std::int64_t left_out() const noexcept = 0;
};

}  // namespace castore
