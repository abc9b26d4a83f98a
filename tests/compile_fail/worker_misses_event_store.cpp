// expect: this worker has no overload for the messages of one of the channel's event stores
#include <castore/in_memory/message_queue_adapter.hpp>
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

using pokemon::Pokemons;
using pokemon::Trainers;

void attach(castore::NotificationMessageQueue<Pokemons, Trainers>& queue) {
  castore::InMemoryMessageQueueAdapter::attach_to(queue,
                                                  [](const castore::Notification<Pokemons>&) {});
}
