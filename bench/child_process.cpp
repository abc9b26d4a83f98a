#include "child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "report.hpp"

extern char** environ;

namespace castore::bench {
namespace {

[[noreturn]] void fail(const std::string& program, const char* what) {
  std::fprintf(stderr, "bench: %s %s\n", program.c_str(), what);
  std::exit(1);
}

pid_t start(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  }
  pid_t child = 0;
  const int error =
      posix_spawn(&child, command.front().c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(command.front(), "cannot be started");
  return child;
}

rusage finish(pid_t child, const std::vector<std::string>& command) {
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) fail(command.front(), "is lost");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(command.front(), "failed");
  return usage;
}

double mebibytes(const rusage& usage) {
#ifdef __APPLE__
  constexpr double unit = 1;
#else
  constexpr double unit = 1024;
#endif
  return static_cast<double>(usage.ru_maxrss) * unit / (1024 * 1024);
}

}  // namespace

double run(const std::vector<std::string>& command) {
  return seconds([&] { static_cast<void>(finish(start(command), command)); });
}

double peak_memory(const std::vector<std::string>& command, const std::filesystem::path& answer) {
  std::vector<std::string> through{CASTORE_BENCH, peak_memory_option, answer.string()};
  through.insert(through.end(), command.begin(), command.end());
  run(through);
  double peak = 0;
  std::ifstream(answer) >> peak;
  std::filesystem::remove(answer);
  return peak;
}

void report_peak_memory(const std::vector<std::string>& command,
                        const std::filesystem::path& answer) {
  std::ofstream(answer) << mebibytes(finish(start(command), command)) << '\n';
}

}  // namespace castore::bench
