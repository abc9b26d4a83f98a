// The control: what the other programs of this folder do wrong, done right. It must compile, so
// that their failures are known to come from what they show and not from a missing header.
#include <castore/castore.hpp>
#include <pokemon/pokemon.hpp>

int main() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  const auto pokemons = pokemon::make_pokemons(adapter);
  const auto trainers = pokemon::make_trainers(adapter);

  pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
  trainers.push_event(pokemon::created("ash", "Ash"));
  castore::push_event_group(castore::PushEventGroupOptions{},
                            pokemons.group_event(pokemon::caught("pikachu", 2, "ash")),
                            trainers.group_event(pokemon::caught_pokemon("ash", 2, "pikachu")));

  castore::Registry registry;
  registry.add(pokemons);
  return registry.find_event_store("POKEMONS") == nullptr;
}
