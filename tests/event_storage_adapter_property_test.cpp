// Random histories on every backend and on a model a page long: they must agree on every answer,
// error codes and fields included.

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <castore/adapter_support.hpp>
#include <castore/timestamp.hpp>
#include <map>
#include <ostream>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "support/events.hpp"
#include "support/storages.hpp"

namespace castore::testing {
namespace {

// --- What can be asked ------------------------------------------------------------------------

struct PushOne {
  std::string event_store_id;
  NewEventDetail event;
  PushEventOptions options;
};

struct PushGroup {
  struct Member {
    std::string event_store_id;
    NewEventDetail event;
    bool allow_version_gap;
  };
  std::vector<Member> events;
  PushEventGroupOptions options;
};

struct ReadEvents {
  std::string event_store_id;
  std::string aggregate_id;
  EventsQueryOptions options;
};

/// All pages; the options of `turn` are given with the first token.
struct ListPages {
  std::string event_store_id;
  ListAggregateIdsOptions options;
  ListAggregateIdsOptions turn;
};

using Question = std::variant<PushOne, PushGroup, ReadEvents, ListPages>;

// --- What can be answered ---------------------------------------------------------------------

struct Failure {
  ErrorCode code;
  std::vector<ErrorField> fields;
  friend bool operator==(const Failure&, const Failure&) = default;
};

struct Page {
  std::vector<ListedAggregateId> aggregate_ids;
  std::vector<std::int64_t> positions;
  bool has_next = false;
  friend bool operator==(const Page&, const Page&) = default;
};
using Answer = std::variant<Failure, Timestamp, std::vector<EventDetail>, std::vector<Page>>;

template <class Ask>
Answer answer_of(Ask&& ask) {
  try {
    return ask();
  } catch (const Error& error) {
    return Failure{error.code(), error.fields()};
  }
}

// --- The adapters -----------------------------------------------------------------------------

class OnAdapter {
 public:
  explicit OnAdapter(EventStorageAdapter& adapter) : adapter_(&adapter) {}

  Answer operator()(const PushOne& question) const {
    return push(*adapter_, question.event_store_id, question.event, question.options);
  }
  Answer operator()(const PushGroup& question) const {
    std::vector<Grouped> events;
    for (const auto& [event_store_id, event, allow_version_gap] : question.events) {
      events.push_back({adapter_, event_store_id, event, allow_version_gap});
    }
    return push_group(*adapter_, events, question.options);
  }
  Answer operator()(const ReadEvents& question) const {
    return read(*adapter_, question.event_store_id, question.aggregate_id, question.options);
  }
  Answer operator()(const ListPages& question) const {
    std::vector<Page> pages;
    ListAggregateIdsOptions options = question.options;
    for (;;) {
      auto page = adapter_->list_aggregate_ids(question.event_store_id, options);
      pages.push_back({page.aggregate_ids, page.positions, page.next_page_token.has_value()});
      if (!page.next_page_token) return pages;
      options = pages.size() == 1 ? question.turn : ListAggregateIdsOptions{};
      options.page_token = page.next_page_token;
    }
  }

 private:
  EventStorageAdapter* adapter_;
};

// --- The model --------------------------------------------------------------------------------

/// Everything in one map. A push works on a copy, which is what "all or none" means.
class Model {
 public:
  explicit Model(const Timestamp& now) : now_(&now) {}

  Answer operator()(const PushOne& question) {
    // What is an event at all has tests of its own.
    check_new_event(question.event_store_id, to_view(question.event));
    const Timestamp timestamp = question.event.timestamp.value_or(*now_);
    store(question.event_store_id, question.event, timestamp, question.options);
    return timestamp;
  }

  Answer operator()(const PushGroup& question) {
    using Reason = InvalidEventGroupError::Reason;
    if (question.events.empty()) throw InvalidEventGroupError(Reason::empty, 0, "");
    std::optional<Timestamp> given;
    for (std::size_t i = 0; i < question.events.size(); ++i) {
      const auto& timestamp = question.events[i].event.timestamp;
      if (given && timestamp && *given != *timestamp) {
        throw InvalidEventGroupError(Reason::different_timestamps, i, "");
      }
      if (timestamp) given = timestamp;
    }
    for (const auto& member : question.events) {
      check_new_event(member.event_store_id, to_view(member.event));
    }
    const Timestamp timestamp = given.value_or(*now_);
    Model next = *this;
    for (const auto& [event_store_id, event, allow_version_gap] : question.events) {
      next.store(event_store_id, event, timestamp,
                 {.force = question.options.force, .allow_version_gap = allow_version_gap});
    }
    *this = next;
    return timestamp;
  }

  Answer operator()(const ReadEvents& question) const {
    const auto& options = question.options;
    if (options.limit && *options.limit < 1) throw InvalidOptionError("limit", "");
    std::vector<EventDetail> events;
    for (const auto& [key, row] : rows_) {
      const auto& [event_store_id, aggregate_id, version] = key;
      if (event_store_id != question.event_store_id || aggregate_id != question.aggregate_id) {
        continue;
      }
      if (version < options.min_version.value_or(version)) continue;
      if (version > options.max_version.value_or(version)) continue;
      if (row.position > options.max_position.value_or(row.position)) continue;
      events.push_back(row.event);
    }
    if (options.reverse) std::reverse(events.begin(), events.end());
    if (options.limit && events.size() > static_cast<std::size_t>(*options.limit)) {
      events.resize(static_cast<std::size_t>(*options.limit));
    }
    return events;
  }

  Answer operator()(const ListPages& question) const {
    std::vector<Page> pages;
    ListAggregateIdsOptions options = question.options;
    std::optional<ListedAggregateId> last;
    for (;;) {
      if (options.limit && *options.limit < 1) throw InvalidOptionError("limit", "");
      std::vector<ListedAggregateId> rest = list(question.event_store_id, options, last);
      const bool more = options.limit && rest.size() > static_cast<std::size_t>(*options.limit);
      if (more) rest.resize(static_cast<std::size_t>(*options.limit));
      std::vector<std::int64_t> positions;
      positions.reserve(rest.size());
      for (const ListedAggregateId& listed : rest) {
        positions.push_back(rows_.at({question.event_store_id, listed.aggregate_id, 1}).position);
      }
      pages.push_back({rest, positions, more});
      if (!more) return pages;
      last = rest.back();
      if (pages.size() > 1) continue;
      const auto& turn = question.turn;
      if (turn.limit) options.limit = turn.limit;
      if (turn.initial_event_after) options.initial_event_after = turn.initial_event_after;
      if (turn.initial_event_before) options.initial_event_before = turn.initial_event_before;
      if (turn.max_position) options.max_position = turn.max_position;
      if (turn.reverse) options.reverse = turn.reverse;
    }
  }

  [[nodiscard]] std::vector<EventStoreSummary> list_event_stores() const {
    std::map<std::string, EventStoreSummary> summaries;
    std::string last_aggregate;
    for (const auto& [key, row] : rows_) {
      const auto& [event_store_id, aggregate_id, version] = key;
      EventStoreSummary& summary = summaries[event_store_id];
      const Timestamp timestamp = row.event.timestamp;
      if (summary.event_count == 0) {
        summary = {.event_store_id = event_store_id,
                   .first_timestamp = timestamp,
                   .last_timestamp = timestamp};
      }
      if (summary.event_count++ == 0 || aggregate_id != last_aggregate) ++summary.aggregate_count;
      last_aggregate = aggregate_id;
      summary.first_timestamp = std::min(summary.first_timestamp, timestamp);
      summary.last_timestamp = std::max(summary.last_timestamp, timestamp);
      summary.last_position = std::max(summary.last_position, row.position);
    }
    std::vector<EventStoreSummary> result;
    for (const auto& [id, summary] : summaries) result.push_back(summary);
    return result;
  }

  /// An event that was pushed stays, so that positions have no gaps.
  [[nodiscard]] std::int64_t newest_position() const { return std::ssize(rows_); }

 private:
  struct Row {
    EventDetail event;
    std::int64_t position;
  };
  using Key = std::tuple<std::string, std::string, Version>;

  void store(const std::string& event_store_id, const NewEventDetail& event, Timestamp timestamp,
             const PushEventOptions& options) {
    Version newest = 0;
    for (const auto& [key, row] : rows_) {
      if (std::get<0>(key) == event_store_id && std::get<1>(key) == event.aggregate_id) {
        newest = std::get<2>(key);
      }
    }
    const Key key{event_store_id, event.aggregate_id, event.version};
    const auto found = rows_.find(key);
    if (found != rows_.end() && !options.force) {
      throw EventAlreadyExistsError(event_store_id, event.aggregate_id, event.version, newest);
    }
    if (found == rows_.end() && event.version != newest + 1 && !options.allow_version_gap) {
      throw VersionGapError(event_store_id, event.aggregate_id, event.version, newest + 1);
    }
    const std::int64_t position =
        found == rows_.end() ? static_cast<std::int64_t>(rows_.size()) + 1 : found->second.position;
    rows_.insert_or_assign(key, Row{to_detail(to_view(event), timestamp), position});
  }

  [[nodiscard]] std::vector<ListedAggregateId> list(
      const std::string& event_store_id, const ListAggregateIdsOptions& options,
      const std::optional<ListedAggregateId>& last) const {
    const auto order = [](const ListedAggregateId& a) {
      return std::tie(a.initial_event_timestamp, a.aggregate_id);
    };
    std::vector<ListedAggregateId> listed;
    for (const auto& [key, row] : rows_) {
      if (std::get<0>(key) != event_store_id || std::get<2>(key) != 1) continue;
      const ListedAggregateId entry{std::get<1>(key), row.event.timestamp};
      const Timestamp timestamp = row.event.timestamp;
      if (timestamp < options.initial_event_after.value_or(timestamp)) continue;
      if (timestamp > options.initial_event_before.value_or(timestamp)) continue;
      if (row.position > options.max_position.value_or(row.position)) continue;
      listed.push_back(entry);
    }
    std::sort(listed.begin(), listed.end(), [&](const auto& a, const auto& b) {
      return options.reverse.value_or(false) ? order(b) < order(a) : order(a) < order(b);
    });
    if (last) {
      std::erase_if(listed, [&](const auto& entry) {
        return options.reverse.value_or(false) ? order(entry) >= order(*last)
                                               : order(entry) <= order(*last);
      });
    }
    return listed;
  }

  std::map<Key, Row> rows_;
  const Timestamp* now_;
};

// --- Random questions -------------------------------------------------------------------------

/// Few values, so that questions meet: neighbours in microseconds included.
rc::Gen<Timestamp> any_timestamp() {
  return rc::gen::map(rc::gen::inRange(0, 4), [](int tick) {
    return at("2022-01-01T00:00:00.000Z") + std::chrono::microseconds{tick};
  });
}

rc::Gen<bool> one_in(std::size_t count) {
  return rc::gen::weightedElement<bool>({{1, true}, {count - 1, false}});
}

// In the order of their bytes, which is not that of UTF-16.
rc::Gen<std::string> any_store() { return rc::gen::element<std::string>("A", "\u0100"); }
rc::Gen<std::string> any_aggregate() {
  return rc::gen::element<std::string>("x", "\u0100", "\ufffd", "\U0001f427");
}

template <class T>
rc::Gen<std::optional<T>> sometimes(rc::Gen<T> gen) {
  return rc::gen::mapcat(one_in(3), [gen](bool given) {
    return given ? rc::gen::map(gen, [](T value) { return std::optional<T>(std::move(value)); })
                 : rc::gen::just(std::optional<T>());
  });
}

rc::Gen<std::optional<std::string>> any_json() {
  return sometimes(
      rc::gen::element<std::string>("null", "0", "{}", "{\"a\":[1, 2]}", "\"\u00e9\"", "{"));
}

rc::Gen<NewEventDetail> any_event() {
  return rc::gen::exec([] {
    NewEventDetail event;
    event.aggregate_id = *any_aggregate();
    // Mostly what a history needs next, now and then one that no history has.
    event.version = *rc::gen::weightedElement<Version>(
        {{6, 1}, {6, 2}, {5, 3}, {3, 4}, {2, 5}, {1, 6}, {1, 0}});
    event.type =
        *rc::gen::weightedElement<std::string>({{20, "T"}, {20, "U"}, {1, "__REPLAYED__"}});
    event.timestamp = *sometimes(any_timestamp());
    event.payload = *any_json();
    event.metadata = *any_json();
    return event;
  });
}

rc::Gen<Question> any_push() {
  return rc::gen::exec([] {
    return Question(PushOne{
        *any_store(), *any_event(), {.force = *one_in(5), .allow_version_gap = *one_in(4)}});
  });
}

rc::Gen<Question> any_group() {
  const auto member = rc::gen::exec([] {
    return PushGroup::Member{*any_store(), *any_event(), *one_in(3)};
  });
  return rc::gen::exec([member] {
    const auto size = *rc::gen::weightedElement<std::size_t>({{1, 0}, {3, 1}, {6, 2}, {3, 3}});
    PushGroup group{*rc::gen::container<std::vector<PushGroup::Member>>(size, member),
                    {.force = *one_in(4)}};
    // Two random timestamps rarely agree, and a group that is refused for that tests little.
    if (*rc::gen::arbitrary<bool>()) {
      for (auto& grouped : group.events) grouped.event.timestamp = std::nullopt;
    }
    return Question(std::move(group));
  });
}

rc::Gen<std::int64_t> any_position() { return rc::gen::inRange<std::int64_t>(-1, 12); }

rc::Gen<Question> any_reading() {
  return rc::gen::exec([] {
    return Question(ReadEvents{*any_store(),
                               *any_aggregate(),
                               {.min_version = *sometimes(rc::gen::inRange<Version>(-1, 8)),
                                .max_version = *sometimes(rc::gen::inRange<Version>(-1, 8)),
                                .max_position = *sometimes(any_position()),
                                .limit = *sometimes(rc::gen::inRange<std::int64_t>(0, 5)),
                                .reverse = *rc::gen::arbitrary<bool>()}});
  });
}

rc::Gen<ListAggregateIdsOptions> any_list_options() {
  return rc::gen::exec([] {
    return ListAggregateIdsOptions{.limit = *sometimes(rc::gen::inRange<std::int64_t>(0, 4)),
                                   .initial_event_after = *sometimes(any_timestamp()),
                                   .initial_event_before = *sometimes(any_timestamp()),
                                   .max_position = *sometimes(any_position()),
                                   .reverse = *sometimes(rc::gen::arbitrary<bool>()),
                                   .page_token = std::nullopt};
  });
}

rc::Gen<Question> any_listing() {
  return rc::gen::exec([] {
    return Question(ListPages{*any_store(), *any_list_options(), *any_list_options()});
  });
}

rc::Gen<Question> any_question() {
  return rc::gen::weightedOneOf<Question>(
      {{6, any_push()}, {3, any_group()}, {2, any_reading()}, {2, any_listing()}});
}

// --- Messages of a counterexample -------------------------------------------------------------

template <class T>
std::string text(const std::optional<T>& value) {
  if (!value) return "-";
  if constexpr (std::is_same_v<T, Timestamp>) {
    return format_timestamp(*value);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(*value);
  } else {
    return *value;
  }
}

std::string text(const NewEventDetail& event) {
  return event.aggregate_id + "/" + std::to_string(event.version) + " " + event.type + " at " +
         text(event.timestamp) + " payload " + text(event.payload) + " metadata " +
         text(event.metadata);
}

std::string text(const ListAggregateIdsOptions& options) {
  return "limit " + text(options.limit) + " after " + text(options.initial_event_after) +
         " before " + text(options.initial_event_before) + " position " +
         text(options.max_position) + " reverse " + text(options.reverse);
}

/// rapidcheck calls it for the questions of a counterexample.
void showValue(const Question& question, std::ostream& out) {
  struct Show {
    std::ostream& out;
    void operator()(const PushOne& push) const {
      out << "push " << push.event_store_id << ' ' << text(push.event) << " force "
          << push.options.force << " gap " << push.options.allow_version_gap;
    }
    void operator()(const PushGroup& group) const {
      out << "group force " << group.options.force;
      for (const auto& member : group.events) {
        out << "\n    " << member.event_store_id << ' ' << text(member.event) << " gap "
            << member.allow_version_gap;
      }
    }
    void operator()(const ReadEvents& reading) const {
      out << "read " << reading.event_store_id << ' ' << reading.aggregate_id << " min "
          << text(reading.options.min_version) << " max " << text(reading.options.max_version)
          << " position " << text(reading.options.max_position) << " limit "
          << text(reading.options.limit) << " reverse " << reading.options.reverse;
    }
    void operator()(const ListPages& listing) const {
      out << "list " << listing.event_store_id << ' ' << text(listing.options) << " then "
          << text(listing.turn);
    }
  };
  std::visit(Show{out}, question);
  out << '\n';
}

TEST_CASE("every backend answers random questions as a simple model does") {
  const bool holds = rc::check([] {
    Timestamp now = at("2022-01-01T00:00:00.000Z");
    const auto clock = [&now] { return now; };
    const auto adapters = make_adapters<CASTORE_STORAGES>(clock);
    Model model(now);

    const auto questions = *rc::gen::container<std::vector<Question>>(any_question());
    for (const Question& question : questions) {
      now += std::chrono::microseconds{1};
      const Answer expected = answer_of([&] { return std::visit(model, question); });
      for (const auto& adapter : adapters) {
        RC_ASSERT(answer_of([&] { return std::visit(OnAdapter(*adapter), question); }) == expected);
      }
    }
    for (const auto& adapter : adapters) {
      RC_ASSERT(adapter->list_event_stores() == model.list_event_stores());
      RC_ASSERT(adapter->newest_position() == model.newest_position());
    }
  });
  CHECK(holds);
}

}  // namespace
}  // namespace castore::testing
