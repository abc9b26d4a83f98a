#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "arguments.hpp"

namespace castore::cli {

class Output;
struct Context;

/// A command line, understood.
struct Invocation {
  std::vector<std::string> plugins;  ///< to be loaded before the work
  std::function<void(const Context&, Output&)> work;
};

/// Reads the command line. Its work is that of a command, or prints help or the version. The other
/// global options are set in `context` and `output`.
/// \param arguments  with the program's name
/// \throws UsageError
/// \throws Error  of a value that makes no sense
[[nodiscard]] Invocation parse(std::span<const char* const> arguments,
                               const std::vector<Command>& commands, Context& context,
                               Output& output);

}  // namespace castore::cli
