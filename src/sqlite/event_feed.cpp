#include "sqlite/event_feed.hpp"

#include <algorithm>
#include <castore/adapter_support.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sqlite/database.hpp"
#include "sqlite/feed_sql.hpp"
#include "sqlite/row.hpp"
#include "sqlite/sorter.hpp"

namespace castore::sqlite {
namespace {

/// The most positions that one transaction looks at, and that are listed ahead.
constexpr std::int64_t window = 20'000;

constexpr auto select_lowest_position = "SELECT min(position) FROM castore_event";
constexpr auto select_next_position = "SELECT min(position) FROM castore_event WHERE position > ?1";

/// A page of events, whose memory is that of the page before.
class Page {
 public:
  explicit Page(std::size_t most_events) : most_events_(most_events) {}

  [[nodiscard]] bool empty() const noexcept { return used_ == 0; }
  [[nodiscard]] bool is_full() const noexcept {
    return used_ == most_events_ || text_size_ >= most_text;
  }
  [[nodiscard]] std::span<const FeedEvent> events() const noexcept {
    return {events_.data(), used_};
  }

  void clear();
  void add(const EventRow& row);

 private:
  static constexpr std::size_t most_text = 1 << 20;  // bytes
  static constexpr std::size_t most_kept = 1 << 14;  // bytes

  static void release_if_large(std::optional<std::string>& text);
  static void assign(std::optional<std::string>& target, std::optional<std::string_view> text);

  std::size_t most_events_;
  std::vector<FeedEvent> events_;
  std::size_t used_ = 0;
  std::size_t text_size_ = 0;
};

/// Lets large texts go: each place in the page would come to hold the largest it has ever seen.
void Page::release_if_large(std::optional<std::string>& text) {
  if (text && text->capacity() > most_kept) text.reset();
}

void Page::clear() {
  for (std::size_t i = 0; i < used_; ++i) {
    release_if_large(events_[i].event.payload);
    release_if_large(events_[i].event.metadata);
  }
  used_ = 0;
  text_size_ = 0;
}

void Page::assign(std::optional<std::string>& target, std::optional<std::string_view> text) {
  if (!text) {
    target.reset();
  } else if (target) {
    target->assign(*text);
  } else {
    target.emplace(*text);
  }
}

void Page::add(const EventRow& row) {
  const EventView& event = row.event;
  if (used_ == events_.size()) events_.emplace_back();
  FeedEvent& fed = events_[used_++];
  fed.position = row.position;
  fed.event_store_id.assign(row.event_store_id);
  fed.event.aggregate_id.assign(event.aggregate_id);
  fed.event.version = event.version;
  fed.event.type.assign(event.type);
  fed.event.timestamp = event.timestamp;
  assign(fed.event.payload, event.payload);
  assign(fed.event.metadata, event.metadata);
  text_size_ += row.event_store_id.size() + event.aggregate_id.size() + event.type.size() +
                event.payload.value_or("").size() + event.metadata.value_or("").size();
}

/// \returns `position`. A damaged table might hand out the same rows for ever.
/// \throws StorageError  it does not follow `previous`
std::int64_t behind(std::int64_t previous, std::int64_t position) {
  if (position > previous) return position;
  throw StorageError(ErrorCode::storage,
                     "the events of the table castore_event are not in the order of their "
                     "positions: the file is damaged, see PRAGMA integrity_check");
}

/// Reads pages in one of two ways: straight from the table, in the order of positions; or by a list
/// of positions made ahead, where the order is another, or an aggregate's index gives them.
class SqliteEventFeed final : public EventFeed {
 public:
  SqliteEventFeed(std::shared_ptr<Database> database, FeedQuery query)
      : database_(std::move(database)),
        query_(std::move(query)),
        sql_(query_),
        page_(query_.page_size) {
    if (query_.order == FeedOrder::timestamp) {
      order_by_timestamp();
    } else if (query_.after) {
      last_ = std::max(last_, query_.after->position);
    }
  }

  std::span<const FeedEvent> next_page() override {
    if (!positions_are_sound_) check_positions();
    page_.clear();
    if (sorter_ || query_.aggregate_id) {
      read_listed();
    } else {
      scan();
    }
    return page_.events();
  }

  [[nodiscard]] std::int64_t looked_up_to() const noexcept override;
  [[nodiscard]] std::int64_t left_out() const noexcept override { return left_out_; }

 private:
  void check_positions();
  void skip_gap(const Reading& reading);
  void order_by_timestamp();
  [[nodiscard]] bool is_in_order();
  [[nodiscard]] bool list_more();
  void read_listed();
  void read_listed_page();
  void scan();
  [[nodiscard]] bool add(const EventRow& row);
  [[nodiscard]] bool add_if_it_matches(const EventRow& row);
  template <class Read>
  [[nodiscard]] bool walk(const std::string& sql, std::int64_t most_rows, const Read& read);

  std::shared_ptr<Database> database_;
  FeedQuery query_;
  FeedSql sql_;
  Page page_;
  bool positions_are_sound_ = false;     ///< there is none below 1
  std::int64_t last_ = 0;                ///< the position up to which the table was looked at
  std::optional<std::int64_t> bound_{};  ///< the position beyond which it is not
  std::optional<Sorter> sorter_;
  std::vector<Match> listed_;
  std::size_t next_listed_ = 0;
  std::int64_t left_out_ = 0;       ///< of the pages that were read
  std::int64_t page_left_out_ = 0;  ///< of the one that is read
};

/// Steps on through the table, a window and a transaction at a time. `read` takes the rows of one
/// and returns the position behind which it has left some; none if it has read all.
/// \returns whether there was a window: if not, all is read
template <class Read>
bool SqliteEventFeed::walk(const std::string& sql, std::int64_t most_rows, const Read& read) {
  return Reading::from(*database_, [&](const Reading& reading) {
    // Events that are committed later have positions behind this one.
    const std::int64_t newest = bound_ ? *bound_ : newest_position(reading.connection());
    if (last_ >= newest) return false;
    skip_gap(reading);
    if (last_ >= newest) return false;
    // An aggregate's index is read as a whole.
    const std::int64_t reached =
        query_.aggregate_id ? newest : last_ + std::min(window, newest - last_);
    Statement rows(reading.connection(), sql.c_str());
    rows.bind(1, last_);
    rows.bind(2, reached);
    rows.bind(3, most_rows);
    sql_.bind(reading.connection(), rows);
    last_ = read(rows).value_or(reached);
    return true;
  });
}

/// Steps over a gap. Positions have none, but in a file that others have written to.
void SqliteEventFeed::skip_gap(const Reading& reading) {
  const auto next = reading.connection().borrow(select_next_position);
  next->bind(1, last_);
  if (next->step() && next->type(0) != SQLITE_NULL) last_ = std::max(last_, next->integer(0) - 1);
}

std::int64_t SqliteEventFeed::looked_up_to() const noexcept {
  if (query_.order == FeedOrder::timestamp) return *bound_;
  return next_listed_ < listed_.size() ? listed_[next_listed_].position - 1 : last_;
}

/// Looks for positions below 1, which castore gives to no event: a feed would leave them out.
/// \throws MalformedEventError
void SqliteEventFeed::check_positions() {
  const bool is_behind =
      query_.order == FeedOrder::position && query_.after && query_.after->position > 0;
  if (is_behind) return;
  Reading::from(*database_, [this](const Reading& reading) {
    const auto lowest = reading.connection().borrow(select_lowest_position);
    if (!lowest->step() || lowest->type(0) == SQLITE_NULL || lowest->integer(0) >= 1) return;
    // Nothing is below it, for the query to be behind.
    const auto least = std::numeric_limits<std::int64_t>::min();
    if (lowest->integer(0) == least) check_stored_event(reading.connection(), least);
    Statement row(reading.connection(), sql_.select_events().c_str());
    row.bind(1, least);
    row.bind(2, std::int64_t{0});
    row.bind(3, std::int64_t{1});
    sql_.bind(reading.connection(), row);
    if (!row.step()) return;
    EventRow(row).check();
  });
  positions_are_sound_ = true;
}

/// \returns whether there are any
bool SqliteEventFeed::list_more() try {
  listed_.clear();
  next_listed_ = 0;
  const auto list = [&](Statement& row) -> std::optional<std::int64_t> {
    listed_.clear();
    std::int64_t previous = last_;
    while (row.step()) {
      listed_.push_back({behind(previous, row.integer(0)), row.integer(1)});
      previous = listed_.back().position;
    }
    if (static_cast<std::int64_t>(listed_.size()) < window) return std::nullopt;
    return listed_.back().position;
  };
  while (listed_.empty() && walk(sql_.select_matches(), window, list)) {
  }
  return !listed_.empty();
} catch (...) {
  listed_.clear();  // what is there will be listed once more
  throw;
}

/// Sorts the events that match, unless the clock never went back, which is the usual case.
void SqliteEventFeed::order_by_timestamp() {
  bound_ = Reading::from(
      *database_, [](const Reading& reading) { return newest_position(reading.connection()); });
  if (!is_in_order()) {
    last_ = 0;
    sorter_.emplace();
    while (list_more()) sorter_->add(listed_);
    sorter_->finish();
  }
  listed_.clear();
  last_ = 0;
}

bool SqliteEventFeed::is_in_order() {
  std::int64_t latest = std::numeric_limits<std::int64_t>::min();
  while (list_more()) {
    for (const Match& match : listed_) {
      if (match.timestamp < latest) return false;
      latest = match.timestamp;
    }
  }
  return true;
}

/// \returns false at a damaged event behind others: those are handed out first
bool SqliteEventFeed::add(const EventRow& row) try {
  row.check();
  if (leaves_out(query_, row.event_store_id)) {
    ++page_left_out_;
    return true;
  }
  page_.add(row);
  return true;
} catch (const MalformedEventError&) {
  if (page_.empty()) throw;
  return false;
}

/// Leaves out an event that was overwritten since it was listed, if it matches no more.
bool SqliteEventFeed::add_if_it_matches(const EventRow& row) {
  return !matches(query_, row.position, row.event_store_id, row.event) || add(row);
}

void SqliteEventFeed::scan() {
  const auto most = static_cast<std::int64_t>(
      std::min<std::uint64_t>(query_.page_size, std::numeric_limits<std::int64_t>::max()));
  const auto fill = [&](Statement& row) -> std::optional<std::int64_t> {
    page_.clear();
    page_left_out_ = 0;
    std::int64_t reached = last_;
    for (std::int64_t count = 0; count < most && !page_.is_full(); ++count) {
      if (!row.step()) return std::nullopt;
      const std::int64_t position = behind(reached, row.integer(0));
      if (!add(EventRow(row))) break;
      reached = position;
    }
    return reached;
  };
  while (page_.empty() && walk(sql_.select_events(), most, fill)) left_out_ += page_left_out_;
}

void SqliteEventFeed::read_listed() {
  while (page_.empty()) {
    if (next_listed_ == listed_.size()) {
      if (!sorter_) {
        if (!list_more()) return;
      } else {
        next_listed_ = 0;
        sorter_->next(listed_, window);
        if (listed_.empty()) return;
      }
    }
    read_listed_page();
  }
}

void SqliteEventFeed::read_listed_page() {
  next_listed_ = Reading::from(*database_, [this](const Reading& reading) {
    page_.clear();
    page_left_out_ = 0;
    std::size_t next = next_listed_;
    // Nobody else writes while we have the connection that does.
    std::optional<ReadTransaction> transaction;
    if (!reading.on_writer()) transaction.emplace(reading.connection());
    const auto statement = reading.connection().borrow(select_at_position);
    for (; next < listed_.size() && !page_.is_full(); ++next) {
      statement->bind(1, listed_[next].position);
      if (statement->step() && !add_if_it_matches(EventRow(*statement))) break;
      statement->reset();
    }
    return next;
  });
  left_out_ += page_left_out_;
}

}  // namespace

std::unique_ptr<EventFeed> open_event_feed(std::shared_ptr<Database> database, FeedQuery query) {
  check_query(query);
  return std::make_unique<SqliteEventFeed>(std::move(database), std::move(query));
}

}  // namespace castore::sqlite
