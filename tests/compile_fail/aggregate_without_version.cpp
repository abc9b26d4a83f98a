// expect: this aggregate lacks something
// expect: Unversioned
#include <pokemon/pokemon.hpp>

struct Unversioned {
  std::string aggregate_id;
};

using Store = castore::EventStore<Unversioned, pokemon::PokemonAppeared>;
const std::vector<std::string_view> types = Store::event_types();
