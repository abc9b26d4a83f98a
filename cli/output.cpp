#include "output.hpp"

#include <ostream>

#include "errors.hpp"
#include "json_text.hpp"

namespace castore::cli {
namespace {

std::string message_of(const Error& error) {
  const bool is_busy = error.code() == ErrorCode::storage_busy;
  return text_of(error) + (is_busy ? "; --busy-timeout waits longer" : "");
}

struct Failure {
  std::string_view code;
  std::string message;
  std::vector<ErrorField> fields;
  int exit = exit_failure;
};

Failure current_failure() {
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
  } catch (...) {
    return {"Internal", text_of_current_exception(), {}, exit_failure};
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

/// Appends `{"code":…,"message":…,…fields}`.
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

OutputError::OutputError(std::string_view done)
    : std::runtime_error(std::string("standard output could not be written") +
                         (done.empty() ? "" : "; ") + std::string(done)),
      nothing_done_(done.empty()) {}

Output::Output(std::string program_name, std::ostream& results, std::ostream& errors)
    : program(std::move(program_name)), out(results), err(errors) {}

bool Output::print(std::string_view text) const {
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  return out.good();
}

void Output::print_json(std::string_view json) const {
  std::string line;
  if (format == Format::text) {
    append_readable(line, json);
  } else {
    line = json;
  }
  print(line += '\n');
}

void Output::finish(std::string_view done) const {
  out.flush();
  if (!out) throw OutputError(done);
}

void Output::note(std::string_view code, const std::string& message,
                  const std::vector<ErrorField>& fields) const {
  write_problem("note", program + ": note: ", code, message, fields);
}

int Output::report_current_exception() const {
  if (is_stopped_by_reader()) return exit_reader_gone;
  const Failure failure = current_failure();
  write_problem("error", program + ": ", failure.code, failure.message, failure.fields);
  return failure.exit;
}

void Output::write_problem(std::string_view member, const std::string& prefix,
                           std::string_view code, const std::string& message,
                           const std::vector<ErrorField>& fields) const {
  std::string line;
  if (format == Format::text) {
    append_readable(line, prefix + message);
  } else {
    line = "{\"" + std::string(member) + "\":";
    append_problem(line, code, message, fields);
    line += '}';
  }
  err << (line += '\n') << std::flush;
}

bool Output::is_stopped_by_reader() const {
  try {
    throw;
  } catch (const OutputError& error) {
    return error.nothing_done() && reader_is_gone && reader_is_gone();
  } catch (...) {
    return false;
  }
}

}  // namespace castore::cli
