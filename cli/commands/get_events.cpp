#include "answer.hpp"
#include "arguments.hpp"
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

}  // namespace

void get_events(const GetEventsOptions& options, const Context& context, Answer& answer) {
  const auto storage = context.open_for_reading();
  bool found = false;
  answer.begin_list({.name = "events"});
  storage->for_each_event(options.event_store_id, options.aggregate_id, options.query,
                          [&](const EventView& event) {
                            found = true;
                            return answer.item(event_item(options.event_store_id, event));
                          });
  if (!found) context.require_event_store(options.event_store_id, *storage);
  answer.end_list();
}

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
