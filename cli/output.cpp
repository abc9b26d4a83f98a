#include "output.hpp"

#include <ostream>

#include "errors.hpp"
#include "json_text.hpp"
#include "os/terminal.hpp"
#include "text.hpp"

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

/// Appends `,"name":value` for each of them.
void append_members(std::string& out, const std::vector<ErrorField>& fields) {
  for (const ErrorField& field : fields) {
    out += ',';
    append_mended_string(out, field.name);
    out += ':';
    std::visit([&](const auto& value) { append_value(out, value); }, field.value);
  }
}

/// Appends `{"code":…,"message":…,…fields}`.
void append_problem(std::string& out, std::string_view code, std::string_view message,
                    const std::vector<ErrorField>& fields) {
  out += "{\"code\":";
  append_mended_string(out, code);
  out += ",\"message\":";
  append_mended_string(out, message);
  append_members(out, fields);
  out += '}';
}

/// A text sink that writes blocks of a good size to another.
class Blocks {
 public:
  explicit Blocks(TextSink out) : out_(std::move(out)) {}

  void write(std::string_view text) {
    if (block_.size() + text.size() > block_size) flush();
    if (text.size() > block_size) {
      out_(text);
    } else {
      block_ += text;
    }
  }
  void flush() {
    out_(block_);
    block_.clear();
  }

 private:
  static constexpr std::size_t block_size = 1 << 16;

  TextSink out_;
  std::string block_;
};

/// Hands out JSON as `append_readable` does.
void hand_out_readable(const Pieces& json, const TextSink& out) {
  std::string readable;
  json([&](std::string_view piece) {
    readable.clear();
    append_readable(readable, piece);
    out(readable);
  });
}

/// Returns the lines, each of them readable.
std::string readable_lines(std::string_view lines) {
  std::string readable;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    append_readable(readable, lines.substr(0, end));
    readable += '\n';
    lines.remove_prefix(end + 1);
  }
  return readable;
}

}  // namespace

Format parse_format(std::string_view text) {
  if (text == "text") return Format::text;
  if (text == "json") return Format::json;
  if (text == "jsonl") return Format::jsonl;
  throw InvalidOptionError("format",
                           "must be text, json or jsonl, not \"" + std::string(text) + '"');
}

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
    case ErrorCode::not_supported:
    case ErrorCode::outcome_unknown:
      return exit_failure;
  }
  return exit_failure;
}

OutputError::OutputError(std::string_view done)
    : std::runtime_error(std::string("standard output could not be written") +
                         (done.empty() ? "" : "; ") + std::string(done)),
      nothing_done_(done.empty()) {}

Output::Output(std::string program_name, std::ostream& results, std::ostream& errors)
    : program(std::move(program_name)), out_(results), err_(errors) {}

void Output::note(const Note& note) {
  write_problem("note", program + ": note: ", note.code, note.message, note.fields);
}

void Output::value(const Value& value) {
  Blocks blocks([this](std::string_view block) { print(block); });
  const TextSink write = [&](std::string_view piece) { blocks.write(piece); };
  if (format == Format::text && value.text) {
    value.text(write);
  } else if (format == Format::text) {
    hand_out_readable(value.json, write);
    write("\n");
  } else {
    value.json(write);
    write("\n");
  }
  blocks.flush();
  if (!value.done.empty()) finish(value.done);
}

void Output::begin_list(const List& list) {
  list_ = list;
  list_is_empty_ = true;
}

/// Returns the text before the first item. It is not printed earlier: an error may come instead.
std::string Output::list_opening() const {
  if (format == Format::json) return "{\"" + list_.name + "\":[";
  return format == Format::text ? list_.heading : std::string();
}

bool Output::item(const Item& item) {
  text_.clear();
  if (list_is_empty_) {
    text_ = list_opening();
  } else if (format == Format::json) {
    text_ = ',';
  }
  if (format == Format::text) {
    item.text(text_);
  } else if (format == Format::json) {
    item.json(text_);
  } else {
    (item.line ? item.line : item.json)(text_);
    text_ += '\n';
  }
  list_is_empty_ = false;
  return print(text_);
}

void Output::end_list(const std::optional<Note>& remark) {
  std::string text = list_is_empty_ ? list_opening() : std::string();
  if (format == Format::json) {
    text += ']';
    if (remark) append_members(text, remark->fields);
    text += "}\n";
  }
  print(text);
  if (!list_.done.empty()) finish(list_.done);
  if (!remark || format == Format::json) return;
  finish();
  note(*remark);
}

void Output::append_item(std::string& items, const Item& item) const {
  if (format == Format::text) return item.text(items);
  if (!items.empty()) items += ',';
  item.json(items);
}

void Output::json_lines(std::string_view lines) {
  // which must not steer a terminal; a program gets its text as it is
  if (format == Format::text && is_watched()) {
    print(readable_lines(lines));
  } else {
    print(lines);
  }
  finish();
}

bool Output::is_watched() const noexcept { return is_terminal(out_); }

bool Output::print(std::string_view text) {
  out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  return out_.good();
}

void Output::finish(std::string_view done) {
  out_.flush();
  if (!out_) throw OutputError(done);
}

int Output::report_current_exception() {
  if (is_stopped_by_reader()) return exit_reader_gone;
  const Failure failure = current_failure();
  write_problem("error", program + ": ", failure.code, failure.message, failure.fields);
  return failure.exit;
}

void Output::write_problem(std::string_view member, const std::string& prefix,
                           std::string_view code, const std::string& message,
                           const std::vector<ErrorField>& fields) {
  std::string line;
  if (format == Format::text) {
    append_readable(line, prefix + message);
  } else {
    line = "{\"" + std::string(member) + "\":";
    append_problem(line, code, message, fields);
    line += '}';
  }
  err_ << (line += '\n') << std::flush;
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
