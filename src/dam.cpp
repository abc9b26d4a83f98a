#include <algorithm>
#include <bitset>
#include <castore/adapter_support.hpp>
#include <castore/dam.hpp>
#include <castore/error.hpp>
#include <chrono>
#include <limits>
#include <memory>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>

#include "saturating_time.hpp"

namespace castore::detail {
namespace {

constexpr std::int64_t events_of_a_page = 500;
constexpr std::size_t text_of_a_page = 1 << 20;  // bytes

/// The rate at which messages go, until a stop is requested.
class Pace {
 public:
  Pace(std::optional<double> rate_limit, StopToken stop_token);

  /// Waits until the next message is due. \returns false if it is not to be published any more
  [[nodiscard]] bool wait();

 private:
  using Clock = std::chrono::steady_clock;

  StopToken stop_token_;
  Clock::duration interval_{};
  std::optional<Clock::time_point> due_;  ///< the next message; none: the first, at once
};

Pace::Pace(std::optional<double> rate_limit, StopToken stop_token)
    : stop_token_(std::move(stop_token)) {
  if (!rate_limit) return;
  if (!(*rate_limit > 0)) {  // nor is NaN
    throw InvalidOptionError("rate_limit", "must be above 0, not " + std::to_string(*rate_limit));
  }
  interval_ = saturating_cast<Clock::duration>(std::chrono::duration<double>(1 / *rate_limit));
}

/// The times are a grid, so that waking up late does not add up. A channel that is slower than the
/// rate moves the grid: no burst makes up for it.
bool Pace::wait() {
  if (stop_token_.stop_requested()) return false;
  if (interval_ == Clock::duration::zero()) return true;
  if (due_ && Clock::now() < *due_ && stop_token_.wait_until(*due_)) return false;
  const auto now = Clock::now();
  due_ = std::max(later(due_.value_or(now), interval_), now);
  return true;
}

/// The ends of a listing of aggregates by their initial events; none of no aggregates.
struct AggregateScan {
  std::optional<ListedAggregateId> first{};
  std::optional<ListedAggregateId> last{};
};

AggregateScan scan_of(const PouredEventSource& source, std::optional<Timestamp> to) {
  const auto first = [&](bool reverse) -> std::optional<ListedAggregateId> {
    const auto listing = source.adapter->list_aggregate_ids(
        source.event_store_id, {.limit = 1, .initial_event_before = to, .reverse = reverse});
    if (listing.aggregate_ids.empty()) return std::nullopt;
    return listing.aggregate_ids.front();
  };
  AggregateScan scan{.first = first(false)};
  if (scan.first) scan.last = first(true);
  return scan;
}

// --- The events of one aggregate --------------------------------------------------------------

/// An aggregate's events as a query asks for them, a page at a time, as far as they went when it
/// was made.
class AggregatePages {
 public:
  AggregatePages(const PouredEventSource& source, const PourAggregateEventsOptions& options);

  /// The next event that the filters let through; null: there are no more.
  [[nodiscard]] const EventDetail* next();

  /// The options that ask for the event that `next` has answered, and those behind it.
  [[nodiscard]] EventsQueryOptions from_here() const;
  /// The options that ask for those behind it.
  [[nodiscard]] EventsQueryOptions behind() const;

 private:
  struct Read {
    EventDetail event;
    std::int64_t read_before = 0;
  };

  [[nodiscard]] bool is_let_through(const EventView& event) const;
  void read_page();
  [[nodiscard]] static EventsQueryOptions go_on_behind(EventsQueryOptions query, Version version,
                                                       std::int64_t count);

  const PouredEventSource& source_;
  const PourAggregateEventsOptions& options_;
  EventsQueryOptions query_;  ///< what is still to be read
  bool done_ = false;
  std::int64_t read_ = 0;
  std::vector<Read> page_;
  std::size_t next_ = 0;
};

AggregatePages::AggregatePages(const PouredEventSource& source,
                               const PourAggregateEventsOptions& options)
    : source_(source), options_(options), query_(options.options) {
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
  const PourFilters& filters = options_.filters;
  return (!filters.from || event.timestamp >= *filters.from) &&
         (!filters.to || event.timestamp <= *filters.to);
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
  source_.adapter->for_each_event(source_.event_store_id, options_.aggregate_id, query, keep);
  read_ += count;
  done_ = !full && count < *query.limit;
  if (!done_) query_ = go_on_behind(query_, last, count);
}

/// \returns what `query` asks for behind that version, `count` events having been read
EventsQueryOptions AggregatePages::go_on_behind(EventsQueryOptions query, Version version,
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
  EventsQueryOptions query = options_.options;
  const Read& here = page_[next_];
  (query.reverse ? query.max_version : query.min_version) = here.event.version;
  if (query.limit) *query.limit -= here.read_before;
  return query;
}

EventsQueryOptions AggregatePages::behind() const {
  const Read& here = page_[next_];
  return go_on_behind(options_.options, here.event.version, here.read_before + 1);
}

}  // namespace

PourAggregateEventsResult pour_aggregate_events(const PouredEventSource& source,
                                                const MessageSink& publish,
                                                const PourAggregateEventsOptions& options) {
  Pace pace(options.rate_limit, options.stop_token);
  AggregatePages pages(source, options);
  PourAggregateEventsResult result{.stopped = true};
  Message message = NotificationMessage{.event_store_id = source.event_store_id, .event = {}};
  while (const EventDetail* const event = pages.next()) {
    if (!pace.wait()) {
      result.rest = pages.from_here();
      return result;
    }
    std::get<NotificationMessage>(message).event = *event;
    publish(message);
    ++result.poured_event_count;
    if (!result.first_poured_event) result.first_poured_event = *event;
    result.last_poured_event = *event;
    if (!options.on_poured) continue;
    result.rest = pages.behind();
    options.on_poured(result);
  }
  result.stopped = false;
  result.rest.reset();
  return result;
}

// --- The aggregates of an event store ---------------------------------------------------------

namespace {

/// Positions, from 1, in a bit or two for each of them where they are close together.
class PositionSet {
 public:
  /// \returns whether it was not there yet
  bool insert(std::int64_t position) {
    Block& block = blocks_[position / block_size];
    const auto bit = static_cast<std::size_t>(position % block_size);
    const bool is_new = !block[bit];
    block.set(bit);
    return is_new;
  }

 private:
  static constexpr std::int64_t block_size = 512;
  using Block = std::bitset<block_size>;

  std::unordered_map<std::int64_t, Block> blocks_;
};

/// The aggregates of a listing that were there when this was made, a page at a time, each once.
class ListingPages {
 public:
  ListingPages(const PouredEventSource& source, const PourEventStoreAggregateIdsOptions& options);

  /// Null: there are no more.
  [[nodiscard]] const ListedAggregateId* next();

 private:
  [[nodiscard]] bool read_page();
  /// Whether the listing has `a` before `b`.
  [[nodiscard]] bool is_before(const ListedAggregateId& a, const ListedAggregateId& b) const;

  const PouredEventSource& source_;
  std::optional<ListedAggregateId> after_;
  bool reverse_;
  ListAggregateIdsOptions query_;  ///< for the next page
  bool done_ = false;              ///< there is none
  ListAggregateIdsResult page_;
  std::size_t next_ = 0;
  PositionSet listed_;  ///< an overwritten initial event may stand in the listing anew
};

ListingPages::ListingPages(const PouredEventSource& source,
                           const PourEventStoreAggregateIdsOptions& options)
    : source_(source),
      after_(options.after),
      reverse_(options.options.reverse),
      query_{.limit = options.options.limit,
             .initial_event_after = options.options.initial_event_after,
             .initial_event_before = options.options.initial_event_before,
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

}  // namespace

PourEventStoreAggregateIdsResult pour_event_store_aggregate_ids(
    const PouredEventSource& source, const MessageSink& publish,
    const PourEventStoreAggregateIdsOptions& options) {
  Pace pace(options.rate_limit, options.stop_token);
  ListingPages pages(source, options);
  PourEventStoreAggregateIdsResult result{.stopped = true, .cursor = options.after};
  while (const ListedAggregateId* const listed = pages.next()) {
    if (!pace.wait()) return result;
    publish(AggregateExistsMessage{source.event_store_id, listed->aggregate_id,
                                   listed->initial_event_timestamp});
    ++result.poured_aggregate_id_count;
    if (!result.first_scanned_aggregate) result.first_scanned_aggregate = *listed;
    result.last_scanned_aggregate = *listed;
    result.cursor = *listed;
    if (options.on_poured) options.on_poured(result);
  }
  result.stopped = false;
  return result;
}

// --- The events of event stores ---------------------------------------------------------------

namespace {

/// The events of several event stores in one order: (timestamp, database, position). One
/// adapter is one feed. Two adapters on one database are two, since one of them may be a decorator
/// that knows how to read its own events only; but positions order them.
class MergedFeed {
 public:
  MergedFeed(std::span<const PouredEventSource> sources, const PourFilters& filters,
             const std::optional<CollectionCursor>& after);

  /// Null: there are no more.
  [[nodiscard]] const FeedEvent* next();
  /// Of the event that `next` has answered.
  [[nodiscard]] CollectionCursor cursor() const;

  /// The place of a source's database in the order in which they are named.
  [[nodiscard]] std::size_t database_of(const PouredEventSource& source) const;

 private:
  struct Part {
    const EventStorageAdapter* adapter;
    std::size_t database;
    std::vector<std::string> event_store_ids;
    std::unique_ptr<EventFeed> feed{};
    std::span<const FeedEvent> page{};  ///< what was not answered yet; empty: nothing is left
  };

  void add(const PouredEventSource& source);
  static FeedCursor place_of(const CollectionCursor& cursor, std::size_t database);
  static CollectionCursor place_of(const Part& part);
  static bool is_before(const Part& a, const Part& b);

  std::vector<const void*> databases_;
  std::set<std::pair<std::size_t, std::string_view>> named_;  ///< by database and id
  std::vector<Part> parts_;
  Part* current_ = nullptr;  ///< has the event that was answered last
};

MergedFeed::MergedFeed(std::span<const PouredEventSource> sources, const PourFilters& filters,
                       const std::optional<CollectionCursor>& after) {
  for (const PouredEventSource& source : sources) add(source);
  for (Part& part : parts_) {
    FeedQuery query{.event_store_ids = part.event_store_ids,
                    .from = filters.from,
                    .to = filters.to,
                    .order = FeedOrder::timestamp,
                    .page_size = static_cast<std::size_t>(events_of_a_page)};
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

/// Of one timestamp, databases before the cursor's have been read, and those behind it have not.
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

/// Calls `on_poured` with the cursor of each event, once it is published. \returns whether it was
/// stopped
template <class OnPoured>
bool pour(MergedFeed& feed, Pace& pace, const MessageSink& publish, const OnPoured& on_poured) {
  Message message = NotificationMessage{};
  while (const FeedEvent* const fed = feed.next()) {
    if (!pace.wait()) return true;
    auto& notification = std::get<NotificationMessage>(message);
    notification.event_store_id = fed->event_store_id;
    notification.event = fed->event;
    publish(message);
    on_poured(feed.cursor());
  }
  return false;
}

}  // namespace

PourEventStoreEventsResult pour_event_store_events(const PouredEventSource& source,
                                                   const MessageSink& publish,
                                                   const PourEventStoreEventsOptions& options) {
  Pace pace(options.rate_limit, options.stop_token);
  std::optional<CollectionCursor> after;
  if (options.after) after = {options.after->timestamp, 0, options.after->position};
  AggregateScan scan = scan_of(source, options.filters.to);
  MergedFeed feed({&source, 1}, options.filters, after);

  PourEventStoreEventsResult result{.first_scanned_aggregate = std::move(scan.first),
                                    .last_scanned_aggregate = std::move(scan.last),
                                    .stopped = true,
                                    .cursor = options.after};
  result.stopped = pour(feed, pace, publish, [&](const CollectionCursor& cursor) {
    ++result.poured_event_count;
    result.cursor = {cursor.timestamp, cursor.position};
    if (options.on_poured) options.on_poured(result);
  });
  return result;
}

PourEventStoreCollectionEventsResult pour_event_store_collection_events(
    std::span<const PouredEventSource> sources, const MessageSink& publish,
    const PourEventStoreCollectionEventsOptions& options) {
  Pace pace(options.rate_limit, options.stop_token);
  MergedFeed feed(sources, options.filters, options.after);

  PourEventStoreCollectionEventsResult result{.stopped = true, .cursor = options.after};
  for (const PouredEventSource& source : sources) {
    AggregateScan scan = scan_of(source, options.filters.to);
    result.scans.push_back({source.event_store_id, feed.database_of(source), std::move(scan.first),
                            std::move(scan.last)});
  }
  result.stopped = pour(feed, pace, publish, [&](const CollectionCursor& cursor) {
    ++result.poured_event_count;
    result.cursor = cursor;
    if (options.on_poured) options.on_poured(result);
  });
  return result;
}

}  // namespace castore::detail
