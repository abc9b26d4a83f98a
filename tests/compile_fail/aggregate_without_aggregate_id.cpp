// expect: this aggregate lacks something
// expect: Nameless
#include <pokemon/pokemon.hpp>

struct Nameless {
  castore::Version version = 0;
};

using Store = castore::EventStore<Nameless, pokemon::PokemonAppeared>;
const std::vector<std::string_view> types = Store::event_types();
