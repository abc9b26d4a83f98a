// expect: the message channel does not carry this event store
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

void publish(const castore::NotificationMessageQueue<pokemon::Pokemons>& queue) {
  const castore::Event<pokemon::TrainerCreated> created{"ash", 1, {}, {"Ash"}};
  queue.publish_message(castore::Notification<pokemon::Trainers>{"TRAINERS", created});
}
