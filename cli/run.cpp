#include <castore/cli/run.hpp>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/commands.hpp"
#include "context.hpp"
#include "os/interrupt.hpp"
#include "os/plugin.hpp"
#include "os/standard_streams.hpp"
#include "output.hpp"
#include "parser.hpp"
#include "text.hpp"

namespace castore::cli {
namespace {

std::string program_name(std::span<const char* const> arguments) {
  const std::string name =
      arguments.empty() ? std::string() : std::filesystem::path(arguments[0]).stem().string();
  std::string printable;
  append_printable(printable, name);
  return printable.empty() ? "castore-cli" : printable;
}

/// Finds `--format` before parsing, so that usage errors are reported in that format.
Format requested_format(std::span<const char* const> arguments) {
  Format format = Format::text;
  const auto take = [&](std::string_view text) {
    if (text == "json") format = Format::json;
    if (text == "jsonl") format = Format::jsonl;
  };
  constexpr std::string_view with_value = "--format=";
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--") break;
    if (argument.starts_with(with_value)) take(argument.substr(with_value.size()));
    if (argument == "--format" && i + 1 < arguments.size()) take(arguments[i + 1]);
  }
  return format;
}

std::vector<Command> commands() {
  return {list_stores_command(),   list_ids_command(),   get_events_command(),
          get_aggregate_command(), push_event_command(), push_group_command(),
          import_command(),        replay_command(),     info_command(),
          list_commands_command(), run_command_command()};
}

void parse_and_work(std::span<const char* const> arguments, Context& context, Output& output) {
  const auto [plugins, work] = parse(arguments, commands(), context, output);
  for (const std::string& plugin : plugins) load_plugin(plugin, context.registry);
  work(context, output);
  output.finish();
}

int run(std::span<const char* const> arguments, Context& context, Output& output) {
  output.format = requested_format(arguments);
  try {
    parse_and_work(arguments, context, output);
    return exit_done;
  } catch (...) {
    return output.report_current_exception();
  }
}

int run_on_standard_streams(std::span<const char* const> arguments, const Registry& registry) {
  const IgnoreBrokenPipes ignore_broken_pipes;
  StandardStreams streams;
  Context context{registry, streams.in(), std::cerr};
  Output output(program_name(arguments), std::cout, std::cerr);
  output.reader_is_gone = [&] {
    return ignore_broken_pipes.matters() && streams.output().reader_is_gone();
  };
  return run(arguments, context, output);
}

std::span<const char* const> to_span(int argc, const char* const* argv) {
  return {argv, static_cast<std::size_t>(argc)};
}

}  // namespace

int run(int argc, const char* const* argv, const Registry& registry, const Streams& streams) {
  const auto arguments = to_span(argc, argv);
  Context context{registry, streams.in, streams.err};
  Output output(program_name(arguments), streams.out, streams.err);
  return run(arguments, context, output);
}

int run(int argc, const char* const* argv, const Registry& registry) {
  const int code = run_on_standard_streams(to_span(argc, argv), registry);
  if (code == exit_reader_gone) end_by_broken_pipe();
  return code;
}

}  // namespace castore::cli
