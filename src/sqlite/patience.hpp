#pragma once

#include <chrono>
#include <exception>

namespace castore::sqlite {

/// The time for which something is tried again: `timeout` from the first failure on.
class Patience {
 public:
  explicit Patience(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  /// Waits a moment. \throws StorageBusyError  there is no time left
  void wait(const std::exception& reason);

 private:
  std::chrono::milliseconds timeout_;
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point waited_;  ///< when the last one was over
  std::chrono::microseconds pause_{50};
  int waits_ = 0;
  int restarts_ = 0;
};

}  // namespace castore::sqlite
