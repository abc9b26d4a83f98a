// expect: a command is given the event stores that its handler takes, in that order
// expect: the one given and the one taken are named above
// expect: RequireEventStore<
#include <castore/command.hpp>
#include <pokemon/pokemon.hpp>

void describe(const pokemon::Pokemons& pokemons) {
  const castore::Command command("LOOK", castore::event_stores(pokemons),
                                 [](int, const castore::EventStores<pokemon::Trainers>&) {});
}
