#include <array>
#include <castore/fields.hpp>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace castore::detail {

void throw_unreadable(const JsonSyntaxError& error, std::string_view name) {
  std::string message = error.reason;
  if (!name.empty()) message += ", in or after \"" + std::string(name) + '"';
  throw std::invalid_argument(message + ", at byte " + std::to_string(error.byte));
}

void throw_missing(std::string_view name) {
  throw std::invalid_argument('"' + std::string(name) + "\" is missing");
}

void append_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) throw std::domain_error("a text is not UTF-8");
  append_json_string(out, text);
}

void append_floating(std::string& out, double value) {
  if (!std::isfinite(value)) throw std::domain_error("JSON has no NaN and no infinity");
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  const std::string_view number(text.data(), static_cast<std::size_t>(end - text.data()));
  out += number;
  // What reads it without knowing the type is to see a floating-point number.
  if (number.find_first_of(".e") == std::string_view::npos) out += ".0";
}

}  // namespace castore::detail
