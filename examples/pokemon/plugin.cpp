/// \file
/// The pokemons as a plugin, so that castore-cli shows them as the application sees them:
///
///     castore-cli --db pokemons.db --plugin ./libcastore-pokemon-plugin.so
///       get-aggregate POKEMONS pikachu-1

#include <castore/registry.hpp>
#include <pokemon/pokemon.hpp>

extern "C" void castore_register(castore::Registry& registry) {
  registry.add(pokemon::make_pokemons());
  registry.add(pokemon::make_trainers());
}
