#pragma once

/// \file
/// Sub-commands and their arguments, as data. The parser reads the command line by them.

#include <castore/event.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace castore::cli {

class Answer;
struct Context;

/// The rules for the use of an argument.
struct ArgumentRules {
  bool required = false;
  /// Takes also a value that looks like an option, which means mostly that the value was forgotten.
  bool any_text = false;
  bool text_only = false;     ///< a flag that is for results in text, not in JSON
  bool last_wins = false;     ///< it may be given more than once
  std::string excludes = {};  ///< an option declared before
  std::string needs = {};     ///< an option declared before
};

/// A flag, an option, or an argument that is known by its place.
struct Argument {
  /// Takes the text of a value. \throws Error  while parsing
  using Take = std::function<void(const std::string&)>;

  std::string name;  ///< "--max-version" or "-0,--null"; by its place: "AGGREGATE"
  std::string type;  ///< of an option's value, as the help shows it
  std::string description;
  std::variant<bool*, std::vector<std::string>*, Take>
      value;  ///< what is borrowed outlives parsing
  ArgumentRules rules;
};

// Values are taken from their text by us: CLI11 2.1.2 reads "010" as 8, and its messages say "Value
// 0 not in range 1 to 9223372036854775807".

[[nodiscard]] Argument positional(std::string name, std::string& value, std::string description,
                                  ArgumentRules rules = {});
[[nodiscard]] Argument positional(std::string name, std::vector<std::string>& values,
                                  std::string description);
[[nodiscard]] Argument flag(std::string name, bool& value, std::string description,
                            ArgumentRules rules = {});
[[nodiscard]] Argument option(std::string name, std::string type, std::string& value,
                              std::string description, ArgumentRules rules = {});
[[nodiscard]] Argument option(std::string name, std::string type, std::optional<std::string>& value,
                              std::string description, ArgumentRules rules = {});
/// An option that may be repeated.
[[nodiscard]] Argument option(std::string name, std::string type, std::vector<std::string>& values,
                              std::string description);

/// An integer of at least `least`. \throws InvalidOptionError while parsing
[[nodiscard]] Argument integer(const std::string& name, std::optional<std::int64_t>& value,
                               std::int64_t least, std::string description);

/// A number above 0, as JSON has them. \throws InvalidOptionError while parsing
[[nodiscard]] Argument positive_number(const std::string& name, std::optional<double>& value,
                                       std::string description);

/// The moment of a day, in UTC, that a date without a time means.
enum class OfDay { first, last };

/// A timestamp or a date. \throws Error  `ErrorCode::invalid_timestamp` while parsing
[[nodiscard]] Argument time(const std::string& name, std::optional<Timestamp>& value, OfDay of_day,
                            std::string description, ArgumentRules rules = {});

/// An integer with its unit, such as 500ms, 5s, 2m or 1h; or 0.
/// \throws InvalidOptionError while parsing
[[nodiscard]] Argument duration(const std::string& name, std::chrono::milliseconds& value,
                                std::string description, ArgumentRules rules = {});

// Arguments that several commands have: EVENT_STORE, AGGREGATE, --allow-version-gaps, --unchecked,
// and -0, --null: ids end with NUL, as they are, for `xargs -0`.
[[nodiscard]] Argument event_store(std::string& event_store_id);
[[nodiscard]] Argument aggregate(std::string& aggregate_id);
[[nodiscard]] Argument allow_version_gaps(bool& allow);
[[nodiscard]] Argument unchecked(bool& unchecked, ArgumentRules rules = {});
[[nodiscard]] Argument null(bool& null);

/// A sub-command.
struct Command {
  std::string name;
  std::string description;  ///< the list of commands shows its first sentence
  std::string footer;
  std::vector<Argument> arguments;
  std::function<void(const Context&, Answer&)> work;
};

/// Makes a command whose work takes `Options`, which live as long as it.
/// \param arguments  binds the arguments to the options
template <class Options>
[[nodiscard]] Command make_command(std::string name, std::string description, std::string footer,
                                   std::vector<Argument> (*arguments)(Options&),
                                   void (*work)(const Options&, const Context&, Answer&)) {
  const auto options = std::make_shared<Options>();
  return {
      std::move(name), std::move(description), std::move(footer), arguments(*options),
      [options, work](const Context& context, Answer& answer) { work(*options, context, answer); }};
}

}  // namespace castore::cli
