// expect: a command is given the event stores that its handler takes, in that order
#include <castore/command.hpp>
#include <pokemon/pokemon.hpp>

const castore::Command level_up("LEVEL_UP", std::make_tuple(pokemon::make_pokemons()),
                                [](const int&, const castore::EventStores<pokemon::Pokemons>&) {});
