#include "report.hpp"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

namespace castore::bench {
namespace {

/// \pre `values` is not empty; 0 ≤ `part` ≤ 1
double quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

std::string format(const char* form, double value) {
  char text[64];
  std::snprintf(text, sizeof text, form, value);
  return text;
}

/// Three digits that mean something.
std::string number(double value) {
  if (value >= 100) return format("%.0f", value);
  return format(value >= 10 ? "%.1f" : "%.2f", value);
}

std::string goal(const Row& row) {
  const std::string sign = row.of.better == Better::lower ? "≤ " : "≥ ";
  return sign + format("%g", row.of.goal) + (row.raw ? " ×" : " " + row.of.unit);
}

}  // namespace

std::optional<double> Row::ratio() const {
  return raw ? std::optional<double>(ours / *raw) : std::nullopt;
}

bool Row::reached() const {
  const double value = ratio().value_or(ours);
  return of.better == Better::lower ? value <= of.goal : value >= of.goal;
}

double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

double cpu_clock() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void Measurement::pairs(const Side& ours, const Side& raw) {
  std::vector<double> our_figures;
  std::vector<double> raw_figures;
  std::vector<double> ratios;
  for ([[maybe_unused]] auto _ : state_) {
    const bool ours_first = our_figures.size() % 2 == 0;
    if (ours_first) our_figures.push_back(ours());
    raw_figures.push_back(raw());
    if (!ours_first) our_figures.push_back(ours());
    ratios.push_back(our_figures.back() / raw_figures.back());
  }
  const Row row{of_, median(our_figures), median(raw_figures)};
  state_.counters["ours"] = row.ours;
  state_.counters["raw"] = *row.raw;
  state_.counters["ratio"] = *row.ratio();
  state_.counters["ratio_q1"] = quantile(ratios, 0.25);
  state_.counters["ratio_q3"] = quantile(ratios, 0.75);
  rows_.push_back(row);
}

void Measurement::alone(const Side& ours) {
  std::vector<double> figures;
  for ([[maybe_unused]] auto _ : state_) figures.push_back(ours());
  const Row row{of_, median(figures), std::nullopt};
  state_.counters["ours"] = row.ours;
  state_.counters["ours_q1"] = quantile(figures, 0.25);
  state_.counters["ours_q3"] = quantile(figures, 0.75);
  rows_.push_back(row);
}

void Bench::add(const Case& of, int count, std::function<void(Measurement&)> measure) {
  benchmark::RegisterBenchmark(of.name.c_str(),
                               [this, of, measure = std::move(measure)](benchmark::State& state) {
                                 Measurement measurement(state, of, rows_);
                                 measure(measurement);
                               })
      ->Iterations(count)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

void write_markdown(std::ostream& out, const std::vector<Row>& rows) {
  out << "| case | unit | ours | raw | ratio | goal | |\n|---|---|--:|--:|--:|--:|---|\n";
  for (const Row& row : rows) {
    out << "| " << row.of.name << " | " << row.of.unit << " | " << number(row.ours) << " | "
        << (row.raw ? number(*row.raw) : "–") << " | "
        << (row.raw ? number(*row.ratio()) + " ×" : "–") << " | " << goal(row) << " | "
        << (row.reached() ? "reached" : "**missed**") << " |\n";
  }
}

void write_json(std::ostream& out, const std::vector<Row>& rows) {
  auto array = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json object{{"case", row.of.name}, {"unit", row.of.unit},
                                  {"ours", row.ours},    {"raw", nullptr},
                                  {"ratio", nullptr},    {"goal", row.of.goal}};
    if (row.raw) {
      object["raw"] = *row.raw;
      object["ratio"] = *row.ratio();
    }
    object["better"] = row.of.better == Better::lower ? "lower" : "higher";
    array.push_back(std::move(object));
  }
  out << array.dump(2) << '\n';
}

}  // namespace castore::bench
