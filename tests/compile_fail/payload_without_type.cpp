// expect: one of the payloads does not name its type
// expect: PokemonSlept
#include <pokemon/pokemon.hpp>

struct PokemonSlept {};

using Store = castore::EventStore<pokemon::Pokemon, pokemon::PokemonAppeared, PokemonSlept>;
const std::vector<std::string_view> types = Store::event_types();
