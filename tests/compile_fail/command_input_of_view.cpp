// expect: this payload, metadata or command input does not own its text or its elements
#include <castore/command.hpp>
#include <castore/event_store.hpp>
#include <pokemon/pokemon.hpp>
#include <string_view>

castore::CommandDescription describe(const pokemon::Pokemons& pokemons) {
  const castore::Command greet(
      "GREET", castore::event_stores(pokemons),
      [](std::string_view name, const castore::EventStores<pokemon::Pokemons>&) { (void)name; });
  return greet.describe();
}
