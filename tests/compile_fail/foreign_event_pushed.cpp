// expect: this event is not one of the event store's
// expect: TrainerCreated
#include <pokemon/pokemon.hpp>

void push(const pokemon::Pokemons& pokemons) {
  pokemons.push_event(pokemon::created("ash", "Ash"));
}
