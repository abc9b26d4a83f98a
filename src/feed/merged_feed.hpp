#pragma once

#include <castore/event_feed.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/poured_event_source.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace castore::feed {

/// The events of several event stores in one order: (timestamp, database, position). One
/// adapter is one feed. Two adapters on one database are two, since one of them may be a decorator
/// that knows how to read its own events only; but positions order them.
class MergedFeed {
 public:
  MergedFeed(std::span<const PouredEventSource> sources, const PourFilters& filters,
             const std::optional<CollectionCursor>& after);

  /// Null: there are no more.
  [[nodiscard]] const FeedEvent* next();
  /// Of the event that `next` has answered.
  [[nodiscard]] CollectionCursor cursor() const;

  /// The place of a source's database in the order in which they are named.
  [[nodiscard]] std::size_t database_of(const PouredEventSource& source) const;

 private:
  struct Part {
    const EventStorageAdapter* adapter;
    std::size_t database;
    std::vector<std::string> event_store_ids;
    std::unique_ptr<EventFeed> feed{};
    std::span<const FeedEvent> page{};  ///< what was not answered yet; empty: nothing is left
  };

  void add(const PouredEventSource& source);
  static FeedCursor place_of(const CollectionCursor& cursor, std::size_t database);
  static CollectionCursor place_of(const Part& part);
  static bool is_before(const Part& a, const Part& b);

  std::vector<const void*> databases_;
  std::set<std::pair<std::size_t, std::string_view>> named_;  ///< by database and id
  std::vector<Part> parts_;
  Part* current_ = nullptr;  ///< has the event that was answered last
};

}  // namespace castore::feed
