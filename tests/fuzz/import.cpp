/// \file
/// JSON Lines, without the files and the program around them: what is accepted reads back byte for
/// byte, and means what nlohmann_json reads in the line.

#include <castore/error.hpp>
#include <castore/event_json.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/json/text.hpp>
#include <optional>
#include <string>

#include "fuzz.hpp"
#include "nlohmann.hpp"
#include "support/events.hpp"

namespace castore::fuzz {
namespace {

std::string line_of(const EventLine& stored, const EventDetail& event) {
  std::string line = "{\"eventStoreId\":";
  append_json_string(line, stored.event_store_id);
  line += ",\"event\":";
  append_json(line, to_view(event));
  return line + '}';
}

std::optional<std::string> compact(const std::optional<std::string>& json) {
  if (!json) return std::nullopt;
  std::string out;
  append_compact_json(out, *json);
  return out;
}

std::optional<EventLine> parsed(std::string_view line) {
  try {
    return parse_event_line(line);
  } catch (const InvalidEventError&) {
    return std::nullopt;
  } catch (const InvalidTimestampError&) {
    return std::nullopt;
  }
}

void check_meaning(std::string_view line, const EventLine& stored) {
  const Opinion opinion = nlohmann_on(line);
  require(opinion.value || opinion.number_too_large, "an accepted line is JSON");
  if (!opinion.value) return;
  const nlohmann::json& event = opinion.value->at("event");
  require(opinion.value->at("eventStoreId") == stored.event_store_id &&
              event.at("aggregateId") == stored.event.aggregate_id &&
              event.at("type") == stored.event.type && event.at("version") == stored.event.version,
          "ids and type and version are those of the line");
  const auto is_member = [&](const char* name, const std::optional<std::string>& json) {
    return json ? nlohmann_on(*json).value == event.at(name) : !event.contains(name);
  };
  require(
      is_member("payload", stored.event.payload) && is_member("metadata", stored.event.metadata),
      "payload and metadata are those of the line");
}

/// Answers whether the rules let it in.
bool push(EventStorageAdapter& adapter, const EventLine& stored) {
  try {
    static_cast<void>(adapter.push_event(stored.event_store_id, to_view(stored.event),
                                         {.allow_version_gap = true}));
    return true;
  } catch (const InvalidEventError&) {
  } catch (const ReservedEventTypeError&) {
  } catch (const EventAlreadyExistsError& error) {
    require(error.version() <= error.current_version(), "a version that is taken is no newer one");
  }
  return false;
}

void check_line(EventStorageAdapter& adapter, std::string_view line) {
  auto stored = parsed(line);
  if (!stored) return;
  check_meaning(line, *stored);
  if (!stored->event.timestamp) stored->event.timestamp = min_timestamp;
  if (!push(adapter, *stored)) return;

  const Version version = stored->event.version;
  const auto events = testing::read(adapter, stored->event_store_id, stored->event.aggregate_id,
                                    {.min_version = version, .max_version = version});
  EventDetail expected = to_detail(to_view(stored->event), *stored->event.timestamp);
  require(events.size() == 1 && events.front() == expected,
          "an accepted event reads back byte for byte");

  const std::string again = line_of(*stored, expected);
  require(again.find('\n') == std::string::npos, "an event is written on one line");
  stored->event.payload = compact(stored->event.payload);
  stored->event.metadata = compact(stored->event.metadata);
  require(parse_event_line(again) == *stored, "an event that is written is read as the same");
}

void check(std::string_view input) {
  InMemoryEventStorageAdapter adapter;
  while (!input.empty()) check_line(adapter, take_until('\n', input));
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
