#include <algorithm>
#include <castore/adapter_support.hpp>
#include <castore/error.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <map>
#include <mutex>
#include <utility>

namespace castore {
namespace {

using Row = std::shared_ptr<const FeedEvent>;  ///< immutable: what replaces it is another one
using Events = std::map<Version, Row>;
using ListingKey = std::pair<Timestamp, std::string_view>;  ///< borrows the id of a row

ListingKey listing_key(const FeedEvent& row) {
  return {row.event.timestamp, row.event.aggregate_id};
}

struct StoreData {
  std::map<std::string, Events, std::less<>> aggregates;
  std::map<ListingKey, Row> initial_events;  ///< in the order of a listing
};

/// Events in each of the orders in which they are asked for. Only making one of a row needs memory,
/// so that an event comes to be in all orders or in none.
struct Rows {
  std::map<std::string, StoreData, std::less<>> stores;
  std::map<std::int64_t, Row> by_position;

  Rows() = default;
  explicit Rows(const Row& row);

  [[nodiscard]] const Events* events_of(std::string_view event_store_id,
                                        std::string_view aggregate_id) const noexcept;
  /// Takes over those of `others`, whose positions and versions are not taken here.
  void take(Rows& others) noexcept;
  /// Puts `row` in the place of `old`, which is at the same version of the same aggregate.
  void replace(const Row& old, const Row& row) noexcept;
  void remove(const Row& row) noexcept;
};

Rows::Rows(const Row& row) {
  StoreData& store = stores[row->event_store_id];
  store.aggregates[row->event.aggregate_id].emplace(row->event.version, row);
  if (row->event.version == 1) store.initial_events.emplace(listing_key(*row), row);
  by_position.emplace(row->position, row);
}

const Events* Rows::events_of(std::string_view event_store_id,
                              std::string_view aggregate_id) const noexcept {
  const auto store = stores.find(event_store_id);
  if (store == stores.end()) return nullptr;
  const auto found = store->second.aggregates.find(aggregate_id);
  return found == store->second.aggregates.end() ? nullptr : &found->second;
}

/// Moves the nodes of maps.
void Rows::take(Rows& others) noexcept {
  by_position.merge(others.by_position);
  for (auto& [event_store_id, other] : others.stores) {
    const auto store = stores.find(event_store_id);
    if (store == stores.end()) continue;
    auto& aggregates = store->second.aggregates;
    for (auto& [aggregate_id, events] : other.aggregates) {
      const auto found = aggregates.find(aggregate_id);
      if (found != aggregates.end()) found->second.merge(events);
    }
    aggregates.merge(other.aggregates);
    store->second.initial_events.merge(other.initial_events);
  }
  stores.merge(others.stores);
}

void Rows::replace(const Row& old, const Row& row) noexcept {
  StoreData& store = stores.find(row->event_store_id)->second;
  if (row->event.version == 1) {
    auto node = store.initial_events.extract(listing_key(*old));
    node.key() = listing_key(*row);
    node.mapped() = row;
    store.initial_events.insert(std::move(node));
  }
  by_position.find(row->position)->second = row;
  store.aggregates.find(row->event.aggregate_id)->second.find(row->event.version)->second = row;
}

void Rows::remove(const Row& row) noexcept {
  const auto store = stores.find(row->event_store_id);
  auto& aggregates = store->second.aggregates;
  const auto aggregate = aggregates.find(row->event.aggregate_id);
  if (row->event.version == 1) store->second.initial_events.erase(listing_key(*row));
  by_position.erase(row->position);
  aggregate->second.erase(row->event.version);
  if (aggregate->second.empty()) aggregates.erase(aggregate);
  if (aggregates.empty()) stores.erase(store);
}

}  // namespace

struct InMemoryEventStorageAdapter::Impl {
  explicit Impl(Clock now) : clock(std::move(now)) {}

  /// Recursive: a group hands events of a decorator back to us through that decorator.
  mutable std::recursive_mutex mutex;
  Clock clock;
  Rows rows;
  std::int64_t last_position = 0;

  /// An event of a group that is being pushed, for taking it back.
  struct Undo {
    Row row;
    Row before;  ///< null: there was none
  };
  std::vector<Undo>* undo = nullptr;  ///< oldest first; null: no group is being pushed

  PushAnswer store(std::string_view event_store_id, const NewEventView& event, Timestamp timestamp,
                   const PushEventOptions& options);
  void put(const Row& row, const Row& before);
  void take_back(const std::vector<Undo>& log) noexcept;
};

PushAnswer InMemoryEventStorageAdapter::Impl::store(std::string_view event_store_id,
                                                    const NewEventView& event, Timestamp timestamp,
                                                    const PushEventOptions& options) {
  Version newest = 0;
  Row before;
  if (const Events* const events = rows.events_of(event_store_id, event.aggregate_id)) {
    newest = events->rbegin()->first;
    if (const auto found = events->find(event.version); found != events->end()) {
      before = found->second;
    }
  }
  if (before && !options.force) {
    throw EventAlreadyExistsError(std::string(event_store_id), std::string(event.aggregate_id),
                                  event.version, newest);
  }
  if (!before && event.version != next_version(newest) && !options.allow_version_gap) {
    throw VersionGapError(std::string(event_store_id), std::string(event.aggregate_id),
                          event.version, next_version(newest));
  }
  const auto row = std::make_shared<FeedEvent>();
  row->event_store_id = event_store_id;
  row->event = to_detail(event, timestamp);
  row->position = before ? before->position : last_position + 1;
  put(row, before);
  return {timestamp, event.version, row->position};
}

/// Puts `row` in the place of `before`, or where there was none. If it throws, nothing is changed.
void InMemoryEventStorageAdapter::Impl::put(const Row& row, const Row& before) {
  Rows addition = before ? Rows() : Rows(row);
  if (undo != nullptr) undo->push_back({row, before});
  if (before) {
    rows.replace(before, row);
  } else {
    rows.take(addition);
    last_position = row->position;
  }
}

void InMemoryEventStorageAdapter::Impl::take_back(const std::vector<Undo>& log) noexcept {
  for (auto entry = log.rbegin(); entry != log.rend(); ++entry) {
    if (entry->before) {
      rows.replace(entry->row, entry->before);
    } else {
      rows.remove(entry->row);
      --last_position;
    }
  }
}

/// Keeps positions, not rows: an event that is overwritten while the feed is open is handed out as
/// it is then.
class InMemoryEventStorageAdapter::Feed final : public EventFeed {
 public:
  Feed(std::shared_ptr<const Impl> impl, FeedQuery query)
      : impl_(std::move(impl)), query_(std::move(query)) {
    check_query(query_);
    if (query_.order == FeedOrder::timestamp) sort();
    if (query_.order == FeedOrder::position && query_.after) {
      place_.looked = std::max(place_.looked, query_.after->position);
    }
  }

  std::span<const FeedEvent> next_page() override {
    page_.clear();
    text_ = 0;
    Place place = place_;
    const std::lock_guard lock(impl_->mutex);
    if (query_.order == FeedOrder::position) {
      const auto& rows = impl_->rows.by_position;
      auto row = rows.upper_bound(place.looked);
      for (; row != rows.end() && !is_full(); ++row) add(*row->second, place);
      place.looked =
          row == rows.end() ? std::max(place.looked, impl_->last_position) : row->first - 1;
    }
    while (place.next_sorted < sorted_.size() && !is_full()) {
      const auto row = impl_->rows.by_position.find(sorted_[place.next_sorted++]);
      if (row != impl_->rows.by_position.end()) add(*row->second, place);
    }
    place_ = place;  // not before: a page that fails is read again
    return page_;
  }

  [[nodiscard]] std::int64_t looked_up_to() const noexcept override { return place_.looked; }
  [[nodiscard]] std::int64_t left_out() const noexcept override { return place_.left_out; }

 private:
  /// The place that it has come to.
  struct Place {
    std::int64_t looked = 0;
    std::int64_t left_out = 0;
    std::size_t next_sorted = 0;
  };

  void sort() {
    std::vector<const FeedEvent*> rows;
    const std::lock_guard lock(impl_->mutex);
    place_.looked = impl_->last_position;
    for (const auto& [position, row] : impl_->rows.by_position) {
      if (fits(*row)) rows.push_back(row.get());
    }
    std::stable_sort(rows.begin(), rows.end(), [](const FeedEvent* a, const FeedEvent* b) {
      return a->event.timestamp < b->event.timestamp;
    });
    for (const FeedEvent* const row : rows) sorted_.push_back(row->position);
  }

  [[nodiscard]] bool fits(const FeedEvent& row) const {
    return matches(query_, row.position, row.event_store_id, to_view(row.event));
  }
  [[nodiscard]] bool is_full() const noexcept {
    constexpr std::size_t most_text = 1 << 20;
    return page_.size() == query_.page_size || text_ >= most_text;
  }
  void add(const FeedEvent& row, Place& place) {
    if (!fits(row)) return;
    if (leaves_out(query_, row.event_store_id)) {
      ++place.left_out;
      return;
    }
    page_.push_back(row);
    text_ += row.event.payload.value_or("").size() + row.event.metadata.value_or("").size();
  }

  std::shared_ptr<const Impl> impl_;
  FeedQuery query_;
  std::vector<std::int64_t> sorted_;  ///< in the order of timestamps: what is to be handed out
  Place place_;
  std::vector<FeedEvent> page_;
  std::size_t text_ = 0;  ///< bytes in the page
};

InMemoryEventStorageAdapter::InMemoryEventStorageAdapter(Clock clock)
    : impl_(std::make_shared<Impl>(std::move(clock))) {}

InMemoryEventStorageAdapter::~InMemoryEventStorageAdapter() = default;

void InMemoryEventStorageAdapter::for_each_event(std::string_view event_store_id,
                                                 std::string_view aggregate_id,
                                                 const EventsQueryOptions& options,
                                                 EventVisitor visitor) const {
  check_query(options);
  // Rows are immutable and shared, so that the visitor runs on one moment's events without a lock.
  std::vector<Row> rows;
  {
    const std::lock_guard lock(impl_->mutex);
    const Events* const events = impl_->rows.events_of(event_store_id, aggregate_id);
    if (events == nullptr) return;
    for (const auto& [version, row] : *events) {
      if (options.min_version && version < *options.min_version) continue;
      if (options.max_version && version > *options.max_version) break;
      if (options.max_position && row->position > *options.max_position) continue;
      rows.push_back(row);
    }
  }
  if (options.reverse) std::reverse(rows.begin(), rows.end());
  if (options.limit && static_cast<std::uint64_t>(*options.limit) < rows.size()) {
    rows.resize(static_cast<std::size_t>(*options.limit));
  }
  for (const auto& row : rows) {
    if (!visitor(to_view(row->event))) return;
  }
}

PushAnswer InMemoryEventStorageAdapter::push_event(std::string_view event_store_id,
                                                   const NewEventView& event,
                                                   const PushEventOptions& options) {
  check_new_event(event_store_id, event);
  const std::lock_guard lock(impl_->mutex);
  const Timestamp timestamp =
      event.timestamp ? *event.timestamp : checked_timestamp(impl_->clock());
  return impl_->store(event_store_id, event, timestamp, options);
}

std::vector<PushAnswer> InMemoryEventStorageAdapter::push_event_group(
    std::span<const GroupedEventView> events, const PushEventGroupOptions& options) {
  const std::optional<Timestamp> given = check_event_group(*this, events);
  const std::lock_guard lock(impl_->mutex);
  const Timestamp timestamp = given ? *given : checked_timestamp(impl_->clock());
  std::vector<PushAnswer> answers;
  answers.reserve(events.size());
  std::vector<Impl::Undo> log;
  auto* const outer = std::exchange(impl_->undo, &log);
  try {
    for (const GroupedEventView& grouped : events) {
      const PushEventOptions push{.force = options.force,
                                  .allow_version_gap = grouped.allow_version_gap};
      NewEventView event = grouped.event;
      event.timestamp = timestamp;
      answers.push_back(grouped.adapter == this
                            ? impl_->store(grouped.event_store_id, event, timestamp, push)
                            : grouped.adapter->push_event(grouped.event_store_id, event, push));
    }
    // A group inside a group: the outer one may still fail.
    if (outer != nullptr) outer->insert(outer->end(), log.begin(), log.end());
  } catch (...) {
    impl_->undo = outer;
    impl_->take_back(log);
    throw;
  }
  impl_->undo = outer;
  return answers;
}

ListAggregateIdsResult InMemoryEventStorageAdapter::list_aggregate_ids(
    std::string_view event_store_id, const ListAggregateIdsOptions& options) const {
  ListAggregateIdsQuery query = resolve_list_query(event_store_id, options);
  ListAggregateIdsResult result;
  const std::lock_guard lock(impl_->mutex);
  const auto store = impl_->rows.stores.find(event_store_id);
  if (store == impl_->rows.stores.end()) return result;

  const auto list = [&](auto begin, auto end, auto is_behind_last) {
    for (auto entry = begin; entry != end; ++entry) {
      const auto& [key, row] = *entry;
      const auto& [timestamp, aggregate_id] = key;
      if (query.initial_event_after && timestamp < *query.initial_event_after) continue;
      if (query.initial_event_before && timestamp > *query.initial_event_before) continue;
      if (query.max_position && row->position > *query.max_position) continue;
      if (query.last && !is_behind_last(key)) continue;
      if (query.limit && result.aggregate_ids.size() == static_cast<std::uint64_t>(*query.limit)) {
        query.last = result.aggregate_ids.back();
        result.next_page_token = make_page_token(event_store_id, query);
        return;
      }
      result.aggregate_ids.push_back({std::string(aggregate_id), timestamp});
      result.positions.push_back(row->position);
    }
  };
  const ListingKey last_key =
      query.last ? ListingKey{query.last->initial_event_timestamp, query.last->aggregate_id}
                 : ListingKey{};
  const auto& keys = store->second.initial_events;
  if (query.reverse) {
    list(keys.rbegin(), keys.rend(), [&](const ListingKey& key) { return key < last_key; });
  } else {
    list(keys.begin(), keys.end(), [&](const ListingKey& key) { return key > last_key; });
  }
  return result;
}

std::vector<EventStoreSummary> InMemoryEventStorageAdapter::list_event_stores() const {
  std::vector<EventStoreSummary> summaries;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [event_store_id, store] : impl_->rows.stores) {
    EventStoreSummary summary{.event_store_id = event_store_id,
                              .first_timestamp = max_timestamp,
                              .last_timestamp = min_timestamp};
    for (const auto& [aggregate_id, events] : store.aggregates) {
      ++summary.aggregate_count;
      for (const auto& [version, row] : events) {
        ++summary.event_count;
        summary.first_timestamp = std::min(summary.first_timestamp, row->event.timestamp);
        summary.last_timestamp = std::max(summary.last_timestamp, row->event.timestamp);
        summary.last_position = std::max(summary.last_position, row->position);
      }
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

std::unique_ptr<EventFeed> InMemoryEventStorageAdapter::open_event_feed(FeedQuery query) const {
  return std::make_unique<Feed>(impl_, std::move(query));
}

std::optional<std::int64_t> InMemoryEventStorageAdapter::newest_position() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->last_position;
}

void InMemoryEventStorageAdapter::after_commit(std::function<void()> action) {
  run_after_commit({&action, 1});
}

}  // namespace castore
