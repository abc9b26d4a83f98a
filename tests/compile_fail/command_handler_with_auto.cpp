// expect: a command's handler needs one call operator, const and without `auto` parameters
#include <castore/command.hpp>
#include <pokemon/pokemon.hpp>

void make(const pokemon::Pokemons& pokemons) {
  const castore::Command command("LOOK", castore::event_stores(pokemons), [](int, const auto&) {});
}
