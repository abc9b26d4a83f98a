// expect: this reducer has no overload for one of the store's events
// expect: RequireReducer<ForgetfulReducer, pokemon::Pokemon, pokemon::PokemonLeveledUp>
#include <pokemon/pokemon.hpp>

struct ForgetfulReducer {
  pokemon::Pokemon operator()(pokemon::Pokemon pokemon,
                              const castore::Event<pokemon::PokemonAppeared>&) const {
    return pokemon;
  }
  pokemon::Pokemon operator()(pokemon::Pokemon pokemon,
                              const castore::Event<pokemon::PokemonCaught>&) const {
    return pokemon;
  }
};

const pokemon::Pokemons pokemons("POKEMONS", ForgetfulReducer{});
