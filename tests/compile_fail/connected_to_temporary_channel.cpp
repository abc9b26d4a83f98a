// expect: deleted
#include <castore/connected_event_store.hpp>
#include <pokemon/pokemon.hpp>

using Queue = castore::NotificationMessageQueue<pokemon::Pokemons>;

const Queue make_constant_queue(const pokemon::Pokemons& pokemons);

void connect(pokemon::Pokemons& pokemons) {
  const castore::ConnectedEventStore<pokemon::Pokemon, pokemon::PokemonAppeared,
                                     pokemon::PokemonCaught, pokemon::PokemonLeveledUp>
      connected(pokemons, make_constant_queue(pokemons));
}
