#pragma once

#include <functional>
#include <span>
#include <vector>

#include "arguments.hpp"

namespace castore::cli {

class Context;

/// Reads the command line: sets the global options of `context`, and returns the work that is asked
/// for, which is that of a command or prints help or the version.
/// \param arguments  with the program's name
/// \throws UsageError
/// \throws Error  of a value that makes no sense
[[nodiscard]] std::function<void(const Context&)> parse(std::span<const char* const> arguments,
                                                        const std::vector<Command>& commands,
                                                        Context& context);

}  // namespace castore::cli
