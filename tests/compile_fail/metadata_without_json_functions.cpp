// expect: this type (of a payload, metadata or a field) has no JSON functions
// expect: PokemonReleased::Metadata
#include <pokemon/pokemon.hpp>

struct PokemonReleased {
  static constexpr std::string_view type = "POKEMON_RELEASED";
  struct Metadata {
    std::string reason;
  };
};

using Store = castore::EventStore<pokemon::Pokemon, PokemonReleased>;

void push(const Store& pokemons) {
  pokemons.push_event(castore::NewEvent<PokemonReleased>{.aggregate_id = "pikachu", .version = 1});
}
