#include <CLI/CLI.hpp>
#include <algorithm>
#include <castore/cli/run.hpp>
#include <castore/version.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "os/interrupt.hpp"
#include "os/plugin.hpp"
#include "os/standard_streams.hpp"
#include "text.hpp"
#include "usage.hpp"

namespace castore::cli {
namespace {

constexpr auto description = R"(Look into an SQLite file of events, and write to it, from a shell.

Results go to standard output, trouble to standard error. The options of this
page may stand before or behind the command. COMMAND --help shows an example.)";

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

/// In the list of commands, the first sentence of each is enough.
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

std::string program_name(int argc, const char* const* argv) {
  const std::string name =
      argc > 0 ? std::filesystem::path(argv[0]).stem().string() : std::string();
  std::string printable;
  append_printable(printable, name);
  return printable.empty() ? "castore-cli" : printable;
}

/// Errors in the arguments are told in the format they ask for, whatever the parser made of them.
Format requested_format(int argc, const char* const* argv) {
  Format format = Format::text;
  const auto take = [&](std::string_view text) {
    if (text == "json") format = Format::json;
    if (text == "jsonl") format = Format::jsonl;
  };
  constexpr std::string_view with_value = "--format=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") break;
    if (argument.starts_with(with_value)) take(argument.substr(with_value.size()));
    if (argument == "--format" && i + 1 < argc) take(argv[i + 1]);
  }
  return format;
}

/// CLI11 2.1.2 takes the argument behind `--name=` for its value.
void refuse_empty_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") return;
    if (argument.size() > 3 && argument.starts_with("--") &&
        argument.find('=') == argument.size() - 1) {
      throw CLI::ValidationError(
          std::string(argument.substr(0, argument.size() - 1)) + " has no value",
          CLI::ExitCodes::ValidationError);
    }
  }
}

void add_global_options(CLI::App& app, Context& context) {
  app.set_version_flag("--version", "castore-cli " + std::string(library_version),
                       "Print the version and exit");
  app.add_option("--db", context.database_file, "The SQLite file")
      ->envname("CASTORE_DB")
      ->type_name("FILE")
      ->check(no_option())
      ->take_last();
  app.add_option_function<std::string>(
         "--format",
         [&context](const std::string& text) { context.output.format = parse_format(text); },
         "text (default), json, or jsonl: one JSON object a line")
      ->type_name("FORMAT")
      ->take_last();
  add_duration(app, "--busy-timeout", context.busy_timeout,
               "How long to wait for a file that others keep locked: 500ms, 5s (default), 2m")
      ->take_last();
  app.add_option("--plugin", context.plugins,
                 "A shared library of the application's event stores and commands; may be repeated")
      ->type_name("LIB")
      ->check(no_option())
      ->allow_extra_args(false);
}

void add_commands(CLI::App& app, Context& context) {
  add_list_stores(app, context);
  add_list_ids(app, context);
  add_get_events(app, context);
  add_get_aggregate(app, context);
  add_push_event(app, context);
  add_push_group(app, context);
  add_import(app, context);
  add_replay(app, context);
  add_info(app, context);
  add_list_commands(app, context);
  add_run_command(app, context);
  add_help(app, context);
  for (CLI::App* command : app.get_subcommands({})) {
    command->footer(command->get_footer() +
                    "\n\n--db, --format, --busy-timeout, --plugin and the exit codes: " +
                    context.output.program + " --help");
  }
}

void parse(int argc, const char* const* argv, CLI::App& app, Context& context) {
  try {
    refuse_empty_values(argc, argv);
    if (argc > 0) app.parse(argc, argv);
    if (!context.work) throw CLI::RequiredError("A command");
  } catch (const CLI::CallForHelp&) {
    context.work = [&app, &context] { context.output.print(app.help()); };
  } catch (const CLI::CallForVersion& version) {
    context.work = [text = std::string(version.what()), &context] {
      context.output.print(text + '\n');
    };
  } catch (const CLI::ParseError& error) {
    throw usage_error(app, error, {argv, static_cast<std::size_t>(argc)});
  }
}

void parse_and_work(int argc, const char* const* argv, Context& context) {
  CLI::App app(description, context.output.program);
  app.formatter(std::make_shared<HelpFormatter>());
  app.allow_windows_style_options(false);
  app.fallthrough();             // options of `app` behind a sub-command
  app.require_subcommand(0, 1);  // at most one: its name may come again, as an id
  add_global_options(app, context);
  add_commands(app, context);
  app.footer(footer);
  parse(argc, argv, app, context);
  for (const std::string& plugin : context.plugins) load_plugin(plugin, context.registry);
  context.work();
  context.output.finish();
}

int run(int argc, const char* const* argv, Context& context) {
  context.output.format = requested_format(argc, argv);
  try {
    parse_and_work(argc, argv, context);
    return exit_done;
  } catch (...) {
    return context.output.report_current_exception();
  }
}

int run_on_standard_streams(int argc, const char* const* argv, const Registry& registry) {
  const IgnoreBrokenPipes ignore_broken_pipes;
  StandardStreams streams;
  Context context(registry, streams.in(), {program_name(argc, argv), std::cout, std::cerr});
  context.output.reader_is_gone = [&] {
    return ignore_broken_pipes.matters() && streams.output().reader_is_gone();
  };
  return run(argc, argv, context);
}

}  // namespace

int run(int argc, const char* const* argv, const Registry& registry, const Streams& streams) {
  Context context(registry, streams.in, {program_name(argc, argv), streams.out, streams.err});
  return run(argc, argv, context);
}

int run(int argc, const char* const* argv, const Registry& registry) {
  const int code = run_on_standard_streams(argc, argv, registry);
  if (code == exit_reader_gone) end_by_broken_pipe();
  return code;
}

}  // namespace castore::cli
