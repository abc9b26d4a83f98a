/// \file
/// Any text is JSON to castore if it is to nlohmann_json, and no event is lost on the way through
/// its JSON form.

#include <algorithm>
#include <castore/error.hpp>
#include <castore/event_json.hpp>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <string>

#include "fuzz.hpp"
#include "nlohmann.hpp"

namespace castore::fuzz {
namespace {

std::string compact(std::string_view json) {
  std::string out;
  append_compact_json(out, json);
  return out;
}

/// How deep the arrays and objects of a valid text nest.
int depth_of(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

bool check_validity(std::string_view text) {
  std::string checked;
  const std::string problem = append_checked_json(checked, text);
  require(problem == check_json(text), "JSON is checked the same when it is copied");
  require(checked == (problem.empty() ? compact(text) : ""), "only JSON is copied");
  const bool valid = problem.empty();
  // nlohmann_json ends at a NUL, and skips a byte order mark; RFC 8259 knows neither.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF")) {
    require(!valid, "a NUL or a byte order mark is not JSON");
    return false;
  }
  const Opinion opinion = nlohmann_on(text);
  if (valid) {
    require(opinion.value || opinion.number_too_large, "what castore takes is JSON");
  } else if (opinion.value) {
    require(depth_of(text) > max_json_depth, "only what nests too deeply is refused");
  }
  return valid;
}

void check_compact(std::string_view json) {
  const std::string line = compact(json);
  require(line.find('\n') == std::string::npos, "compact JSON is one line");
  require(check_json(line).empty(), "compact JSON is JSON");
  require(compact(line) == line, "compact JSON stays as it is");
  require(line.size() <= json.size(), "white space is dropped, never added");
  const Opinion before = nlohmann_on(json);
  if (before.value) require(nlohmann_on(line).value == before.value, "compact JSON means the same");
}

void check_string(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  const Opinion opinion = nlohmann_on(quoted);
  if (!opinion.value) {  // no UTF-8
    require(!check_json(quoted).empty(), "what castore takes is JSON");
    return;
  }
  require(*opinion.value == text, "a string means what it was made of");
  const NewEventDetail event =
      parse_event("{\"aggregateId\":" + quoted + ",\"type\":" + quoted + ",\"version\":1}");
  require(event.aggregate_id == text && event.type == text, "a string is read as it was");
}

/// Writes an event and reads it again; its payload and metadata are JSON.
void check_round_trip(const NewEventDetail& event) {
  EventDetail stored = to_detail(to_view(event), event.timestamp.value_or(max_timestamp));
  std::string line;
  append_json(line, to_view(stored));
  require(line.find('\n') == std::string::npos, "an event is written on one line");
  if (stored.payload) stored.payload = compact(*stored.payload);
  if (stored.metadata) stored.metadata = compact(*stored.metadata);
  const NewEventDetail again = parse_event(line);
  require(to_detail(to_view(again), again.timestamp.value()) == stored,
          "an event is read as it was written");
}

void check_event(std::string_view text) {
  try {
    const NewEventDetail event = parse_event(text);
    require(!event.payload || check_json(*event.payload).empty(), "a payload that is read is JSON");
    check_round_trip(event);
  } catch (const InvalidEventError& error) {
    require(!error.path().empty(), "an error names its place");
  } catch (const InvalidTimestampError&) {
    return;
  }
}

void check(std::string_view input) {
  check_string(input);
  check_event(input);
  if (!check_validity(input)) return;
  check_compact(input);
  check_round_trip({.aggregate_id = "pikachu",
                    .version = 1,
                    .type = "T",
                    .timestamp = min_timestamp,
                    .payload = std::string(input),
                    .metadata = std::string(input)});
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
