#pragma once

/// \file
/// The regular expressions of "pattern" and "patternProperties": ECMAScript's, over code points.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace castore::json_schema {

/// Safe to use from several threads at once.
class Pattern {
 public:
  /// A string of more code points is not looked at.
  static constexpr std::size_t max_length = 1'000'000;

  /// \param source  in UTF-8
  /// \throws std::invalid_argument  `source` is no regular expression, too large a one, or has
  ///     what cannot be matched in steady time (a reference back to a group)
  explicit Pattern(const std::string& source);
  Pattern& operator=(Pattern&&) = delete;
  ~Pattern();

  [[nodiscard]] static bool too_long(std::string_view text) noexcept;
  /// Tells whether it is found somewhere in `text`. The time grows with the length of `text` times
  /// that of the expression at the most; of the stack it needs little. \pre not too_long(text);
  /// `text` is UTF-8
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  class Automata;
  std::unique_ptr<const Automata> automata_;
};

}  // namespace castore::json_schema
