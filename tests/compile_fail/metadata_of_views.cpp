// expect: this payload, metadata or command input does not own its text or its elements
#include <castore/event_type.hpp>
#include <map>
#include <string>
#include <string_view>

struct PokemonAppeared {
  static constexpr std::string_view type = "POKEMON_APPEARED";
  using Metadata = std::map<std::string, std::string_view>;
};

castore::Event<PokemonAppeared> read(const castore::EventView& event) {
  return castore::decode<PokemonAppeared>("POKEMONS", event);
}
