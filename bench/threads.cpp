#include <atomic>
#include <latch>
#include <mutex>
#include <thread>

#include "benchmarks.hpp"
#include "raw.hpp"
#include "slow_sync.hpp"
#include "workload.hpp"

namespace castore::bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t writers = 32;
constexpr unsigned readers = 4;

/// Threads that do `step(thread)` over and over for `duration`, begun together.
/// \returns steps per second
template <class Step>
double steps_per_second(std::size_t threads, milliseconds duration, Step&& step) {
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> steps{0};
  std::latch start(static_cast<std::ptrdiff_t>(threads) + 1);
  std::vector<std::jthread> running;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      start.arrive_and_wait();
      std::int64_t done = 0;
      for (; !stop; ++done) step(thread);
      steps += done;
    });
  }
  start.arrive_and_wait();
  const double time = seconds([&] {
    std::this_thread::sleep_for(duration);
    stop = true;
    running.clear();
  });
  return static_cast<double>(steps) / time;
}

/// The pushes of one thread: aggregates of 100 events, one after the other.
class Pushes {
 public:
  Pushes(const Items& items, std::uint64_t seed) : items_(&items), random_(seed) {}

  void push(const Shelves& shelves) {
    next();
    benchmark::DoNotOptimize(shelves.push_event(NewEvent<ItemStored>{
        .aggregate_id = id_, .version = version_, .payload = items_->value(count_)}));
  }

  /// Our `push_event` looks at the clock; so does this.
  void push(raw::Insert& insert, std::mutex& mutex) {
    next();
    const std::lock_guard guard(mutex);
    insert(id_, version_, system_now().time_since_epoch().count(), items_->text(count_));
  }

 private:
  void next() {
    if (version_ == 0 || version_ == 100) {
      id_ = make_id(random_);
      version_ = 0;
    }
    ++version_;
    ++count_;
  }

  const Items* items_;
  Random random_;
  std::string id_;
  Version version_ = 0;
  std::size_t count_ = 0;
};

std::vector<Pushes> make_pushes(const Items& items, std::size_t threads, std::uint64_t seed) {
  std::vector<Pushes> pushes;
  for (std::size_t i = 0; i < threads; ++i) pushes.emplace_back(items, seed + i);
  return pushes;
}

/// One adapter for all threads, against one raw connection and a mutex for all threads.
void compare_writers(const Bench& bench, Measurement& measurement) {
  const auto our_file = bench.folder() / "threads-ours.db";
  const auto raw_file = bench.folder() / "threads-raw.db";
  const Items items;
  for (const auto& file : {our_file, raw_file}) make_file(file, items, [](const auto&) {});
  {
    const Shelves shelves = make_shelves(open(our_file));
    const raw::Connection connection = raw::open_for_writing(raw_file, "FULL");
    raw::Insert insert(connection.get());
    std::mutex mutex;
    std::vector<Pushes> ours = make_pushes(items, writers, 1000);
    std::vector<Pushes> raw = make_pushes(items, writers, 1000);
    constexpr milliseconds duration{500};
    measurement.pairs(
        [&] {
          return steps_per_second(writers, duration,
                                  [&](std::size_t thread) { ours[thread].push(shelves); });
        },
        [&] {
          return steps_per_second(writers, duration,
                                  [&](std::size_t thread) { raw[thread].push(insert, mutex); });
        });
  }
  remove_database(our_file);
  remove_database(raw_file);
}

/// Pushes at `FULL` as fast as it can while it lives.
class Writer {
 public:
  Writer(const Shelves& shelves, Pushes& pushes)
      : thread_([this, &shelves, &pushes](const std::stop_token& stop) {
          while (!stop.stop_requested()) pushes.push(shelves);
          cpu_seconds_ = cpu_clock();
        }) {}

  /// Ends it. \returns the CPU time it had
  double stop() {
    thread_.request_stop();
    thread_.join();
    return cpu_seconds_;
  }

 private:
  double cpu_seconds_ = 0;
  std::jthread thread_;
};

/// How many aggregates of 100 events the readers read a second, for each core that they can have:
/// the machine has so many cores, no reader uses two, and what the writer itself computed is taken
/// off. That is by the clock on the wall, so that a reader who waited for the writer would show;
/// on CPU time alone it would not. On a machine of 2 cores the writer's part is a few per cent,
/// since it mostly waits for the disk.
class ReadersBesideWriter {
 public:
  explicit ReadersBesideWriter(const Bench& bench)
      : file_(bench.folder() / "readers.db"), ids_(make_history_file(file_, 100'000)) {
    adapter_ = open(file_);
    for (unsigned i = 0; i < readers; ++i) {
      connections_.push_back(raw::open_for_reading(file_));
      selects_.push_back(std::make_unique<raw::SelectEvents>(connections_.back().get()));
    }
  }
  ReadersBesideWriter& operator=(ReadersBesideWriter&&) = delete;
  ~ReadersBesideWriter() {
    adapter_.reset();
    selects_.clear();
    connections_.clear();
    remove_database(file_);
  }

  double with_writer() {
    return beside_writer([&] { return read(); });
  }
  double without_writer() { return read() / cores(); }
  /// A connection for each reader, beside the same writer.
  double raw_with_writer() {
    return beside_writer([&] { return read_raw(); });
  }

 private:
  static double cores() { return std::min(readers, std::thread::hardware_concurrency()); }

  template <class Read>
  double beside_writer(Read&& read_all) {
    const Shelves shelves = make_shelves(adapter_);
    Writer writer(shelves, pushes_);
    double rate = 0;
    const double time = seconds([&] { rate = read_all(); });
    return rate / (cores() - writer.stop() / time);
  }

  double read() {
    return reads_per_second([&](std::size_t, const std::string& id) {
      std::uint64_t bytes = 0;
      adapter_->for_each_event(event_store_id, id, {}, [&](const EventView& event) {
        bytes += event.payload->size();
        return true;
      });
      benchmark::DoNotOptimize(bytes);
    });
  }

  double read_raw() {
    return reads_per_second([&](std::size_t thread, const std::string& id) {
      std::uint64_t bytes = 0;
      (*selects_[thread])(id, [&](const raw::EventRow& event) { bytes += event.payload.size(); });
      benchmark::DoNotOptimize(bytes);
    });
  }

  template <class Read>
  double reads_per_second(Read&& read_one) {
    std::vector<Random> random;
    for (unsigned i = 0; i < readers; ++i) random.emplace_back(i);
    return steps_per_second(readers, milliseconds{500}, [&](std::size_t thread) {
      read_one(thread, ids_[random[thread].below(ids_.size())]);
    });
  }

  std::filesystem::path file_;
  std::vector<std::string> ids_;
  std::shared_ptr<EventStorageAdapter> adapter_;
  std::vector<raw::Connection> connections_;
  std::vector<std::unique_ptr<raw::SelectEvents>> selects_;
  Items items_;
  Pushes pushes_{items_, 5};
};

}  // namespace

void add_threads(Bench& bench) {
  bench.add({"32 threads push, `FULL`", "events/s", 4, Better::higher}, 9,
            [&bench](Measurement& measurement) { compare_writers(bench, measurement); });
  bench.add({"32 threads push, `FULL`, a sync takes 2 ms", "events/s", 15, Better::higher}, 9,
            [&bench](Measurement& measurement) {
              const SlowSync slow(milliseconds{2});
              compare_writers(bench, measurement);
            });
  bench.add({"4 threads read beside a writer, against without (as raw)", "aggregates/s per core",
             0.9, Better::higher},
            15, [&bench](Measurement& measurement) {
              ReadersBesideWriter sides(bench);
              measurement.pairs([&] { return sides.with_writer(); },
                                [&] { return sides.without_writer(); });
            });
  bench.add({"4 threads read beside a writer, against 4 raw connections that do",
             "aggregates/s per core", 0.9, Better::higher},
            15, [&bench](Measurement& measurement) {
              ReadersBesideWriter sides(bench);
              measurement.pairs([&] { return sides.with_writer(); },
                                [&] { return sides.raw_with_writer(); });
            });
}

}  // namespace castore::bench
