#include <algorithm>
#include <castore/adapter_support.hpp>
#include <castore/event_json.hpp>
#include <castore/json/text.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <vector>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "history/event_check.hpp"
#include "history/find_event.hpp"
#include "history/lines.hpp"
#include "text.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Push several events in one transaction: all are stored or none. They may belong to
several event stores. Standard input has one {"eventStoreId":...,"event":{...}} a
line. The events get one timestamp. The file is created where it is missing.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db push-group <<'END'
  {"eventStoreId":"POKEMONS","event":{"aggregateId":"pikachu","version":2,"type":"POKEMON_CAUGHT","payload":{"trainer_id":"ash"}}}
  {"eventStoreId":"TRAINERS","event":{"aggregateId":"ash","version":2,"type":"TRAINER_CAUGHT_POKEMON","payload":{"pokemon_id":"pikachu"}}}
  END)";

std::vector<PlacedLine> read_group(const PushGroupOptions& options, const Context& context) {
  std::vector<PlacedLine> lines;
  const EventCheck check{context.registry, options.unchecked};
  EventLineReader reader(context.in);
  while (auto line = reader.next()) {
    try {
      // by line, since the adapter's errors do not say which event of the group they are about
      check_new_event(line->content.event_store_id, to_view(line->content.event));
      check(line->content.event_store_id, to_view(line->content.event));
    } catch (const Error& error) {
      throw located(error, line->location);
    }
    lines.push_back(std::move(*line));
  }
  return lines;
}

std::vector<GroupedEventView> to_group(const std::vector<PlacedLine>& lines,
                                       EventStorageAdapter& storage,
                                       const PushGroupOptions& options) {
  std::vector<GroupedEventView> group;
  group.reserve(lines.size());
  for (const PlacedLine& line : lines) {
    group.push_back({&storage, line.content.event_store_id, to_view(line.content.event),
                     options.allow_version_gap});
  }
  return group;
}

/// Returns the line whose event is at fault: the first of that aggregate and version; or the
/// second, if the group has two and neither was there before.
template <class ConflictError>
const PlacedLine& line_of(const ConflictError& error, const std::vector<PlacedLine>& lines,
                          const EventStorageAdapter& storage) {
  const auto is_it = [&](const PlacedLine& line) {
    return line.content.event_store_id == error.event_store_id() &&
           line.content.event.aggregate_id == error.aggregate_id() &&
           line.content.event.version == error.version();
  };
  const auto first = std::find_if(lines.begin(), lines.end(), is_it);
  const auto second = std::find_if(std::next(first), lines.end(), is_it);
  const auto is_stored = [&] {
    return find_event(storage, error.event_store_id(), error.aggregate_id(), error.version());
  };
  return second == lines.end() || is_stored() ? *first : *second;
}

std::vector<PushAnswer> push(const std::vector<PlacedLine>& lines, EventStorageAdapter& storage,
                             const PushGroupOptions& options) {
  try {
    return storage.push_event_group(to_group(lines, storage, options), {.force = options.force});
  } catch (const EventAlreadyExistsError& error) {
    throw located(error, line_of(error, lines, storage).location);
  } catch (const VersionGapError& error) {
    throw located(error, line_of(error, lines, storage).location);
  } catch (const InvalidEventGroupError& error) {
    if (lines.empty()) throw;
    throw located(error, lines.at(error.index()).location);
  }
}

void append_object(std::string& out, std::string_view opening, const EventView& event) {
  out += opening;
  out += "\"event\":";
  append_json(out, event);
  out += '}';
}

void append_line(std::string& out, const std::string& event_store_id, const EventView& event) {
  std::string opening = "{\"eventStoreId\":";
  append_json_string(opening, event_store_id);
  append_object(out, opening + ',', event);
}

void append_columns(std::string& out, const std::string& event_store_id, const EventView& event) {
  append_printable(out, event_store_id);
  out += '\t';
  append_printable(out, event.aggregate_id);
  out += '\t';
  append_text(out, event_store_id, event);
}

void give(const std::string& event_store_id, const EventView& event, Answer& answer) {
  answer.item({.json = [&](std::string& out) { append_object(out, "{", event); },
               .text = [&](std::string& out) { append_columns(out, event_store_id, event); },
               .line = [&](std::string& out) { append_line(out, event_store_id, event); }});
}

}  // namespace

void push_group(const PushGroupOptions& options, const Context& context, Answer& answer) {
  const std::vector<PlacedLine> lines = read_group(options, context);
  SqliteEventStorageAdapter storage(context.open_for_writing());
  const std::vector<PushAnswer> pushed = push(lines, storage, options);
  answer.begin_list({.name = "eventGroup", .done = "the events are stored"});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const EventLine& line = lines[i].content;
    const EventDetail event = to_detail(to_view(line.event), pushed.at(i).timestamp);
    give(line.event_store_id, to_view(event), answer);
  }
  answer.end_list();
}

Command push_group_command() {
  return make_command<PushGroupOptions>(
      "push-group", description, footer,
      [](PushGroupOptions& options) -> std::vector<Argument> {
        return {flag("--force", options.force,
                     "Overwrite events that are already stored at their versions"),
                allow_version_gaps(options.allow_version_gap), unchecked(options.unchecked)};
      },
      push_group);
}

}  // namespace castore::cli
