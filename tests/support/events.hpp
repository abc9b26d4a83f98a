#pragma once

/// \file
/// Short hands for calling an adapter: what the boundary takes as views, tests keep as values.

#include <castore/event_storage_adapter.hpp>
#include <castore/timestamp.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace castore::testing {

inline Timestamp at(std::string_view text) { return parse_timestamp(text); }

/// An event without payload, to be completed with designated changes where a test needs more.
inline NewEventDetail new_event(std::string aggregate_id, Version version) {
  return {.aggregate_id = std::move(aggregate_id),
          .version = version,
          .type = "SOMETHING_HAPPENED",
          .timestamp = std::nullopt,
          .payload = std::nullopt,
          .metadata = std::nullopt};
}

inline NewEventDetail new_event(std::string aggregate_id, Version version, Timestamp timestamp) {
  NewEventDetail event = new_event(std::move(aggregate_id), version);
  event.timestamp = timestamp;
  return event;
}

inline NewEventDetail with_payload(NewEventDetail event, std::string payload) {
  event.payload = std::move(payload);
  return event;
}

inline Timestamp push(EventStorageAdapter& adapter, std::string_view event_store_id,
                      const NewEventDetail& event, const PushEventOptions& options = {}) {
  return adapter.push_event(event_store_id, to_view(event), options).timestamp;
}

inline std::vector<EventDetail> read(const EventStorageAdapter& adapter,
                                     std::string_view event_store_id, std::string_view aggregate_id,
                                     const EventsQueryOptions& options = {}) {
  std::vector<EventDetail> events;
  adapter.for_each_event(event_store_id, aggregate_id, options, [&](const EventView& event) {
    events.push_back(to_detail(event));
    return true;
  });
  return events;
}

inline std::vector<Version> versions(const EventStorageAdapter& adapter,
                                     std::string_view event_store_id, std::string_view aggregate_id,
                                     const EventsQueryOptions& options = {}) {
  std::vector<Version> result;
  for (const EventDetail& event : read(adapter, event_store_id, aggregate_id, options)) {
    result.push_back(event.version);
  }
  return result;
}

struct Grouped {
  EventStorageAdapter* adapter;
  std::string event_store_id;
  NewEventDetail event;
  bool allow_version_gap = false;
};

inline Timestamp push_group(EventStorageAdapter& pushing, const std::vector<Grouped>& events,
                            const PushEventGroupOptions& options = {}) {
  std::vector<GroupedEventView> views;
  views.reserve(events.size());
  for (const Grouped& grouped : events) {
    views.push_back({.adapter = grouped.adapter,
                     .event_store_id = grouped.event_store_id,
                     .event = to_view(grouped.event),
                     .allow_version_gap = grouped.allow_version_gap});
  }
  return pushing.push_event_group(views, options).front().timestamp;
}

inline std::vector<std::string> ids(const ListAggregateIdsResult& listing) {
  std::vector<std::string> result;
  for (const ListedAggregateId& listed : listing.aggregate_ids) {
    result.push_back(listed.aggregate_id);
  }
  return result;
}

/// Page after page to the end, each by nothing but the token of the page before.
inline std::vector<std::string> all_pages(const EventStorageAdapter& adapter,
                                          std::string_view event_store_id,
                                          ListAggregateIdsOptions options) {
  std::vector<std::string> result;
  for (;;) {
    ListAggregateIdsResult page = adapter.list_aggregate_ids(event_store_id, options);
    for (ListedAggregateId& listed : page.aggregate_ids) {
      result.push_back(std::move(listed.aggregate_id));
    }
    if (!page.next_page_token) return result;
    options = {.page_token = std::move(page.next_page_token)};
  }
}

}  // namespace castore::testing
