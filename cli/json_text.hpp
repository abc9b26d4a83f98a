#pragma once

/// \file
/// JSON text to JSON text, number for number: a DOM would round what does not fit a double.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace castore::cli {

/// A taker of the next piece of a text, which is valid until it returns. None ends within a
/// character.
using TextSink = std::function<void(std::string_view)>;

/// Lays JSON out over several lines, indented by two spaces.
class JsonIndenter {
 public:
  explicit JsonIndenter(TextSink out) : out_(std::move(out)) {}

  /// \param piece  of valid JSON
  void write(std::string_view piece);

 private:
  std::size_t write_string(std::string_view rest);
  void write_token(char c);
  void new_line();

  TextSink out_;
  bool in_string_ = false;
  bool escaped_ = false;  ///< the last character was a backslash that is none by itself
  bool opened_ = false;   ///< the last token was an opening bracket
  std::size_t depth_ = 0;
};

/// \pre `json` is valid JSON
[[nodiscard]] bool is_json_object(std::string_view json);

/// Appends `text` as a JSON string, with U+FFFD for each byte that is no UTF-8: messages quote what
/// users typed and what systems answered.
void append_mended_string(std::string& out, std::string_view text);

}  // namespace castore::cli
