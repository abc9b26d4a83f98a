// expect: an event type is empty or reserved
// expect: PokemonDidSomething
#include <pokemon/pokemon.hpp>

struct PokemonDidSomething {
  static constexpr std::string_view type = "";
};

using Store = castore::EventStore<pokemon::Pokemon, PokemonDidSomething>;
const std::vector<std::string_view> types = Store::event_types();
