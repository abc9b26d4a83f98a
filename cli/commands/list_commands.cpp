#include <castore/json/text.hpp>
#include <castore/registry.hpp>
#include <optional>
#include <string>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "text.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(List the commands of the application. The plugin brings them; run-command runs one.
In JSON with the event stores that they require, and their schemas.)";

constexpr auto footer = R"(
Example:
  castore-cli --plugin ./libpokemons.so list-commands
  castore-cli --plugin ./libpokemons.so --format jsonl list-commands | jq .inputSchema)";

void append_schema(std::string& out, std::string_view name,
                   const std::optional<std::string>& schema) {
  if (!schema) return;
  out += ",\"" + std::string(name) + "\":";
  append_compact_json(out, *schema);
}

void append_object(std::string& out, const CommandDescription& command) {
  out += "{\"commandId\":";
  append_json_string(out, command.command_id);
  out += ",\"eventStoreIds\":[";
  for (const std::string& id : command.event_store_ids) {
    if (out.back() != '[') out += ',';
    append_json_string(out, id);
  }
  out += ']';
  append_schema(out, "inputSchema", command.input_schema);
  append_schema(out, "outputSchema", command.output_schema);
  out += '}';
}

}  // namespace

void list_commands(const ListCommandsOptions& options, const Context& context, Answer& answer) {
  answer.begin_list({.name = "commands"});
  for (const CommandDescription& command : context.registry.commands()) {
    answer.item(
        {.json = [&](std::string& out) { append_object(out, command); },
         .text = [&](std::string& out) { append_id(out, command.command_id, options.null); }});
  }
  answer.end_list();
}

Command list_commands_command() {
  return make_command<ListCommandsOptions>(
      "list-commands", description, footer,
      [](ListCommandsOptions& options) -> std::vector<Argument> { return {null(options.null)}; },
      list_commands);
}

}  // namespace castore::cli
