#include <algorithm>
#include <castore/event_json.hpp>
#include <castore/testing/scenario.hpp>
#include <nlohmann/json.hpp>

#include "exception_text.hpp"

namespace castore::testing::detail {
namespace {

bool same_json(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  if (a == b) return true;
  return a && b && nlohmann::json::parse(*a) == nlohmann::json::parse(*b);
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

}  // namespace

ScenarioRun::ScenarioRun(std::string command_id, std::vector<std::string> event_store_ids)
    : command_id_(std::move(command_id)),
      event_store_ids_(std::move(event_store_ids)),
      adapter_(std::make_shared<InMemoryEventStorageAdapter>()) {}

void ScenarioRun::given(const StoreEvents& events) {
  require_own(events.event_store_id);
  for (const NewEventDetail& event : events.events) {
    adapter_->push_event(events.event_store_id, to_view(event), {.allow_version_gap = true});
  }
}

void ScenarioRun::begin() {
  const auto feed = adapter_->open_event_feed({});
  for (auto page = feed->next_page(); !page.empty(); page = feed->next_page()) {
    given_ = FeedCursor{.position = page.back().position};
  }
}

void ScenarioRun::end() {
  const auto feed = adapter_->open_event_feed({.after = given_});
  for (auto page = feed->next_page(); !page.empty(); page = feed->next_page()) {
    pushed_.insert(pushed_.end(), page.begin(), page.end());
  }
}

void ScenarioRun::require_own(const std::string& event_store_id) const {
  if (std::ranges::find(event_store_ids_, event_store_id) != event_store_ids_.end()) return;
  fail("does not require the event store " + event_store_id);
}

std::vector<NewEventDetail> ScenarioRun::pushed_to(const std::string& event_store_id) const {
  std::vector<NewEventDetail> events;
  for (const FedEvent& fed : pushed_) {
    if (fed.event_store_id != event_store_id) continue;
    const EventDetail& event = fed.event;
    events.push_back({event.aggregate_id, event.version, event.type, event.timestamp, event.payload,
                      event.metadata});
  }
  return events;
}

void ScenarioRun::require_no_error() const {
  if (error_) fail("threw: " + text_of(error_));
}

void ScenarioRun::require_pushed(const std::vector<StoreEvents>& expected) const {
  for (const StoreEvents& events : expected) require_own(events.event_store_id);
  std::string text;
  bool same = true;
  for (const std::string& id : event_store_ids_) {
    const auto wanted = events_to(id, expected);
    const auto pushed = pushed_to(id);
    same = same && std::ranges::equal(wanted, pushed, fits);
    if (!wanted.empty() || !pushed.empty()) text += "  " + id + "\n" + difference(wanted, pushed);
  }
  if (!same) fail("pushed other events than expected (- expected, + pushed):\n" + text);
}

const std::exception_ptr& ScenarioRun::require_error(const std::string& expected) const {
  if (!error_) fail("was expected to throw " + expected + ", but succeeded");
  return error_;
}

void ScenarioRun::require_code(ErrorCode code) const {
  const std::string name(to_string(code));
  const std::exception_ptr& thrown = require_error(name);
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    if (error.code() == code) return;
    fail("was expected to throw " + name + ", threw " + std::string(to_string(error.code())) +
         ": " + error.what());
  } catch (...) {
    fail("was expected to throw " + name + ", threw: " + text_of(thrown));
  }
}

void ScenarioRun::fail(const std::string& text) const {
  throw ScenarioFailure(command_id_ + " " + text);
}

void ScenarioRun::fail_error(const std::exception_ptr& thrown) const {
  fail("was expected to throw another error, threw: " + text_of(thrown));
}

void ScenarioRun::fail_output(const std::string& expected, const std::string& actual) const {
  fail("answered another output than expected:\n    - " + expected + "\n    + " + actual);
}

}  // namespace castore::testing::detail
