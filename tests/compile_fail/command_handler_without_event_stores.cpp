// expect: the second parameter of a command's handler is `const castore::EventStores<...>&`
#include <castore/command.hpp>
#include <pokemon/pokemon.hpp>

void describe(const pokemon::Pokemons& pokemons) {
  const castore::Command command("LOOK", pokemons, [](int, const pokemon::Pokemons&) {});
  static_cast<void>(command.describe());
}
