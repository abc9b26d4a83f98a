// expect: a visitor of events returns a bool: true to go on, false to end the reading
#include <castore/event_storage_adapter.hpp>

void read(const castore::EventStorageAdapter& adapter) {
  adapter.for_each_event("POKEMONS", "pikachu", {}, [](const castore::EventView&) {});
}
