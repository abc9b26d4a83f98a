#pragma once

/// \file
/// For authors of decorators: an adapter around another one, for encryption, compression, metrics
/// or a cache.

#include <castore/event_feed.hpp>
#include <castore/event_storage_adapter.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace castore {

/// An adapter that hands every call on to the one inside it. A decorator derives from it and
/// overrides what it is about.
///
/// A decorator that changes payloads or metadata overrides three functions together: `push_event`,
/// which does it, and `for_each_event` and `open_event_feed`, which undo it. What is stored has to
/// be JSON, too. Ids, versions, types and timestamps stay as they are: the adapter inside filters
/// and sorts by them. A feed has the events of every store of the database, also of those
/// whose adapter is not this one.
///
/// `push_event_group` stays as it is: the adapter that pushes a group hands each event to the
/// adapter that its `GroupedEventView` names, which is the decorator, by `push_event` and inside
/// the transaction. The rest (listings, `newest_position`, `transaction_domain`, `after_commit`) is
/// answered for the database, which is that of the adapter inside.
class ForwardingEventStorageAdapter : public EventStorageAdapter {
 public:
  /// Keeps `inner`, which is not null.
  explicit ForwardingEventStorageAdapter(std::shared_ptr<EventStorageAdapter> inner);

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
  [[nodiscard]] const void* transaction_domain() const noexcept override;
  void after_commit(std::function<void()> action) override;

 protected:
  [[nodiscard]] EventStorageAdapter& inner() const noexcept { return *inner_; }

 private:
  std::shared_ptr<EventStorageAdapter> inner_;
};

/// A feed that hands out the events of another one, each changed before: what `open_event_feed` of
/// a decorator returns.
class ForwardingEventFeed final : public EventFeed {
 public:
  /// Changes `event.event`. The position and the id of the event store are there to be read: they
  /// choose a key, and name the event in a `MalformedEventError`.
  using Change = std::function<void(FeedEvent& event)>;

  /// Keeps both. Where `change` throws, the events before make a page of their own, and the
  /// exception propagates out of the next call of `next_page`, once `change` was called again for
  /// that event and has thrown again; so does each further call, until the change succeeds. Events
  /// that are left out (`left_out`) count with the last part of their page.
  ForwardingEventFeed(std::unique_ptr<EventFeed> inner, Change change);

  [[nodiscard]] std::span<const FeedEvent> next_page() override;
  [[nodiscard]] std::int64_t looked_up_to() const noexcept override { return looked_up_to_; }
  [[nodiscard]] std::int64_t left_out() const noexcept override { return left_out_; }

 private:
  void add(FeedEvent event);

  std::unique_ptr<EventFeed> inner_;
  Change change_;
  std::span<const FeedEvent> unchanged_;  ///< read, and not handed out yet
  std::vector<FeedEvent> page_;
  std::int64_t looked_up_to_;
  std::int64_t left_out_;
};

}  // namespace castore
