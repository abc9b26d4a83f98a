#include <algorithm>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <castore/testing/scenario.hpp>
#include <castore/timestamp.hpp>
#include <map>

#include "exception_text.hpp"

namespace castore::testing::detail {
namespace {

/// Appends the value that comes next in the one form that all texts of this value have.
void append_canonical(std::string& out, JsonScanner& json,  // NOLINT(misc-no-recursion)
                      int depth) {
  const char next = json.peek();
  if (next == '"') {
    std::string text;
    json.string(text);
    append_json_string(out, text);
  } else if (next == '[') {
    out += '[';
    json.array(depth, [&] {
      append_canonical(out, json, depth - 1);
      out += ',';
    });
    out += ']';
  } else if (next == '{') {
    std::multimap<std::string, std::string> members;  // those of one name as they come
    json.object(depth, [&](std::string_view name) {
      std::string& value = members.emplace(name, "")->second;
      append_canonical(value, json, depth - 1);
    });
    out += '{';
    for (const auto& [name, value] : members) {
      append_json_string(out, name);
      out += ':' + value + ',';
    }
    out += '}';
  } else {
    out += json.value(0);
  }
}

std::optional<std::string> canonical(std::string_view text) {
  JsonScanner json(text);
  std::string out;
  try {
    append_canonical(out, json, max_json_depth);
    json.expect_end();
  } catch (const JsonSyntaxError&) {
    return std::nullopt;
  }
  return out;
}

bool same_json(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  if (!a || !b) return a == b;
  return detail::same_json(std::string_view(*a), std::string_view(*b));
}

bool fits(const NewEventDetail& expected, const NewEventDetail& pushed) {
  return expected.aggregate_id == pushed.aggregate_id && expected.version == pushed.version &&
         expected.type == pushed.type &&
         (!expected.timestamp || expected.timestamp == pushed.timestamp) &&
         same_json(expected.payload, pushed.payload) &&
         same_json(expected.metadata, pushed.metadata);
}

void append_part(std::string& line, const char* name, const std::optional<std::string>& json) {
  if (json) line += std::string(" ") + name + " " + *json;
}

/// \param with_timestamp  the difference may be there
std::string line_of(const NewEventDetail& event, bool with_timestamp) {
  std::string line = event.aggregate_id + " " + std::to_string(event.version) + " " + event.type;
  if (with_timestamp && event.timestamp) line += " at " + format_timestamp(*event.timestamp);
  append_part(line, "payload", event.payload);
  append_part(line, "metadata", event.metadata);
  return line;
}

/// Event by event: what fits, what is missing (-), what should not be there (+).
std::string difference(const std::vector<NewEventDetail>& expected,
                       const std::vector<NewEventDetail>& pushed) {
  std::string text;
  for (std::size_t i = 0; i < std::max(expected.size(), pushed.size()); ++i) {
    const NewEventDetail* const wanted = i < expected.size() ? &expected[i] : nullptr;
    const NewEventDetail* const found = i < pushed.size() ? &pushed[i] : nullptr;
    if (wanted != nullptr && found != nullptr && fits(*wanted, *found)) {
      text += "      " + line_of(*found, false) + "\n";
      continue;
    }
    const bool with_timestamp = wanted != nullptr && wanted->timestamp.has_value();
    if (wanted != nullptr) text += "    - " + line_of(*wanted, with_timestamp) + "\n";
    if (found != nullptr) text += "    + " + line_of(*found, with_timestamp) + "\n";
  }
  return text;
}

std::vector<NewEventDetail> events_to(const std::string& event_store_id,
                                      const std::vector<StoreEvents>& all) {
  std::vector<NewEventDetail> events;
  for (const StoreEvents& some : all) {
    if (some.event_store_id != event_store_id) continue;
    events.insert(events.end(), some.events.begin(), some.events.end());
  }
  return events;
}

NewEventDetail to_new(const EventDetail& event) {
  return {event.aggregate_id, event.version, event.type,
          event.timestamp,    event.payload, event.metadata};
}

/// The system's, which has many events in one moment, but for that: an event that is pushed again
/// is another one.
Clock make_clock() {
  return [last = std::make_shared<std::atomic<Timestamp>>(min_timestamp)] {
    Timestamp before = *last;
    for (;;) {
      const Timestamp next = std::max(system_now(), before + std::chrono::microseconds{1});
      if (last->compare_exchange_weak(before, next)) return next;
    }
  };
}

std::shared_ptr<InMemoryEventStorageAdapter> adapter_with(const std::vector<FeedEvent>& events,
                                                          const Clock& clock) {
  auto adapter = std::make_shared<InMemoryEventStorageAdapter>(clock);
  for (const FeedEvent& fed : events) {
    adapter->push_event(fed.event_store_id, to_new_event(to_view(fed.event)),
                        {.allow_version_gap = true});
  }
  return adapter;
}

using EventKey = std::tuple<std::string_view, std::string_view, Version>;

EventKey key_of(const FeedEvent& fed) {
  return {fed.event_store_id, fed.event.aggregate_id, fed.event.version};
}

std::map<EventKey, const FeedEvent*> by_key(const std::vector<FeedEvent>& events) {
  std::map<EventKey, const FeedEvent*> map;
  for (const FeedEvent& fed : events) map.emplace(key_of(fed), &fed);
  return map;
}

/// Of events that are to be as they were: what each was (-) and is (+) that is not.
std::string changes(const std::vector<FeedEvent>& before, const std::vector<FeedEvent>& now) {
  const auto now_by_key = by_key(now);
  std::map<std::string, std::string> by_store;
  for (const FeedEvent& fed : before) {
    const auto found = now_by_key.find(key_of(fed));
    const FeedEvent* const is = found == now_by_key.end() ? nullptr : found->second;
    if (is != nullptr && is->event == fed.event) continue;
    std::string& text = by_store[fed.event_store_id];
    text += "    - " + line_of(to_new(fed.event), true) + "\n";
    if (is != nullptr) text += "    + " + line_of(to_new(is->event), true) + "\n";
  }
  std::string text;
  for (const auto& [id, lines] : by_store) text.append("  ").append(id).append("\n").append(lines);
  return text;
}

/// By event store, in the order of commit.
std::map<std::string, std::vector<NewEventDetail>> additions(const std::vector<FeedEvent>& before,
                                                             const std::vector<FeedEvent>& now) {
  const auto before_by_key = by_key(before);
  std::map<std::string, std::vector<NewEventDetail>> added;
  for (const FeedEvent& fed : now) {
    if (before_by_key.contains(key_of(fed))) continue;
    added[fed.event_store_id].push_back(to_new(fed.event));
  }
  return added;
}

bool is_failure(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ScenarioFailure&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

bool same_json(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto value = canonical(a);
  return value && value == canonical(b);
}

ScenarioStage::ScenarioStage(std::string command_id, std::vector<std::string> event_store_ids)
    : command_id_(std::move(command_id)),
      event_store_ids_(std::move(event_store_ids)),
      clock_(make_clock()),
      adapter_(adapter_with({}, clock_)) {
  for (const std::string& id : event_store_ids_) {
    if (std::ranges::count(event_store_ids_, id) == 1) continue;
    fail("requires two event stores with the id " + id + ", which a scenario cannot tell apart");
  }
}

ScenarioStage::ScenarioStage(const ScenarioStage& other)
    : command_id_(other.command_id_),
      event_store_ids_(other.event_store_ids_),
      clock_(other.clock_),
      adapter_(adapter_with(other.events(), clock_)) {}

ScenarioStage& ScenarioStage::operator=(const ScenarioStage& other) {
  if (this == &other) return *this;
  command_id_ = other.command_id_;
  event_store_ids_ = other.event_store_ids_;
  clock_ = other.clock_;
  adapter_ = adapter_with(other.events(), clock_);
  return *this;
}

std::vector<FeedEvent> ScenarioStage::events() const {
  std::vector<FeedEvent> events;
  const auto feed = adapter_->open_event_feed({});
  for (auto page = feed->next_page(); !page.empty(); page = feed->next_page()) {
    events.insert(events.end(), page.begin(), page.end());
  }
  return events;
}

void ScenarioStage::require_own(const std::string& event_store_id) const {
  if (std::ranges::find(event_store_ids_, event_store_id) != event_store_ids_.end()) return;
  fail("does not require the event store " + event_store_id);
}

void ScenarioStage::given(const StoreEvents& events) {
  require_own(events.event_store_id);
  for (const NewEventDetail& event : events.events) {
    adapter_->push_event(events.event_store_id, to_view(event), {.allow_version_gap = true});
  }
}

void ScenarioStage::fail(const std::string& text) const {
  throw ScenarioFailure(command_id_ + " " + text);
}

ScenarioRun::ScenarioRun(const ScenarioStage& stage) : stage_(stage), before_(stage_.events()) {}

void ScenarioRun::require_no_error() const {
  if (error_) stage_.fail("threw: " + castore::text_of(error_));
}

void ScenarioRun::require_no_unexpected_error() const {
  if (!error_ || error_is_expected_) return;
  stage_.fail("threw: " + castore::text_of(error_) +
              "; if that is expected, say so first: then_error<E>(), and then what it pushed");
}

void ScenarioRun::require_pushed(const std::vector<StoreEvents>& expected) const {
  for (const StoreEvents& events : expected) stage_.require_own(events.event_store_id);
  const auto now = stage_.events();
  if (const std::string changed = changes(before_, now); !changed.empty()) {
    stage_.fail("changed events that were stored before (- as they were, + as they are):\n" +
                changed);
  }
  auto added = additions(before_, now);
  std::vector<std::string> ids = stage_.event_store_ids();
  for (const auto& [id, events] : added) {
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  std::string text;
  bool same = true;
  for (const std::string& id : ids) {
    const auto wanted = events_to(id, expected);
    const auto& pushed = added[id];
    same = same && std::ranges::equal(wanted, pushed, fits);
    if (!wanted.empty() || !pushed.empty()) text += "  " + id + "\n" + difference(wanted, pushed);
  }
  if (!same) stage_.fail("pushed other events than expected (- expected, + pushed):\n" + text);
}

const std::exception_ptr& ScenarioRun::require_error(const std::string& expected) const {
  if (!error_) stage_.fail("was expected to throw " + expected + ", but succeeded");
  if (is_failure(error_)) {
    stage_.fail("was expected to throw " + expected +
                ", but a test inside it failed: " + castore::text_of(error_));
  }
  return error_;
}

void ScenarioRun::require_code(ErrorCode code) const {
  const std::string name(to_string(code));
  const std::exception_ptr& thrown = require_error(name);
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    if (error.code() == code) return;
    stage_.fail("was expected to throw " + name + ", threw " +
                std::string(to_string(error.code())) + ": " + error.what());
  } catch (...) {
    stage_.fail("was expected to throw " + name + ", threw: " + castore::text_of(thrown));
  }
}

void ScenarioRun::fail_null_check() const {
  stage_.fail("is to be checked by a check that is null");
}

void ScenarioRun::fail_check() const {
  stage_.fail("threw an error of the expected type, but its check answers false: " +
              castore::text_of(error_));
}

void ScenarioRun::fail_error() const {
  stage_.fail("was expected to throw another error, threw: " + castore::text_of(error_));
}

void ScenarioRun::fail_output(const std::string& expected, const std::string& actual) const {
  stage_.fail("answered another output than expected:\n    - " + expected + "\n    + " + actual);
}

}  // namespace castore::testing::detail
