#include <CLI/CLI.hpp>
#include <castore/event_json.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <optional>

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

struct PushOptions {
  std::string event_store_id;
  std::optional<std::string> event;
  PushEventOptions push;
};

void push_event(const PushOptions& options, const Context& context) {
  const NewEventDetail event = parse_event(options.event ? *options.event : read_all(context.in));
  check_event(context, options.event_store_id, to_view(event));
  SqliteEventStorageAdapter storage(context.open_for_writing());
  const Timestamp timestamp =
      storage.push_event(options.event_store_id, to_view(event), options.push);
  std::string json;
  append_json(json, to_view(to_detail(to_view(event), timestamp)));
  context.output.print_json(json);
  context.output.finish("the event is stored");
}

}  // namespace

void add_push_event(CLI::App& app, Context& context) {
  auto options = std::make_shared<PushOptions>();
  CLI::App* command = app.add_subcommand("push-event", description);
  command->footer(footer);
  add_event_store(*command, options->event_store_id);
  command->add_option("--event", options->event, "The event as JSON; without it, standard input")
      ->type_name("JSON")
      ->check(no_option());
  command->add_flag("--force", options->push.force,
                    "Overwrite the event that is already stored at that version");
  add_allow_version_gaps(*command, options->push.allow_version_gap);
  add_unchecked(*command, context);
  command->callback([options, &context] {
    context.work = [options, &context] { push_event(*options, context); };
  });
}

}  // namespace castore::cli
