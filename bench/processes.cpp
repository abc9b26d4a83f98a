#include <map>

#include "benchmarks.hpp"
#include "child_process.hpp"
#include "raw.hpp"
#include "workload.hpp"

namespace castore::bench {
namespace {

constexpr std::size_t imported_lines = 200'000;
constexpr std::size_t batch = 1000;  // as castore-cli does by itself
// So few that a batch touches few pages, and the disk does not hide what parsing costs.
constexpr std::size_t imported_alive = 100;
constexpr std::size_t million = 1'000'000;

std::vector<std::string> cli(const std::filesystem::path& file,
                             const std::vector<std::string>& arguments) {
  std::vector<std::string> command{CASTORE_CLI, "--db", file.string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

std::vector<std::string> get_aggregate(const std::filesystem::path& file, const std::string& id) {
  return cli(file, {"get-aggregate", std::string(event_store_id), id});
}

// --- Import ---

/// The rows of a history, parsed and in memory.
class ParsedHistory {
 public:
  explicit ParsedHistory(std::size_t events) {
    History history(imported_alive);
    for (std::size_t i = 0; i < events; ++i) {
      const Step step = history.next();
      rows_.push_back({std::string(step.aggregate_id), step.version, step.timestamp, step.item});
    }
  }

  /// Into a file that is there and empty; from opening it to its last checkpoint, in seconds.
  [[nodiscard]] double insert_into(const std::filesystem::path& file) const {
    return seconds([&] {
      const raw::Connection connection = raw::open_for_writing(file, "FULL");
      raw::Insert insert(connection.get());
      raw::Transactions transactions(connection.get());
      for (std::size_t begin = 0; begin < rows_.size(); begin += batch) {
        transactions.begin();
        for (std::size_t i = begin; i < std::min(begin + batch, rows_.size()); ++i) {
          const Row& row = rows_[i];
          insert(row.aggregate_id, row.version, row.timestamp, items_.text(row.item));
        }
        transactions.commit();
      }
    });
  }

 private:
  struct Row {
    std::string aggregate_id;
    Version version;
    std::int64_t timestamp;
    std::size_t item;
  };

  Items items_;
  std::vector<Row> rows_;
};

void compare_imports(const Bench& bench, Measurement& measurement) {
  const auto lines = bench.folder() / "import.jsonl";
  const auto our_file = bench.folder() / "import-ours.db";
  const auto raw_file = bench.folder() / "import-raw.db";
  make_history_lines(lines, imported_lines, imported_alive);
  const ParsedHistory parsed(imported_lines);
  measurement.pairs(
      [&] {
        remove_database(our_file);
        return run(cli(our_file, {"import", lines.string()}));
      },
      [&] {
        make_file(raw_file, Items(), [](const auto&) {});
        return parsed.insert_into(raw_file);
      });
  remove_database(our_file);
  remove_database(raw_file);
  std::filesystem::remove(lines);
}

// --- Time of castore-cli ---

/// Files of 10,000, 100,000 and 1,000,000 events, made when they are first asked for.
class HistoryFiles {
 public:
  explicit HistoryFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Prints an aggregate of 100 events, each time another one. \returns milliseconds
  double run_get_aggregate(std::size_t events) {
    File& file = files_[events];
    if (file.ids.empty()) {
      file.path = folder_ / ("history-" + std::to_string(events) + ".db");
      file.ids = make_history_file(file.path, events);
    }
    const std::string& id = file.ids[file.runs++ * 7 % file.ids.size()];
    return run(get_aggregate(file.path, id)) * 1e3;
  }

 private:
  struct File {
    std::filesystem::path path;
    std::vector<std::string> ids;
    std::size_t runs = 0;
  };

  std::filesystem::path folder_;
  std::map<std::size_t, File> files_;
};

void add_get_aggregate(Bench& bench) {
  const auto files = std::make_shared<HistoryFiles>(bench.folder());
  const std::string name = "`castore-cli get-aggregate` of 100 events among ";
  const auto add = [&](const std::string& count, std::size_t events) {
    bench.add({name + count, "ms", 20}, 41, [files, events](Measurement& measurement) {
      measurement.alone([&] { return files->run_get_aggregate(events); });
    });
  };
  add("10,000", 10'000);
  add("100,000", 100'000);
  add("1,000,000", million);
  // The issue says "flat"; a quarter is what a disturbed run can tell from it.
  bench.add({name + "1,000,000, against 10,000 (as raw)", "ms", 1.25}, 41,
            [files](Measurement& measurement) {
              measurement.pairs([&] { return files->run_get_aggregate(million); },
                                [&] { return files->run_get_aggregate(10'000); });
            });
}

// --- Memory of castore-cli ---

void measure_memory_of_get_aggregate(const Bench& bench, Measurement& measurement) {
  const auto file = bench.folder() / "memory.db";
  Random random(6);
  const std::string id = make_id(random);
  make_file(file, Items(), [&](const InsertEvent& insert) {
    for (std::size_t i = 0; i < million; ++i) {
      insert({id, static_cast<Version>(i + 1), static_cast<std::int64_t>(i), i});
    }
  });
  const auto answer = bench.folder() / "peak-memory";
  measurement.alone([&] { return peak_memory(get_aggregate(file, id), answer); });
  remove_database(file);
}

void measure_memory_of_import(const Bench& bench, Measurement& measurement) {
  const auto lines = bench.folder() / "memory.jsonl";
  const auto file = bench.folder() / "memory.db";
  make_history_lines(lines, million, imported_alive);
  const auto answer = bench.folder() / "peak-memory";
  measurement.alone([&] {
    remove_database(file);
    return peak_memory(cli(file, {"import", lines.string()}), answer);
  });
  remove_database(file);
  std::filesystem::remove(lines);
}

// --- Replay ---

/// Of 1,000,000 events, to a fresh file or, without one, to nowhere.
std::vector<std::string> replay(const std::filesystem::path& file,
                                const std::filesystem::path& into) {
  if (into.empty()) return cli(file, {"replay"});
  remove_database(into);
  return cli(file, {"replay", "--into", into.string()});
}

void measure_replay(const Bench& bench, Measurement& measurement, bool into_file, bool memory) {
  const auto file = bench.folder() / "replayed.db";
  const auto into = into_file ? bench.folder() / "replay-into.db" : std::filesystem::path();
  const auto answer = bench.folder() / "peak-memory";
  make_history_file(file, million);
  measurement.alone([&] {
    const auto command = replay(file, into);
    return memory ? peak_memory(command, answer) : run(command);
  });
  remove_database(file);
  if (into_file) remove_database(into);
}

void add_replays(Bench& bench) {
  const auto add = [&](const Case& of, int count, bool into_file, bool memory) {
    bench.add(of, count, [&bench, into_file, memory](Measurement& measurement) {
      measure_replay(bench, measurement, into_file, memory);
    });
  };
  const std::string name = "`castore-cli replay` of 1,000,000 events";
  add({name, "s", 5}, 3, false, false);
  add({"peak memory of " + name, "MiB", 64}, 1, false, true);
  add({"peak memory of `castore-cli replay --into`, 1,000,000 events", "MiB", 64}, 1, true, true);
}

}  // namespace

void add_processes(Bench& bench) {
  bench.add({"`castore-cli import` of 200,000 lines, batches of 1000, whole process", "s", 2}, 5,
            [&bench](Measurement& measurement) { compare_imports(bench, measurement); });
  add_get_aggregate(bench);
  // Memory does not vary from run to run as time does.
  bench.add(
      {"peak memory of `castore-cli get-aggregate`, 1,000,000 events of one aggregate", "MiB", 64},
      3,
      [&bench](Measurement& measurement) { measure_memory_of_get_aggregate(bench, measurement); });
  bench.add({"peak memory of `castore-cli import`, 1,000,000 events", "MiB", 64}, 1,
            [&bench](Measurement& measurement) { measure_memory_of_import(bench, measurement); });
  add_replays(bench);
}

}  // namespace castore::bench
