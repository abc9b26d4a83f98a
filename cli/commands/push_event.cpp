#include <castore/event_json.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <optional>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "history/event_check.hpp"
#include "history/lines.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Push one event and print it as it was stored. It comes from --event or standard
input; without a timestamp it gets the time of now. The file is created where it
is missing.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db push-event POKEMONS --event \
    '{"aggregateId":"pikachu","version":1,"type":"POKEMON_APPEARED",
      "payload":{"name":"Pikachu","level":42}}')";

}  // namespace

void push_event(const PushEventCommandOptions& options, const Context& context, Answer& answer) {
  const NewEventDetail event = parse_event(options.event ? *options.event : read_all(context.in));
  const EventCheck check{context.registry, options.unchecked};
  check(options.event_store_id, to_view(event));
  SqliteEventStorageAdapter storage(context.open_for_writing());
  const PushAnswer pushed =
      storage.push_event(options.event_store_id, to_view(event), options.push);
  std::string json;
  append_json(json, to_view(to_detail(to_view(event), pushed.timestamp)));
  answer.value({.json = whole(std::move(json)), .done = "the event is stored"});
}

Command push_event_command() {
  return make_command<PushEventCommandOptions>(
      "push-event", description, footer,
      [](PushEventCommandOptions& options) -> std::vector<Argument> {
        return {event_store(options.event_store_id),
                option("--event", "JSON", options.event,
                       "The event as JSON; without it, standard input"),
                flag("--force", options.push.force,
                     "Overwrite the event that is already stored at that version"),
                allow_version_gaps(options.push.allow_version_gap), unchecked(options.unchecked)};
      },
      push_event);
}

}  // namespace castore::cli
