// expect: this aggregate lacks something
// expect: Narrow
#include <pokemon/pokemon.hpp>

struct Narrow {
  std::string aggregate_id;
  short version = 0;
};

using Store = castore::EventStore<Narrow, pokemon::PokemonAppeared>;
const std::vector<std::string_view> types = Store::event_types();
