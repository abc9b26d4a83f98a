#include <array>

#include "benchmarks.hpp"
#include "raw.hpp"
#include "workload.hpp"

namespace castore::bench {
namespace {

constexpr std::size_t alive = 100;
constexpr std::size_t group_size = 1000;

/// Two files that grow alike: ours by our library, the other by the C API, with the same events.
class Twins {
 public:
  Twins(const Bench& bench, sqlite::Synchronous synchronous)
      : synchronous_(synchronous),
        our_file_(bench.folder() / "push-ours.db"),
        raw_file_(bench.folder() / "push-raw.db") {
    for (const auto& file : {our_file_, raw_file_}) make_file(file, items_, [](const auto&) {});
    shelves_.emplace(make_shelves(open(our_file_, synchronous)));
    connection_ =
        raw::open_for_writing(raw_file_, synchronous == sqlite::Synchronous::off ? "OFF" : "FULL");
    insert_.emplace(connection_.get());
    transactions_.emplace(connection_.get());
  }
  Twins& operator=(Twins&&) = delete;
  ~Twins() {
    shelves_.reset();
    transactions_.reset();
    insert_.reset();
    connection_.reset();
    remove_database(our_file_);
    remove_database(raw_file_);
  }

  /// Typed: the value is encoded, the clock asked, the version checked. In seconds.
  double push_ours(std::size_t count) {
    std::vector<NewEvent<ItemStored>> events = next_events(count);
    return time([&] {
      for (auto& event : events) {
        benchmark::DoNotOptimize(shelves_->push_event(std::move(event)));
      }
    });
  }

  /// One INSERT each, which is its own transaction, of text that is there already. In seconds.
  double push_raw(std::size_t count) {
    const std::vector<OwnedStep> steps = next_steps(raw_history_, count);
    return time([&] { insert(steps); });
  }

  double push_our_group() {
    std::vector<NewEvent<ItemStored>> events = next_events(group_size);
    return time([&] {
      std::vector<GroupedEvent<Shelf, ItemStored>> grouped;
      grouped.reserve(group_size);
      for (auto& event : events) grouped.push_back(shelves_->group_event(std::move(event)));
      push_event_group(std::vector<GroupedEventRef>(grouped.begin(), grouped.end()));
    });
  }

  double push_raw_group() {
    const std::vector<OwnedStep> steps = next_steps(raw_history_, group_size);
    return time([&] {
      transactions_->begin();
      insert(steps);
      transactions_->commit();
    });
  }

 private:
  struct OwnedStep {
    std::string aggregate_id;
    Version version;
    std::int64_t timestamp;
    std::size_t item;
  };

  /// Without syncs it is the computing that counts, with them the waiting.
  template <class Work>
  [[nodiscard]] double time(Work&& work) const {
    return synchronous_ == sqlite::Synchronous::off ? cpu_seconds(work) : seconds(work);
  }

  static std::vector<OwnedStep> next_steps(History& history, std::size_t count) {
    std::vector<OwnedStep> steps;
    steps.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const Step step = history.next();
      steps.push_back({std::string(step.aggregate_id), step.version, step.timestamp, step.item});
    }
    return steps;
  }

  std::vector<NewEvent<ItemStored>> next_events(std::size_t count) {
    std::vector<NewEvent<ItemStored>> events;
    events.reserve(count);
    for (OwnedStep& step : next_steps(our_history_, count)) {
      events.push_back({.aggregate_id = std::move(step.aggregate_id),
                        .version = step.version,
                        .payload = items_.value(step.item)});
    }
    return events;
  }

  void insert(const std::vector<OwnedStep>& steps) {
    for (const OwnedStep& step : steps) {
      (*insert_)(step.aggregate_id, step.version, step.timestamp, items_.text(step.item));
    }
  }

  sqlite::Synchronous synchronous_;
  std::filesystem::path our_file_;
  std::filesystem::path raw_file_;
  Items items_;
  History our_history_{alive};
  History raw_history_{alive};
  std::optional<Shelves> shelves_;
  raw::Connection connection_;
  std::optional<raw::Insert> insert_;
  std::optional<raw::Transactions> transactions_;
};

void add_single(Bench& bench, const Case& of, sqlite::Synchronous synchronous, int pairs,
                std::size_t slice) {
  bench.add(of, pairs, [&bench, synchronous, slice](Measurement& measurement) {
    Twins twins(bench, synchronous);
    const double to_us = 1e6 / static_cast<double>(slice);
    measurement.pairs([&] { return twins.push_ours(slice) * to_us; },
                      [&] { return twins.push_raw(slice) * to_us; });
  });
}

}  // namespace

void add_push(Bench& bench) {
  add_single(bench, {"push one event per transaction, `synchronous=OFF`, typed", "µs", 1.25},
             sqlite::Synchronous::off, 100, 500);
  // Slices so short that most are without a checkpoint, which either side has every 250 pushes.
  add_single(bench, {"push one event per transaction, `FULL`, typed", "µs", 1.05},
             sqlite::Synchronous::full, 150, 10);
  // Without a sync, which would hide what we cost.
  bench.add({"push a group of 1000, `synchronous=OFF`, typed", "ms", 1.5}, 50,
            [&bench](Measurement& measurement) {
              Twins twins(bench, sqlite::Synchronous::off);
              measurement.pairs([&] { return twins.push_our_group() * 1e3; },
                                [&] { return twins.push_raw_group() * 1e3; });
            });
}

}  // namespace castore::bench
