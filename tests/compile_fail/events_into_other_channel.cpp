// expect: events are poured into a notification channel
#include <castore/dam.hpp>
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

void pour(const pokemon::Pokemons& pokemons,
          const castore::StateCarryingMessageQueue<pokemon::Pokemons>& queue) {
  castore::pour_event_store_events(pokemons, queue);
}
