#include <memory>
#include <utility>

#include "benchmarks.hpp"
#include "raw.hpp"
#include "workload.hpp"

namespace castore::bench {
namespace {

constexpr std::size_t events = 100'000;

/// Both sides read all events of a file, with all that is in them.
class Histories {
 public:
  /// \param clock_goes_back  timestamps at random, else in the order of commit
  Histories(const Bench& bench, bool clock_goes_back) : file_(bench.folder() / "replay.db") {
    make_file(file_, Items(), [&](const InsertEvent& insert) {
      History history(alive_among(events));
      Random random(7);
      for (std::size_t i = 0; i < events; ++i) {
        Step step = history.next();
        if (clock_goes_back) step.timestamp -= static_cast<std::int64_t>(random.below(events));
        insert(step);
      }
    });
    adapter_ = open(file_);
    connection_ = raw::open_for_reading(file_);
  }
  Histories& operator=(Histories&&) = delete;
  ~Histories() {
    adapter_.reset();
    connection_.reset();
    remove_database(file_);
  }

  /// From opening the feed to its last event, in microseconds per event, as is the other.
  double ours(FeedOrder order) {
    return per_event([&] {
      std::uint64_t sum = 0;
      const auto feed = adapter_->open_event_feed({.order = order});
      for (auto page = feed->next_page(); !page.empty(); page = feed->next_page()) {
        for (const FeedEvent& fed : page) {
          sum += fed.event.aggregate_id.size() + fed.event.type.size() + fed.event.payload->size() +
                 static_cast<std::uint64_t>(fed.position);
        }
      }
      return sum;
    });
  }

  /// One statement over the whole file, in one transaction.
  double raw(const char* order_by) {
    const std::string sql =
        "SELECT position, event_store_id, aggregate_id, version, type, timestamp, payload, "
        "metadata FROM castore_event ORDER BY " +
        std::string(order_by);
    return per_event([&] {
      std::uint64_t sum = 0;
      const raw::Statement row = raw::prepare(connection_.get(), sql.c_str());
      while (sqlite3_step(row.get()) == SQLITE_ROW) {
        sum += raw::text(row.get(), 2).size() + raw::text(row.get(), 4).size() +
               raw::text(row.get(), 6).size() +
               static_cast<std::uint64_t>(sqlite3_column_int64(row.get(), 0));
      }
      return sum;
    });
  }

 private:
  template <class Read>
  static double per_event(Read&& read) {
    return cpu_seconds([&] { benchmark::DoNotOptimize(read()); }) * 1e6 / events;
  }

  std::filesystem::path file_;
  std::shared_ptr<EventStorageAdapter> adapter_;
  raw::Connection connection_;
};

void add_feed(Bench& bench, const std::string& name, double goal, bool clock_goes_back,
              FeedOrder order, const char* order_by) {
  bench.add({name, "µs", goal}, 21,
            [&bench, clock_goes_back, order, order_by](Measurement& measurement) {
              Histories histories(bench, clock_goes_back);
              measurement.pairs([&] { return histories.ours(order); },
                                [&] { return histories.raw(order_by); });
            });
}

}  // namespace

void add_replay(Bench& bench) {
  const std::string feed = "feed of 100,000 events, ";
  add_feed(bench, feed + "order of commit", 2, false, FeedOrder::position, "position");
  add_feed(bench, feed + "order of timestamps", 3, false, FeedOrder::timestamp,
           "timestamp, position");
  add_feed(bench, feed + "order of timestamps that go back", 3, true, FeedOrder::timestamp,
           "timestamp, position");
}

}  // namespace castore::bench
