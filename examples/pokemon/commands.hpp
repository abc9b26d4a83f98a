#pragma once

/// \file
/// The commands on pokemons and trainers. Anything else that a command needs (here where new ids
/// come from) is a context argument, so that a test can bring its own.

#include <castore/command.hpp>
#include <functional>
#include <pokemon/pokemon.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace pokemon {

/// The command refuses what it is asked to do.
struct Rejected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using GenerateId = std::function<std::string()>;

// --- WILD_POKEMON_APPEAR ----------------------------------------------------------------------

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

inline auto make_wild_pokemon_appear(const Pokemons& of, castore::CommandOptions options = {}) {
  return castore::Command(
      "WILD_POKEMON_APPEAR", castore::event_stores(of),
      [](const WildPokemonAppear& input, const castore::EventStores<Pokemons>& stores,
         const GenerateId& generate_id) -> PokemonId {
        const auto& [pokemons] = stores;
        const std::string id = generate_id();
        pokemons.push_event(appeared(id, input.name, input.level));
        return {id};
      },
      std::move(options));
}

// --- CATCH_POKEMON ----------------------------------------------------------------------------

struct CatchPokemon {
  std::string pokemon_id;
  std::string trainer_id;
  static constexpr auto fields = castore::fields("pokemon_id", &CatchPokemon::pokemon_id,
                                                 "trainer_id", &CatchPokemon::trainer_id);
};

/// Both entities change, or neither.
inline auto make_catch_pokemon(const Pokemons& of, const Trainers& by,
                               castore::CommandOptions options = {}) {
  return castore::Command(
      "CATCH_POKEMON", castore::event_stores(of, by),
      [](const CatchPokemon& input, const castore::EventStores<Pokemons, Trainers>& stores) {
        const auto& [pokemons, trainers] = stores;
        const Pokemon pokemon = pokemons.get_existing_aggregate(input.pokemon_id);
        const Trainer trainer = trainers.get_existing_aggregate(input.trainer_id);
        if (!pokemon.trainer_id.empty()) throw Rejected(pokemon.name + " is caught already");
        castore::push_event_group(
            pokemons.group_event(pokemon, PokemonCaught{input.trainer_id}),
            trainers.group_event(trainer, TrainerCaughtPokemon{input.pokemon_id}));
      },
      std::move(options));
}

// --- LEVEL_UP_POKEMON -------------------------------------------------------------------------

struct NextLevel {
  int next_level = 0;
  static constexpr auto fields = castore::fields("next_level", &NextLevel::next_level);
  friend bool operator==(const NextLevel&, const NextLevel&) = default;
};

inline auto make_level_up_pokemon(const Pokemons& of, castore::CommandOptions options = {}) {
  return castore::Command(
      "LEVEL_UP_POKEMON", castore::event_stores(of),
      [](const PokemonId& input, const castore::EventStores<Pokemons>& stores) -> NextLevel {
        const auto& [pokemons] = stores;
        const Pokemon pokemon = pokemons.get_existing_aggregate(input.pokemon_id);
        const auto pushed = pokemons.append(pokemon, PokemonLeveledUp{});
        return {pushed.next_aggregate.value().level};
      },
      std::move(options));
}

}  // namespace pokemon
