#include "os/process.hpp"

#include <utility>

#ifndef _WIN32
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

extern char** environ;
#endif

namespace castore::cli {

Error program_error(const std::string& command, const ExitStatus& status) {
  const bool killed = status.signal != 0;
  const int number = killed ? status.signal : status.code;
  return {ErrorCode::program,
          "The program " +
              std::string(killed ? "was ended by signal " : "ended with exit status ") +
              std::to_string(number) + ": " + command,
          {{"program", command}, {killed ? "signal" : "exitStatus", std::int64_t{number}}}};
}

namespace {

[[noreturn]] void fail(const std::string& command, const std::string& reason) {
  throw Error(ErrorCode::program, "The program " + reason + ": " + command, {{"program", command}});
}

}  // namespace

#ifdef _WIN32

struct Filter::Process {};

namespace {

constexpr auto no_shell = "cannot be run: on Windows there is no /bin/sh";

}  // namespace

ExitStatus run_command(const std::string& command, std::string_view /*input*/) {
  fail(command, no_shell);
}

Filter::Filter(std::string command, TakeOutput take_output)
    : command_(std::move(command)), take_output_(std::move(take_output)) {
  fail(command_, no_shell);
}
Filter::~Filter() = default;
std::int64_t Filter::write(std::string_view /*lines*/) { return 0; }
void Filter::pause_until(std::chrono::steady_clock::time_point /*time*/) {}
void Filter::finish() {}

#else

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds longest_wait{100};  // between two looks whether the user has interrupted
constexpr milliseconds grace{2000};
constexpr std::size_t buffer_size = std::size_t{64} * 1024;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  void close() noexcept {
    if (is_open()) ::close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

void check(bool success) {
  if (!success) throw std::system_error(errno, std::generic_category());
}

/// Returns a descriptor of the same file that is none of 0, 1 and 2, even where one of these is
/// closed, and that no program that we run inherits.
Descriptor kept_to_ourselves(Descriptor any) {
  Descriptor own(fcntl(any.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  check(own.is_open());
  return own;
}

struct Pipe {
  Descriptor reading;
  Descriptor writing;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  check(pipe(ends.data()) == 0);
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  return {kept_to_ourselves(std::move(reading)), kept_to_ourselves(std::move(writing))};
}

void never_block(const Descriptor& descriptor) {
  const int flags = fcntl(descriptor.get(), F_GETFL);
  check(flags >= 0 && fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK) == 0);
}

/// A guard against an ignored SIGCHLD, as our parent may have left it: nobody would learn how a
/// program ended.
class WaitForChildren {
 public:
  WaitForChildren() : previous_(std::signal(SIGCHLD, SIG_DFL)) {}
  WaitForChildren& operator=(WaitForChildren&&) = delete;
  ~WaitForChildren() {
    if (previous_ != SIG_ERR) std::signal(SIGCHLD, previous_);
  }

 private:
  void (*previous_)(int);
};

/// The surroundings that a program finds when it begins.
class Launch {
 public:
  Launch() {
    posix_spawn_file_actions_init(&files_);
    posix_spawnattr_init(&attributes_);
    // a process group of its own, which the terminal's Ctrl-C does not reach
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t defaults;  // we ignore SIGPIPE
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  }
  Launch& operator=(Launch&&) = delete;
  ~Launch() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&files_);
  }

  void give(const Descriptor& descriptor, int as) {
    posix_spawn_file_actions_adddup2(&files_, descriptor.get(), as);
  }

  [[nodiscard]] pid_t start(const std::string& command) const {
    std::string shell = "sh";
    std::string option = "-c";
    std::string text = command;
    std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    pid_t pid = 0;
    const int error =
        posix_spawn(&pid, "/bin/sh", &files_, &attributes_, arguments.data(), environ);
    if (error != 0) fail(command, "cannot be run: " + std::generic_category().message(error));
    return pid;
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

std::optional<ExitStatus> ended(pid_t pid, int options) {
  int status = 0;
  pid_t answer = 0;
  do {
    answer = waitpid(pid, &status, options);
  } while (answer < 0 && errno == EINTR);
  check(answer >= 0);
  if (answer == 0) return std::nullopt;
  if (WIFSIGNALED(status)) return ExitStatus{0, WTERMSIG(status)};
  return ExitStatus{WEXITSTATUS(status), 0};
}

/// Returns nothing where it has not ended by then.
std::optional<ExitStatus> ended_by(pid_t pid, steady_clock::time_point time) {
  while (true) {
    if (const auto status = ended(pid, WNOHANG)) return status;
    if (steady_clock::now() >= time) return std::nullopt;
    std::this_thread::sleep_for(milliseconds{5});
  }
}

/// Returns how much of `text` the pipe took, 0 where it is full. Closes it where nobody reads it.
std::size_t write_some(Descriptor& pipe, std::string_view text) {
  const ssize_t count = ::write(pipe.get(), text.data(), text.size());
  if (count >= 0) return static_cast<std::size_t>(count);
  check(errno == EPIPE || errno == EAGAIN || errno == EINTR);
  if (errno == EPIPE) pipe.close();
  return 0;
}

/// Returns the end of the line that is begun at `at`.
std::size_t end_of_line(std::string_view lines, std::size_t at) {
  if (at == 0 || lines[at - 1] == '\n') return at;
  return lines.find('\n', at) + 1;
}

}  // namespace

ExitStatus run_command(const std::string& command, std::string_view input) {
  const IgnoreBrokenPipes ignore_broken_pipes;
  const WaitForChildren wait_for_children;
  Pipe pipe = make_pipe();
  Launch launch;
  launch.give(pipe.reading, STDIN_FILENO);
  const pid_t pid = launch.start(command);
  pipe.reading.close();
  while (pipe.writing.is_open() && !input.empty()) {
    input.remove_prefix(write_some(pipe.writing, input));
  }
  pipe.writing.close();
  return *ended(pid, 0);
}

struct Filter::Process {
  WaitForChildren wait_for_children{};
  Descriptor input{};   ///< closed: the program reads no more
  Descriptor output{};  ///< closed: it prints no more
  std::vector<char> buffer = std::vector<char>(buffer_size);
  pid_t pid = 0;           ///< 0: not running
  bool has_input = false;  ///< it was given some

  std::string_view read_some() {
    const ssize_t count = ::read(output.get(), buffer.data(), buffer.size());
    if (count > 0) return {buffer.data(), static_cast<std::size_t>(count)};
    check(count == 0 || errno == EAGAIN || errno == EINTR);
    if (count == 0) output.close();
    return {};
  }

  /// Counts the bytes of its input that the program has not yet read, as far as the system can say.
  [[nodiscard]] int unread() const {
    int bytes = 0;
    return ioctl(input.get(), FIONREAD, &bytes) == 0 ? bytes : 0;
  }
};

Filter::Filter(std::string command, TakeOutput take_output)
    : command_(std::move(command)),
      take_output_(std::move(take_output)),
      process_(std::make_unique<Process>()) {
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  never_block(in.writing);
  never_block(out.reading);
  Launch launch;
  launch.give(in.reading, STDIN_FILENO);
  launch.give(out.writing, STDOUT_FILENO);
  process_->pid = launch.start(command_);
  process_->input = std::move(in.writing);
  process_->output = std::move(out.reading);
}

Filter::~Filter() {
  const pid_t pid = process_->pid;
  if (pid == 0) return;
  process_->input.close();
  process_->output.close();
  kill(-pid, SIGTERM);
  if (ended_by(pid, steady_clock::now() + grace)) return;
  kill(-pid, SIGKILL);
  ended(pid, 0);
}

/// Waits until the program takes more (`to_write`), has printed something, or reads no more.
void Filter::step(bool to_write, milliseconds timeout) {
  std::array<pollfd, 2> pipes{
      pollfd{process_->input.get(), static_cast<short>(to_write ? POLLOUT : 0), 0},
      pollfd{process_->output.get(), POLLIN, 0}};
  if (poll(pipes.data(), pipes.size(), static_cast<int>(timeout.count())) <= 0) {
    pipes[0].revents = pipes[1].revents = 0;
  }
  if ((pipes[0].revents & (POLLERR | POLLHUP)) != 0) process_->input.close();
  take_output_(pipes[1].revents != 0 ? process_->read_some() : std::string_view());
}

std::int64_t Filter::write(std::string_view lines) {
  std::size_t done = 0;
  process_->has_input = true;
  while (done < lines.size()) {
    require_reader();
    done += write_some(process_->input, lines.substr(done));
    if (InterruptMark::is_set()) lines = lines.substr(0, end_of_line(lines, done));
    if (done < lines.size()) step(true, longest_wait);
  }
  return std::count(lines.begin(), lines.end(), '\n');
}

void Filter::pause_until(steady_clock::time_point time) {
  for (auto now = steady_clock::now(); now < time; now = steady_clock::now()) {
    if (InterruptMark::is_set()) return;
    require_reader();
    step(false, std::min(longest_wait, std::chrono::ceil<milliseconds>(time - now)));
  }
}

void Filter::finish() {
  wait_until_read();
  process_->input.close();
  while (process_->output.is_open()) step(false, longest_wait);
  const ExitStatus status = *ended(process_->pid, 0);
  process_->pid = 0;
  if (!status.success()) throw program_error(command_, status);
}

/// Keeps its input open until the program has read everything, and a moment longer, in which one
/// that has seen enough (head -1) ends: bytes still in the pipe then are lost, and nobody would
/// notice.
void Filter::wait_until_read() {
  if (!process_->has_input) return;
  while (process_->input.is_open() && process_->unread() > 0) step(false, milliseconds{10});
  pause_until(steady_clock::now() + milliseconds{50});
  require_reader();
}

void Filter::require_reader() {
  if (!process_->input.is_open()) fail_early();
}

/// Throws by how the program ended, which says more than that it did not read.
void Filter::fail_early() {
  take_output_ = [](std::string_view) {};
  const auto deadline = steady_clock::now() + grace;
  while (process_->output.is_open() && steady_clock::now() < deadline) step(false, longest_wait);
  if (const auto status = ended_by(process_->pid, deadline)) {
    process_->pid = 0;
    if (!status->success()) throw program_error(command_, *status);
  }
  fail(command_, "stopped reading before it had all events");
}

#endif

}  // namespace castore::cli
