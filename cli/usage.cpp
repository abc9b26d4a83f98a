#include "usage.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

#include "nearest.hpp"

namespace castore::cli {
namespace {

using Names = std::vector<std::string>;
using Options = std::vector<const CLI::Option*>;

Names command_names(const CLI::App& app) {
  Names names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// Returns such as "get-events EVENT_STORE AGGREGATE".
std::string synopsis(const CLI::App& command) {
  std::string text = command.get_name();
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const bool required = option->get_required();
    const bool several = option->get_items_expected_max() > 1;
    text += (required ? " " : " [") + option->get_name() + (several ? "..." : "") +
            (required ? "" : "]");
  }
  return text;
}

/// A command line that the parser could not use.
class Complaint {
 public:
  Complaint(const CLI::App& app, std::span<const char* const> arguments) : app_(app) {
    for (const char* const argument : arguments.subspan(std::min<std::size_t>(1, arguments.size())))
      typed_.emplace_back(argument);
    const auto marked = std::find(typed_.begin(), typed_.end(), "--");
    before_mark_ = static_cast<std::size_t>(marked - typed_.begin());
    const auto parsed = app.get_subcommands();
    command_ = parsed.empty() ? nullptr : parsed.front();
    for (const std::string& left : app.remaining(true)) {
      if (left != "--") left_over_.push_back(left);
    }
  }

  [[nodiscard]] UsageError error(const CLI::Error& error) const {
    const std::string wrong = left_over();
    if (wrong.empty()) {
      return usage_error(app_, command_ != nullptr ? command_ : typed_command(),
                         parser_error(error));
    }
    return usage_error(app_, unknown_command() ? nullptr : command_, wrong);
  }

 private:
  [[nodiscard]] std::size_t place_of(const std::string& argument) const {
    return static_cast<std::size_t>(std::find(typed_.begin(), typed_.end(), argument) -
                                    typed_.begin());
  }
  /// Tells whether it is an option; such as "-1" is an argument.
  [[nodiscard]] bool is_option(const std::string& argument) const {
    return argument.size() > 1 && argument[0] == '-' && (argument[1] < '0' || argument[1] > '9') &&
           place_of(argument) < before_mark_;
  }
  /// Tells whether the first argument that is left over stands where a command is to stand.
  [[nodiscard]] bool unknown_command() const {
    if (left_over_.empty() || is_option(left_over_.front())) return false;
    return command_ == nullptr || place_of(left_over_.front()) < place_of(command_->get_name());
  }
  /// Finds the command that was typed, where the parser has not come to it.
  [[nodiscard]] const CLI::App* typed_command() const {
    const auto found = app_.get_subcommands([this](const CLI::App* command) {
      return std::find(typed_.begin(), typed_.end(), command->get_name()) != typed_.end();
    });
    return found.empty() ? nullptr : found.front();
  }
  [[nodiscard]] Options options() const {
    Options all = app_.get_options();
    if (command_ == nullptr) return all;
    const Options own = command_->get_options();
    all.insert(all.begin(), own.begin(), own.end());
    return all;
  }

  [[nodiscard]] std::string left_over() const;
  [[nodiscard]] std::string unknown_option(const std::string& argument) const;
  [[nodiscard]] std::string too_many() const;
  [[nodiscard]] std::string parser_error(const CLI::Error& error) const;
  [[nodiscard]] std::string missing() const;
  [[nodiscard]] std::string mismatch() const;
  [[nodiscard]] std::string flag_with_value() const;
  [[nodiscard]] std::string in_conflict() const;
  [[nodiscard]] std::string in_need() const;

  const CLI::App& app_;
  Names typed_;
  std::size_t before_mark_ = 0;  ///< how many of `typed_` stand before "--"
  const CLI::App* command_ = nullptr;
  Names left_over_;
};

std::string Complaint::unknown_option(const std::string& argument) const {
  const std::string name = argument.substr(0, argument.find('='));
  Names names;
  bool takes_arguments = false;
  for (const CLI::Option* option : options()) {
    for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
    takes_arguments = takes_arguments || option->get_positional();
  }
  std::string remark = did_you_mean(name, names);
  if (remark.empty() && takes_arguments) {
    remark = "; an argument that begins with a dash stands after --";
  }
  return "Unknown option " + name + remark;
}

std::string Complaint::too_many() const {
  std::string quoted;
  for (const std::string& argument : left_over_) {
    if (!quoted.empty()) quoted += ' ';
    quoted += '"' + argument + '"';
  }
  const std::string takes = synopsis(*command_);
  const bool nothing = takes == command_->get_name();
  return takes + (nothing ? " takes no argument: " : ": ") + quoted +
         (left_over_.size() == 1 ? " is one too many" : " are too many");
}

std::string Complaint::left_over() const {
  if (left_over_.empty()) return {};
  if (unknown_command()) {
    return "Unknown command " + left_over_.front() + nearest_commands(app_, left_over_.front());
  }
  for (const std::string& argument : left_over_) {
    if (is_option(argument)) return unknown_option(argument);
  }
  return too_many();
}

std::string Complaint::missing() const {
  if (command_ == nullptr) return "A command is required: " + join(command_names(app_), "or");
  Names names;
  for (const CLI::Option* option : command_->get_options()) {
    if (option->get_required() && option->count() == 0) names.push_back(option->get_name());
  }
  return synopsis(*command_) + ": " + join(names, "and") +
         (names.size() == 1 ? " is missing" : " are missing");
}

std::string Complaint::mismatch() const {
  for (const CLI::Option* option : options()) {
    const auto most = static_cast<std::size_t>(option->get_items_expected_max());
    const bool once = option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw;
    if (once && option->count() > most) return option->get_name() + " is given more than once";
  }
  return typed_.empty() || typed_.back().find('=') != std::string::npos
             ? std::string()
             : typed_.back() + " has no value";
}

std::string Complaint::flag_with_value() const {
  for (const CLI::Option* option : options()) {
    if (option->get_items_expected_max() > 0) continue;
    for (const std::string& argument : typed_) {
      if (argument.starts_with(option->get_name() + '=')) {
        return option->get_name() + " takes no value";
      }
    }
  }
  return {};
}

std::string Complaint::in_conflict() const {
  for (const CLI::Option* option : options()) {
    for (const CLI::Option* other : option->get_excludes()) {
      if (option->count() == 0 || other->count() == 0) continue;
      return option->get_name() + " and " + other->get_name() + " exclude each other";
    }
  }
  return {};
}

std::string Complaint::in_need() const {
  for (const CLI::Option* option : options()) {
    for (const CLI::Option* other : option->get_needs()) {
      if (option->count() == 0 || other->count() > 0) continue;
      return option->get_name() + " needs " + other->get_name();
    }
  }
  return {};
}

std::string Complaint::parser_error(const CLI::Error& error) const {
  std::string text;
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) text = missing();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) text = mismatch();
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) text = flag_with_value();
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr) text = in_conflict();
  if (dynamic_cast<const CLI::RequiresError*>(&error) != nullptr) text = in_need();
  if (!text.empty()) return text;
  text = error.what();
  // "--into: has no value", the name being the parser's
  const auto colon = text.find(": ");
  if (text.starts_with("--") && colon != std::string::npos) text.erase(colon, 1);
  return text;
}

}  // namespace

UsageError usage_error(const CLI::App& app, const CLI::Error& error,
                       std::span<const char* const> arguments) {
  return Complaint(app, arguments).error(error);
}

UsageError usage_error(const CLI::App& app, const CLI::App* command, const std::string& wrong) {
  const std::string name = command == nullptr ? std::string() : ' ' + command->get_name();
  return UsageError(wrong + " (see " + app.get_name() + name + " --help)");
}

std::string nearest_commands(const CLI::App& app, const std::string& name) {
  const Names names = command_names(app);
  const std::string near = did_you_mean(name, names);
  return near.empty() ? "; there are " + join(names, "and") : near;
}

}  // namespace castore::cli
