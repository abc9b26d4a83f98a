// expect: this aggregate has no to_json
// expect: Secret
#include <pokemon/pokemon.hpp>

struct Secret {
  std::string aggregate_id;
  castore::Version version = 0;
};

struct SecretReducer {
  Secret operator()(Secret secret, const castore::Event<pokemon::PokemonAppeared>&) const {
    return secret;
  }
};

void describe(castore::Registry& registry) {
  registry.add(castore::EventStore<Secret, pokemon::PokemonAppeared>("SECRETS", SecretReducer{}));
}
