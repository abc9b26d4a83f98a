#pragma once

#include <castore/event_storage_adapter.hpp>
#include <memory>
#include <utility>

namespace castore::testing {

/// A decorator that adds nothing: override what yours is about.
class ForwardingAdapter : public EventStorageAdapter {
 public:
  explicit ForwardingAdapter(std::shared_ptr<EventStorageAdapter> inner)
      : inner_(std::move(inner)) {}

  void for_each_event(std::string_view event_store_id, std::string_view aggregate_id,
                      const EventsQueryOptions& options, EventVisitor visitor) const override {
    inner_->for_each_event(event_store_id, aggregate_id, options, visitor);
  }
  PushAnswer push_event(std::string_view event_store_id, const NewEventView& event,
                        const PushEventOptions& options) override {
    return inner_->push_event(event_store_id, event, options);
  }
  std::vector<PushAnswer> push_event_group(std::span<const GroupedEventView> events,
                                           const PushEventGroupOptions& options) override {
    return inner_->push_event_group(events, options);
  }
  [[nodiscard]] ListAggregateIdsResult list_aggregate_ids(
      std::string_view event_store_id, const ListAggregateIdsOptions& options) const override {
    return inner_->list_aggregate_ids(event_store_id, options);
  }
  [[nodiscard]] std::vector<EventStoreSummary> list_event_stores() const override {
    return inner_->list_event_stores();
  }
  [[nodiscard]] std::unique_ptr<EventFeed> open_event_feed(FeedQuery query) const override {
    return inner_->open_event_feed(std::move(query));
  }
  [[nodiscard]] std::optional<std::int64_t> newest_position() const override {
    return inner_->newest_position();
  }
  [[nodiscard]] const void* transaction_domain() const noexcept override {
    return inner_->transaction_domain();
  }
  void after_commit(std::function<void()> action) override {
    inner_->after_commit(std::move(action));
  }

 protected:
  [[nodiscard]] EventStorageAdapter& inner() const noexcept { return *inner_; }

 private:
  std::shared_ptr<EventStorageAdapter> inner_;
};

}  // namespace castore::testing
