#pragma once

/// \file
/// The domain of the original's documentation: wild pokemons appear, are caught by trainers, and
/// level up. Two event stores, since a pokemon and its trainer are two entities.

#include <castore/event_store.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pokemon {

// --- POKEMONS ---------------------------------------------------------------------------------

struct PokemonAppeared {
  static constexpr std::string_view type = "POKEMON_APPEARED";
  std::string name;
  int level = 0;

  struct Metadata {
    std::optional<std::string> trigger;  ///< "random" or "scripted"
    static constexpr auto fields = castore::fields("trigger", &Metadata::trigger);
    friend bool operator==(const Metadata&, const Metadata&) = default;
  };

  static constexpr auto fields =
      castore::fields("name", &PokemonAppeared::name, "level", &PokemonAppeared::level);
  friend bool operator==(const PokemonAppeared&, const PokemonAppeared&) = default;
};

struct PokemonCaught {
  static constexpr std::string_view type = "POKEMON_CAUGHT";
  std::string trainer_id;

  static constexpr auto fields = castore::fields("trainer_id", &PokemonCaught::trainer_id);
  friend bool operator==(const PokemonCaught&, const PokemonCaught&) = default;
};

/// Without members, and so without payload.
struct PokemonLeveledUp {
  static constexpr std::string_view type = "POKEMON_LEVELED_UP";
  friend bool operator==(const PokemonLeveledUp&, const PokemonLeveledUp&) = default;
};

struct Pokemon {
  std::string aggregate_id;
  castore::Version version = 0;
  std::string name;
  int level = 0;
  std::string trainer_id;  ///< empty while it is wild

  static constexpr auto fields =
      castore::fields("aggregate_id", &Pokemon::aggregate_id, "version", &Pokemon::version, "name",
                      &Pokemon::name, "level", &Pokemon::level, "trainer_id", &Pokemon::trainer_id);
  friend bool operator==(const Pokemon&, const Pokemon&) = default;
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

using Pokemons = castore::EventStore<Pokemon, PokemonAppeared, PokemonCaught, PokemonLeveledUp>;

inline Pokemons make_pokemons(std::shared_ptr<castore::EventStorageAdapter> adapter = nullptr,
                              Pokemons::Options options = {}) {
  return {"POKEMONS", PokemonReducer{}, std::move(adapter), std::move(options)};
}

// Short hands for programs and tests.
inline castore::NewEvent<PokemonAppeared> appeared(std::string id, std::string name, int level) {
  return {.aggregate_id = std::move(id), .version = 1, .payload = {std::move(name), level}};
}
inline castore::NewEvent<PokemonCaught> caught(std::string id, castore::Version version,
                                               std::string trainer_id) {
  return {.aggregate_id = std::move(id), .version = version, .payload = {std::move(trainer_id)}};
}
inline castore::NewEvent<PokemonLeveledUp> leveled_up(std::string id, castore::Version version) {
  return {.aggregate_id = std::move(id), .version = version};
}

// --- TRAINERS ---------------------------------------------------------------------------------

struct TrainerCreated {
  static constexpr std::string_view type = "TRAINER_CREATED";
  std::string name;

  static constexpr auto fields = castore::fields("name", &TrainerCreated::name);
  friend bool operator==(const TrainerCreated&, const TrainerCreated&) = default;
};

struct TrainerCaughtPokemon {
  static constexpr std::string_view type = "TRAINER_CAUGHT_POKEMON";
  std::string pokemon_id;

  static constexpr auto fields = castore::fields("pokemon_id", &TrainerCaughtPokemon::pokemon_id);
  friend bool operator==(const TrainerCaughtPokemon&, const TrainerCaughtPokemon&) = default;
};

struct Trainer {
  std::string aggregate_id;
  castore::Version version = 0;
  std::string name;
  std::vector<std::string> pokemon_ids;

  static constexpr auto fields =
      castore::fields("aggregate_id", &Trainer::aggregate_id, "version", &Trainer::version, "name",
                      &Trainer::name, "pokemon_ids", &Trainer::pokemon_ids);
  friend bool operator==(const Trainer&, const Trainer&) = default;
};

struct TrainerReducer {
  Trainer operator()(Trainer trainer, const castore::Event<TrainerCreated>& event) const {
    trainer.name = event.payload.name;
    return trainer;
  }
  Trainer operator()(Trainer trainer, const castore::Event<TrainerCaughtPokemon>& event) const {
    trainer.pokemon_ids.push_back(event.payload.pokemon_id);
    return trainer;
  }
};

using Trainers = castore::EventStore<Trainer, TrainerCreated, TrainerCaughtPokemon>;

inline Trainers make_trainers(std::shared_ptr<castore::EventStorageAdapter> adapter = nullptr,
                              Trainers::Options options = {}) {
  return {"TRAINERS", TrainerReducer{}, std::move(adapter), std::move(options)};
}

inline castore::NewEvent<TrainerCreated> created(std::string id, std::string name) {
  return {.aggregate_id = std::move(id), .version = 1, .payload = {std::move(name)}};
}
inline castore::NewEvent<TrainerCaughtPokemon> caught_pokemon(std::string id,
                                                              castore::Version version,
                                                              std::string pokemon_id) {
  return {.aggregate_id = std::move(id), .version = version, .payload = {std::move(pokemon_id)}};
}

}  // namespace pokemon
