// expect: an aggregate-exists message has no event
#include <castore/in_memory/message_bus_adapter.hpp>
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

void listen(castore::InMemoryMessageBusAdapter& adapter,
            const castore::AggregateExistsMessageBus<pokemon::Pokemons>& bus,
            const pokemon::Pokemons& pokemons) {
  adapter.on<pokemon::PokemonAppeared>(bus, pokemons, [](const auto&) {});
}
