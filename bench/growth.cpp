#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "benchmarks.hpp"
#include "child_process.hpp"
#include "workload.hpp"

namespace castore::bench {
namespace {

constexpr int page = 100;

/// Median over `runs` calls of `measure`, which answers seconds; in microseconds.
template <class Measure>
double median_us(int runs, Measure&& measure) {
  std::vector<double> figures;
  for (int i = 0; i < runs; ++i) figures.push_back(measure() * 1e6);
  return median(std::move(figures));
}

/// A file of a history, and what is asked of it.
class Grown {
 public:
  Grown(std::filesystem::path file, std::size_t events)
      : file_(std::move(file)), history_(alive_among(events)) {
    make_file(file_, items_, [&](const InsertEvent& insert) {
      for (std::size_t i = 0; i < events; ++i) {
        const Step step = history_.next();
        insert(step);
        end_ = step.timestamp;
      }
    });
    adapter_ = open(file_, sqlite::Synchronous::off);
  }
  Grown& operator=(Grown&&) = delete;
  ~Grown() {
    adapter_.reset();
    remove_database(file_);
  }

  /// The history goes on: one event, in its own transaction. Without a sync, which is the same in
  /// every file and would hide what is not.
  double push() {
    const Shelves shelves = make_shelves(adapter_);
    return median_us(1000, [&] {
      const Step step = history_.next();
      NewEvent<ItemStored> event{.aggregate_id = std::string(step.aggregate_id),
                                 .version = step.version,
                                 .payload = items_.value(step.item)};
      return seconds([&] { benchmark::DoNotOptimize(shelves.push_event(std::move(event))); });
    });
  }

  /// An aggregate of 100 events from anywhere in the file, typed.
  double read() {
    const Shelves shelves = make_shelves(adapter_);
    return median_us(1000, [&] {
      const std::string& id = any_id();
      return seconds([&] { benchmark::DoNotOptimize(shelves.get_aggregate(id)); });
    });
  }

  /// A page of 100 from anywhere in the first tenth; null where there are not so many aggregates.
  nlohmann::ordered_json list() {
    bool full = true;
    const double time = median_us(1000, [&] {
      const ListAggregateIdsOptions options{.limit = page, .initial_event_after = any_time()};
      ListAggregateIdsResult result;
      const double t =
          seconds([&] { result = adapter_->list_aggregate_ids(event_store_id, options); });
      full = full && result.aggregate_ids.size() == page;
      return t;
    });
    return full ? nlohmann::ordered_json(time) : nlohmann::ordered_json(nullptr);
  }

  /// `castore-cli get-aggregate` of 100 events, whole process.
  double cli() {
    return median_us(41, [&] {
      return run({CASTORE_CLI, "--db", file_.string(), "get-aggregate", std::string(event_store_id),
                  any_id()});
    });
  }

 private:
  const std::string& any_id() {
    return history_.hundreds()[random_.below(history_.hundreds().size())];
  }

  Timestamp any_time() {
    const auto half = static_cast<std::size_t>(end_ - begin_of_history) / 10;
    return Timestamp(std::chrono::microseconds{begin_of_history +
                                               static_cast<std::int64_t>(random_.below(half))});
  }

  std::filesystem::path file_;
  Items items_;
  History history_;
  std::int64_t end_ = 0;
  Random random_{7};
  std::shared_ptr<EventStorageAdapter> adapter_;
};

}  // namespace

void measure_growth(const std::filesystem::path& folder, const std::filesystem::path& results,
                    std::size_t most) {
  auto rows = nlohmann::ordered_json::array();
  for (std::size_t events = 1000; events <= most; events *= 10) {
    Grown grown(folder / "growth.db", events);
    nlohmann::ordered_json row{{"events", events}};
    // Reading first: a push leaves a file's newest pages in the log.
    row["read_us"] = grown.read();
    row["list_us"] = grown.list();
    row["cli_us"] = grown.cli();
    row["push_us"] = grown.push();
    std::cout << row.dump() << std::endl;
    rows.push_back(std::move(row));
  }
  std::ofstream(results / "growth-results.json") << rows.dump(2) << '\n';
}

}  // namespace castore::bench
