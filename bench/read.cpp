#include <memory>
#include <utility>

#include "benchmarks.hpp"
#include "raw.hpp"
#include "workload.hpp"

namespace castore::bench {
namespace {

/// The part of each event that both sides look at: all of it, but not into the JSON.
template <class Event>
std::uint64_t touch(const Event& event, std::int64_t timestamp) {
  return static_cast<std::uint64_t>(event.version + timestamp) + event.type.size() +
         event.payload->size() + (event.metadata ? event.metadata->size() : 0);
}

std::uint64_t touch(const raw::EventRow& event) {
  return static_cast<std::uint64_t>(event.version + event.timestamp) + event.type.size() +
         event.payload.size() + (event.metadata ? event.metadata->size() : 0);
}

/// A few aggregates, each in one piece, read over and over: all is in SQLite's page cache as far as
/// it fits (2 MB), a row is as cheap as it can be, and what we add stands out. In a large file
/// where aggregates interleave a row costs several times that, on both sides.
class Reads {
 public:
  Reads(const Bench& bench, std::size_t events_each)
      : file_(bench.folder() / "read.db"), events_each_(events_each) {
    const std::size_t aggregates = std::max<std::size_t>(1, 1000 / events_each);
    make_file(file_, Items(), [&](const InsertEvent& insert) { fill(insert, aggregates); });
    adapter_ = open(file_);
    shelves_.emplace(make_shelves(adapter_));
    connection_ = raw::open_for_reading(file_);
    select_.emplace(connection_.get());
  }
  Reads& operator=(Reads&&) = delete;
  ~Reads() {
    shelves_.reset();
    adapter_.reset();
    select_.reset();
    connection_.reset();
    remove_database(file_);
  }

  /// About 2,000 events. In microseconds per aggregate, as are the others.
  double stream_ours() {
    return per_aggregate([&](const std::string& id) {
      std::uint64_t sum = 0;
      adapter_->for_each_event(event_store_id, id, {}, [&](const EventView& event) {
        sum += touch(event, event.timestamp.time_since_epoch().count());
        return true;
      });
      benchmark::DoNotOptimize(sum);
    });
  }

  double stream_raw() {
    return per_aggregate([&](const std::string& id) {
      std::uint64_t sum = 0;
      (*select_)(id, [&](const raw::EventRow& event) { sum += touch(event); });
      benchmark::DoNotOptimize(sum);
    });
  }

  double fold_ours() {
    return per_aggregate(
        [&](const std::string& id) { benchmark::DoNotOptimize(shelves_->get_aggregate(id)); });
  }

 private:
  void fill(const InsertEvent& insert, std::size_t aggregates) {
    Random random(3);
    std::int64_t timestamp = 0;
    for (std::size_t i = 0; i < aggregates; ++i) {
      ids_.push_back(make_id(random));
      for (std::size_t k = 0; k < events_each_; ++k) {
        insert({ids_.back(), static_cast<Version>(k + 1), ++timestamp, k});
      }
    }
  }

  template <class Read>
  double per_aggregate(Read&& read) {
    const std::size_t times = std::max<std::size_t>(1, 2000 / events_each_);
    const double time = cpu_seconds([&] {
      for (std::size_t i = 0; i < times; ++i) read(ids_[i % ids_.size()]);
    });
    return time * 1e6 / static_cast<double>(times);
  }

  std::filesystem::path file_;
  std::size_t events_each_;
  std::vector<std::string> ids_;
  std::shared_ptr<EventStorageAdapter> adapter_;
  std::optional<Shelves> shelves_;
  raw::Connection connection_;
  std::optional<raw::SelectEvents> select_;
};

void add_stream(Bench& bench, const std::string& count, std::size_t events_each) {
  bench.add({"stream " + count + " events, erased", "µs", 1.15}, 200,
            [&bench, events_each](Measurement& measurement) {
              Reads reads(bench, events_each);
              measurement.pairs([&] { return reads.stream_ours(); },
                                [&] { return reads.stream_raw(); });
            });
}

/// Raw reads the same rows, and leaves their JSON alone.
void add_fold(Bench& bench, const std::string& count, std::size_t events_each) {
  bench.add({"typed `get_aggregate` of " + count + " events", "µs", 2}, 100,
            [&bench, events_each](Measurement& measurement) {
              Reads reads(bench, events_each);
              measurement.pairs([&] { return reads.fold_ours(); },
                                [&] { return reads.stream_raw(); });
            });
}

/// 100,000 aggregates and pages of 100 of their ids, the first and one in the middle.
class Lists {
 public:
  explicit Lists(const Bench& bench) : file_(bench.folder() / "list.db") {
    make_file(file_, Items(), fill);
    adapter_ = open(file_);
    connection_ = raw::open_for_reading(file_);
    select_.emplace(connection_.get());
    const auto half = adapter_->list_aggregate_ids(event_store_id, {.limit = aggregates / 2});
    deep_ = {.limit = page, .page_token = half.next_page_token};
    deep_id_ = half.aggregate_ids.back().aggregate_id;
    deep_timestamp_ = half.aggregate_ids.back().initial_event_timestamp.time_since_epoch().count();
  }
  Lists& operator=(Lists&&) = delete;
  ~Lists() {
    adapter_.reset();
    select_.reset();
    connection_.reset();
    remove_database(file_);
  }

  double first_ours() { return list_ours({.limit = page}); }
  double deep_ours() { return list_ours(deep_); }
  double first_raw() { return list_raw(0, ""); }
  double deep_raw() { return list_raw(deep_timestamp_, deep_id_); }

 private:
  static constexpr int aggregates = 100'000;
  static constexpr int page = 100;
  static constexpr int times = 50;

  static void fill(const InsertEvent& insert) {
    Random random(4);
    for (int i = 0; i < aggregates; ++i) insert({make_id(random), 1, i / 2 + 1, 0});
  }

  template <class List>
  static double per_page(List&& list) {
    const double time = cpu_seconds([&] {
      for (int i = 0; i < times; ++i) benchmark::DoNotOptimize(list());
    });
    return time * 1e6 / times;
  }

  double list_ours(const ListAggregateIdsOptions& options) {
    return per_page([&] { return adapter_->list_aggregate_ids(event_store_id, options); });
  }

  double list_raw(std::int64_t timestamp, std::string_view id) {
    return per_page([&] { return (*select_)(timestamp, id, page); });
  }

  std::filesystem::path file_;
  std::shared_ptr<EventStorageAdapter> adapter_;
  raw::Connection connection_;
  std::optional<raw::SelectIds> select_;
  ListAggregateIdsOptions deep_;
  std::string deep_id_;
  std::int64_t deep_timestamp_ = 0;
};

void add_list(Bench& bench) {
  using Side = double (Lists::*)();
  const auto add = [&bench](const Case& of, Side ours, Side raw) {
    bench.add(of, 100, [&bench, ours, raw](Measurement& measurement) {
      Lists lists(bench);
      measurement.pairs([&] { return (lists.*ours)(); }, [&] { return (lists.*raw)(); });
    });
  };
  add({"list 100 of 100,000 aggregate ids, first page", "µs", 1.25}, &Lists::first_ours,
      &Lists::first_raw);
  add({"list 100 of 100,000 aggregate ids, deep page", "µs", 1.25}, &Lists::deep_ours,
      &Lists::deep_raw);
  add({"list, our deep page against our first (as raw)", "µs", 1.5}, &Lists::deep_ours,
      &Lists::first_ours);
}

}  // namespace

void add_read(Bench& bench) {
  add_stream(bench, "10", 10);
  add_stream(bench, "100", 100);
  add_stream(bench, "10,000", 10'000);
  add_fold(bench, "100", 100);
  add_fold(bench, "10,000", 10'000);
  add_list(bench);
}

}  // namespace castore::bench
