#include "feed/merged_feed.hpp"

#include <algorithm>
#include <castore/error.hpp>
#include <cstdint>
#include <limits>
#include <tuple>

namespace castore::feed {

MergedFeed::MergedFeed(std::span<const PouredEventSource> sources, const PourFilters& filters,
                       const std::optional<CollectionCursor>& after) {
  for (const PouredEventSource& source : sources) add(source);
  for (Part& part : parts_) {
    FeedQuery query{.event_store_ids = part.event_store_ids,
                    .from = filters.from,
                    .to = filters.to,
                    .order = FeedOrder::timestamp};
    if (after) query.after = place_of(*after, part.database);
    part.feed = part.adapter->open_event_feed(std::move(query));
    part.page = part.feed->next_page();
  }
}

void MergedFeed::add(const PouredEventSource& source) {
  const void* const domain = source.adapter->transaction_domain();
  auto database = std::find(databases_.begin(), databases_.end(), domain);
  if (database == databases_.end()) database = databases_.insert(database, domain);
  const auto index = static_cast<std::size_t>(database - databases_.begin());
  if (!named_.emplace(index, source.event_store_id).second) {
    throw InvalidOptionError("event_stores",
                             "name the event store " + source.event_store_id + " twice");
  }
  auto part = std::find_if(parts_.begin(), parts_.end(),
                           [&](const Part& other) { return other.adapter == source.adapter; });
  if (part == parts_.end()) part = parts_.insert(part, {source.adapter, index, {}});
  part->event_store_ids.push_back(source.event_store_id);
}

/// Of one timestamp, databases before the cursor's have been read, and those after it have not.
FeedCursor MergedFeed::place_of(const CollectionCursor& cursor, std::size_t database) {
  using Position = std::numeric_limits<std::int64_t>;
  if (database < cursor.database) return {cursor.timestamp, Position::max()};
  if (database > cursor.database) return {cursor.timestamp, Position::min()};
  return {cursor.timestamp, cursor.position};
}

CollectionCursor MergedFeed::place_of(const Part& part) {
  const FeedEvent& fed = part.page.front();
  return {fed.event.timestamp, part.database, fed.position};
}

bool MergedFeed::is_before(const Part& a, const Part& b) {
  if (a.page.empty() || b.page.empty()) return !a.page.empty();
  const CollectionCursor x = place_of(a);
  const CollectionCursor y = place_of(b);
  return std::tie(x.timestamp, x.database, x.position) <
         std::tie(y.timestamp, y.database, y.position);
}

const FeedEvent* MergedFeed::next() {
  if (current_ != nullptr) {
    current_->page = current_->page.subspan(1);
    if (current_->page.empty()) current_->page = current_->feed->next_page();
  }
  const auto earliest = std::min_element(parts_.begin(), parts_.end(), is_before);
  current_ = earliest == parts_.end() || earliest->page.empty() ? nullptr : &*earliest;
  return current_ == nullptr ? nullptr : &current_->page.front();
}

CollectionCursor MergedFeed::cursor() const { return place_of(*current_); }

std::size_t MergedFeed::database_of(const PouredEventSource& source) const {
  const auto database =
      std::find(databases_.begin(), databases_.end(), source.adapter->transaction_domain());
  return static_cast<std::size_t>(database - databases_.begin());
}

}  // namespace castore::feed
