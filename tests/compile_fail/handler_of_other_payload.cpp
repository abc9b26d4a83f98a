// expect: this payload does not name its type: listen to the event store
#include <castore/event_type.hpp>
#include <castore/in_memory/message_bus_adapter.hpp>
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

void listen(castore::InMemoryMessageBusAdapter& adapter,
            const castore::NotificationMessageBus<pokemon::Pokemons>& bus,
            const pokemon::Pokemons& pokemons) {
  adapter.on<castore::OtherPayload>(bus, pokemons, [](const auto&) {});
}
