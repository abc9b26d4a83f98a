#include "feed/pages.hpp"

#include <algorithm>
#include <castore/adapter_support.hpp>
#include <limits>
#include <tuple>
#include <utility>

namespace castore::feed {
namespace {

constexpr std::int64_t events_of_a_page = 500;
constexpr std::size_t text_of_a_page = 1 << 20;  // bytes

}  // namespace

AggregatePages::AggregatePages(const PouredEventSource& source, const std::string& aggregate_id,
                               const EventsQueryOptions& options, const PourFilters& filters)
    : source_(source),
      aggregate_id_(aggregate_id),
      options_(options),
      filters_(filters),
      query_(options) {
  check_query(query_);
  const auto newest = source_.adapter->newest_position();
  if (newest) query_.max_position = std::min(query_.max_position.value_or(*newest), *newest);
}

const EventDetail* AggregatePages::next() {
  if (next_ < page_.size()) ++next_;
  while (next_ == page_.size()) {
    if (done_) return nullptr;
    read_page();
  }
  return &page_[next_].event;
}

bool AggregatePages::is_let_through(const EventView& event) const {
  return (!filters_.from || event.timestamp >= *filters_.from) &&
         (!filters_.to || event.timestamp <= *filters_.to);
}

void AggregatePages::read_page() {
  page_.clear();
  next_ = 0;
  EventsQueryOptions query = query_;
  query.limit = std::min(query.limit.value_or(events_of_a_page), events_of_a_page);
  std::int64_t count = 0;
  std::size_t text = 0;
  bool full = false;
  Version last = 0;
  const auto keep = [&](const EventView& event) {
    last = event.version;
    if (is_let_through(event)) page_.push_back({to_detail(event), read_ + count});
    ++count;
    text += event.payload.value_or("").size() + event.metadata.value_or("").size();
    full = text >= text_of_a_page;
    return !full;
  };
  source_.adapter->for_each_event(source_.event_store_id, aggregate_id_, query, keep);
  read_ += count;
  done_ = !full && count < *query.limit;
  if (!done_) query_ = go_on_after(query_, last, count);
}

/// \returns what `query` asks for after that version, `count` events having been read
EventsQueryOptions AggregatePages::go_on_after(EventsQueryOptions query, Version version,
                                               std::int64_t count) {
  constexpr Version nothing = 0;  // no version is at most that
  const bool all_are_read = query.limit && *query.limit <= count;
  if (query.limit && !all_are_read) *query.limit -= count;
  if (all_are_read || (!query.reverse && version == std::numeric_limits<Version>::max())) {
    query.max_version = nothing;
  } else if (query.reverse) {
    query.max_version = version - 1;
  } else {
    query.min_version = version + 1;
  }
  return query;
}

EventsQueryOptions AggregatePages::from_here() const {
  EventsQueryOptions query = options_;
  const Read& here = page_[next_];
  (query.reverse ? query.max_version : query.min_version) = here.event.version;
  if (query.limit) *query.limit -= here.read_before;
  return query;
}

EventsQueryOptions AggregatePages::after() const {
  const Read& here = page_[next_];
  return go_on_after(options_, here.event.version, here.read_before + 1);
}

ListingPages::ListingPages(const PouredEventSource& source,
                           const PourAggregateIdsQueryOptions& options,
                           std::optional<ListedAggregateId> after)
    : source_(source),
      after_(std::move(after)),
      reverse_(options.reverse),
      query_{.limit = options.limit,
             .initial_event_after = options.initial_event_after,
             .initial_event_before = options.initial_event_before,
             .max_position = source.adapter->newest_position(),
             .reverse = reverse_} {
  if (!after_) return;
  // The others of that timestamp are skipped.
  auto& bound = reverse_ ? query_.initial_event_before : query_.initial_event_after;
  const Timestamp timestamp = after_->initial_event_timestamp;
  const Timestamp given = bound.value_or(timestamp);
  bound = reverse_ ? std::min(given, timestamp) : std::max(given, timestamp);
}

bool ListingPages::is_before(const ListedAggregateId& a, const ListedAggregateId& b) const {
  const auto place = [](const ListedAggregateId& id) {
    return std::tie(id.initial_event_timestamp, id.aggregate_id);
  };
  return reverse_ ? place(b) < place(a) : place(a) < place(b);
}

const ListedAggregateId* ListingPages::next() {
  for (;;) {
    if (next_ == page_.aggregate_ids.size() && !read_page()) return nullptr;
    if (next_ == page_.aggregate_ids.size()) continue;
    const std::size_t here = next_++;
    const ListedAggregateId& listed = page_.aggregate_ids[here];
    if (after_ && !is_before(*after_, listed)) continue;
    if (listed_.insert(page_.positions.at(here))) return &listed;
  }
}

bool ListingPages::read_page() {
  if (done_) return false;
  page_ = source_.adapter->list_aggregate_ids(source_.event_store_id, query_);
  next_ = 0;
  done_ = !page_.next_page_token;
  query_ = {.page_token = page_.next_page_token};
  return true;
}

}  // namespace castore::feed
