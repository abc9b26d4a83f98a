// expect: an event type is empty or reserved
// expect: PokemonReplayed
#include <pokemon/pokemon.hpp>

struct PokemonReplayed {
  static constexpr std::string_view type = "__REPLAYED__";
};

using Store = castore::EventStore<pokemon::Pokemon, PokemonReplayed>;
const std::vector<std::string_view> types = Store::event_types();
