#pragma once

/// \file
/// The subject of all chapters of docs/guide.md: the events, reducers and event stores it begins
/// with.

#include <castore/event_store.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// --- Events -----------------------------------------------------------------------------------

struct PokemonAppeared {
  static constexpr std::string_view type = "POKEMON_APPEARED";
  std::string name;
  int level = 0;

  static constexpr auto fields =
      castore::fields("name", &PokemonAppeared::name, "level", &PokemonAppeared::level);
};

struct PokemonCaught {
  static constexpr std::string_view type = "POKEMON_CAUGHT";
  std::string trainer_id;

  struct Metadata {
    std::string device;

    static constexpr auto fields = castore::fields("device", &Metadata::device);
  };

  static constexpr auto fields = castore::fields("trainer_id", &PokemonCaught::trainer_id);
};

struct PokemonLeveledUp {
  static constexpr std::string_view type = "POKEMON_LEVELED_UP";
};

// --- Reducers ---------------------------------------------------------------------------------

struct Pokemon {
  std::string aggregate_id;
  castore::Version version = 0;
  std::string name;
  int level = 0;
  std::optional<std::string> trainer_id;

  static constexpr auto fields =
      castore::fields("aggregate_id", &Pokemon::aggregate_id, "version", &Pokemon::version, "name",
                      &Pokemon::name, "level", &Pokemon::level, "trainer_id", &Pokemon::trainer_id);
};

struct PokemonReducer {
  Pokemon operator()(Pokemon pokemon, const castore::Event<PokemonAppeared>& event) const {
    pokemon.name = event.payload.name;
    pokemon.level = event.payload.level;
    return pokemon;
  }
  Pokemon operator()(Pokemon pokemon, const castore::Event<PokemonCaught>& event) const {
    pokemon.trainer_id = event.payload.trainer_id;
    return pokemon;
  }
  Pokemon operator()(Pokemon pokemon, const castore::Event<PokemonLeveledUp>&) const {
    pokemon.level += 1;
    return pokemon;
  }
};

// --- Event stores -----------------------------------------------------------------------------

using Pokemons = castore::EventStore<Pokemon, PokemonAppeared, PokemonCaught, PokemonLeveledUp>;

// --- A second event store, for groups ---------------------------------------------------------

struct TrainerCaughtPokemon {
  static constexpr std::string_view type = "TRAINER_CAUGHT_POKEMON";
  std::string pokemon_id;

  static constexpr auto fields = castore::fields("pokemon_id", &TrainerCaughtPokemon::pokemon_id);
};

struct Trainer {
  std::string aggregate_id;
  castore::Version version = 0;
  std::vector<std::string> pokemon_ids;

  static constexpr auto fields =
      castore::fields("aggregate_id", &Trainer::aggregate_id, "version", &Trainer::version,
                      "pokemon_ids", &Trainer::pokemon_ids);
};

using Trainers = castore::EventStore<Trainer, TrainerCaughtPokemon>;

struct TrainerReducer {
  Trainer operator()(Trainer trainer, const castore::Event<TrainerCaughtPokemon>& event) const {
    trainer.pokemon_ids.push_back(event.payload.pokemon_id);
    return trainer;
  }
};
