#pragma once

#include <iostream>
#include <sstream>
#include <string>

namespace castore::testing {

/// The text written to standard error while it lives.
class StandardError {
 public:
  StandardError() : previous_(std::cerr.rdbuf(text_.rdbuf())) {}
  StandardError& operator=(StandardError&&) = delete;
  ~StandardError() { std::cerr.rdbuf(previous_); }

  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* previous_;
};

}  // namespace castore::testing
