#include <algorithm>
#include <castore/adapter_support.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <typeinfo>
#include <utility>

#include "sqlite/aggregate_listing.hpp"
#include "sqlite/changes.hpp"
#include "sqlite/database.hpp"
#include "sqlite/encoding.hpp"
#include "sqlite/event_feed.hpp"
#include "sqlite/row.hpp"

namespace castore {
namespace {

using sqlite::Changes;
using sqlite::Connection;
using sqlite::DatabaseAccess;
using sqlite::Reading;
using sqlite::storable;
using sqlite::to_microseconds;
using sqlite::to_timestamp;
using sqlite::Transaction;

constexpr auto newest_version = R"sql(
  SELECT max(version) FROM castore_event WHERE event_store_id = ?1 AND aggregate_id = ?2
)sql";

constexpr auto find_event = R"sql(
  SELECT position FROM castore_event
   WHERE event_store_id = ?1 AND aggregate_id = ?2 AND version = ?3
)sql";

constexpr auto insert_event = R"sql(
  INSERT INTO castore_event
    (event_store_id, aggregate_id, version, type, timestamp, payload, metadata)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
)sql";

// The same for a version that follows the newest one. Any other becomes NULL, and so forbidden: one
// statement asks and writes, and is a transaction by itself.
constexpr auto insert_next_event = R"sql(
  INSERT INTO castore_event
    (event_store_id, aggregate_id, version, type, timestamp, payload, metadata)
  VALUES (?1, ?2,
          CASE ?3 WHEN 1 + coalesce((SELECT max(version) FROM castore_event
                                      WHERE event_store_id = ?1 AND aggregate_id = ?2), 0)
                  THEN ?3 END,
          ?4, ?5, ?6, ?7)
)sql";

// In place: the position, and so the order of commit, stays.
constexpr auto overwrite_event = R"sql(
  UPDATE castore_event SET type = ?4, timestamp = ?5, payload = ?6, metadata = ?7
   WHERE event_store_id = ?1 AND aggregate_id = ?2 AND version = ?3
)sql";

constexpr auto find_same_event = R"sql(
  SELECT 1 FROM castore_event
   WHERE event_store_id = ?1 AND aggregate_id = ?2 AND version = ?3 AND type = ?4
     AND timestamp = ?5 AND payload IS ?6 AND metadata IS ?7 AND position > 0
)sql";

constexpr auto select_events = R"sql(
  SELECT version, type, timestamp, payload, metadata, position FROM castore_event
   WHERE event_store_id = ?1 AND aggregate_id = ?2 AND version BETWEEN ?3 AND ?4
   ORDER BY version LIMIT ?5
)sql";

constexpr auto select_events_reverse = R"sql(
  SELECT version, type, timestamp, payload, metadata, position FROM castore_event
   WHERE event_store_id = ?1 AND aggregate_id = ?2 AND version BETWEEN ?3 AND ?4
   ORDER BY version DESC LIMIT ?5
)sql";

constexpr auto summarize_event_stores = R"sql(
  SELECT event_store_id, count(DISTINCT aggregate_id), count(*), min(timestamp), max(timestamp),
         max(position), min(position), min(version)
    FROM castore_event GROUP BY event_store_id
)sql";

constexpr auto find_malformed_event = R"sql(
  SELECT position FROM castore_event
   WHERE event_store_id = ?1
     AND (position < 1 OR version < 1 OR timestamp NOT BETWEEN ?2 AND ?3) LIMIT 1
)sql";

void bind_key(const Connection::Borrowed& statement, std::string_view event_store_id,
              const NewEventView& event) {
  statement->bind(1, event_store_id);
  statement->bind(2, event.aggregate_id);
}

void bind_event(const Connection::Borrowed& statement, std::string_view event_store_id,
                const NewEventView& event, Timestamp timestamp) {
  bind_key(statement, event_store_id, event);
  statement->bind(3, event.version);
  statement->bind(4, event.type);
  statement->bind(5, to_microseconds(timestamp));
  statement->bind(6, event.payload);
  statement->bind(7, event.metadata);
}

StorageError kept_out(std::string_view event_store_id, const NewEventView& event) {
  return {ErrorCode::storage,
          "version " + std::to_string(event.version) + " of " + std::string(event_store_id) +
              " aggregate " + std::string(event.aggregate_id) +
              " is not stored: a trigger (or an authorizer) on castore_event, which is not "
              "castore's, keeps it out, changes or deletes it"};
}

/// \throws StorageError  a trigger has changed or deleted it since it was written
void check_is_as_pushed(Connection& connection, std::string_view event_store_id,
                        const NewEventView& event, Timestamp timestamp) {
  const auto same = connection.borrow(find_same_event);
  bind_event(same, event_store_id, event, timestamp);
  if (!same->step()) throw kept_out(event_store_id, event);
}

enum class Inserted {
  yes,
  refused,   ///< its version is taken or leaves a gap
  kept_out,  ///< by a trigger of the host's, which may hide that it would have been refused
};

Inserted insert(Connection& connection, std::string_view event_store_id, const NewEventView& event,
                Timestamp timestamp, bool allow_version_gap) {
  const auto statement = connection.borrow(allow_version_gap ? insert_event : insert_next_event);
  bind_event(statement, event_store_id, event, timestamp);
  const Changes changes(connection);
  if (!statement->write()) return Inserted::refused;
  if (!changes.any()) return Inserted::kept_out;
  if (changes.by_others()) check_is_as_pushed(connection, event_store_id, event, timestamp);
  return Inserted::yes;
}

/// \returns whether it is overwritten: if not, there was none, or a trigger has kept it as it was
bool overwrite(Connection& connection, std::string_view event_store_id, const NewEventView& event,
               Timestamp timestamp) {
  const auto statement = connection.borrow(overwrite_event);
  bind_event(statement, event_store_id, event, timestamp);
  const Changes changes(connection);
  statement->step();
  if (!changes.any()) return false;
  if (changes.by_others()) check_is_as_pushed(connection, event_store_id, event, timestamp);
  return true;
}

/// \returns the position of the event of that version; nothing if there is none
std::optional<std::int64_t> find_position(Connection& connection, std::string_view event_store_id,
                                          const NewEventView& event) {
  const auto statement = connection.borrow(find_event);
  bind_key(statement, event_store_id, event);
  statement->bind(3, event.version);
  if (!statement->step()) return std::nullopt;
  return statement->integer(0);
}

Version newest(Connection& connection, std::string_view event_store_id, const NewEventView& event) {
  const auto statement = connection.borrow(newest_version);
  bind_key(statement, event_store_id, event);
  statement->step();
  return statement->integer(0);  // NULL, where there is none, reads as 0
}

/// Throws the reason why an event could not be inserted. Returns if it could be now.
void check_version(Connection& connection, std::string_view event_store_id,
                   const NewEventView& event, bool allow_version_gap) {
  const Version last = newest(connection, event_store_id, event);
  if (event.version <= last && find_position(connection, event_store_id, event)) {
    throw EventAlreadyExistsError(std::string(event_store_id), std::string(event.aggregate_id),
                                  event.version, last);
  }
  if (event.version != next_version(last) && !allow_version_gap) {
    throw VersionGapError(std::string(event_store_id), std::string(event.aggregate_id),
                          event.version, next_version(last));
  }
}

/// \throws InvalidEventError  another text would be stored in place of one of the event's
void check_storable(Connection& connection, std::string_view event_store_id,
                    const NewEventView& event) {
  const auto check = [&](const char* path, const std::optional<std::string_view>& text) {
    if (text && !storable(connection, *text)) {
      throw InvalidEventError(
          path, "has U+FFFE or U+FFFF, which SQLite does not keep in a database in UTF-16");
    }
  };
  check("eventStoreId", event_store_id);
  check("aggregateId", event.aggregate_id);
  check("type", event.type);
  check("payload", event.payload);
  check("metadata", event.metadata);
}

/// Stores an event: in one statement, by which the database decides who wins a version. Where that
/// is a transaction by itself another process may write before we ask for the reason: then it is
/// tried again. \returns its position
std::int64_t store(Connection& connection, std::string_view event_store_id,
                   const NewEventView& event, Timestamp timestamp,
                   const PushEventOptions& options) {
  check_storable(connection, event_store_id, event);
  if (options.force && overwrite(connection, event_store_id, event, timestamp)) {
    return find_position(connection, event_store_id, event).value();
  }
  constexpr int tries = 10;
  for (int i = 0; i < tries; ++i) {
    const Inserted inserted =
        insert(connection, event_store_id, event, timestamp, options.allow_version_gap);
    if (inserted == Inserted::yes) return connection.last_inserted_position();
    if (options.force && find_position(connection, event_store_id, event)) {
      throw kept_out(event_store_id, event);  // `overwrite` would have found it
    }
    check_version(connection, event_store_id, event, options.allow_version_gap);
    if (inserted == Inserted::kept_out) throw kept_out(event_store_id, event);
  }
  throw StorageError(ErrorCode::storage, "a constraint that is not castore's forbids the event");
}

class EventWrite final : public sqlite::PendingWrite {
 public:
  /// \param alone  whether no trigger has a say in what is stored
  EventWrite(Connection* connection, bool alone, const Clock& clock,
             std::string_view event_store_id, const NewEventView& event,
             const PushEventOptions& options)
      : connection_(connection),
        alone_(alone),
        clock_(clock),
        event_store_id_(event_store_id),
        event_(event),
        options_(options) {}

  void run() override {
    const Timestamp timestamp = event_.timestamp ? *event_.timestamp : checked_timestamp(clock_());
    answer_ = {timestamp, event_.version,
               store(*connection_, event_store_id_, event_, timestamp, options_)};
  }
  /// To overwrite is to try, and to insert if there was nothing.
  [[nodiscard]] bool one_statement() const noexcept override { return alone_ && !options_.force; }

  [[nodiscard]] const PushAnswer& answer() const noexcept { return answer_; }

 private:
  Connection* connection_;  ///< null if read-only: then it is not run
  bool alone_;
  const Clock& clock_;
  std::string_view event_store_id_;
  const NewEventView& event_;
  PushEventOptions options_;
  PushAnswer answer_;
};

class GroupWrite final : public sqlite::PendingWrite {
 public:
  GroupWrite(Connection* connection, const Clock& clock, std::optional<Timestamp> timestamp,
             std::span<const GroupedEventView> events, const PushEventGroupOptions& options)
      : connection_(connection),
        clock_(clock),
        given_(timestamp),
        events_(events),
        options_(options) {
    answers_.reserve(events.size());
  }

  void run() override {
    const Timestamp timestamp = given_ ? *given_ : checked_timestamp(clock_());
    answers_.clear();
    const Changes changes(*connection_);
    for (const GroupedEventView& grouped : events_) {
      const std::int64_t position =
          store(*connection_, grouped.event_store_id, grouped.event, timestamp,
                {.force = options_.force, .allow_version_gap = grouped.allow_version_gap});
      answers_.push_back({timestamp, grouped.event.version, position});
    }
    // A trigger on one of them may have written to another.
    if (changes.count() == std::ssize(events_)) return;
    for (const GroupedEventView& grouped : events_) {
      check_is_as_pushed(*connection_, grouped.event_store_id, grouped.event, timestamp);
    }
  }
  [[nodiscard]] bool one_statement() const noexcept override { return false; }

  [[nodiscard]] std::vector<PushAnswer> answers() && noexcept { return std::move(answers_); }

 private:
  Connection* connection_;  ///< null if read-only: then it is not run
  const Clock& clock_;
  std::optional<Timestamp> given_;
  std::span<const GroupedEventView> events_;
  PushEventGroupOptions options_;
  std::vector<PushAnswer> answers_;
};

EventView read_event(const Connection::Borrowed& row, std::string_view aggregate_id,
                     sqlite::StoredEventCheck& check) {
  const bool typed = sqlite::have_their_types(*row, {0, 1, 2, 3, 4});
  const EventView event{aggregate_id,          row->integer(0),
                        row->text(1),          to_timestamp(row->integer(2)),
                        row->optional_text(3), row->optional_text(4)};
  check(row->integer(5), event, typed);
  return event;
}

void read_events(Connection& connection, std::string_view event_store_id,
                 std::string_view aggregate_id, const EventsQueryOptions& options,
                 EventVisitor visitor) {
  const auto row = connection.borrow(options.reverse ? select_events_reverse : select_events);
  row->bind(1, storable(connection, event_store_id));
  row->bind(2, storable(connection, aggregate_id));
  row->bind(3, options.min_version.value_or(std::numeric_limits<Version>::min()));
  row->bind(4, options.max_version.value_or(std::numeric_limits<Version>::max()));
  // Where some are left out, the limit is ours to count.
  row->bind(5, options.max_position ? sqlite::no_limit : options.limit.value_or(sqlite::no_limit));
  std::int64_t left = options.limit.value_or(std::numeric_limits<std::int64_t>::max());
  sqlite::StoredEventCheck check(event_store_id, aggregate_id);
  while (left > 0 && row->step()) {
    if (options.max_position && row->integer(5) > *options.max_position) continue;
    if (!visitor(read_event(row, aggregate_id, check))) return;
    --left;
  }
}

/// The events that a visitor has been shown. A reading that is begun anew has to bring the same
/// ones once more, and goes on behind them: what the visitor sees is the file at one moment.
class Shown {
 public:
  /// Called by a reading from the start.
  void begin() {
    passed_ = 0;
    digest_of_passed_ = 0;
  }

  [[nodiscard]] bool none() const noexcept { return count_ == 0; }

  /// \returns whether it was shown before
  bool add(const EventView& event) {
    if (passed_ == count_) {
      digest_ = mix(digest_, event);
      ++count_;
      ++passed_;
      digest_of_passed_ = digest_;
      return false;
    }
    digest_of_passed_ = mix(digest_of_passed_, event);
    ++passed_;
    if (passed_ == count_) end();
    return true;
  }

  /// \throws StorageBusyError  the events are not those that were shown
  void end() const {
    if (passed_ == count_ && digest_of_passed_ == digest_) return;
    throw StorageBusyError(
        "events were overwritten while they were read, or pushed while they were "
        "read backwards");
  }

 private:
  static std::size_t mix(std::size_t digest, const EventView& event) {
    const auto add = [&](std::size_t hash) { digest = digest * 1099511628211U + hash; };
    const auto add_text = [&](std::string_view text) { add(std::hash<std::string_view>()(text)); };
    add(static_cast<std::size_t>(event.version));
    add(static_cast<std::size_t>(to_microseconds(event.timestamp)));
    add_text(event.type);
    add_text(event.payload.value_or(""));
    add_text(event.metadata.value_or(""));
    return digest;
  }

  std::uint64_t count_ = 0;
  std::uint64_t passed_ = 0;  ///< how many the reading has brought
  std::size_t digest_ = 0;
  std::size_t digest_of_passed_ = 0;
};

/// \param row  of `summarize_event_stores`
/// \throws MalformedEventError
void check_summary(Connection& connection, const Connection::Borrowed& row) {
  const bool typed = row->type(0) == SQLITE_TEXT;
  const std::string_view event_store_id = row->text(0);
  if (!typed || !is_valid_id(event_store_id)) {
    sqlite::check_stored_event(connection, row->integer(5));
    throw sqlite::damaged_index();
  }
  const bool sound = sqlite::is_storable(to_timestamp(row->integer(3))) &&
                     sqlite::is_storable(to_timestamp(row->integer(4))) && row->integer(6) >= 1 &&
                     row->integer(7) >= 1;
  if (sound) return;
  const auto malformed = connection.borrow(find_malformed_event);
  malformed->bind(1, event_store_id);
  malformed->bind(2, to_microseconds(min_timestamp));
  malformed->bind(3, to_microseconds(max_timestamp));
  if (malformed->step()) sqlite::check_stored_event(connection, malformed->integer(0));
}

}  // namespace

SqliteEventStorageAdapter::SqliteEventStorageAdapter(std::shared_ptr<sqlite::Database> database,
                                                     Clock clock)
    : database_(std::move(database)), clock_(std::move(clock)) {
  DatabaseAccess::impl(*database_).file.check_process();
}

void SqliteEventStorageAdapter::for_each_event(std::string_view event_store_id,
                                               std::string_view aggregate_id,
                                               const EventsQueryOptions& options,
                                               EventVisitor visitor) const {
  check_query(options);
  std::vector<EventDetail> collected;
  const auto collect = [&](const EventView& event) {
    collected.push_back(to_detail(event));
    return true;
  };
  const auto show = [&](const EventView& event) {
    const bool more = visitor(event);
    DatabaseAccess::impl(*database_).file.check_process();  // it may have forked
    return more;
  };
  Shown shown;
  std::size_t collected_text = 0;
  Reading::from(*database_, [&](const Reading& reading) {
    const auto read = [&](EventVisitor use) {
      read_events(reading.connection(), event_store_id, aggregate_id, options, use);
    };
    // The connection that writes would show the visitor, row by row, what it pushes meanwhile.
    if (reading.on_writer()) return read(collect);
    if (!reading.may_be_repeated()) return read(show);
    shown.begin();
    collected.clear();
    collected_text = 0;
    // Once begun anew, what was pushed meanwhile comes first: nothing is shown before it has to be.
    constexpr std::size_t most_text = 4 << 20;  // bytes
    read([&](const EventView& event) {
      if (options.reverse && shown.none() && collected_text < most_text) {
        collected_text +=
            sizeof event + event.payload.value_or("").size() + event.metadata.value_or("").size();
        return collect(event);
      }
      for (const EventDetail& earlier : std::exchange(collected, {})) {
        if (!shown.add(to_view(earlier)) && !show(to_view(earlier))) return false;
      }
      return shown.add(event) || show(event);
    });
    shown.end();
  });
  for (const EventDetail& event : collected) {
    if (!show(to_view(event))) return;
  }
}

PushAnswer SqliteEventStorageAdapter::push_event(std::string_view event_store_id,
                                                 const NewEventView& event,
                                                 const PushEventOptions& options) {
  check_new_event(event_store_id, event);
  DatabaseAccess::Impl& database = DatabaseAccess::impl(*database_);
  // On a host's connection nothing keeps out triggers that are made later.
  const bool alone = database.options.foreign_triggers == sqlite::ForeignTriggers::refuse &&
                     !database.writer.is_on_host_connection();
  EventWrite write(database.writer.connection(), alone, clock_, event_store_id, event, options);
  database.writer.run(write);
  return write.answer();
}

std::vector<PushAnswer> SqliteEventStorageAdapter::push_event_group(
    std::span<const GroupedEventView> events, const PushEventGroupOptions& options) {
  const std::optional<Timestamp> given = check_event_group(*this, events);
  DatabaseAccess::Impl& database = DatabaseAccess::impl(*database_);
  database.file.check_process();
  // `check_event_group` has seen that they are on this database.
  const bool plain = std::all_of(events.begin(), events.end(), [](const auto& grouped) {
    return typeid(*grouped.adapter) == typeid(SqliteEventStorageAdapter);
  });
  if (!plain) return push_through_adapters(events, given, options);
  GroupWrite write(database.writer.connection(), clock_, given, events, options);
  database.writer.run(write);
  return std::move(write).answers();
}

/// Pushes a group that has a part of a decorator's, which runs on the thread that pushes the group:
/// it shares its transaction with no other caller's.
std::vector<PushAnswer> SqliteEventStorageAdapter::push_through_adapters(
    std::span<const GroupedEventView> events, std::optional<Timestamp> given,
    const PushEventGroupOptions& options) {
  std::vector<PushAnswer> answers;
  answers.reserve(events.size());
  Transaction transaction(*database_);
  const Timestamp timestamp = given ? *given : checked_timestamp(clock_());
  for (const GroupedEventView& grouped : events) {
    NewEventView event = grouped.event;
    event.timestamp = timestamp;
    answers.push_back(grouped.adapter->push_event(
        grouped.event_store_id, event,
        {.force = options.force, .allow_version_gap = grouped.allow_version_gap}));
  }
  transaction.commit();
  return answers;
}

ListAggregateIdsResult SqliteEventStorageAdapter::list_aggregate_ids(
    std::string_view event_store_id, const ListAggregateIdsOptions& options) const {
  return sqlite::list_aggregate_ids(*database_, event_store_id,
                                    resolve_list_query(event_store_id, options));
}

std::vector<EventStoreSummary> SqliteEventStorageAdapter::list_event_stores() const {
  return Reading::from(*database_, [](const Reading& reading) {
    std::vector<EventStoreSummary> summaries;
    const auto row = reading.connection().borrow(summarize_event_stores);
    while (row->step()) {
      check_summary(reading.connection(), row);
      summaries.push_back({.event_store_id = std::string(row->text(0)),
                           .aggregate_count = row->integer(1),
                           .event_count = row->integer(2),
                           .first_timestamp = to_timestamp(row->integer(3)),
                           .last_timestamp = to_timestamp(row->integer(4)),
                           .last_position = row->integer(5)});
    }
    // The database's order may be that of UTF-16.
    std::sort(summaries.begin(), summaries.end(),
              [](const auto& a, const auto& b) { return a.event_store_id < b.event_store_id; });
    return summaries;
  });
}

std::unique_ptr<EventFeed> SqliteEventStorageAdapter::open_event_feed(FeedQuery query) const {
  return sqlite::open_event_feed(database_, std::move(query));
}

std::optional<std::int64_t> SqliteEventStorageAdapter::newest_position() const {
  return Reading::from(*database_, [](const Reading& reading) {
    return sqlite::newest_position(reading.connection());
  });
}

const void* SqliteEventStorageAdapter::transaction_domain() const noexcept {
  return database_.get();
}

void SqliteEventStorageAdapter::after_commit(std::function<void()> action) {
  DatabaseAccess::impl(*database_).writer.after_commit(std::move(action));
}

}  // namespace castore
