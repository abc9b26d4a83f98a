#include <castore/dam.hpp>
#include <utility>
#include <variant>

#include "feed/merged_feed.hpp"
#include "feed/pace.hpp"
#include "feed/pages.hpp"

namespace castore::detail {
namespace {

using feed::AggregatePages;
using feed::ListingPages;
using feed::MergedFeed;
using feed::Pace;

/// The ends of a listing of aggregates by their initial events; none of no aggregates.
struct AggregateScan {
  std::optional<ListedAggregateId> first{};
  std::optional<ListedAggregateId> last{};
};

AggregateScan scan_of(const PouredEventSource& source, std::optional<Timestamp> to) {
  const auto first = [&](bool reverse) -> std::optional<ListedAggregateId> {
    const auto listing = source.adapter->list_aggregate_ids(
        source.event_store_id, {.limit = 1, .initial_event_before = to, .reverse = reverse});
    if (listing.aggregate_ids.empty()) return std::nullopt;
    return listing.aggregate_ids.front();
  };
  AggregateScan scan{.first = first(false)};
  if (scan.first) scan.last = first(true);
  return scan;
}

}  // namespace

PourAggregateEventsResult pour_aggregate_events(const PouredEventSource& source,
                                                const MessageSink& publish,
                                                const PourAggregateEventsOptions& options) {
  Pace pace(options.rate_limit, options.stop_token);
  AggregatePages pages(source, options.aggregate_id, options.options, options.filters);
  PourAggregateEventsResult result{.stopped = true};
  Message message = NotificationMessage{.event_store_id = source.event_store_id, .event = {}};
  while (const EventDetail* const event = pages.next()) {
    if (!pace.wait()) {
      result.rest = pages.from_here();
      return result;
    }
    std::get<NotificationMessage>(message).event = *event;
    publish(message);
    ++result.poured_event_count;
    if (!result.first_poured_event) result.first_poured_event = *event;
    result.last_poured_event = *event;
    if (!options.on_poured) continue;
    result.rest = pages.after();
    options.on_poured(result);
  }
  result.stopped = false;
  result.rest.reset();
  return result;
}

// --- The aggregates of an event store ---------------------------------------------------------

PourEventStoreAggregateIdsResult pour_event_store_aggregate_ids(
    const PouredEventSource& source, const MessageSink& publish,
    const PourEventStoreAggregateIdsOptions& options) {
  Pace pace(options.rate_limit, options.stop_token);
  ListingPages pages(source, options.options, options.after);
  PourEventStoreAggregateIdsResult result{.stopped = true, .cursor = options.after};
  while (const ListedAggregateId* const listed = pages.next()) {
    if (!pace.wait()) return result;
    publish(AggregateExistsMessage{source.event_store_id, listed->aggregate_id,
                                   listed->initial_event_timestamp});
    ++result.poured_aggregate_id_count;
    if (!result.first_scanned_aggregate) result.first_scanned_aggregate = *listed;
    result.last_scanned_aggregate = *listed;
    result.cursor = *listed;
    if (options.on_poured) options.on_poured(result);
  }
  result.stopped = false;
  return result;
}

// --- The events of event stores ---------------------------------------------------------------

namespace {

/// Calls `on_poured` with the cursor of each event, once it is published. \returns whether it was
/// stopped
template <class OnPoured>
bool pour(MergedFeed& feed, Pace& pace, const MessageSink& publish, const OnPoured& on_poured) {
  Message message = NotificationMessage{};
  while (const FeedEvent* const fed = feed.next()) {
    if (!pace.wait()) return true;
    auto& notification = std::get<NotificationMessage>(message);
    notification.event_store_id = fed->event_store_id;
    notification.event = fed->event;
    publish(message);
    on_poured(feed.cursor());
  }
  return false;
}

}  // namespace

PourEventStoreEventsResult pour_event_store_events(const PouredEventSource& source,
                                                   const MessageSink& publish,
                                                   const PourEventStoreEventsOptions& options) {
  Pace pace(options.rate_limit, options.stop_token);
  std::optional<CollectionCursor> after;
  if (options.after) after = {options.after->timestamp, 0, options.after->position};
  AggregateScan scan = scan_of(source, options.filters.to);
  MergedFeed feed({&source, 1}, options.filters, after);

  PourEventStoreEventsResult result{.first_scanned_aggregate = std::move(scan.first),
                                    .last_scanned_aggregate = std::move(scan.last),
                                    .stopped = true,
                                    .cursor = options.after};
  result.stopped = pour(feed, pace, publish, [&](const CollectionCursor& cursor) {
    ++result.poured_event_count;
    result.cursor = {cursor.timestamp, cursor.position};
    if (options.on_poured) options.on_poured(result);
  });
  return result;
}

PourEventStoreCollectionEventsResult pour_event_store_collection_events(
    std::span<const PouredEventSource> sources, const MessageSink& publish,
    const PourEventStoreCollectionEventsOptions& options) {
  Pace pace(options.rate_limit, options.stop_token);
  MergedFeed feed(sources, options.filters, options.after);

  PourEventStoreCollectionEventsResult result{.stopped = true, .cursor = options.after};
  for (const PouredEventSource& source : sources) {
    AggregateScan scan = scan_of(source, options.filters.to);
    result.scans.push_back({source.event_store_id, feed.database_of(source), std::move(scan.first),
                            std::move(scan.last)});
  }
  result.stopped = pour(feed, pace, publish, [&](const CollectionCursor& cursor) {
    ++result.poured_event_count;
    result.cursor = cursor;
    if (options.on_poured) options.on_poured(result);
  });
  return result;
}

}  // namespace castore::detail
