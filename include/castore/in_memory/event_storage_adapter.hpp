#pragma once

#include <castore/clock.hpp>
#include <castore/event_storage_adapter.hpp>
#include <memory>

namespace castore {

/// Events in this process's memory: for tests and trials. Behaves as the SQLite adapter does, but
/// forgets everything with the last reference to it. Safe to call from several threads at once.
///
/// Groups are atomic among the event stores on one adapter object. There are no transactions of
/// the caller's, so `after_commit` runs its action at once.
class InMemoryEventStorageAdapter final : public EventStorageAdapter {
 public:
  /// \param clock  supplies missing timestamps; called under a lock
  explicit InMemoryEventStorageAdapter(Clock clock = system_now);
  ~InMemoryEventStorageAdapter() override;

  void for_each_event(std::string_view event_store_id, std::string_view aggregate_id,
                      const EventsQueryOptions& options, EventVisitor visitor) const override;
  PushAnswer push_event(std::string_view event_store_id, const NewEventView& event,
                        const PushEventOptions& options) override;
  std::vector<PushAnswer> push_event_group(std::span<const GroupedEventView> events,
                                           const PushEventGroupOptions& options) override;
  [[nodiscard]] ListAggregateIdsResult list_aggregate_ids(
      std::string_view event_store_id, const ListAggregateIdsOptions& options) const override;
  [[nodiscard]] std::vector<EventStoreSummary> list_event_stores() const override;
  [[nodiscard]] std::unique_ptr<EventFeed> open_event_feed(FeedQuery query) const override;
  [[nodiscard]] std::optional<std::int64_t> newest_position() const override;
  [[nodiscard]] const void* transaction_domain() const noexcept override { return this; }
  void after_commit(std::function<void()> action) override;

 private:
  struct Impl;
  class Feed;

  std::shared_ptr<Impl> impl_;
};

}  // namespace castore
