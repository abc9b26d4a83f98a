#pragma once

#include <chrono>
#include <iosfwd>
#include <string_view>

namespace castore::cli {

/// How far long work has come: one line on standard error, written over and over; gone in the end.
/// Only where that is a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(std::ostream& err);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ProgressLine(ProgressLine&&) = delete;
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
