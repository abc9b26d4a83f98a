#include <algorithm>
#include <castore/command.hpp>
#include <castore/json/text.hpp>
#include <cmath>
#include <random>
#include <thread>

#include "compile_schema.hpp"
#include "exception_text.hpp"
#include "saturating_time.hpp"

namespace castore::detail {
namespace {

void require(bool holds, const char* option, const char* reason) {
  if (!holds) throw InvalidOptionError(option, reason);
}

void check(const CommandOptions& options) {
  require(options.event_already_exists_retries >= 0, "event_already_exists_retries",
          "must be at least 0");
  if (!options.backoff) return;
  const CommandBackoff& backoff = *options.backoff;
  require(backoff.initial_delay.count() >= 0, "backoff.initial_delay", "must be at least 0");
  require(backoff.max_delay >= backoff.initial_delay, "backoff.max_delay",
          "must be at least initial_delay");
  require(backoff.rate >= 1 && std::isfinite(backoff.rate), "backoff.rate",
          "must be at least 1, and finite");
}

/// The backoff of `attempt_number`, whole or less.
void wait(const CommandBackoff& backoff, int attempt_number) {
  using std::chrono::microseconds;
  const auto longest = std::min(saturating_cast<microseconds>(backoff.max_delay),
                                grown(saturating_cast<microseconds>(backoff.initial_delay),
                                      backoff.rate, attempt_number - 1));
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_real_distribution<double> up_to_longest(0, static_cast<double>(longest.count()));
  const auto delay = saturating_cast<microseconds>(
      std::chrono::duration<double, std::micro>(up_to_longest(random)));
  if (backoff.sleep) {
    backoff.sleep(delay);
  } else {
    std::this_thread::sleep_for(delay);
  }
}

void check_against(const JsonSchema* schema, const char* path, std::string_view json) {
  if (schema == nullptr) return;
  const auto violations = schema->validate(json);
  if (!violations.empty()) throw SchemaViolationError(path, violations);
}

}  // namespace

CommandCore::CommandCore(std::string command_id, CommandOptions options)
    : command_id_(std::move(command_id)), options_(std::move(options)) {
  check(options_);
  const auto compile = [this](std::string_view part, const std::optional<std::string>& schema) {
    return compile_schema(options_.schema_compiler.get(), schema, part, "command " + command_id_,
                          "CommandOptions::schema_compiler");
  };
  input_schema_ = compile("input", options_.input_schema);
  output_schema_ = compile("output", options_.output_schema);
}

bool CommandCore::retry_after(const EventAlreadyExistsError& error, int attempt_number) const {
  const int retries_left = options_.event_already_exists_retries - (attempt_number - 1);
  if (options_.on_event_already_exists) {
    options_.on_event_already_exists(error, {attempt_number, retries_left});
  }
  if (retries_left == 0) return false;
  if (options_.backoff) wait(*options_.backoff, attempt_number);
  return true;
}

void CommandCore::check_input(std::string_view json) const {
  const std::string wrong = check_json(json);
  if (!wrong.empty()) throw InvalidInputError(wrong);
  check_against(input_schema_.get(), "input", json);
}

void CommandCore::check_output(std::string_view json) const {
  check_against(output_schema_.get(), "output", json);
}

void throw_unfit_input() {
  try {
    throw;
  } catch (const FieldError& error) {
    throw InvalidInputError(error.what(), error.pointer());
  } catch (...) {
    throw InvalidInputError(text_of_current_exception());
  }
}

}  // namespace castore::detail
