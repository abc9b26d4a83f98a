#pragma once

#include <castore/error.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "os/interrupt.hpp"

namespace castore::cli {

/// The end of a program: by itself, or by a signal.
struct ExitStatus {
  int code = 0;
  int signal = 0;  ///< 0: none

  [[nodiscard]] bool success() const noexcept { return code == 0 && signal == 0; }
};

/// Runs `command` by /bin/sh and waits for its end. `input` is its standard input, which it need
/// not read; its output and errors go where ours go. Ctrl-C does not reach it.
/// \throws Error  `ErrorCode::program`: it cannot be run
[[nodiscard]] ExitStatus run_command(const std::string& command, std::string_view input);

/// Makes the error "ended with exit status 3", with the fields `program` and `exitStatus` or
/// `signal`.
[[nodiscard]] Error program_error(const std::string& command, const ExitStatus& status);

/// A program run by /bin/sh that lines go into and text comes out of, both as fast as they will,
/// in the memory of a buffer. Its errors go where ours go. Ctrl-C does not reach it.
class Filter {
 public:
  /// Takes what the program has printed, perhaps nothing. The members below call it again and
  /// again while they wait, at least every 100 ms; its exceptions propagate out of them.
  using TakeOutput = std::function<void(std::string_view)>;

  /// \throws Error  `ErrorCode::program`: it cannot be run
  Filter(std::string command, TakeOutput take_output);
  Filter& operator=(Filter&&) = delete;
  /// Ends the program where it has not ended: by SIGTERM, and two seconds later by SIGKILL.
  ~Filter();

  /// Gives the program `lines`, each with its end. Returns how many: fewer, but whole ones, where
  /// the user interrupts.
  /// \throws Error  `ErrorCode::program`: it has ended, or closed its standard input
  std::int64_t write(std::string_view lines);

  /// Gives it nothing until then, or until the user interrupts. \throws Error  as `write`
  void pause_until(std::chrono::steady_clock::time_point time);

  /// Ends its input, takes all that it still prints, and waits for its end.
  /// \throws Error  `ErrorCode::program`: it ended before its input did, or did not succeed
  void finish();

 private:
  struct Process;

  void step(bool to_write, std::chrono::milliseconds timeout);
  void wait_until_read();
  void require_reader();
  [[noreturn]] void fail_early();

  std::string command_;
  TakeOutput take_output_;
  IgnoreBrokenPipes ignore_broken_pipes_;
  std::unique_ptr<Process> process_;
};

}  // namespace castore::cli
