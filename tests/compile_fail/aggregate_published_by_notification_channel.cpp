// expect: only a state-carrying channel carries aggregates
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

void publish(const castore::NotificationMessageQueue<pokemon::Pokemons>& queue,
             const castore::Notification<pokemon::Pokemons>& message) {
  queue.get_aggregate_and_publish_message(message);
}
