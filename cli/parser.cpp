#include "parser.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <castore/version.hpp>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "context.hpp"
#include "output.hpp"
#include "usage.hpp"

namespace castore::cli {
namespace {

using Work = std::function<void(const Context&, Output&)>;

constexpr auto description = R"(Look into an SQLite file of events, and write to it, from a shell.

Results go to standard output, trouble to standard error. The options of this
page may stand before or after the command. COMMAND --help shows an example.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db list-stores

Exit codes:
  0    done
  1    the storage or the data is at fault
  2    wrong usage
  3    not found: aggregate, event store, command or file
  4    conflict: the version is taken, or leaves a gap
  5    a check did not hold
  6    bad input: no event, no JSON, no timestamp, a schema violation
  130  interrupted; 143 by SIGTERM, 129 by SIGHUP

Any number of processes may read and write one file at a time, if they do so by
castore. What else writes to it needs SQLite 3.51.3 or later, or can corrupt it
in rare cases: docs/limitations.md.)";

/// A formatter whose list of commands shows the first sentence of each.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(28);
    label("SUBCOMMAND", "COMMAND");
  }
  std::string make_description(const CLI::App* app) const override {
    return CLI::Formatter::make_description(app) + '\n';
  }
  std::string make_subcommand(const CLI::App* command) const override {
    const std::string text = command->get_description();
    std::string sentence = text.substr(0, text.find('.') + 1);
    std::replace(sentence.begin(), sentence.end(), '\n', ' ');
    std::stringstream line;
    CLI::detail::format_help(line, command->get_name(), sentence, get_column_width());
    return line.str();
  }
};

constexpr auto help_description =
    R"(Print the help of a command. Without one, that of the program: the same as --help.)";

constexpr auto help_footer = R"(
Example:
  castore-cli help get-events)";

std::string refuse_option(const std::string& value) {
  return value.starts_with("--") ? "has no value: \"" + value + "\" is an option" : std::string();
}

CLI::Option* add_value(CLI::App& app, const Argument& argument) {
  if (auto* const values = std::get_if<std::vector<std::string>*>(&argument.value)) {
    CLI::Option* const option = app.add_option(argument.name, **values, argument.description);
    return option->get_positional() ? option : option->allow_extra_args(false);
  }
  return app.add_option_function<std::string>(
      argument.name, std::get<Argument::Take>(argument.value), argument.description);
}

CLI::Option* add_option(CLI::App& app, const Argument& argument) {
  if (auto* const value = std::get_if<bool*>(&argument.value)) {
    return app.add_flag(argument.name, **value, argument.description);
  }
  return add_value(app, argument)->type_name(argument.type);
}

void add_argument(CLI::App& app, const Argument& argument) {
  CLI::Option& option = *add_option(app, argument);
  const ArgumentRules& rules = argument.rules;
  option.required(rules.required);
  if (!rules.any_text) option.check(CLI::Validator(refuse_option, ""));
  if (rules.last_wins) option.take_last();
  if (!rules.excludes.empty()) option.excludes(app.get_option(rules.excludes));
  if (!rules.needs.empty()) option.needs(app.get_option(rules.needs));
}

void add_global_options(CLI::App& app, Context& context, Format& format,
                        std::vector<std::string>& plugins) {
  app.set_version_flag("--version", "castore-cli " + std::string(library_version),
                       "Print the version and exit");
  add_argument(
      app, option("--db", "FILE", context.database_file, "The SQLite file", {.last_wins = true}));
  app.get_option("--db")->envname("CASTORE_DB");
  add_argument(app, {"--format",
                     "FORMAT",
                     "text (default), json, or jsonl: one JSON object a line",
                     [&format](const std::string& text) { format = parse_format(text); },
                     {.any_text = true, .last_wins = true}});
  add_argument(app, duration("--busy-timeout", context.busy_timeout,
                             "How long to wait for a file that others keep locked: 500ms, 5s "
                             "(default), 2m",
                             {.last_wins = true}));
  add_argument(app, option("--plugin", "LIB", plugins,
                           "A shared library of the application's event stores and commands; may "
                           "be repeated"));
}

/// \throws InvalidOptionError  a flag that is for text is given, and the results are JSON
void require_text(const Command& command, Format format) {
  if (format == Format::text) return;
  for (const Argument& argument : command.arguments) {
    if (!argument.rules.text_only || !*std::get<bool*>(argument.value)) continue;
    throw InvalidOptionError(argument.name.substr(argument.name.rfind('-') + 1),
                             "is for --format text: JSON has its own way to tell ids apart");
  }
}

CLI::App& declare(CLI::App& app, const Command& command) {
  CLI::App* const parser = app.add_subcommand(command.name, command.description);
  parser->footer(command.footer + "\n\n--db, --format, --busy-timeout, --plugin and the exit " +
                 "codes: " + app.get_name() + " --help");
  for (const Argument& argument : command.arguments) add_argument(*parser, argument);
  return *parser;
}

/// Declares a command, whose work is assigned to `chosen` when the user has typed it.
void add_command(CLI::App& app, const Command& command, Work& chosen) {
  declare(app, command).callback([&chosen, command] {
    chosen = [command](const Context& context, Output& output) {
      require_text(command, output.format);
      command.work(context, output);
    };
  });
}

std::string help(const CLI::App& app, const std::string& name) {
  const auto found =
      app.get_subcommands([&](const CLI::App* command) { return command->get_name() == name; });
  if (!found.empty()) return found.front()->help(app.get_name());
  throw usage_error(app, nullptr, "Unknown command " + name + nearest_commands(app, name));
}

/// Returns the help of the program; `app.help()` would be that of the command that was given.
std::string help(const CLI::App& app) {
  return app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
}

void add_help(CLI::App& app, Work& chosen) {
  const auto name = std::make_shared<std::string>();
  const Command command{"help",
                        help_description,
                        help_footer,
                        {positional("COMMAND", *name, "For instance get-events")},
                        {}};
  declare(app, command).callback([&app, &chosen, name] {
    chosen = [&app, name](const Context&, Output& output) {
      output.print(name->empty() ? help(app) : help(app, *name));
    };
  });
}

std::shared_ptr<CLI::App> make_app(const std::string& program) {
  auto app = std::make_shared<CLI::App>(description, program);
  app->formatter(std::make_shared<HelpFormatter>());
  app->allow_windows_style_options(false);
  app->fallthrough();             // options of `app` after a sub-command
  app->require_subcommand(0, 1);  // at most one: its name may come again, as an id
  app->footer(footer);
  return app;
}

/// Refuses `--name=`: CLI11 2.1.2 takes the argument after it for its value.
void refuse_empty_values(std::span<const char* const> arguments) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--") return;
    if (argument.size() > 3 && argument.starts_with("--") &&
        argument.find('=') == argument.size() - 1) {
      throw CLI::ValidationError(
          std::string(argument.substr(0, argument.size() - 1)) + " has no value",
          CLI::ExitCodes::ValidationError);
    }
  }
}

}  // namespace

Invocation parse(std::span<const char* const> arguments, const std::vector<Command>& commands,
                 Context& context, Output& output) {
  const auto app = make_app(output.program);
  std::vector<std::string> plugins;
  Work work;
  add_global_options(*app, context, output.format, plugins);
  for (const Command& command : commands) add_command(*app, command, work);
  add_help(*app, work);
  try {
    refuse_empty_values(arguments);
    if (!arguments.empty()) app->parse(static_cast<int>(arguments.size()), arguments.data());
    if (!work) throw CLI::RequiredError("A command");
  } catch (const CLI::CallForHelp&) {
    work = [&app = *app](const Context&, Output& out) { out.print(app.help()); };
  } catch (const CLI::CallForVersion& version) {
    work = [text = version.what() + std::string("\n")](const Context&, Output& out) {
      out.print(text);
    };
  } catch (const CLI::ParseError& error) {
    throw usage_error(*app, error, arguments);
  }
  return {std::move(plugins), [app, work](const Context& in, Output& out) { work(in, out); }};
}

}  // namespace castore::cli
