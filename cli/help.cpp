#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "commands/commands.hpp"
#include "context.hpp"
#include "usage.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Print the help of a command. Without one, that of the program: the same as --help.)";

constexpr auto footer = R"(
Example:
  castore-cli help get-events)";

std::string help(const CLI::App& app, const std::string& name) {
  const auto found =
      app.get_subcommands([&](const CLI::App* command) { return command->get_name() == name; });
  if (!found.empty()) return found.front()->help(app.get_name());
  throw usage_error(app, nullptr, "Unknown command " + name + nearest_commands(app, name));
}

/// `app.help()` would be that of the command that was given.
std::string help(const CLI::App& app) {
  return app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
}

}  // namespace

void add_help(CLI::App& app, Context& context) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("help", description);
  command->footer(footer);
  command->add_option("COMMAND", *name, "For instance get-events")->type_name("");
  command->callback([name, &app, &context] {
    context.work = [name, &app, &context] {
      context.output.print(name->empty() ? help(app) : help(app, *name));
    };
  });
}

}  // namespace castore::cli
