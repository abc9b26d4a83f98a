#pragma once

#include <castore/clock.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/sqlite/database.hpp>
#include <memory>

namespace castore {

/// Events in an SQLite file, in the table `castore_event` (`docs/schema.md`). Any number of
/// adapters, event stores and threads may share one `sqlite::Database`; groups are atomic among
/// them, and `sqlite::Transaction` joins several pushes.
///
/// Reading streams from a connection of its own. Only inside a transaction of the calling thread,
/// on a host's connection and in `":memory:"`, where that connection is also the one that writes,
/// `for_each_event` reads the events it asks for into memory before it shows them: the visitor may
/// push, and SQLite would let it see that.
///
/// On a database that its host has made in UTF-16 all answers are the same, but an event whose text
/// has U+FFFE or U+FFFF, which SQLite does not keep there, is an `InvalidEventError`.
class SqliteEventStorageAdapter final : public EventStorageAdapter {
 public:
  /// \param clock  supplies missing timestamps; called while the write lock is held, perhaps on
  ///     the thread of another caller that pushes
  explicit SqliteEventStorageAdapter(std::shared_ptr<sqlite::Database> database,
                                     Clock clock = system_now);

  [[nodiscard]] const std::shared_ptr<sqlite::Database>& database() const noexcept {
    return database_;
  }

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

 private:
  std::vector<PushAnswer> push_through_adapters(std::span<const GroupedEventView> events,
                                                std::optional<Timestamp> given,
                                                const PushEventGroupOptions& options);

  std::shared_ptr<sqlite::Database> database_;
  Clock clock_;
};

}  // namespace castore
