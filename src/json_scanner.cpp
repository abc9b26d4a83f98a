#include "json_scanner.hpp"

#include <array>

namespace castore {
namespace {

/// Bytes that a string literal may hold as they are: printable ASCII but for quote and backslash.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 0x20; c < 0x80; ++c) table[c] = c != '"' && c != '\\';
  return table;
}();

constexpr bool is_plain(char c) { return plain[static_cast<unsigned char>(c)]; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

unsigned hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a' + 10);
}

unsigned read_hex4(std::string_view text, std::size_t at) {
  unsigned code = 0;
  for (std::size_t i = at; i < at + 4; ++i) code = code << 4 | hex_value(text[i]);
  return code;
}

constexpr bool is_high_surrogate(unsigned code) { return code >= 0xD800 && code <= 0xDBFF; }
constexpr bool is_low_surrogate(unsigned code) { return code >= 0xDC00 && code <= 0xDFFF; }

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  // Where the second byte may begin and end rules out overlong forms, surrogates and what is
  // beyond U+10FFFF: table 3-7 of the Unicode standard.
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void JsonScanner::skip_space() noexcept {
  while (!at_end() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
    ++at_;
  }
}

bool JsonScanner::skip(char c) {
  skip_space();
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void JsonScanner::expect(char c, const char* reason) {
  if (!skip(c)) fail(reason);
}

void JsonScanner::expect_end() {
  skip_space();
  if (!at_end()) fail("something follows the value");
}

std::string_view JsonScanner::value(int depth) {
  skip_space();
  const std::size_t start = at_;
  skip_value(depth);
  return text_.substr(start, at_ - start);
}

std::string_view JsonScanner::string() {
  skip_space();
  if (peek() != '"') fail("expected a string");
  const std::size_t start = at_;
  skip_string();
  return text_.substr(start, at_ - start);
}

void JsonScanner::skip_value(int depth) {  // NOLINT(misc-no-recursion): bounded by depth
  switch (peek()) {
    case '{':
    case '[':
      return skip_container(peek(), depth);
    case '"':
      return skip_string();
    case 't':
      return skip_literal("true");
    case 'f':
      return skip_literal("false");
    case 'n':
      return skip_literal("null");
    default:
      return skip_number();
  }
}

void JsonScanner::skip_container(char open, int depth) {  // NOLINT(misc-no-recursion)
  if (depth <= 0) fail("nested too deeply");
  const bool object = open == '{';
  const char close = object ? '}' : ']';
  ++at_;
  if (skip(close)) return;
  do {
    if (object) {
      static_cast<void>(string());
      expect(':', "expected ':'");
    }
    skip_space();
    skip_value(depth - 1);
  } while (skip(','));
  expect(close, object ? "expected ',' or '}'" : "expected ',' or ']'");
}

void JsonScanner::skip_string() {
  ++at_;
  for (;;) {
    while (!at_end() && is_plain(text_[at_])) ++at_;
    if (at_end()) fail("the string does not end");
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return;
    }
    if (c == '\\') {
      skip_escape();
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fail("a control character in a string");
    } else {
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) fail("not UTF-8");
      at_ += length;
    }
  }
}

void JsonScanner::skip_escape() {
  ++at_;
  const char c = peek();
  if (c != 'u') {
    if (at_end() || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
      fail("no such escape");
    }
    ++at_;
    return;
  }
  ++at_;
  const unsigned code = hex4();
  if (is_low_surrogate(code)) fail("half a surrogate pair");
  if (!is_high_surrogate(code)) return;
  if (text_.substr(at_, 2) != "\\u") fail("half a surrogate pair");
  at_ += 2;
  if (!is_low_surrogate(hex4())) fail("half a surrogate pair");
}

unsigned JsonScanner::hex4() {
  if (text_.size() - at_ < 4) fail("the escape is cut off");
  for (std::size_t i = at_; i < at_ + 4; ++i) {
    const char c = text_[i];
    if (!is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f')) fail("no hexadecimal digit");
  }
  const unsigned code = read_hex4(text_, at_);
  at_ += 4;
  return code;
}

void JsonScanner::skip_number() {
  const auto digits = [this] {
    if (!is_digit(peek())) fail("expected a value");
    while (is_digit(peek())) ++at_;
  };
  if (peek() == '-') ++at_;
  if (peek() == '0') {
    ++at_;
  } else {
    digits();
  }
  if (peek() == '.') {
    ++at_;
    digits();
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    digits();
  }
}

void JsonScanner::skip_literal(std::string_view literal) {
  if (text_.substr(at_, literal.size()) != literal) fail("expected a value");
  at_ += literal.size();
}

std::string unquote(std::string_view literal) {
  literal = literal.substr(1, literal.size() - 2);
  std::string out;
  out.reserve(literal.size());
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\') {
      out += literal[i];
      continue;
    }
    switch (literal[++i]) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        unsigned code = read_hex4(literal, i + 1);
        i += 4;
        if (is_high_surrogate(code)) {
          code = 0x10000 + ((code - 0xD800) << 10) + (read_hex4(literal, i + 3) - 0xDC00);
          i += 6;
        }
        append_utf8(out, code);
        break;
      }
      default:
        out += literal[i];
    }
  }
  return out;
}

}  // namespace castore
