#include "errors.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "context.hpp"
#include "interrupt.hpp"

namespace castore::cli {
namespace {

constexpr auto of_unknown_type = "an exception of unknown type";

std::string message_of(const Error& error) {
  const bool is_busy = error.code() == ErrorCode::storage_busy;
  return text_of(error) + (is_busy ? "; --busy-timeout waits longer" : "");
}

struct Problem {
  std::string_view code;
  std::string message;
  std::vector<ErrorField> fields;
  int exit = exit_failure;
};

Problem current_problem() {
  try {
    throw;
  } catch (const Error& error) {
    return {to_string(error.code()), message_of(error), error.fields(), exit_code(error.code())};
  } catch (const UsageError& error) {
    return {"Usage", error.what(), {}, exit_usage};
  } catch (const Interrupted& error) {
    return {"Interrupted", error.what(), error.fields(), exit_interrupted + error.signal()};
  } catch (const OutputError& error) {
    return {"Output", error.what(), {}, exit_failure};
  } catch (const std::exception& error) {
    return {"Internal", text_of(error), {}, exit_failure};
  } catch (...) {
    return {"Internal", of_unknown_type, {}, exit_failure};
  }
}

bool is_reader_gone(const Context& context) {
  try {
    throw;
  } catch (const OutputError& error) {
    return error.nothing_done() && context.reader_is_gone && context.reader_is_gone();
  } catch (...) {
    return false;
  }
}

void append_value(std::string& out, std::int64_t number) { out += std::to_string(number); }

void append_value(std::string& out, const std::string& text) { append_mended_string(out, text); }

void append_value(std::string& out, const std::vector<SchemaViolation>& violations) {
  out += '[';
  for (const SchemaViolation& violation : violations) {
    if (out.back() != '[') out += ',';
    out += "{\"pointer\":";
    append_mended_string(out, violation.pointer);
    out += ",\"message\":";
    append_mended_string(out, violation.message);
    out += '}';
  }
  out += ']';
}

std::string to_text(const Location& location) {
  std::string number = std::to_string(location.number);
  switch (location.of) {
    case Location::Of::line:
      return "Line " + number;
    case Location::Of::output_line:
      return "Line " + number + " of the program's output";
    case Location::Of::position:
      return "Position " + number;
  }
  return number;
}

std::vector<ErrorField> inside_stored_event(std::vector<ErrorField> fields) {
  for (ErrorField& field : fields) {
    auto* const path = std::get_if<std::string>(&field.value);
    if (field.name != "path" || path == nullptr) continue;
    if (!path->starts_with("event")) path->insert(0, "event.");
  }
  return fields;
}

bool has_field(const std::vector<ErrorField>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const ErrorField& field) { return field.name == name; });
}

bool is_about_an_event(ErrorCode code) {
  return code == ErrorCode::invalid_event || code == ErrorCode::schema_violation;
}

}  // namespace

ExitCode exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_option:
      return exit_usage;
    case ErrorCode::aggregate_not_found:
    case ErrorCode::event_store_not_found:
    case ErrorCode::file_not_found:
    case ErrorCode::command_not_found:
      return exit_not_found;
    case ErrorCode::event_already_exists:
    case ErrorCode::version_gap:
      return exit_conflict;
    case ErrorCode::invalid_event:
    case ErrorCode::invalid_event_group:
    case ErrorCode::invalid_timestamp:
    case ErrorCode::invalid_page_token:
    case ErrorCode::reserved_event_type:
    case ErrorCode::invalid_input:
    case ErrorCode::schema_violation:
    case ErrorCode::invalid_message:
      return exit_bad_input;
    case ErrorCode::malformed_event:
    case ErrorCode::undefined_event_storage_adapter:
    case ErrorCode::undefined_message_channel_adapter:
    case ErrorCode::message_channel_event_store_not_found:
    case ErrorCode::invalid_schema:
    case ErrorCode::publish:
    case ErrorCode::program:
    case ErrorCode::plugin:
    case ErrorCode::not_a_castore_file:
    case ErrorCode::newer_schema:
    case ErrorCode::storage_busy:
    case ErrorCode::storage_full:
    case ErrorCode::storage_read_only:
    case ErrorCode::storage:
    case ErrorCode::file_replaced:
    case ErrorCode::forked_process:
    case ErrorCode::permission_denied:
    case ErrorCode::foreign_trigger:
    case ErrorCode::after_commit:
      return exit_failure;
  }
  return exit_failure;
}

std::string text_of(const std::exception& error) {
  const char* const text = error.what();
  return text != nullptr ? text : of_unknown_type;
}

OutputError::OutputError(std::string_view done)
    : std::runtime_error(std::string("standard output could not be written") +
                         (done.empty() ? "" : "; ") + std::string(done)),
      nothing_done_(done.empty()) {}

Interrupted::Interrupted(const std::string& message, std::vector<ErrorField> fields)
    : std::runtime_error(message), fields_(std::move(fields)), signal_(InterruptMark::signal()) {}

Error plugin_error(const std::string& failure, std::vector<ErrorField> fields) {
  std::string reason;
  try {
    throw;
  } catch (const std::exception& error) {
    reason = text_of(error);
  } catch (...) {
    reason = of_unknown_type;
  }
  return {ErrorCode::plugin, failure + ": " + reason, std::move(fields)};
}

Error located(const Error& error, const Location& location, const std::string& note) {
  std::vector<ErrorField> fields = error.fields();
  if (is_about_an_event(error.code())) fields = inside_stored_event(std::move(fields));
  const char* const name = location.of == Location::Of::position ? "position" : "line";
  const std::vector<ErrorField> where{{name, location.number}};
  if (!has_field(fields, name)) fields.insert(fields.end(), where.begin(), where.end());
  return {error.code(), to_text(location) + ": " + note + text_of(error), std::move(fields)};
}

Error with_note(const Error& error, const std::string& note,
                const std::vector<ErrorField>& fields) {
  std::vector<ErrorField> all = error.fields();
  all.insert(all.end(), fields.begin(), fields.end());
  return {error.code(), text_of(error) + note, std::move(all)};
}

std::optional<std::int64_t> malformed_position(const Error& error) {
  if (error.code() != ErrorCode::malformed_event) return std::nullopt;
  for (const ErrorField& field : error.fields()) {
    const auto* const position = std::get_if<std::int64_t>(&field.value);
    if (field.name == "position" && position != nullptr) return *position;
  }
  return std::nullopt;
}

void append_mended_string(std::string& out, std::string_view text) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_problem(std::string& out, std::string_view code, std::string_view message,
                    const std::vector<ErrorField>& fields) {
  out += "{\"code\":";
  append_mended_string(out, code);
  out += ",\"message\":";
  append_mended_string(out, message);
  for (const ErrorField& field : fields) {
    out += ',';
    append_mended_string(out, field.name);
    out += ':';
    std::visit([&](const auto& value) { append_value(out, value); }, field.value);
  }
  out += '}';
}

int report_current_exception(const Context& context) {
  if (is_reader_gone(context)) return exit_reader_gone;
  const Problem problem = current_problem();
  std::string line;
  if (context.format == Format::text) {
    append_readable(line, context.program + ": " + problem.message);
  } else {
    line = "{\"error\":";
    append_problem(line, problem.code, problem.message, problem.fields);
    line += '}';
  }
  context.err << (line += '\n') << std::flush;
  return problem.exit;
}

}  // namespace castore::cli
