#include "errors.hpp"

#include <algorithm>
#include <new>

#include "os/interrupt.hpp"

namespace castore::cli {
namespace {

constexpr auto of_unknown_type = "an exception of unknown type";

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

std::string text_of(const std::exception& error) {
  const char* const text = error.what();
  return text != nullptr ? text : of_unknown_type;
}

std::string text_of_current_exception() {
  try {
    throw;
  } catch (const std::exception& error) {
    return text_of(error);
  } catch (...) {
    return of_unknown_type;
  }
}

Interrupted::Interrupted(const std::string& message, std::vector<ErrorField> fields)
    : std::runtime_error(message), fields_(std::move(fields)), signal_(InterruptMark::signal()) {}

Error plugin_error(const std::string& failure, std::vector<ErrorField> fields) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    return {ErrorCode::plugin, failure + ": " + text_of_current_exception(), std::move(fields)};
  }
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

}  // namespace castore::cli
