#include <algorithm>
#include <array>
#include <bit>
#include <castore/json/scanner.hpp>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>
#include <type_traits>

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

/// \pre `token` is a JSON number \returns whether all of it is an integer that fits
template <class Integer>
bool read_whole(std::string_view token, Integer& value) {
  const char* const end = token.data() + token.size();
  const auto [read, error] = std::from_chars(token.data(), end, value);
  return error == std::errc() && read == end;
}

/// \param text  of a JSON number, from its `e` on; may be empty
std::int64_t read_exponent(std::string_view text) {
  if (text.empty()) return 0;
  const bool negative = text[1] == '-';
  std::int64_t exponent = 0;
  text.remove_prefix(text[1] == '+' ? 2 : 1);
  if (read_whole(text, exponent)) return exponent;
  constexpr auto huge = std::numeric_limits<std::int64_t>::max() / 2;  // one can still add to it
  return negative ? -huge : huge;
}

/// The power of ten of the first digit that is not 0: whether a number beyond a double is too small
/// or too large.
std::int64_t magnitude(std::string_view token) {
  const std::size_t e = std::min(token.find_first_of("eE"), token.size());
  const std::string_view mantissa = token.substr(0, e);
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  const auto first = static_cast<std::int64_t>(mantissa.find_first_of("123456789"));
  return read_exponent(token.substr(e)) + (first < point ? point - first - 1 : point - first);
}

/// Infinity where it is too large. \pre `token` is a JSON number
double read_double(std::string_view token) {
  double value = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error == std::errc()) return value;
  const double limit = magnitude(token) < 0 ? 0.0 : std::numeric_limits<double>::infinity();
  return token.front() == '-' ? -limit : limit;
}

/// 1.0 and 1e2 as the integers they are, digit for digit: a double would round.
/// \pre `token` is a JSON number \returns nothing if it is no integer
std::optional<std::string> whole_digits(std::string_view token) {
  const std::size_t e = std::min(token.find_first_of("eE"), token.size());
  std::string digits(token.substr(0, e));
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  std::int64_t exponent = read_exponent(token.substr(e));
  if (const std::size_t point = digits.find('.'); point != std::string::npos) {
    digits.erase(point, 1);
    exponent -= static_cast<std::int64_t>(digits.size() - point);
  }
  for (; !digits.empty() && digits.back() == '0'; digits.pop_back()) ++exponent;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return "0";
  if (exponent < 0) return std::nullopt;
  constexpr std::int64_t beyond_any = 20;  // digits of an integer of 64 bits
  digits.append(static_cast<std::size_t>(std::min(exponent, beyond_any)), '0');
  return negative ? '-' + digits : digits;
}

constexpr bool is_high_surrogate(unsigned code) { return code >= 0xD800 && code <= 0xDBFF; }
constexpr bool is_low_surrogate(unsigned code) { return code >= 0xDC00 && code <= 0xDFFF; }

/// \param at  of the character behind the backslash \returns of the one behind the escape
std::size_t append_unescaped(std::string& out, std::string_view text, std::size_t at) {
  constexpr std::string_view escapes = "bfnrt";
  constexpr std::string_view meanings = "\b\f\n\r\t";
  if (text[at] != 'u') {
    const std::size_t known = escapes.find(text[at]);
    out += known == std::string_view::npos ? text[at] : meanings[known];
    return at + 1;
  }
  unsigned code = read_hex4(text, at + 1);
  at += 5;
  if (is_high_surrogate(code)) {
    code = 0x10000 + ((code - 0xD800) << 10) + (read_hex4(text, at + 2) - 0xDC00);
    at += 6;
  }
  append_utf8(out, code);
  return at;
}

}  // namespace

std::string to_string(const JsonSyntaxError& error) {
  return "is not valid JSON at byte " + std::to_string(error.byte) + ": " + error.reason;
}

/// Eight at a time, by the arithmetic of "Bit Twiddling
/// Hacks", https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
std::size_t plain_prefix(std::string_view text) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = 0x80 * ones;
  constexpr auto zero_byte = [](std::uint64_t word) { return (word - ones) & ~word & highs; };
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= text.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    const std::uint64_t control = (word - 0x20 * ones) & ~word & highs;
    const std::uint64_t quote = zero_byte(word ^ '"' * ones);
    const std::uint64_t backslash = zero_byte(word ^ '\\' * ones);
    const std::uint64_t found = control | quote | backslash | (word & highs);
    if (found == 0) continue;
    // Marks above the lowest may be false, that one never is.
    if constexpr (std::endian::native == std::endian::little) {
      return i + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
    break;
  }
  while (i < text.size() && is_plain(text[i])) ++i;
  return i;
}

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
    text.remove_prefix(plain_prefix(text));
    if (text.empty()) break;
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
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
  if (peek() != '"') mismatch("expected a string");
  const std::size_t start = at_;
  skip_string();
  return text_.substr(start, at_ - start);
}

void JsonScanner::string(std::string& out) {
  if (peek() != '"') mismatch("expected a string");
  out.clear();
  std::size_t copied = ++at_;
  for (;;) {
    skip_plain();
    const char c = current();
    if (c != '"' && c != '\\') continue;
    out.append(text_, copied, at_ - copied);
    if (c == '"') {
      ++at_;
      return;
    }
    const std::size_t escape = at_ + 1;
    skip_escape();
    append_unescaped(out, text_, escape);
    copied = at_;
  }
}

std::string_view JsonScanner::name() {
  if (peek() != '"') fail("expected the name of a member");
  std::string_view name = string();
  if (escaped_) {
    name_ = unquote(name);
    name = name_;
  } else {
    name = name.substr(1, name.size() - 2);
  }
  expect(':', "expected ':'");
  return name;
}

std::string_view JsonScanner::number() {
  skip_space();
  const std::size_t start = at_;
  if (current() != '-' && !is_digit(current())) mismatch("expected a number");
  skip_number();
  return text_.substr(start, at_ - start);
}

namespace {

enum class Fit { fits, no_integer, out_of_range, not_exact };

template <class Integer>
Fit read_integer(std::string_view token, Integer min, Integer max, Integer& value) {
  const bool is_plain_integer = read_whole(token, value);
  if (!is_plain_integer) {
    const auto digits = whole_digits(token);
    if (!digits) return Fit::no_integer;
    if (!read_whole(*digits, value)) return Fit::out_of_range;
  }
  if (value < min || value > max) return Fit::out_of_range;
  if (is_plain_integer) return Fit::fits;
  // Beyond 2^53 those who read it as a double see another number.
  constexpr Integer exact = Integer{1} << 53;
  const bool small = value < exact && (std::is_unsigned_v<Integer> || value > Integer{0} - exact);
  return small ? Fit::fits : Fit::not_exact;
}

/// \param byte  where the number begins
[[noreturn]] void throw_unfit(Fit fit, std::size_t byte, std::int64_t min, std::uint64_t max) {
  if (fit == Fit::no_integer) throw JsonMismatch{{byte, "expected an integer"}};
  if (fit == Fit::not_exact) {
    throw JsonMismatch{{byte, "expected an integer without point and exponent"}};
  }
  throw JsonRangeError{{{byte, "the number is out of range"}}, min, max};
}

}  // namespace

std::int64_t JsonScanner::integer(std::int64_t min, std::int64_t max) {
  std::int64_t value = 0;
  const std::string_view token = number();
  const Fit fit = read_integer(token, min, max, value);
  if (fit != Fit::fits) throw_unfit(fit, at_ - token.size(), min, static_cast<std::uint64_t>(max));
  return value;
}

std::uint64_t JsonScanner::unsigned_integer(std::uint64_t max) {
  std::uint64_t value = 0;
  const std::string_view token = number();
  const Fit fit = read_integer(token, std::uint64_t{0}, max, value);
  if (fit != Fit::fits) throw_unfit(fit, at_ - token.size(), 0, max);
  return value;
}

double JsonScanner::floating() {
  const std::string_view token = number();
  const double value = read_double(token);
  if (std::isinf(value)) {
    throw JsonMismatch{{at_ - token.size(), "expected a number within the range of doubles"}};
  }
  return value;
}

bool JsonScanner::boolean() {
  const bool value = peek() == 't';
  if (!value && current() != 'f') mismatch("expected true or false");
  skip_literal(value ? "true" : "false");
  return value;
}

bool JsonScanner::null() {
  if (peek() != 'n') return false;
  skip_literal("null");
  return true;
}

void JsonScanner::skip_value(int depth) {  // NOLINT(misc-no-recursion): bounded by depth
  switch (current()) {
    case '{':
    case '[':
      return skip_container(current(), depth);
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
  escaped_ = false;
  for (;;) {
    skip_plain();
    const char c = current();
    if (c == '"') {
      ++at_;
      return;
    }
    if (c == '\\') {
      escaped_ = true;
      skip_escape();
    }
  }
}

/// Up to a quote, a backslash, or behind a character that is not ASCII.
void JsonScanner::skip_plain() {
  at_ += plain_prefix(text_.substr(at_));
  if (at_end()) fail("the string does not end");
  const auto c = static_cast<unsigned char>(text_[at_]);
  if (c < 0x20) fail("a control character in a string");
  if (c < 0x80) return;
  const std::size_t length = utf8_length(text_.substr(at_));
  if (length == 0) fail("not UTF-8");
  at_ += length;
}

void JsonScanner::skip_escape() {
  ++at_;
  const char c = current();
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
    if (!is_digit(current())) fail("expected a value");
    while (is_digit(current())) ++at_;
  };
  if (current() == '-') ++at_;
  if (current() == '0') {
    ++at_;
  } else {
    digits();
  }
  if (current() == '.') {
    ++at_;
    digits();
  }
  if (current() == 'e' || current() == 'E') {
    ++at_;
    if (current() == '+' || current() == '-') ++at_;
    digits();
  }
}

void JsonScanner::skip_literal(std::string_view literal) {
  if (text_.substr(at_, literal.size()) != literal) fail("expected a value");
  at_ += literal.size();
}

std::string unquote(std::string_view literal) {
  std::string out;
  JsonScanner(literal).string(out);
  return out;
}

}  // namespace castore
