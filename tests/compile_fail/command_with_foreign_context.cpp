// expect: these context arguments are not those of the command's handler
#include <pokemon/commands.hpp>

void run(const pokemon::Pokemons& pokemons) {
  pokemon::make_wild_pokemon_appear(pokemons)({"Mew", 1}, 7);
}
