#pragma once

/// \file
/// Work done by other processes. POSIX only; fork only while this process has no other thread.

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace castore::testing {

/// Runs `work` in a child, which ends with it: by 0, or by 1 after an exception.
inline pid_t start_process(const std::function<void()>& work) {
  std::fflush(nullptr);  // else the child inherits, and may print, what waits to be printed
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    work();
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

inline bool ended_well(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Runs `work` in `count` processes at once. \returns how many of them did it without an exception
inline int in_processes(int count, const std::function<void(int)>& work) {
  std::vector<pid_t> children(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    children.at(static_cast<std::size_t>(i)) = start_process([&, i] { work(i); });
  }
  int succeeded = 0;
  for (const pid_t child : children) succeeded += ended_well(child) ? 1 : 0;
  return succeeded;
}

/// Reports of children to their parent, one `Record` at a time: from any of their threads, since
/// a pipe keeps together what is small.
template <class Record>
class Pipe {
  static_assert(sizeof(Record) <= _POSIX_PIPE_BUF);

 public:
  Pipe() {
    if (pipe(ends_.data()) != 0) throw std::runtime_error("no pipe");
  }
  Pipe& operator=(Pipe&&) = delete;
  ~Pipe() {
    close_sending();
    close(ends_[0]);
  }

  /// A child whose parent is gone ends.
  void send(const Record& record) const {
    if (write(ends_[1], &record, sizeof record) != sizeof record) _exit(2);
  }

  /// In the parent after the fork: else `receive` waits for the parent, too.
  void close_sending() {
    if (ends_[1] >= 0) close(std::exchange(ends_[1], -1));
  }

  /// \returns false once all children have ended
  bool receive(Record& record) const {
    return ::read(ends_[0], &record, sizeof record) == sizeof record;
  }

 private:
  std::array<int, 2> ends_{};
};

/// Another process that does `work(0)`, `work(1)`, … when it is asked to. Started before this
/// process has a database open, since a child cannot use its parent's.
class Companion {
 public:
  explicit Companion(const std::function<void(int)>& work) {
    child_ = start_process([&] {
      to_child_.close_sending();
      char ask = 0;
      for (int step = 0; to_child_.receive(ask); ++step) {
        char answer = 1;
        try {
          work(step);
        } catch (const std::exception& error) {
          std::fprintf(stderr, "companion: %s\n", error.what());
          answer = 0;
        }
        to_parent_.send(answer);
      }
    });
    to_parent_.close_sending();
  }
  Companion& operator=(Companion&&) = delete;
  ~Companion() {
    to_child_.close_sending();
    int status = 0;
    waitpid(child_, &status, 0);
  }

  /// \returns whether it did it without an exception
  bool step() {
    to_child_.send(1);
    char answer = 0;
    return to_parent_.receive(answer) && answer == 1;
  }

  /// Ends it in the middle of whatever it does.
  void kill() const { ::kill(child_, SIGKILL); }

 private:
  Pipe<char> to_child_;
  Pipe<char> to_parent_;
  pid_t child_ = -1;
};

}  // namespace castore::testing
