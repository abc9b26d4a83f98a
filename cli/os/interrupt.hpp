#pragma once

#include <chrono>
#include <memory>

namespace castore::cli {

/// A mark that the first Ctrl-C (SIGINT), SIGTERM or SIGHUP sets while it lives, for the work to
/// stop at a good place; the second one ends the process. A signal that is ignored (nohup) stays
/// ignored. One mark at a time in a process.
class InterruptMark {
 public:
  /// The fate of a system call that waits when the user interrupts.
  enum class Waiting {
    ends,     ///< it comes back: what waits for input has to
    goes_on,  ///< unless it is a sleep: no output is cut off
  };
  explicit InterruptMark(Waiting calls);
  InterruptMark& operator=(InterruptMark&&) = delete;
  ~InterruptMark();

  [[nodiscard]] static bool is_set() noexcept { return signal() != 0; }
  /// Returns the signal by which the user has interrupted, 0: not yet.
  [[nodiscard]] static int signal() noexcept;

 private:
  struct Previous;
  std::unique_ptr<Previous> previous_;
};

/// Sleeps until then, or until the user interrupts.
void sleep_until(std::chrono::steady_clock::time_point time);

/// A guard: while it lives, writing to a pipe that nobody reads is an error of the write, not the
/// silent end of the process.
class IgnoreBrokenPipes {
 public:
  IgnoreBrokenPipes();
  IgnoreBrokenPipes& operator=(IgnoreBrokenPipes&&) = delete;
  ~IgnoreBrokenPipes();

  /// Tells whether the process would have ended without it.
  [[nodiscard]] bool matters() const noexcept;

 private:
  void (*previous_)(int) = nullptr;
};

/// Ends the process as a pipe that nobody reads any more does.
void end_by_broken_pipe();

}  // namespace castore::cli
