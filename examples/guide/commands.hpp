#pragma once

/// \file
/// The guide's commands; its chapter on testing tests them.

#include <castore/command.hpp>
#include <functional>
#include <guide/pokemons.hpp>
#include <stdexcept>
#include <string>
#include <utility>

struct CatchPokemon {
  std::string pokemon_id;
  std::string trainer_id;

  static constexpr auto fields = castore::fields("pokemon_id", &CatchPokemon::pokemon_id,
                                                 "trainer_id", &CatchPokemon::trainer_id);
};

/// A breach of the rules of the game.
struct Rejected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline auto make_catch_pokemon(const Pokemons& of, const Trainers& by) {
  return castore::Command(
      "CATCH_POKEMON", castore::event_stores(of, by),
      [](const CatchPokemon& input, const castore::EventStores<Pokemons, Trainers>& stores) {
        const auto& [pokemons, trainers] = stores;
        const Pokemon pokemon = pokemons.get_existing_aggregate(input.pokemon_id);
        if (pokemon.trainer_id) throw Rejected(pokemon.name + " is caught already");

        const Trainer trainer = trainers.get_aggregate(input.trainer_id)
                                    .value_or(trainers.new_aggregate(input.trainer_id));
        castore::push_event_group(
            pokemons.group_event(pokemon, PokemonCaught{.trainer_id = input.trainer_id}),
            trainers.group_event(trainer, TrainerCaughtPokemon{.pokemon_id = input.pokemon_id}));
      });
}

struct WildPokemonAppear {
  std::string name;
  int level = 0;

  static constexpr auto fields =
      castore::fields("name", &WildPokemonAppear::name, "level", &WildPokemonAppear::level);
};

struct PokemonId {
  std::string pokemon_id;

  static constexpr auto fields = castore::fields("pokemon_id", &PokemonId::pokemon_id);
  friend bool operator==(const PokemonId&, const PokemonId&) = default;
};

using GenerateId = std::function<std::string()>;

inline auto make_wild_pokemon_appear(const Pokemons& of, castore::CommandOptions options = {}) {
  return castore::Command(
      "WILD_POKEMON_APPEAR", castore::event_stores(of),
      [](const WildPokemonAppear& input, const castore::EventStores<Pokemons>& stores,
         const GenerateId& generate_id) -> PokemonId {
        const auto& [pokemons] = stores;
        const std::string id = generate_id();
        pokemons.push_event(castore::NewEvent<PokemonAppeared>{
            .aggregate_id = id, .version = 1, .payload = {input.name, input.level}});
        return {id};
      },
      std::move(options));
}
