/// \file
/// The pokemons as a plugin, so that castore-cli shows them as the application sees them, and runs
/// the application's commands:
///
///     castore-cli --db pokemons.db --plugin ./libcastore-pokemon-plugin.so
///       get-aggregate POKEMONS pikachu-1
///     castore-cli --db pokemons.db --plugin ./libcastore-pokemon-plugin.so
///       run-command LEVEL_UP_POKEMON '{"pokemon_id":"pikachu-1"}'

#include <castore/registry.hpp>
#include <pokemon/commands.hpp>
#include <pokemon/pokemon.hpp>
#include <random>
#include <string>

namespace {

std::string random_id() {
  constexpr char digits[] = "0123456789abcdef";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> digit(0, 15);
  std::string id = "pokemon-";
  for (int i = 0; i < 16; ++i) id += digits[digit(random)];
  return id;
}

}  // namespace

extern "C" void castore_register(castore::Registry& registry) {
  const auto pokemons = pokemon::make_pokemons();
  const auto trainers = pokemon::make_trainers();
  registry.add(pokemons);
  registry.add(trainers);
  registry.add(pokemon::make_wild_pokemon_appear(pokemons), pokemon::GenerateId(random_id));
  registry.add(pokemon::make_catch_pokemon(pokemons, trainers));
  registry.add(pokemon::make_level_up_pokemon(pokemons));
}
