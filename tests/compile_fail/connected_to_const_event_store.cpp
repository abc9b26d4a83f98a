// expect: deleted
#include <castore/connected_event_store.hpp>
#include <pokemon/pokemon.hpp>

void connect(const pokemon::Pokemons& pokemons,
             const castore::NotificationMessageQueue<pokemon::Pokemons>& queue) {
  const castore::ConnectedEventStore connected(pokemons, queue);
}
