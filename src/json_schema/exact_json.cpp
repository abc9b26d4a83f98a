#include "json_schema/exact_json.hpp"

#include <algorithm>
#include <castore/json/text.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>

#include "json_pointer.hpp"

namespace castore::json_schema {
namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

void make_exact(Json& value) {
  if (value.is_structured()) {
    for (Json& child : value) make_exact(child);
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::floor(number) != number || number < -two_to_63 || number >= two_to_64) return;
    value = number < 0 ? Json(static_cast<std::int64_t>(number))
                       : Json(static_cast<std::uint64_t>(number));
  } else if (value.is_number_integer() && !value.is_number_unsigned() && value == 0) {
    value = Json(std::uint64_t{0});  // -0
  }
}

std::uint64_t magnitude(const Json& integer) noexcept {
  if (integer.is_number_unsigned()) return integer.get<std::uint64_t>();
  return ~static_cast<std::uint64_t>(integer.get<std::int64_t>()) + 1;
}

/// \pre both are integers of 64 bits
bool is_less_integer(const Json& a, const Json& b) noexcept {
  const bool a_negative = !a.is_number_unsigned();
  const bool b_negative = !b.is_number_unsigned();
  if (a_negative != b_negative) return a_negative;
  return a_negative ? magnitude(a) > magnitude(b) : magnitude(a) < magnitude(b);
}

/// A double that is no integer of 64 bits stands below, above or between all of those.
/// \pre `b` is of that kind
bool is_less_than_double(const Json& integer, double b) noexcept {
  if (b >= two_to_64) return true;
  if (b < -two_to_63) return false;
  const double below = std::floor(b);  // and not b, which has a fraction: so below fits an int64
  return !is_less_integer(
      below < 0 ? Json(static_cast<std::int64_t>(below)) : Json(static_cast<std::uint64_t>(below)),
      integer);
}

/// A number as its shortest text has it: digits · 10^exponent, without the sign. So 0.3 is a
/// multiple of 0.1, though as doubles they are none.
struct Decimal {
  explicit Decimal(const Json& number) {
    const std::string text = number.dump();
    const std::size_t e = std::min(text.find('e'), text.size());
    bool fraction = false;
    for (const char c : std::string_view(text).substr(0, e)) {
      if (c == '.') fraction = true;
      if (c < '0' || c > '9') continue;
      digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
      if (fraction) --exponent;
    }
    if (e < text.size()) exponent += std::stoi(text.substr(e + 1));
  }

  std::uint64_t digits = 0;
  int exponent = 0;
};

/// a · b modulo m, without leaving 64 bits. \pre a < m
std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t m) noexcept {
  const auto add = [m](std::uint64_t x, std::uint64_t y) {
    return x >= m - y ? x - (m - y) : x + y;
  };
  std::uint64_t product = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) product = add(product, a);
    a = add(a, a);
  }
  return product;
}

/// 10^exponent modulo m
std::uint64_t power_of_ten(unsigned exponent, std::uint64_t m) noexcept {
  std::uint64_t power = 1 % m;
  for (; exponent > 0; --exponent) power = multiply(power, 10, m);
  return power;
}

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

Json parse_exact(std::string_view text) {
  const std::string flaw = check_json(text);
  if (!flaw.empty()) throw std::invalid_argument(flaw);
  try {
    Json value = Json::parse(text);
    make_exact(value);
    return value;
  } catch (const Json::exception&) {  // RFC 8259 sets numbers no limit
    throw std::invalid_argument("a number is beyond the range of doubles");
  }
}

int depth_of(const Json& value) {
  if (!value.is_structured()) return 0;
  int deepest = 0;
  for (const Json& child : value) deepest = std::max(deepest, depth_of(child));
  return deepest + 1;
}

std::string canonical_text(const Json& value) { return value.dump(); }

bool is_integer(const Json& value) noexcept {
  if (!value.is_number_float()) return value.is_number();
  const double number = value.get<double>();
  return std::floor(number) == number;
}

bool is_less(const Json& a, const Json& b) noexcept {
  if (a.is_number_float() && b.is_number_float()) return a.get<double>() < b.get<double>();
  if (b.is_number_float()) return is_less_than_double(a, b.get<double>());
  if (a.is_number_float()) return !is_less_than_double(b, a.get<double>());
  return is_less_integer(a, b);
}

bool is_multiple(const Json& value, const Json& divisor) {
  const Decimal number(value);
  const Decimal step(divisor);
  const int shift = number.exponent - step.exponent;
  if (shift >= 0) {
    const std::uint64_t factor = power_of_ten(static_cast<unsigned>(shift), step.digits);
    return multiply(number.digits % step.digits, factor, step.digits) == 0;
  }
  std::uint64_t whole = number.digits;  // which the step's digits, with zeros, have to divide
  for (int i = shift; i < 0 && whole != 0; ++i) {
    if (whole % 10 != 0) return false;
    whole /= 10;
  }
  return whole % step.digits == 0;
}

std::size_t count_of(const Json& value) noexcept {
  constexpr auto highest = std::numeric_limits<std::size_t>::max();
  if (value.is_number_float()) return highest;
  return static_cast<std::size_t>(std::min<std::uint64_t>(value.get<std::uint64_t>(), highest));
}

std::size_t length_in_code_points(std::string_view text) noexcept {
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

std::string cut_off(std::string text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && is_continuation(text[longest])) --longest;
  text.resize(longest);
  return text + "…";
}

std::string excerpt(const Json& value) {
  constexpr std::size_t longest = 80;
  return cut_off(value.dump(), longest);
}

std::string excerpt(const std::string& text) { return excerpt(Json(text)); }

std::string one_of(const std::vector<std::string>& alternatives) {
  std::string text;
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    if (i > 0) text += i + 1 == alternatives.size() ? " or " : ", ";
    text += alternatives[i];
  }
  return text;
}

std::string token(std::string_view name) {
  std::string text;
  append_pointer_step(text, name);
  return text;
}

}  // namespace castore::json_schema
