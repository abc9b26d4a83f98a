// expect: aggregate ids are poured into an aggregate-exists channel
#include <castore/dam.hpp>
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

void pour(const pokemon::Pokemons& pokemons,
          const castore::NotificationMessageQueue<pokemon::Pokemons>& queue) {
  castore::pour_event_store_aggregate_ids(pokemons, queue);
}
