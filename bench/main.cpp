// castore-bench FOLDER [--benchmark_filter=REGEX ...]   the table, into FOLDER and standard output
// castore-bench FOLDER growth EVENTS                    growth-results.json, into FOLDER
//
// Files to work on are made in FOLDER, which therefore is to be on a disk, and removed afterwards.

#include <sqlite3.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "benchmarks.hpp"
#include "child_process.hpp"

namespace {

using namespace castore::bench;

#if defined(__clang__)
constexpr auto compiler = "Clang " __clang_version__;
#elif defined(__GNUC__)
constexpr auto compiler = "GCC " __VERSION__;
#else
constexpr auto compiler = "another compiler";
#endif

/// Gone with the object, whatever is in it.
class WorkFolder {
 public:
  explicit WorkFolder(const std::filesystem::path& parent) : path_(parent / "bench-files") {
    std::filesystem::remove_all(path_);  // of a run that was interrupted
    std::filesystem::create_directories(path_);
  }
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

void write_table(std::ostream& out, const Bench& bench) {
  write_markdown(out, bench.rows());
  out << '\n' << "Built by " << compiler << "; SQLite " << sqlite3_libversion() << ".\n";
}

int run_cases(const std::filesystem::path& results, int argc, char** argv) {
  const WorkFolder folder(results);
  Bench bench(folder.path());
  add_push(bench);
  add_read(bench);
  add_replay(bench);
  add_threads(bench);
  add_processes(bench);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::ConsoleReporter progress;
  progress.SetOutputStream(&std::cerr);
  progress.SetErrorStream(&std::cerr);
  if (benchmark::RunSpecifiedBenchmarks(&progress) == 0) return 2;
  std::ofstream markdown(results / "bench-results.md");
  write_table(markdown, bench);
  std::ofstream json(results / "bench-results.json");
  write_json(json, bench.rows());
  write_table(std::cout, bench);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 3 && arguments[0] == peak_memory_option) {
    report_peak_memory({arguments.begin() + 2, arguments.end()}, arguments[1]);
    return 0;
  }
  if (arguments.empty()) {
    std::cerr << "usage: castore-bench FOLDER [growth EVENTS | --benchmark_filter=REGEX ...]\n";
    return 2;
  }
  const std::filesystem::path results = std::filesystem::absolute(arguments[0]);
  if (arguments.size() == 3 && arguments[1] == "growth") {
    const WorkFolder folder(results);
    measure_growth(folder.path(), results, std::stoul(arguments[2]));
    return 0;
  }
  argv[1] = argv[0];
  return run_cases(results, argc - 1, argv + 1);
}
