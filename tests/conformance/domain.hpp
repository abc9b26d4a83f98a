#pragma once

/// \file
/// The event stores of the conformance scenarios, as an application would write them: POKEMONS,
/// TRAINERS and COUNTERS. The scenarios say what their reducers answer; `README.md` says where
/// those answers come from.

#include <castore/castore.hpp>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conformance {

/// A reducer's own failure: an event that makes no sense where it stands.
struct ReducerError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A payload whose members are copied as they are, of whatever kind: members that nobody knows
/// survive, and an absent payload is neither `null` nor `{}`.
struct JsonPayload {
  std::optional<nlohmann::json> json;

  /// nullptr where the payload has no such member.
  [[nodiscard]] const nlohmann::json* find(const char* name) const {
    if (!json || !json->is_object()) return nullptr;
    const auto member = json->find(name);
    return member == json->end() ? nullptr : &*member;
  }

  /// \throws ReducerError  the payload has no such member
  [[nodiscard]] const nlohmann::json& at(const char* name) const {
    const nlohmann::json* member = find(name);
    if (member == nullptr) throw ReducerError(std::string("the payload has no ") + name);
    return *member;
  }

  [[nodiscard]] double number_or(const char* name, double fallback) const {
    const nlohmann::json* member = find(name);
    return member != nullptr && member->is_number() ? member->get<double>() : fallback;
  }
};

}  // namespace conformance

template <std::derived_from<conformance::JsonPayload> P>
struct castore::JsonCodec<P> {
  static std::optional<std::string> encode(const P& payload) {
    if (!payload.json) return std::nullopt;
    return payload.json->dump();
  }
  static P decode(std::optional<std::string_view> json) {
    P payload;
    if (json) payload.json.emplace(nlohmann::json::parse(*json));
    return payload;
  }
};

namespace conformance {

// --- POKEMONS ---------------------------------------------------------------------------------

/// `{name, level}`; one scenario stores a string as level, so both are whatever JSON they are.
struct Appeared : JsonPayload {
  static constexpr std::string_view type = "APPEARED";

  struct Metadata {
    std::optional<std::string> trigger;  ///< "random" or "scripted"
  };
};

inline void to_json(nlohmann::json& json, const Appeared::Metadata& metadata) {
  json = nlohmann::json::object();
  if (metadata.trigger) json["trigger"] = *metadata.trigger;
}
inline void from_json(const nlohmann::json& json, Appeared::Metadata& metadata) {
  if (json.contains("trigger")) metadata.trigger = json.at("trigger").get<std::string>();
}

struct CaughtByTrainer {
  static constexpr std::string_view type = "CAUGHT_BY_TRAINER";
  std::string trainer_id;
};

inline void to_json(nlohmann::json& json, const CaughtByTrainer& payload) {
  json = {{"trainerId", payload.trainer_id}};
}
inline void from_json(const nlohmann::json& json, CaughtByTrainer& payload) {
  json.at("trainerId").get_to(payload.trainer_id);
}

struct LevelledUp {
  static constexpr std::string_view type = "LEVELLED_UP";
};

enum class PokemonStatus { wild, caught };
NLOHMANN_JSON_SERIALIZE_ENUM(PokemonStatus,
                             {{PokemonStatus::wild, "wild"}, {PokemonStatus::caught, "caught"}})

struct Pokemon {
  std::string aggregate_id;
  castore::Version version = 0;
  nlohmann::json name;
  nlohmann::json level;
  PokemonStatus status = PokemonStatus::wild;
  std::optional<std::string> trainer_id;
};

inline void to_json(nlohmann::json& json, const Pokemon& pokemon) {
  json = {{"aggregateId", pokemon.aggregate_id},
          {"version", pokemon.version},
          {"name", pokemon.name},
          {"level", pokemon.level},
          {"status", pokemon.status}};
  if (pokemon.trainer_id) json["trainerId"] = *pokemon.trainer_id;
}
inline void from_json(const nlohmann::json& json, Pokemon& pokemon) {
  json.at("aggregateId").get_to(pokemon.aggregate_id);
  json.at("version").get_to(pokemon.version);
  pokemon.name = json.at("name");
  pokemon.level = json.at("level");
  json.at("status").get_to(pokemon.status);
  if (json.contains("trainerId")) pokemon.trainer_id = json.at("trainerId").get<std::string>();
}

/// \throws ReducerError  `aggregate` is the fresh one that the first event is given
template <castore::Aggregate A>
void require_previous(const A& aggregate) {
  if (aggregate.version == 0) throw ReducerError("this event cannot be an aggregate's first");
}

struct PokemonReducer {
  /// From the event alone: whoever caught it before is forgotten.
  Pokemon operator()(const Pokemon&, const castore::Event<Appeared>& event) const {
    Pokemon pokemon;
    pokemon.name = event.payload.at("name");
    pokemon.level = event.payload.at("level");
    return pokemon;
  }
  Pokemon operator()(Pokemon pokemon, const castore::Event<CaughtByTrainer>& event) const {
    require_previous(pokemon);
    pokemon.status = PokemonStatus::caught;
    pokemon.trainer_id = event.payload.trainer_id;
    return pokemon;
  }
  Pokemon operator()(Pokemon pokemon, const castore::Event<LevelledUp>&) const {
    require_previous(pokemon);
    if (!pokemon.level.is_number()) throw ReducerError("the level is no number");
    pokemon.level = pokemon.level.get<double>() + 1;
    return pokemon;
  }
};

using Pokemons = castore::EventStore<Pokemon, Appeared, CaughtByTrainer, LevelledUp>;

inline Pokemons make_pokemons(std::shared_ptr<castore::EventStorageAdapter> adapter) {
  return {"POKEMONS", PokemonReducer{}, std::move(adapter), {.allow_version_gaps = true}};
}

// --- TRAINERS ---------------------------------------------------------------------------------

struct GameStarted {
  static constexpr std::string_view type = "GAME_STARTED";
  std::string trainer_name;
};

inline void to_json(nlohmann::json& json, const GameStarted& payload) {
  json = {{"trainerName", payload.trainer_name}};
}
inline void from_json(const nlohmann::json& json, GameStarted& payload) {
  json.at("trainerName").get_to(payload.trainer_name);
}

struct PokemonCaught {
  static constexpr std::string_view type = "POKEMON_CAUGHT";
  std::string pokemon_id;
};

inline void to_json(nlohmann::json& json, const PokemonCaught& payload) {
  json = {{"pokemonId", payload.pokemon_id}};
}
inline void from_json(const nlohmann::json& json, PokemonCaught& payload) {
  json.at("pokemonId").get_to(payload.pokemon_id);
}

struct Trainer {
  std::string aggregate_id;
  castore::Version version = 0;
  std::string name;
  std::vector<std::string> caught_pokemon_ids;
  std::int64_t caught_pokemons_count = 0;
};

inline void to_json(nlohmann::json& json, const Trainer& trainer) {
  json = {{"aggregateId", trainer.aggregate_id},
          {"version", trainer.version},
          {"name", trainer.name},
          {"caughtPokemonIds", trainer.caught_pokemon_ids},
          {"caughtPokemonsCount", trainer.caught_pokemons_count}};
}
inline void from_json(const nlohmann::json& json, Trainer& trainer) {
  json.at("aggregateId").get_to(trainer.aggregate_id);
  json.at("version").get_to(trainer.version);
  json.at("name").get_to(trainer.name);
  json.at("caughtPokemonIds").get_to(trainer.caught_pokemon_ids);
  json.at("caughtPokemonsCount").get_to(trainer.caught_pokemons_count);
}

struct TrainerReducer {
  Trainer operator()(const Trainer&, const castore::Event<GameStarted>& event) const {
    Trainer trainer;
    trainer.name = event.payload.trainer_name;
    return trainer;
  }
  Trainer operator()(Trainer trainer, const castore::Event<PokemonCaught>& event) const {
    require_previous(trainer);
    trainer.caught_pokemon_ids.push_back(event.payload.pokemon_id);
    trainer.caught_pokemons_count += 1;
    return trainer;
  }
};

using Trainers = castore::EventStore<Trainer, GameStarted, PokemonCaught>;

inline Trainers make_trainers(std::shared_ptr<castore::EventStorageAdapter> adapter) {
  return {"TRAINERS", TrainerReducer{}, std::move(adapter), {.allow_version_gaps = true}};
}

// --- COUNTERS: any event may come first, at any version, and of any type ------------------------

struct CounterCreated : JsonPayload {  ///< `{startCount?}`
  static constexpr std::string_view type = "COUNTER_CREATED";
  using Metadata = castore::RawJson;
};

struct CounterIncremented : JsonPayload {  ///< `{by?}`
  static constexpr std::string_view type = "COUNTER_INCREMENTED";
  using Metadata = castore::RawJson;
};

struct CounterDeleted : JsonPayload {
  static constexpr std::string_view type = "COUNTER_DELETED";
  using Metadata = castore::RawJson;
};

/// `{cancelledVersion}`; means something to simulations only.
struct CounterEventCancelled : JsonPayload {
  static constexpr std::string_view type = "COUNTER_EVENT_CANCELLED";
  using Metadata = castore::RawJson;
};

enum class CounterStatus { live, deleted };
NLOHMANN_JSON_SERIALIZE_ENUM(CounterStatus,
                             {{CounterStatus::live, "LIVE"}, {CounterStatus::deleted, "DELETED"}})

struct Counter {
  std::string aggregate_id;
  castore::Version version = 0;
  double count = 0;  ///< a number as the original has them
  CounterStatus status = CounterStatus::live;
};

inline void to_json(nlohmann::json& json, const Counter& counter) {
  json = {{"aggregateId", counter.aggregate_id},
          {"version", counter.version},
          {"count", counter.count},
          {"status", counter.status}};
}
inline void from_json(const nlohmann::json& json, Counter& counter) {
  json.at("aggregateId").get_to(counter.aggregate_id);
  json.at("version").get_to(counter.version);
  json.at("count").get_to(counter.count);
  json.at("status").get_to(counter.status);
}

struct CounterReducer {
  Counter operator()(const Counter&, const castore::Event<CounterCreated>& event) const {
    Counter counter;
    counter.count = event.payload.number_or("startCount", 0);
    return counter;
  }
  Counter operator()(Counter counter, const castore::Event<CounterIncremented>& event) const {
    counter.count += event.payload.number_or("by", 1);
    return counter;
  }
  Counter operator()(Counter counter, const castore::Event<CounterDeleted>&) const {
    counter.status = CounterStatus::deleted;
    return counter;
  }
  Counter operator()(Counter counter, const castore::Event<CounterEventCancelled>&) const {
    return counter;
  }
  Counter operator()(Counter counter, const castore::Event<castore::OtherPayload>&) const {
    return counter;
  }
};

using Counters = castore::EventStore<Counter, CounterCreated, CounterIncremented, CounterDeleted,
                                     CounterEventCancelled, castore::OtherPayload>;

/// A cancellation takes another event out, and itself does not happen.
inline void book_counter_event(std::map<castore::Version, Counters::AnyEvent>& indexed,
                               const Counters::AnyEvent& event) {
  if (const auto* cancelled = std::get_if<castore::Event<CounterEventCancelled>>(&event)) {
    const nlohmann::json* version = cancelled->payload.find("cancelledVersion");
    if (version != nullptr && version->is_number_integer()) {
      indexed.erase(version->get<castore::Version>());
    }
    return;
  }
  indexed.insert_or_assign(std::visit([](const auto& e) { return e.version; }, event), event);
}

inline Counters make_counters(std::shared_ptr<castore::EventStorageAdapter> adapter) {
  return {"COUNTERS",
          CounterReducer{},
          std::move(adapter),
          {.allow_version_gaps = true, .simulate_side_effect = book_counter_event}};
}

}  // namespace conformance
