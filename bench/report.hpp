#pragma once

/// \file
/// How two sides are compared, and what is written down of it.
///
/// Google Benchmark names, filters and runs the cases; an iteration of it is one *pair*: a slice of
/// our work and a slice of the raw work, a few milliseconds each, every second pair the other way
/// round. Its own `--benchmark_enable_random_interleaving` mixes whole repetitions of half a second
/// and more, and on a machine with other work the two sides then meet different weather. The figure
/// of a side is the median over its slices, the ratio that of the two medians. The console shows
/// beside it the quartiles of the pairs' own ratios: where they are far apart, the run was
/// disturbed.

#include <benchmark/benchmark.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace castore::bench {

enum class Better { lower, higher };

/// A line of the table, before it is measured.
struct Case {
  std::string name;
  std::string unit;
  double goal = 0;  ///< of the ratio; of our figure where there is nothing to compare with
  Better better = Better::lower;
};

struct Row {
  Case of;
  double ours = 0;
  std::optional<double> raw;

  [[nodiscard]] std::optional<double> ratio() const;
  [[nodiscard]] bool reached() const;
};

/// \pre not empty
[[nodiscard]] double median(std::vector<double> values);

/// The time that this thread has computed so far, in seconds. Time in which it was kept from the
/// processor by other programs is not in it.
[[nodiscard]] double cpu_clock();

/// How much `work` computed, in seconds. For work that waits for nothing: its figures do not depend
/// on what else the machine does.
template <class Work>
[[nodiscard]] double cpu_seconds(Work&& work) {
  const double start = cpu_clock();
  work();
  return cpu_clock() - start;
}

/// How long `work` took by the clock on the wall, in seconds.
template <class Work>
[[nodiscard]] double seconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// One case being measured. A side answers its figure, in the case's unit, each time it is called.
class Measurement {
 public:
  using Side = std::function<double()>;

  Measurement(benchmark::State& state, const Case& of, std::vector<Row>& rows)
      : state_(state), of_(of), rows_(rows) {}

  void pairs(const Side& ours, const Side& raw);
  void alone(const Side& ours);

 private:
  benchmark::State& state_;
  const Case& of_;
  std::vector<Row>& rows_;
};

/// All cases, and the folder their files are in.
class Bench {
 public:
  explicit Bench(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }

  /// \param count    of pairs, or of single measurements
  /// \param measure  makes what it needs, then calls one member of `Measurement`
  void add(const Case& of, int count, std::function<void(Measurement&)> measure);

 private:
  std::filesystem::path folder_;
  std::vector<Row> rows_;
};

void write_markdown(std::ostream& out, const std::vector<Row>& rows);
void write_json(std::ostream& out, const std::vector<Row>& rows);

}  // namespace castore::bench
