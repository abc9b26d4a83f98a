#pragma once

/// \file
/// BOUNDARY: where events live. No template parameter, no JSON library and no SQL crosses it.

#include <castore/event.hpp>
#include <castore/event_feed.hpp>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace castore {

class EventStorageAdapter;

/// The events of one aggregate to read. Filter first, then order, then limit.
struct EventsQueryOptions {
  std::optional<Version> min_version{};  ///< inclusive
  std::optional<Version> max_version{};  ///< inclusive; 0 reads nothing
  /// Inclusive: only those committed up to that position of the database, see `newest_position`.
  std::optional<std::int64_t> max_position{};
  std::optional<std::int64_t> limit{};  ///< ≥ 1, the most events read
  bool reverse = false;                 ///< newest version first
};

struct PushEventOptions {
  /// Overwrite the event already stored at that version, as a whole. For repairing history, never
  /// for commands. At a free version it is an ordinary push.
  bool force = false;
  /// Accept a version that is not the aggregate's newest + 1.
  bool allow_version_gap = false;
};

/// The answer of a push, for one event.
struct PushAnswer {
  Timestamp timestamp{};
  Version version = 0;
  /// Its place in the order of commit; nothing where the adapter has no such order. What was
  /// overwritten keeps its own.
  std::optional<std::int64_t> position{};
  /// The event was stored by an earlier push of the same, and this one has changed nothing. Nobody
  /// sets it yet: it is for an adapter that recognises a push that it has stored already.
  bool already_pushed = false;

  friend bool operator==(const PushAnswer&, const PushAnswer&) = default;
};

/// One event of a group, borrowed for the call.
struct GroupedEventView {
  /// The adapter that stores this event; not null. The adapter that pushes the group hands the
  /// event to this one inside its transaction, so that a decorator (encryption, metrics) keeps its
  /// part.
  EventStorageAdapter* adapter = nullptr;
  std::string_view event_store_id;
  NewEventView event;
  bool allow_version_gap = false;
};

struct PushEventGroupOptions {
  bool force = false;  ///< as in `PushEventOptions`, for every event of the group
};

struct ListAggregateIdsOptions {
  std::optional<std::int64_t> limit{};  ///< ≥ 1, the size of a page; without it, everything
  std::optional<Timestamp> initial_event_after{};   ///< inclusive
  std::optional<Timestamp> initial_event_before{};  ///< inclusive
  /// Inclusive: only aggregates whose initial event was committed up to that position of the
  /// database, see `newest_position`.
  std::optional<std::int64_t> max_position{};
  std::optional<bool> reverse{};  ///< newest first; default false
  /// Continues an earlier listing with its options; those given here win over the token's.
  std::optional<std::string> page_token{};
};

struct ListedAggregateId {
  std::string aggregate_id;
  Timestamp initial_event_timestamp;

  friend bool operator==(const ListedAggregateId&, const ListedAggregateId&) = default;
};

struct ListAggregateIdsResult {
  std::vector<ListedAggregateId> aggregate_ids;
  /// For each of them the position of its initial event, which no overwriting changes.
  std::vector<std::int64_t> positions{};
  /// There is more. Opaque; belongs to this event store.
  std::optional<std::string> next_page_token{};
};

/// The figures of an event store, for tools.
struct EventStoreSummary {
  std::string event_store_id;
  std::int64_t aggregate_count = 0;
  std::int64_t event_count = 0;
  Timestamp first_timestamp{};     ///< the earliest of all its events
  Timestamp last_timestamp{};      ///< the latest
  std::int64_t last_position = 0;  ///< of its newest event in the order of commit, from 1

  friend bool operator==(const EventStoreSummary&, const EventStoreSummary&) = default;
};

class EventVisitor;

template <class Callable>
concept EventVisiting = !std::same_as<std::remove_cvref_t<Callable>, EventVisitor> &&
                        std::invocable<Callable&, const EventView&>;

/// Called once per event; returns whether to go on. A borrowed callable: never keep it.
class EventVisitor {
 public:
  template <EventVisiting Callable>
  EventVisitor(Callable&& callable) noexcept  // NOLINT(google-explicit-constructor)
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* target, const EventView& event) -> bool {
          return (*static_cast<std::remove_reference_t<Callable>*>(target))(event);
        }) {
    static_assert(std::is_invocable_r_v<bool, Callable&, const EventView&>,
                  "a visitor of events returns a bool: true to go on, false to end the reading");
  }

  bool operator()(const EventView& event) const { return call_(callable_, event); }

 private:
  void* callable_;
  bool (*call_)(void*, const EventView&);
};

/// A place where events live. The one boundary between the typed `EventStore` above and a database
/// below.
///
/// Implementations are safe to call from several threads at once, and throw only
/// `castore::Error`, besides what a caller's visitor or action throws and, where memory is short,
/// `std::bad_alloc`: a push that throws that has stored nothing. One adapter may serve any number
/// of event stores, told apart by `event_store_id`. Ids are compared by bytes.
/// `castore/adapter_support.hpp` has what implementations share, and
/// `castore/forwarding_event_storage_adapter.hpp` what decorators begin with.
class EventStorageAdapter {
 public:
  EventStorageAdapter() = default;
  EventStorageAdapter& operator=(EventStorageAdapter&&) = delete;
  virtual ~EventStorageAdapter() = default;

  /// Hands the events of one aggregate to `visitor` in the order of their versions, one at a time,
  /// as of one moment. An aggregate without events is no error. The visitor may call the adapter.
  /// \throws InvalidOptionError   `limit` below 1
  /// \throws MalformedEventError  a stored row is damaged
  virtual void for_each_event(std::string_view event_store_id, std::string_view aggregate_id,
                              const EventsQueryOptions& options, EventVisitor visitor) const = 0;

  /// Stores `event` durably, or not at all.
  /// \throws InvalidEventError        the event breaks a rule
  /// \throws EventAlreadyExistsError  that version is taken, and `options.force` is false
  /// \throws VersionGapError          it is not the newest version + 1, and gaps are not allowed
  /// \throws StorageError             the engine failed; its code says whether the event may be
  ///     stored
  virtual PushAnswer push_event(std::string_view event_store_id, const NewEventView& event,
                                const PushEventOptions& options) = 0;

  /// Stores all events, in this order and with one timestamp, or none. Several events of one
  /// aggregate are fine. Throws as `push_event` does for the first event that does not fit.
  ///
  /// `castore::push_event_group` calls it of the adapter of the first event alone. The others get
  /// their events by `push_event`, inside the transaction, and so does the first where it is a
  /// decorator: one that counts groups does not see those in which its event stores stand behind.
  /// \returns an answer for each, in this order
  /// \throws InvalidEventGroupError  no events, several databases, different timestamps
  virtual std::vector<PushAnswer> push_event_group(std::span<const GroupedEventView> events,
                                                   const PushEventGroupOptions& options) = 0;

  /// The aggregates that have a version 1, by (timestamp of that event, aggregate id).
  /// \throws InvalidOptionError, InvalidPageTokenError
  [[nodiscard]] virtual ListAggregateIdsResult list_aggregate_ids(
      std::string_view event_store_id, const ListAggregateIdsOptions& options) const = 0;

  /// Every event store that has an event, by id. Reads all events: for people, not for hot paths.
  [[nodiscard]] virtual std::vector<EventStoreSummary> list_event_stores() const = 0;

  /// The events of all stores on this adapter's database, as `query` asks for them. A decorator
  /// undoes in them what it has done in `push_event`.
  /// \throws InvalidOptionError  `page_size` below 1
  [[nodiscard]] virtual std::unique_ptr<EventFeed> open_event_feed(FeedQuery query) const = 0;

  /// The position of the database's newest event in the order of commit; 0 if there is none, and
  /// nothing where the adapter has no such order. What is committed later has a greater one, and an
  /// event keeps its own when it is overwritten: so history is told apart from what comes up while
  /// it is read. Takes no longer where the history is long. A decorator returns what the adapter
  /// inside it answers.
  ///
  /// Inside an open transaction of the calling thread it counts what that has pushed. After a
  /// rollback other events get these positions: keep none of before the commit.
  /// \throws StorageError
  [[nodiscard]] virtual std::optional<std::int64_t> newest_position() const = 0;

  /// Adapters that answer the same write to one database and can share a transaction: their events
  /// can stand in one group. A decorator returns what the adapter inside it answers.
  [[nodiscard]] virtual const void* transaction_domain() const noexcept = 0;

  /// Runs `action`, by `run_after_commit`, once what this thread has pushed is committed: at once,
  /// unless a transaction of the caller's is still open. If that one is rolled back, `action` is
  /// dropped. A decorator hands it on to the adapter inside it.
  virtual void after_commit(std::function<void()> action) = 0;
};

}  // namespace castore
