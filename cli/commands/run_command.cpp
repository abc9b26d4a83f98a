#include <castore/json/text.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <string>
#include <vector>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "history/lines.hpp"
#include "nearest.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Run a command of the application on the file. The plugin brings it; list-commands
shows which there are. Its input is JSON, from INPUT or standard input; its
output, if it has one, is printed as JSON. The file is created where it is missing.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db --plugin ./libpokemons.so run-command CATCH_POKEMON \
    '{"pokemon_id":"pikachu","trainer_id":"ash"}')";

/// Returns the end of the message that there is no command `id`.
std::string registered(const std::string& id, const Registry& registry) {
  if (registry.commands().empty()) {
    return registry.event_stores().empty() ? ": no command is registered: --plugin LIB brings them"
                                           : ": the application has registered no command";
  }
  std::vector<std::string> ids;
  for (const CommandDescription& command : registry.commands()) ids.push_back(command.command_id);
  return did_you_mean_or_list(id, ids);
}

const CommandDescription& find_command(const std::string& id, const Registry& registry) {
  const CommandDescription* const command = registry.find_command(id);
  if (command != nullptr) return *command;
  throw Error(ErrorCode::command_not_found,
              "Unable to find command " + id + registered(id, registry), {{"commandId", id}});
}

/// Runs a handler, which may throw what it likes.
std::optional<std::string> run(const CommandDescription& command, const std::string& input,
                               std::shared_ptr<EventStorageAdapter> storage) {
  try {
    return command.run(input, std::move(storage));
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw plugin_error("Command " + command.command_id + " failed",
                       {{"commandId", command.command_id}});
  }
}

}  // namespace

void run_command(const RunCommandOptions& options, const Context& context, Answer& answer) {
  const CommandDescription& command = find_command(options.command_id, context.registry);
  const std::string input = options.input == "-" ? read_all(context.in) : options.input;
  if (const std::string problem = check_json(input); !problem.empty()) {
    throw InvalidInputError(problem);
  }
  const auto output =
      run(command, input, std::make_shared<SqliteEventStorageAdapter>(context.open_for_writing()));
  if (!output) return;
  std::string json;
  if (const std::string problem = append_checked_json(json, *output); !problem.empty()) {
    throw Error(ErrorCode::plugin,
                "Command " + command.command_id + " has run, but its output " + problem,
                {{"commandId", command.command_id}});
  }
  answer.value({.json = whole(std::move(json)), .done = "the command has run"});
}

Command run_command_command() {
  return make_command<RunCommandOptions>(
      "run-command", description, footer,
      [](RunCommandOptions& options) -> std::vector<Argument> {
        return {positional("COMMAND_ID", options.command_id,
                           "Command id, for instance CATCH_POKEMON", {.required = true}),
                positional("INPUT", options.input, "JSON; without it, or for -, standard input")};
      },
      run_command);
}

}  // namespace castore::cli
