#include <castore/cli/run.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "commands/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "os/interrupt.hpp"
#include "os/plugin.hpp"
#include "os/standard_streams.hpp"
#include "parser.hpp"
#include "text.hpp"

namespace castore::cli {
namespace {

std::string program_name(int argc, const char* const* argv) {
  const std::string name =
      argc > 0 ? std::filesystem::path(argv[0]).stem().string() : std::string();
  std::string printable;
  append_printable(printable, name);
  return printable.empty() ? "castore-cli" : printable;
}

/// Finds `--format` before parsing, so that usage errors are reported in that format.
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

std::vector<Command> commands() {
  return {list_stores_command(),   list_ids_command(),   get_events_command(),
          get_aggregate_command(), push_event_command(), push_group_command(),
          import_command(),        replay_command(),     info_command(),
          list_commands_command(), run_command_command()};
}

void parse_and_work(int argc, const char* const* argv, Context& context) {
  const auto work = parse({argv, static_cast<std::size_t>(argc)}, commands(), context);
  for (const std::string& plugin : context.plugins) load_plugin(plugin, context.registry);
  work(context);
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
