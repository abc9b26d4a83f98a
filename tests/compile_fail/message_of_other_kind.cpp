// expect: the message channel carries another of the three messages
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

void publish(const castore::NotificationMessageBus<pokemon::Pokemons>& bus) {
  bus.publish_message(castore::AggregateExists<pokemon::Pokemons>{"POKEMONS", "pikachu", {}});
}
