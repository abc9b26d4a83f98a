#pragma once

/// \file
/// The regular expressions of "pattern" and "patternProperties": ECMAScript's, over code points.

#include <cstddef>
#include <memory>
#include <regex>
#include <string>
#include <string_view>

namespace castore::json_schema {

/// Safe to use from several threads at once.
class Pattern {
 public:
  /// A string of more code points is not looked at. The time to match grows with length, without
  /// backtracking.
  static constexpr std::size_t max_length = 1'000'000;

  /// \param source  in UTF-8
  /// \throws std::invalid_argument  `source` is no regular expression, too large a one, or has
  ///     what cannot be matched in steady time and stack (a reference back to a group)
  explicit Pattern(const std::string& source);

  [[nodiscard]] static bool too_long(std::string_view text) noexcept;
  /// It is found somewhere in `text`. \pre not too_long(text); `text` is UTF-8
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  std::wregex regex_;
};

}  // namespace castore::json_schema
