// expect: this type (of a payload, metadata or a field) has no JSON functions
// expect: PokemonNicknamed
#include <pokemon/pokemon.hpp>

struct PokemonNicknamed {
  static constexpr std::string_view type = "POKEMON_NICKNAMED";
  std::string nickname;
};

using Store = castore::EventStore<pokemon::Pokemon, PokemonNicknamed>;

void push(const Store& pokemons) {
  pokemons.push_event(castore::NewEvent<PokemonNicknamed>{
      .aggregate_id = "pikachu", .version = 1, .payload = {"Sparky"}});
}
