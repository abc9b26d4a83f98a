#include "json_text.hpp"

#include <algorithm>
#include <castore/json/scanner.hpp>
#include <nlohmann/json.hpp>

namespace castore::cli {

bool is_json_object(std::string_view json) { return JsonScanner(json).peek() == '{'; }

void append_mended_string(std::string& out, std::string_view text) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void JsonIndenter::write(std::string_view piece) {
  for (std::size_t i = 0; i < piece.size();) {
    if (in_string_) {
      i += write_string(piece.substr(i));
    } else {
      write_token(piece[i++]);
    }
  }
}

/// Writes up to the end of the string or of the piece. Returns how many characters that is.
std::size_t JsonIndenter::write_string(std::string_view rest) {
  std::size_t size = 0;
  while (size < rest.size() && in_string_) {
    const char c = rest[size++];
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
  }
  out_(rest.substr(0, size));
  return size;
}

void JsonIndenter::write_token(char c) {
  if (c == ' ' || c == '\t' || c == '\r' || c == '\n') return;
  const bool opens = c == '{' || c == '[';
  const bool closes = c == '}' || c == ']';
  if (closes) --depth_;
  if (opened_ != closes) new_line();
  opened_ = opens;
  if (opens) ++depth_;
  in_string_ = c == '"';
  out_(c == ':' ? ": " : std::string_view(&c, 1));
  if (c == ',') new_line();
}

void JsonIndenter::new_line() {
  out_("\n");
  static constexpr std::string_view spaces = "                                ";
  for (std::size_t left = depth_ * 2; left > 0;) {
    const std::size_t count = std::min(left, spaces.size());
    out_(spaces.substr(0, count));
    left -= count;
  }
}

}  // namespace castore::cli
