#pragma once

/// \file
/// The application of the benchmarks: shelves, and items that are stored on them. The same seed
/// makes the same history, so that both sides do the same work.

#include <castore/event_store.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace castore::bench {

inline constexpr std::string_view event_store_id = "SHELVES";

/// Five fields, about 200 bytes of JSON, with an escape and a character beyond ASCII.
struct ItemStored {
  static constexpr std::string_view type = "ITEM_STORED";
  std::string name;
  std::string note;
  std::int64_t count = 0;
  double weight = 0;
  bool fragile = false;

  static constexpr auto fields = castore::fields(
      "name", &ItemStored::name, "note", &ItemStored::note, "count", &ItemStored::count, "weight",
      &ItemStored::weight, "fragile", &ItemStored::fragile);
};

struct Shelf {
  std::string aggregate_id;
  Version version = 0;
  std::string newest;
  std::int64_t count = 0;
  double weight = 0;
};

using Shelves = EventStore<Shelf, ItemStored>;

[[nodiscard]] std::shared_ptr<EventStorageAdapter> open(
    const std::filesystem::path& file, sqlite::Synchronous synchronous = sqlite::Synchronous::full);
[[nodiscard]] Shelves make_shelves(std::shared_ptr<EventStorageAdapter> adapter);

/// splitmix64, https://prng.di.unimi.it/splitmix64.c: the same numbers on every system.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept;
  /// 0 to `count` - 1
  std::size_t below(std::size_t count) noexcept {
    return static_cast<std::size_t>(next() % static_cast<std::uint64_t>(count));
  }

 private:
  std::uint64_t state_;
};

/// The text form of a UUID.
[[nodiscard]] std::string make_id(Random& random);

/// Payloads made once, as values and as text, so that making them is nobody's time.
class Items {
 public:
  Items();

  [[nodiscard]] const ItemStored& value(std::size_t index) const { return at(index).value; }
  [[nodiscard]] const std::string& text(std::size_t index) const { return at(index).text; }

 private:
  struct Item {
    ItemStored value;
    std::string text;
  };
  [[nodiscard]] const Item& at(std::size_t index) const { return items_[index % items_.size()]; }

  std::vector<Item> items_;
};

struct Step {
  std::string_view aggregate_id;  ///< valid until the next step
  Version version;
  std::int64_t timestamp;  ///< microseconds
  std::size_t item;
};

inline constexpr std::int64_t begin_of_history = 1'700'000'000'000'000;  ///< November 2023

/// The daily work of an application: some aggregates are alive at a time and get their events in
/// turn, at random; each ends after 10 to 100 events, and another one takes its place.
class History {
 public:
  explicit History(std::size_t alive, std::uint64_t seed = 1);

  [[nodiscard]] Step next();
  /// Those that ended with exactly 100 events.
  [[nodiscard]] const std::vector<std::string>& hundreds() const noexcept { return hundreds_; }

 private:
  struct Life {
    std::string aggregate_id;
    Version version = 0;
    Version last = 0;
  };
  [[nodiscard]] Life begin(Version last) { return {make_id(random_), 0, last}; }

  Random random_;
  std::int64_t timestamp_;
  std::size_t count_ = 0;
  std::vector<Life> alive_;
  std::vector<std::string> hundreds_;
};

/// How many aggregates are alive in a history of `events`.
[[nodiscard]] std::size_t alive_among(std::size_t events);

/// Makes a file with our schema and lets `fill` insert into it, in one transaction, quickly and
/// without care for crashes. The file is in WAL mode and checkpointed afterwards.
using InsertEvent = std::function<void(const Step&)>;
void make_file(const std::filesystem::path& file, const Items& items,
               const std::function<void(const InsertEvent&)>& fill);

/// A file of a history. Answers the ids of the aggregates that ended with 100 events.
std::vector<std::string> make_history_file(const std::filesystem::path& file, std::size_t events);

/// A history of `alive` aggregates at a time as JSON Lines, as `castore-cli import` reads them.
void make_history_lines(const std::filesystem::path& file, std::size_t events, std::size_t alive);

void remove_database(const std::filesystem::path& file);

}  // namespace castore::bench
