#pragma once

/// \file
/// What nlohmann_json thinks of a text: the second opinion that the targets compare with.

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace castore::fuzz {

struct Opinion {
  std::optional<nlohmann::json> value;
  /// It is JSON as far as the number that no double holds, 1e400: the rest was not looked at.
  bool number_too_large = false;
};

inline Opinion nlohmann_on(std::string_view text) {
  try {
    return {nlohmann::json::parse(text)};
  } catch (const nlohmann::json::out_of_range&) {
    return {.value = std::nullopt, .number_too_large = true};
  } catch (const nlohmann::json::parse_error&) {
    return {};
  }
}

}  // namespace castore::fuzz
