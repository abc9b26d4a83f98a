// Pushes and reads an event in the SQLite file it is given.
#include <castore/sqlite/event_storage_adapter.hpp>
#include <iostream>
#include <memory>

#include "counters.hpp"

int main(int argc, char** argv) try {
  if (argc != 2) return 2;
  const auto database = castore::sqlite::Database::open(argv[1]);
  const Counters counters("COUNTERS", CounterReducer{},
                          std::make_shared<castore::SqliteEventStorageAdapter>(database));
  counters.push_event(
      castore::NewEvent<CounterStarted>{.aggregate_id = "c", .version = 1, .payload = {41}});
  const Counter counter = counters.get_existing_aggregate("c");
  std::cout << castore::library_version << ' ' << counter.value << '\n';
  return counter.value == 41 && counter.version == 1 ? 0 : 1;
} catch (const castore::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
