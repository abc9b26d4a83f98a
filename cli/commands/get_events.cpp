#include <memory>

#include "commands/commands.hpp"
#include "context.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Print the events of one aggregate. They come in the order of their versions. An
aggregate without events has an empty list, which is no error.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db get-events POKEMONS pikachu
  castore-cli --db pokemons.db get-events POKEMONS pikachu --reverse --limit 1
  castore-cli --db pokemons.db --format jsonl get-events POKEMONS -- -dashed-id)";

struct GetEventsOptions {
  std::string event_store_id;
  std::string aggregate_id;
  EventsQueryOptions query;
};

void get_events(const GetEventsOptions& options, const Context& context) {
  const auto storage = context.open_for_reading();
  const std::string_view opening = context.output.format == Format::json ? "{\"events\":[" : "";
  bool found = false;
  const std::string_view separator = context.output.format == Format::json ? "," : "";
  std::string line(opening);
  storage->for_each_event(
      options.event_store_id, options.aggregate_id, options.query, [&](const EventView& event) {
        found = true;
        append_event(line, context.output.format, options.event_store_id, event);
        if (context.output.format == Format::jsonl) line += '\n';
        const bool more = context.output.print(line);
        line = separator;
        return more;
      });
  if (!found) context.require_event_store(options.event_store_id, *storage);
  if (context.output.format != Format::json) return;
  context.output.print(found ? "]}\n" : "{\"events\":[]}\n");
}

}  // namespace

Command get_events_command() {
  return make_command<GetEventsOptions>(
      "get-events", description, footer,
      [](GetEventsOptions& options) -> std::vector<Argument> {
        return {event_store(options.event_store_id),
                aggregate(options.aggregate_id),
                integer("--min-version", options.query.min_version, 0, "From that version on"),
                integer("--max-version", options.query.max_version, 0, "Up to that version"),
                integer("--limit", options.query.limit, 1, "The most events"),
                flag("--reverse", options.query.reverse, "Newest version first")};
      },
      get_events);
}

}  // namespace castore::cli
