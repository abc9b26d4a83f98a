#pragma once

#include <span>
#include <string>

#include "errors.hpp"

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace castore::cli {

/// Makes the error that says what is wrong with the arguments, in our words, in the order in which
/// they were typed, and with the command whose help is of use. The parser's messages turn that
/// order around, and name what follows from an option that it does not know instead of the option.
/// \param app        after it has parsed `arguments`, as far as it came
/// \param arguments  with the program's name
[[nodiscard]] UsageError usage_error(const CLI::App& app, const CLI::Error& error,
                                     std::span<const char* const> arguments);

/// Makes an error that names the help of `command`.
/// \param wrong  a sentence without its end
[[nodiscard]] UsageError usage_error(const CLI::App& app, const CLI::App* command,
                                     const std::string& wrong);

/// Returns the end of the message that there is no such command.
[[nodiscard]] std::string nearest_commands(const CLI::App& app, const std::string& name);

}  // namespace castore::cli
