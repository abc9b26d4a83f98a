// expect: deleted
#include <castore/message_channel.hpp>
#include <pokemon/pokemon.hpp>

const castore::NotificationMessageQueue<pokemon::Pokemons> queue("GAME", pokemon::make_pokemons());
