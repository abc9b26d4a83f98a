// expect: event stores are borrowed: keep this one in a variable
#include <castore/command.hpp>
#include <pokemon/pokemon.hpp>

const pokemon::Pokemons make_constant_pokemons();

const auto stores = castore::event_stores(make_constant_pokemons());
