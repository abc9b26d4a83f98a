#pragma once

#include <chrono>
#include <iosfwd>
#include <string_view>

namespace castore::cli {

/// A line on standard error, where that is a terminal, that says how far long work has come. It is
/// written over and over, and gone in the end.
class ProgressLine {
 public:
  explicit ProgressLine(std::ostream& err);
  ProgressLine& operator=(ProgressLine&&) = delete;
  ~ProgressLine();

  /// Shows `text`, or not: ten times a second is enough.
  void update(std::string_view text);

 private:
  std::ostream& err_;
  bool shown_;
  bool written_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace castore::cli
