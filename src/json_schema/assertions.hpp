#pragma once

/// \file
/// The keywords that look at a value alone, and at none of its parts by another schema.

#include <functional>
#include <map>
#include <string>

#include "json_schema/exact_json.hpp"

namespace castore::json_schema {

struct Assertion {
  std::function<bool(const Json& value)> holds;
  /// Says what was expected. \pre not holds(value)
  std::function<std::string(const Json& value)> complaint;
};

/// \param operand  what stands behind the keyword
using MakeAssertion = Assertion (*)(const Json& operand);

/// By keyword. Each takes the operand that draft 7 says.
[[nodiscard]] const std::map<std::string, MakeAssertion>& assertions();

}  // namespace castore::json_schema
