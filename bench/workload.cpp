#include "workload.hpp"

#include <algorithm>
#include <castore/event_json.hpp>
#include <fstream>
#include <utility>

#include "raw.hpp"

namespace castore::bench {
namespace {

constexpr std::size_t item_count = 1024;
constexpr Version shortest_life = 10;
constexpr Version longest_life = 100;

ItemStored make_item(Random& random) {
  const std::string number = std::to_string(random.next() % 1'000'000);
  return {
      .name = "Measuring cylinder, glass, No. " + number,
      .note = "Returned \"as good as new\"; keep below 30 °C and away from sunlight. Lot " + number,
      .count = static_cast<std::int64_t>(random.next() % 10'000),
      .weight = static_cast<double>(random.next() % 100'000) / 1000,
      .fragile = random.next() % 2 == 0};
}

Shelf reduce(Shelf shelf, const Event<ItemStored>& event) {
  shelf.newest = event.payload.name;
  shelf.count += event.payload.count;
  shelf.weight += event.payload.weight;
  return shelf;
}

}  // namespace

std::shared_ptr<EventStorageAdapter> open(const std::filesystem::path& file,
                                          sqlite::Synchronous synchronous) {
  return std::make_shared<SqliteEventStorageAdapter>(
      sqlite::Database::open(file, {.synchronous = synchronous}));
}

Shelves make_shelves(std::shared_ptr<EventStorageAdapter> adapter) {
  return Shelves(std::string(event_store_id), reduce, std::move(adapter));
}

std::uint64_t Random::next() noexcept {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string make_id(Random& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  std::uint64_t bits = 0;
  int left = 0;
  for (char& c : id) {
    if (c != 'x') continue;
    if (left == 0) bits = random.next();
    left = left == 0 ? 15 : left - 1;
    c = digits[bits & 0xF];
    bits >>= 4;
  }
  return id;
}

Items::Items() {
  Random random(2);
  for (std::size_t i = 0; i < item_count; ++i) {
    ItemStored item = make_item(random);
    std::string text = JsonCodec<ItemStored>::encode(item).value();
    items_.push_back({std::move(item), std::move(text)});
  }
}

History::History(std::size_t alive, std::uint64_t seed)
    : random_(seed), timestamp_(begin_of_history) {
  for (std::size_t i = 0; i < alive; ++i) alive_.push_back(begin(longest_life));
}

Step History::next() {
  Life& life = alive_[random_.below(alive_.size())];
  if (life.version == life.last) {
    if (life.last == longest_life) hundreds_.push_back(std::move(life.aggregate_id));
    life = begin(shortest_life + static_cast<Version>(random_.below(
                                     static_cast<std::size_t>(longest_life - shortest_life + 1))));
  }
  ++life.version;
  timestamp_ += 1'000'000;
  return {life.aggregate_id, life.version, timestamp_, count_++};
}

std::size_t alive_among(std::size_t events) {
  return std::clamp<std::size_t>(events / 200, 5, 1000);
}

void make_file(const std::filesystem::path& file, const Items& items,
               const std::function<void(const InsertEvent&)>& fill) {
  remove_database(file);
  static_cast<void>(open(file));
  const raw::Connection connection = raw::open_for_writing(file, "OFF");
  raw::execute(connection.get(), "PRAGMA journal_mode = OFF; PRAGMA cache_size = -500000; BEGIN");
  {
    raw::Insert insert(connection.get());
    fill([&](const Step& step) {
      insert(step.aggregate_id, step.version, step.timestamp, items.text(step.item));
    });
  }
  raw::execute(connection.get(), "COMMIT; PRAGMA journal_mode = WAL");
}

std::vector<std::string> make_history_file(const std::filesystem::path& file, std::size_t events) {
  History history(alive_among(events));
  make_file(file, Items(), [&](const InsertEvent& insert) {
    for (std::size_t i = 0; i < events; ++i) insert(history.next());
  });
  return history.hundreds();
}

void make_history_lines(const std::filesystem::path& file, std::size_t events, std::size_t alive) {
  const Items items;
  History history(alive);
  std::ofstream out(file, std::ios::binary);
  std::string line;
  for (std::size_t i = 0; i < events; ++i) {
    const Step step = history.next();
    line = "{\"eventStoreId\":\"SHELVES\",\"event\":";
    append_json(line, {.aggregate_id = step.aggregate_id,
                       .version = step.version,
                       .type = ItemStored::type,
                       .timestamp = Timestamp(std::chrono::microseconds{step.timestamp}),
                       .payload = items.text(step.item),
                       .metadata = std::nullopt});
    out << line << "}\n";
  }
}

void remove_database(const std::filesystem::path& file) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(file.string() + suffix);
  }
}

}  // namespace castore::bench
