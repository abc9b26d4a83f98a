#pragma once

#include <chrono>
#include <memory>

namespace castore::cli {

/// While it lives, the first Ctrl-C (SIGINT), SIGTERM or SIGHUP only sets a mark, for the work to
/// stop at a good place; the second one ends the process. One that is ignored (nohup) stays
/// ignored. One at a time in a process.
class InterruptMark {
 public:
  /// What becomes of a system call that waits when the user interrupts.
  enum class Waiting {
    ends,     ///< it comes back: what waits for input has to
    goes_on,  ///< unless it is a sleep: no output is cut off
  };
  explicit InterruptMark(Waiting calls);
  InterruptMark(const InterruptMark&) = delete;
  InterruptMark& operator=(const InterruptMark&) = delete;
  InterruptMark(InterruptMark&&) = delete;
  InterruptMark& operator=(InterruptMark&&) = delete;
  ~InterruptMark();

  [[nodiscard]] static bool is_set() noexcept { return signal() != 0; }
  /// By which the user has interrupted, 0: not yet.
  [[nodiscard]] static int signal() noexcept;

 private:
  struct Previous;
  std::unique_ptr<Previous> previous_;
};

/// Sleeps until then, or until the user interrupts.
void sleep_until(std::chrono::steady_clock::time_point time);

/// While it lives, writing to a pipe that nobody reads is an error of the write, not the silent end
/// of the process.
class IgnoreBrokenPipes {
 public:
  IgnoreBrokenPipes();
  IgnoreBrokenPipes(const IgnoreBrokenPipes&) = delete;
  IgnoreBrokenPipes& operator=(const IgnoreBrokenPipes&) = delete;
  IgnoreBrokenPipes(IgnoreBrokenPipes&&) = delete;
  IgnoreBrokenPipes& operator=(IgnoreBrokenPipes&&) = delete;
  ~IgnoreBrokenPipes();

  /// Without it the process would have ended.
  [[nodiscard]] bool matters() const noexcept;

 private:
  void (*previous_)(int) = nullptr;
};

/// Ends the process as a pipe that nobody reads any more does.
void end_by_broken_pipe();

}  // namespace castore::cli
