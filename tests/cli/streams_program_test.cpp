#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "shell.hpp"

using castore::testing::Finished;
using castore::testing::Shell;

namespace {

/// A pipe between the program and a slow partner, of which the program has its end in non-blocking
/// mode, as from an event loop, and by the number 7.
class NonBlockingPipe {
 public:
  enum class Program { reads, writes };

  explicit NonBlockingPipe(Program program) : program_(program) {
    if (pipe(ends_.data()) != 0) throw std::runtime_error("no pipe");
    const int end = ends_[program == Program::reads ? 0 : 1];
    fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK);
    fcntl(ends_[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends_[1], F_SETFD, FD_CLOEXEC);
    dup2(end, number);
  }
  NonBlockingPipe& operator=(NonBlockingPipe&&) = delete;
  ~NonBlockingPipe() {
    close_programs();
    ::close(partner());
  }

  [[nodiscard]] bool is_still_non_blocking() const {
    return (fcntl(number, F_GETFL) & O_NONBLOCK) != 0;
  }

  void fill() const {
    const std::string text(4096, '#');
    while (::write(number, text.data(), text.size()) > 0) continue;
  }

  /// Takes all that the program writes, after a while.
  [[nodiscard]] std::string read_slowly() const {
    std::string text;
    std::array<char, 65536> block{};
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    while (true) {
      const ssize_t count = ::read(partner(), block.data(), block.size());
      if (count <= 0) return text;
      text.append(block.data(), static_cast<std::size_t>(count));
    }
  }

  /// Writes `text` in several parts, with pauses before each.
  void write_slowly(const std::string& text) {
    const std::size_t part = text.size() / 3 + 1;
    for (std::size_t at = 0; at < text.size(); at += part) {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
      const std::string some = text.substr(at, part);
      CHECK(::write(partner(), some.data(), some.size()) == static_cast<ssize_t>(some.size()));
    }
    ::close(ends_[1]);
    ends_[1] = -1;
  }

  /// Once the program has ended: the partner finds the end.
  void close_programs() {
    ::close(number);
    ::close(std::exchange(ends_[program_ == Program::reads ? 0 : 1], -1));
  }

 private:
  static constexpr int number = 7;

  [[nodiscard]] int partner() const { return ends_[program_ == Program::reads ? 1 : 0]; }

  Program program_;
  std::array<int, 2> ends_{};
};

/// \returns what the program writes by its `redirection` to the pipe while `script` runs.
std::string written(const Shell& shell, const std::string& script, int exit_code, bool full) {
  NonBlockingPipe pipe(NonBlockingPipe::Program::writes);
  if (full) pipe.fill();
  std::string text;
  std::thread reader([&] { text = pipe.read_slowly(); });  // runs no library code
  CHECK(shell(script).exit_code == exit_code);
  CHECK(pipe.is_still_non_blocking());
  pipe.close_programs();
  reader.join();
  return full ? text.substr(text.find_last_of('#') + 1) : text;
}

const std::string import_history =
    std::string("$cli import ") + CASTORE_TEST_DATA + "/cli11-history.jsonl >imported";

std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("everything arrives through an output that does not block") {
  const Shell shell;
  REQUIRE(shell(import_history).exit_code == 0);
  CHECK(written(shell, "$cli replay >&7", 0, false) == shell("$cli replay").out);
  CHECK(written(shell, "$cli list-ids COMMITS >&7", 0, true) == shell("$cli list-ids COMMITS").out);
}

TEST_CASE("errors arrive through a standard error that does not block") {
  const Shell shell;
  const std::string error = written(shell, "$cli list-stores 2>&7", 3, true);
  CHECK(error.starts_with("castore-cli: No such file or folder: "));
  CHECK(error.ends_with("events.db\n"));
}

TEST_CASE("everything is read from an input that does not block") {
  const Shell shell;
  const std::string history = read_file(CASTORE_TEST_DATA "/cli11-history.jsonl");
  NonBlockingPipe pipe(NonBlockingPipe::Program::reads);
  std::thread writer([&] { pipe.write_slowly(history); });  // runs no library code
  const Finished imported = shell("$cli import <&7");
  CHECK(pipe.is_still_non_blocking());
  writer.join();
  CHECK(imported.err.empty());
  CHECK(imported.out == "imported 7138, skipped 0\n");
}

TEST_CASE("waiting for an input that does not block takes no time of the processor") {
  const Shell shell;
  NonBlockingPipe pipe(NonBlockingPipe::Program::reads);
  std::thread writer([&] {  // runs no library code
    std::this_thread::sleep_for(std::chrono::milliseconds{2500});
    pipe.write_slowly("\n");
  });
  // dash's times prints minutes and seconds of the shell and of its children
  const Finished waited = shell("$cli import <&7 >imported; times");
  writer.join();
  CHECK(waited.exit_code == 0);
  const std::string children = waited.out.substr(waited.out.find('\n') + 1);
  CHECK(children.starts_with("0m0."));
  CHECK(children.find(" 0m0.") != std::string::npos);
}
