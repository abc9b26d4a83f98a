#pragma once

/// \file
/// Runs scenarios and judges them: variables, matchers, comparisons. Knows nothing of castore.

#include <cstddef>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace conformance {

/// The answer of a step: `{"result":…}`, `{"error":…}` or `{"unsupported":true}`.
using Execute =
    std::function<nlohmann::json(std::string_view operation, const nlohmann::json& args)>;

using Variables = std::map<std::string, nlohmann::json>;

/// \returns what is wrong with `outcome`, or an empty string. `expected` is as in a scenario's
/// `expect`.
[[nodiscard]] std::string check(const nlohmann::json& step, const nlohmann::json& expected,
                                const nlohmann::json& outcome, const Variables& variables);

struct Verdict {
  enum class Kind { passed, listed, failed };
  Kind kind = Kind::passed;
  std::string message;    ///< why it failed: the step and the difference
  std::size_t steps = 0;  ///< how many were executed
};

/// Runs all steps of `scenario`, up to the first that fails.
///
/// \param difference  null, or `{"reason":…, "steps":{"<index>":<expect>,…}}`: where we answer
///     otherwise on purpose, and what. Such a step has to meet that, and has to miss what the
///     scenario expects of it: a list of differences that do not exist is no better than none.
[[nodiscard]] Verdict run_scenario(const nlohmann::json& scenario, const nlohmann::json& difference,
                                   const Execute& execute);

}  // namespace conformance
