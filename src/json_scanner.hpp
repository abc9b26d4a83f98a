#pragma once

/// \file
/// Walks JSON text without building anything: what is where, and is it valid. Everything else that
/// is to be done with JSON is done by nlohmann_json, above the boundary.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace castore {

struct JsonSyntaxError {
  std::size_t byte;  ///< offset from the start of the text
  const char* reason;
};

/// \throws JsonSyntaxError from every member that moves
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) noexcept : text_(text) {}

  /// The next value's text, without the white space around it. \param depth  it may still go down
  std::string_view value(int depth);

  /// The next character that is not white space is `c`: it is taken.
  bool skip(char c);
  void expect(char c, const char* reason);

  /// Nothing but white space is left.
  void expect_end();

  /// The next string, quotes included.
  std::string_view string();

  [[noreturn]] void fail(const char* reason) const { throw JsonSyntaxError{at_, reason}; }

 private:
  void skip_space() noexcept;
  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  void skip_value(int depth);
  void skip_container(char open, int depth);
  void skip_string();
  void skip_escape();
  void skip_number();
  void skip_literal(std::string_view literal);
  unsigned hex4();

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The length of the UTF-8 character at the front of `text`, 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// What a string literal stands for. \pre `literal` came from `JsonScanner::string`
[[nodiscard]] std::string unquote(std::string_view literal);

}  // namespace castore
