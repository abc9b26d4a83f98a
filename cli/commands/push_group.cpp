#include <algorithm>
#include <castore/adapter_support.hpp>
#include <castore/event_json.hpp>
#include <castore/json/text.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <vector>

#include "commands/commands.hpp"
#include "context.hpp"
#include "history/event_check.hpp"
#include "history/lines.hpp"

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

struct PushGroupOptions {
  bool force = false;
  bool allow_version_gap = false;
  bool unchecked = false;
};

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

bool is_stored(const EventStorageAdapter& storage, const EventLine& event) {
  bool found = false;
  const Version version = event.event.version;
  storage.for_each_event(event.event_store_id, event.event.aggregate_id,
                         {.min_version = version, .max_version = version}, [&](const EventView&) {
                           found = true;
                           return false;
                         });
  return found;
}

/// The line whose event is at fault: the first of that aggregate and version; or the second, if the
/// group has two and neither was there before.
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
  return second == lines.end() || is_stored(storage, first->content) ? *first : *second;
}

Timestamp push(const std::vector<PlacedLine>& lines, EventStorageAdapter& storage,
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

void append_grouped(std::string& out, const PlacedLine& line, Timestamp timestamp, Format format) {
  const EventDetail event = to_detail(to_view(line.content.event), timestamp);
  if (format == Format::text) {
    append_printable(out, line.content.event_store_id);
    out += '\t';
    append_printable(out, event.aggregate_id);
    out += '\t';
    append_text(out, line.content.event_store_id, to_view(event));
    return;
  }
  out += '{';
  if (format == Format::jsonl) {
    out += "\"eventStoreId\":";
    append_json_string(out, line.content.event_store_id);
    out += ',';
  }
  out += "\"event\":";
  append_json(out, to_view(event));
  out += '}';
  if (format == Format::jsonl) out += '\n';
}

void push_group(const PushGroupOptions& options, const Context& context) {
  const std::vector<PlacedLine> lines = read_group(options, context);
  SqliteEventStorageAdapter storage(context.open_for_writing());
  const Timestamp timestamp = push(lines, storage, options);
  const bool json = context.output.format == Format::json;
  std::string text = json ? "{\"eventGroup\":[" : "";
  for (const PlacedLine& line : lines) {
    if (json && &line != &lines.front()) text += ',';
    append_grouped(text, line, timestamp, context.output.format);
  }
  if (json) text += "]}\n";
  context.output.print(text);
  context.output.finish("the events are stored");
}

}  // namespace

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
