#pragma once

/// \file
/// Short hands for reading an event feed.

#include <castore/event_storage_adapter.hpp>
#include <string>
#include <utility>
#include <vector>

namespace castore::testing {

/// All that the feed has, page after page.
inline std::vector<FeedEvent> rest_of(EventFeed& feed) {
  std::vector<FeedEvent> events;
  for (auto page = feed.next_page(); !page.empty(); page = feed.next_page()) {
    events.insert(events.end(), page.begin(), page.end());
  }
  return events;
}

inline std::vector<FeedEvent> feed_of(const EventStorageAdapter& adapter, FeedQuery query = {}) {
  return rest_of(*adapter.open_event_feed(std::move(query)));
}

/// Each as "store/aggregate/version".
inline std::vector<std::string> names(const std::vector<FeedEvent>& events) {
  std::vector<std::string> result;
  for (const FeedEvent& fed : events) {
    result.push_back(fed.event_store_id + '/' + fed.event.aggregate_id + '/' +
                     std::to_string(fed.event.version));
  }
  return result;
}

inline std::vector<std::int64_t> positions(const std::vector<FeedEvent>& events) {
  std::vector<std::int64_t> result;
  for (const FeedEvent& fed : events) result.push_back(fed.position);
  return result;
}

}  // namespace castore::testing
