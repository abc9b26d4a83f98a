#pragma once

/// \file
/// JSON in one form per value, as JSON Schema compares it: 1, 1.0 and 1e0 are one integer. Integers
/// of 64 bits are exact, whatever else is a number is the nearest double.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace castore::json_schema {

using Json = nlohmann::json;

/// Not negative: `number_unsigned`; negative: `number_integer`; `number_float` only where 64 bits
/// do not hold it. \throws std::invalid_argument  no JSON, nested too deeply, or a number beyond
/// all doubles
[[nodiscard]] Json parse_exact(std::string_view text);

// All of these take what parse_exact answers.

/// The depth to which arrays and objects nest; 0 for a scalar.
[[nodiscard]] int depth_of(const Json& value);

/// Equal values have equal texts.
[[nodiscard]] std::string canonical_text(const Json& value);

[[nodiscard]] bool is_integer(const Json& value) noexcept;
/// `a < b`, for numbers.
[[nodiscard]] bool is_less(const Json& a, const Json& b) noexcept;
/// By their decimal digits: 0.3 is a multiple of 0.1. \pre `divisor` > 0
[[nodiscard]] bool is_multiple(const Json& value, const Json& divisor);

/// A count that no size reaches counts as the highest. \pre `value` is an integer ≥ 0
[[nodiscard]] std::size_t count_of(const Json& value) noexcept;
[[nodiscard]] std::size_t length_in_code_points(std::string_view text) noexcept;

/// At most that many bytes, and an ellipsis where there were more. \param text  in UTF-8
[[nodiscard]] std::string cut_off(std::string text, std::size_t longest);

/// For messages: the value as JSON, cut off where it is long.
[[nodiscard]] std::string excerpt(const Json& value);
[[nodiscard]] std::string excerpt(const std::string& text);

/// "a", "a or b", "a, b or c".
[[nodiscard]] std::string one_of(const std::vector<std::string>& alternatives);

/// `name` as a reference token of RFC 6901, with the slash before it.
[[nodiscard]] std::string token(std::string_view name);

}  // namespace castore::json_schema
