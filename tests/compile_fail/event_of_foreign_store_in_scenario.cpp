// expect: one of these is not an event of that event store
#include <castore/testing/scenario.hpp>
#include <pokemon/commands.hpp>

void test(const pokemon::Pokemons& pokemons) {
  const auto level_up = pokemon::make_level_up_pokemon(pokemons);
  castore::testing::Scenario(level_up).given(pokemons, pokemon::created("ash", "Ash"));
}
