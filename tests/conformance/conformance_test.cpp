/// Runs the scenarios of this folder against castore, in this process, and checks the list of the
/// differences that are on purpose: each has to exist, and to be as listed.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "driver.hpp"
#include "engine.hpp"

namespace {

using conformance::AdapterKind;
using conformance::Verdict;
using nlohmann::json;

struct Options {
  AdapterKind kind = AdapterKind::sqlite;
  std::optional<std::string> area;  ///< all of them without it
  std::filesystem::path directory = CASTORE_CONFORMANCE_DIRECTORY;
};

struct Counts {
  std::size_t passed = 0;
  std::size_t listed = 0;
  std::size_t failed = 0;
  std::size_t steps = 0;
};

Options parse_options(const std::vector<std::string_view>& args) {
  Options options;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const bool has_value = i + 1 < args.size();
    if (args[i] == "--in-memory") {
      options.kind = AdapterKind::in_memory;
    } else if (args[i] == "--area" && has_value) {
      options.area = args[++i];
    } else if (args[i] == "--directory" && has_value) {
      options.directory = args[++i];
    } else {
      throw std::invalid_argument(
          "usage: castore-conformance-test [--in-memory] [--area AREA] [--directory DIRECTORY]");
    }
  }
  return options;
}

json read(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::invalid_argument("cannot read " + path.string());
  return json::parse(file);
}

std::set<std::string> areas_in(const std::filesystem::path& directory) {
  std::set<std::string> areas;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "scenarios")) {
    if (entry.path().extension() == ".json") areas.insert(entry.path().stem().string());
  }
  return areas;
}

void fail(Counts& counts, const std::string& name, const std::string& message) {
  ++counts.failed;
  std::cout << "FAIL " << name << "\n      " << message << '\n';
}

void run(const json& scenario, const json& difference, AdapterKind kind, Counts& counts) {
  const auto name = scenario.at("name").get<std::string>();
  const json setup = scenario.value("setup", json::object());
  conformance::Driver driver(kind, setup.value("sharedAdapter", false));
  const Verdict verdict = conformance::run_scenario(
      scenario, difference, [&](std::string_view operation, const json& args) {
        return driver.execute(operation, args);
      });
  counts.steps += verdict.steps;
  switch (verdict.kind) {
    case Verdict::Kind::passed:
      ++counts.passed;
      break;
    case Verdict::Kind::listed:
      ++counts.listed;
      std::cout << "listed " << name << ": " << difference.at("reason").get<std::string>() << '\n';
      break;
    case Verdict::Kind::failed:
      fail(counts, name, verdict.message);
      break;
  }
}

/// \param differences  of this area, by the scenario's name
void run_area(const json& scenarios, const json& differences, AdapterKind kind, Counts& counts) {
  std::set<std::string> names;
  for (const json& scenario : scenarios) {
    const auto name = scenario.at("name").get<std::string>();
    names.insert(name);
    run(scenario, differences.value(name, json()), kind, counts);
  }
  for (const auto& [name, difference] : differences.items()) {
    if (!names.contains(name)) fail(counts, name, "is listed as a difference, but does not exist");
  }
}

int run_all(const Options& options) {
  const json differences = read(options.directory / "differences.json");
  const std::set<std::string> areas = areas_in(options.directory);
  if (options.area && !areas.contains(*options.area)) {
    throw std::invalid_argument("there is no area " + *options.area);
  }
  Counts counts;
  for (const auto& [area, listed] : differences.items()) {
    if (!areas.contains(area)) fail(counts, area, "has listed differences, but does not exist");
  }
  for (const std::string& area : areas) {
    if (options.area && area != *options.area) continue;
    const json file = read(options.directory / "scenarios" / (area + ".json"));
    run_area(file.at("scenarios"), differences.value(area, json::object()), options.kind, counts);
  }
  std::cout << (options.kind == AdapterKind::sqlite ? "sqlite: " : "in memory: ") << counts.passed
            << " passed, " << counts.listed << " listed, " << counts.failed << " failed ("
            << counts.steps << " steps)\n";
  const bool ran = counts.passed + counts.listed > 0;
  return counts.failed == 0 && ran ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  return run_all(parse_options({argv + 1, argv + argc}));
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 2;
}
