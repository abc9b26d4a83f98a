#include <castore/registry.hpp>
#include <pokemon/pokemon.hpp>

extern "C" void castore_register(castore::Registry& registry) {
  registry.add(pokemon::make_pokemons());
}
