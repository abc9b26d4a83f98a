// expect: the message channel does not carry this event store
#include <castore/connected_event_store.hpp>
#include <pokemon/pokemon.hpp>

void connect(pokemon::Pokemons& pokemons,
             const castore::NotificationMessageQueue<pokemon::Trainers>& queue) {
  const castore::ConnectedEventStore connected(pokemons, queue);
}
