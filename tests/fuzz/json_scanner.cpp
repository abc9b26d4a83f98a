/// \file
/// A document that is walked by JsonScanner, piece by piece, is the one that nlohmann_json reads;
/// integers are exact and doubles the nearest.

#include <algorithm>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "fuzz.hpp"
#include "nlohmann.hpp"

namespace castore::fuzz {
namespace {

constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();
constexpr auto largest_unsigned = std::numeric_limits<std::uint64_t>::max();

/// What `read` answers on a scanner of `token`; nothing where it fails.
template <class Read>
auto scanned(std::string_view token, Read&& read) {
  JsonScanner scanner(token);
  using Value = decltype(read(scanner));
  try {
    const Value value = read(scanner);
    scanner.expect_end();
    return std::optional<Value>(value);
  } catch (const JsonSyntaxError& error) {
    require(error.byte <= token.size(), "an error lies inside the text");
    return std::optional<Value>();
  }
}

/// The exponent of a JSON number; a large one where it has more than five digits.
long exponent_of(std::string_view token) {
  const std::size_t e = token.find_first_of("eE");
  if (e == std::string_view::npos) return 0;
  token.remove_prefix(e + 1);
  const bool negative = token.front() == '-';
  if (negative || token.front() == '+') token.remove_prefix(1);
  token.remove_prefix(std::min(token.find_first_not_of('0'), token.size()));
  const long exponent = token.size() > 5 ? 100'000 : std::atol(std::string(token).c_str());
  return negative ? -exponent : exponent;
}

/// A JSON number written as an integer of at most 20 digits, by moving its point.
std::optional<std::string> exact_integer(std::string_view token) {
  const long exponent = exponent_of(token);
  const bool negative = token.starts_with('-');
  if (negative) token.remove_prefix(1);
  std::string digits(token.substr(0, token.find_first_of("eE")));
  const std::size_t point = std::min(digits.find('.'), digits.size());
  if (point < digits.size()) digits.erase(point, 1);
  const std::size_t leading = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, leading);
  if (digits.empty()) return "0";
  const long size = static_cast<long>(point) - static_cast<long>(leading) + exponent;
  if (size < 1 || size > 20) return std::nullopt;
  const auto length = static_cast<std::size_t>(size);
  if (digits.size() > length && digits.find_first_not_of('0', length) != std::string::npos) {
    return std::nullopt;
  }
  digits.resize(length, '0');
  return negative ? '-' + digits : digits;
}

void check_integers(std::string_view token) {
  const auto number =
      scanned(token, [](JsonScanner& scanner) { return scanner.integer(smallest, largest); });
  const auto natural = scanned(
      token, [](JsonScanner& scanner) { return scanner.unsigned_integer(largest_unsigned); });
  const auto exact = exact_integer(token);
  if (number) require(exact == std::to_string(*number), "an integer is what its text says");
  if (natural) require(exact == std::to_string(*natural), "a natural is what its text says");
  // What has a point or an exponent may be refused where doubles have gaps.
  const bool plain = token.find_first_of(".eE") == std::string_view::npos;
  if (!exact || (!plain && exact->size() > 15)) return;
  const nlohmann::json value = nlohmann::json::parse(*exact);
  if (value.is_number_float()) return;
  const bool fits =
      value.is_number_integer() && *exact == std::to_string(value.get<std::int64_t>());
  require(number.has_value() == fits, "an integer of 64 bits is read");
  require(natural.has_value() == value.is_number_unsigned(), "a natural of 64 bits is read");
}

nlohmann::json check_number(std::string_view token) {
  check_integers(token);
  const auto real = scanned(token, [](JsonScanner& scanner) { return scanner.floating(); });
  const Opinion opinion = nlohmann_on(token);
  if (!opinion.value) {
    require(opinion.number_too_large && !real, "a number beyond the doubles is refused");
    return nullptr;
  }
  const auto expected = opinion.value->get<double>();
  require(real == expected, "a double is the nearest");
  return *opinion.value;
}

nlohmann::json walk(JsonScanner& scanner, int depth) {
  switch (scanner.peek()) {
    case '{': {
      nlohmann::json object = nlohmann::json::object();
      scanner.object(depth, [&](std::string_view name) {
        const std::string key(name);  // the next name is read before this one is used
        object[key] = walk(scanner, depth - 1);
      });
      return object;
    }
    case '[': {
      nlohmann::json array = nlohmann::json::array();
      scanner.array(depth, [&] { array.push_back(walk(scanner, depth - 1)); });
      return array;
    }
    case '"': {
      std::string text = "what was there before";
      scanner.string(text);
      return text;
    }
    case 't':
    case 'f':
      return scanner.boolean();
    case 'n':
      require(scanner.null(), "null is taken");
      return nullptr;
    default:
      return check_number(scanner.number());
  }
}

void check(std::string_view input) {
  const auto walked =
      scanned(input, [](JsonScanner& scanner) { return walk(scanner, max_json_depth); });
  require(walked.has_value() == check_json(input).empty(),
          "what can be walked is what check_json takes");
  if (!walked) return;
  const Opinion opinion = nlohmann_on(input);
  require(opinion.number_too_large || opinion.value == walked,
          "a document is what it was walked as");
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
