// expect: this event is not one of the event store's: no message of it would come
#include <castore/in_memory/message_bus_adapter.hpp>
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

void listen(castore::InMemoryMessageBusAdapter& adapter,
            const castore::NotificationMessageBus<pokemon::Pokemons>& bus,
            const pokemon::Pokemons& pokemons) {
  adapter.on<pokemon::TrainerCreated>(bus, pokemons, [](const auto&) {});
}
