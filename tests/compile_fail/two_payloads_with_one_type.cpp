// expect: two payloads of this event store have one type name
// expect: PokemonAppearedAgain
#include <pokemon/pokemon.hpp>

struct PokemonAppearedAgain {
  static constexpr std::string_view type = "POKEMON_APPEARED";
};

using Store = castore::EventStore<pokemon::Pokemon, pokemon::PokemonAppeared, PokemonAppearedAgain>;
const std::vector<std::string_view> types = Store::event_types();
