#pragma once

/// \file
/// JSON text, walked without building anything: what is where, is it valid, and the scalars it
/// holds. What reads and writes payloads stands on it; so can a `JsonCodec` of your own.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace castore {

/// The depth to which arrays and objects may nest in payload and metadata.
inline constexpr int max_json_depth = 512;

/// A fault of a JSON text, and where it is. The scanner throws it to its user, who makes of it an
/// error that names the event.
struct JsonSyntaxError {
  std::size_t byte;  ///< offset from the start of the text
  const char* reason;
};

/// A value of another kind than the reader expected, in text that may be JSON: `byte` is where it
/// begins, and `reason` as in "expected a string".
struct JsonMismatch : JsonSyntaxError {};

/// A number that is not within the reader's range.
struct JsonRangeError : JsonMismatch {
  std::int64_t min;
  std::uint64_t max;
};

/// `is not valid JSON at byte 7: …`, behind the name of the text.
[[nodiscard]] std::string to_string(const JsonSyntaxError& error);

/// Reads JSON from the left. Every member skips white space first and takes what it reads.
///
/// The text is borrowed. RFC 8259 in UTF-8, strictly: what is skipped is checked as well.
/// \throws JsonSyntaxError from every member that moves
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) noexcept : text_(text) {}
  /// A temporary string would be gone.
  template <class Temporary>
  requires(!std::is_reference_v<Temporary> && requires {
    typename Temporary::allocator_type;
  }) explicit JsonScanner(Temporary&& text) = delete;
  JsonScanner& operator=(JsonScanner&&) = delete;
  ~JsonScanner() = default;

  /// The next value's text, without the white space around it.
  /// \param depth  how many levels arrays and objects may still go down
  std::string_view value(int depth);

  /// The first character of what comes next, NUL at the end.
  [[nodiscard]] char peek() noexcept {
    skip_space();
    return current();
  }

  /// If `c` comes next it is taken.
  bool skip(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }
  void expect(char c, const char* reason) {
    if (!skip(c)) fail(reason);
  }

  /// Nothing but white space is left.
  void expect_end();

  /// The `{` of an object.
  void expect_object() {
    if (!skip('{')) mismatch("expected an object");
  }

  /// A string's text, quotes and escapes included.
  std::string_view string();
  /// The text that a string stands for.
  void string(std::string& out);
  /// The name of a member and the colon behind it. Valid until the next name is read.
  std::string_view name();
  /// If the member of that name comes next, written without escapes or white space, its name and
  /// the colon are taken. \param name  without characters to be escaped
  bool skip_name(std::string_view name) {
    const std::string_view rest = text_.substr(at_);
    const std::size_t size = name.size() + 3;
    if (rest.size() < size || rest[0] != '"' || rest[size - 2] != '"' || rest[size - 1] != ':' ||
        rest.compare(1, name.size(), name) != 0) {
      return false;
    }
    at_ += size;
    return true;
  }
  /// The number of bytes taken.
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  /// Goes back, to read again. \pre `position()` was that, between two values
  void rewind(std::size_t position) noexcept { at_ = position; }

  /// A number's text.
  std::string_view number();
  /// An integer from `min` to `max`; so is 1.0 or 1e2, up to 2^53, and 1.5 is not. Nothing is
  /// rounded. \throws JsonRangeError
  std::int64_t integer(std::int64_t min, std::int64_t max);
  std::uint64_t unsigned_integer(std::uint64_t max);
  /// The nearest double. A number beyond the range of doubles is an error.
  double floating();

  bool boolean();
  /// If `null` comes next it is taken.
  bool null();

  /// Calls `member(name)` for each member of an object; it has to take the value.
  template <class Member>
  void object(int depth, Member&& member) {
    if (depth <= 0) fail("nested too deeply");
    expect_object();
    if (skip('}')) return;
    do {
      member(name());
    } while (skip(','));
    expect('}', "expected ',' or '}'");
  }

  /// Calls `element()` for each element of an array; it has to take the value.
  template <class Element>
  void array(int depth, Element&& element) {
    if (depth <= 0) fail("nested too deeply");
    if (!skip('[')) mismatch("expected an array");
    if (skip(']')) return;
    do {
      element();
    } while (skip(','));
    expect(']', "expected ',' or ']'");
  }

  /// \throws JsonSyntaxError
  [[noreturn]] void fail(const char* reason) const { throw JsonSyntaxError{at_, reason}; }
  /// \throws JsonMismatch
  [[noreturn]] void mismatch(const char* reason) const { throw JsonMismatch{{at_, reason}}; }

 private:
  void skip_space() noexcept {
    while (at_ < text_.size() && text_[at_] <= ' ' && is_space(text_[at_])) ++at_;
  }
  static constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
  }
  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] char current() const noexcept { return at_end() ? '\0' : text_[at_]; }
  void skip_value(int depth);
  void skip_container(char open, int depth);
  void skip_string();
  void skip_plain();
  void skip_escape();
  void skip_number();
  void skip_literal(std::string_view literal);
  unsigned hex4();

  std::string_view text_;
  std::size_t at_ = 0;
  bool escaped_ = false;  ///< the string read last has escapes
  std::string name_;      ///< the name read last, if that has escapes
};

/// The number of bytes at the front that stand for themselves in a string literal: printable ASCII
/// without quote and backslash.
[[nodiscard]] std::size_t plain_prefix(std::string_view text) noexcept;

/// The length of the UTF-8 character at the front of `text`, 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// The text that a string literal stands for. \pre `literal` came from `JsonScanner::string`
[[nodiscard]] std::string unquote(std::string_view literal);

}  // namespace castore
