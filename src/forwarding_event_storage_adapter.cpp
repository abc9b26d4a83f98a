#include <algorithm>
#include <castore/forwarding_event_storage_adapter.hpp>
#include <utility>

namespace castore {

ForwardingEventStorageAdapter::ForwardingEventStorageAdapter(
    std::shared_ptr<EventStorageAdapter> inner)
    : inner_(std::move(inner)) {}

void ForwardingEventStorageAdapter::for_each_event(std::string_view event_store_id,
                                                   std::string_view aggregate_id,
                                                   const EventsQueryOptions& options,
                                                   EventVisitor visitor) const {
  inner_->for_each_event(event_store_id, aggregate_id, options, visitor);
}

PushAnswer ForwardingEventStorageAdapter::push_event(std::string_view event_store_id,
                                                     const NewEventView& event,
                                                     const PushEventOptions& options) {
  return inner_->push_event(event_store_id, event, options);
}

std::vector<PushAnswer> ForwardingEventStorageAdapter::push_event_group(
    std::span<const GroupedEventView> events, const PushEventGroupOptions& options) {
  return inner_->push_event_group(events, options);
}

ListAggregateIdsResult ForwardingEventStorageAdapter::list_aggregate_ids(
    std::string_view event_store_id, const ListAggregateIdsOptions& options) const {
  return inner_->list_aggregate_ids(event_store_id, options);
}

std::vector<EventStoreSummary> ForwardingEventStorageAdapter::list_event_stores() const {
  return inner_->list_event_stores();
}

std::unique_ptr<EventFeed> ForwardingEventStorageAdapter::open_event_feed(FeedQuery query) const {
  return inner_->open_event_feed(std::move(query));
}

std::optional<std::int64_t> ForwardingEventStorageAdapter::newest_position() const {
  return inner_->newest_position();
}

const void* ForwardingEventStorageAdapter::transaction_domain() const noexcept {
  return inner_->transaction_domain();
}

void ForwardingEventStorageAdapter::after_commit(std::function<void()> action) {
  inner_->after_commit(std::move(action));
}

ForwardingEventFeed::ForwardingEventFeed(std::unique_ptr<EventFeed> inner, Change change)
    : inner_(std::move(inner)),
      change_(std::move(change)),
      looked_up_to_(inner_->looked_up_to()),
      left_out_(inner_->left_out()) {}

std::span<const FeedEvent> ForwardingEventFeed::next_page() {
  if (unchanged_.empty()) unchanged_ = inner_->next_page();
  page_.clear();
  page_.reserve(unchanged_.size());
  try {
    for (const FeedEvent& event : unchanged_) add(event);
  } catch (...) {
    if (page_.empty()) throw;
  }
  unchanged_ = unchanged_.subspan(page_.size());
  if (unchanged_.empty()) {
    looked_up_to_ = inner_->looked_up_to();
    left_out_ = inner_->left_out();
  } else {  // in the order of timestamps it is the moment of reading, which no position is behind
    looked_up_to_ = std::max(looked_up_to_, page_.back().position);
  }
  return page_;
}

void ForwardingEventFeed::add(FeedEvent event) {
  change_(event);
  page_.push_back(std::move(event));
}

}  // namespace castore
