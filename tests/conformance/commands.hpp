#pragma once

/// \file
/// The commands of the scenarios: ids and timestamps come with the input. Each calls a hook right
/// before it pushes, where a scenario lets a rival be faster.

#include <castore/command.hpp>
#include <castore/timestamp.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "domain.hpp"

namespace conformance {

/// The command refuses what it is asked to do.
struct CommandRejected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Called with event store, aggregate, version and the input's timestamp.
using BeforePush = std::function<void(const std::string&, const std::string&, castore::Version,
                                      castore::Timestamp)>;

/// Members of the input are whatever JSON they are: commands do not check them.
struct Input {
  nlohmann::json json;

  [[nodiscard]] std::string text(const char* name) const {
    return json.at(name).get<std::string>();
  }
  [[nodiscard]] castore::Timestamp timestamp() const {
    return castore::parse_timestamp(text("timestamp"));
  }
};

inline Appeared appeared(const nlohmann::json& name, const nlohmann::json& level) {
  Appeared payload;
  payload.json = nlohmann::json{{"name", name}, {"level", level}};
  return payload;
}

inline auto make_start_pokemon_game(const Trainers& of, castore::CommandOptions options) {
  return castore::Command(
      "START_POKEMON_GAME", castore::event_stores(of),
      [](const Input& input, const castore::EventStores<Trainers>& stores,
         const BeforePush& before_push) -> nlohmann::json {
        const auto& [trainers] = stores;
        const std::string id = input.text("trainerId");
        before_push("TRAINERS", id, 1, input.timestamp());
        trainers.push_event(castore::NewEvent<GameStarted>{.aggregate_id = id,
                                                           .version = 1,
                                                           .timestamp = input.timestamp(),
                                                           .payload = {input.text("trainerName")}});
        return {{"trainerId", id}};
      },
      std::move(options));
}

inline auto make_wild_pokemon_appear(const Pokemons& of, castore::CommandOptions options) {
  return castore::Command(
      "WILD_POKEMON_APPEAR", castore::event_stores(of),
      [](const Input& input, const castore::EventStores<Pokemons>& stores,
         const BeforePush& before_push) -> nlohmann::json {
        const auto& [pokemons] = stores;
        const std::string id = input.text("pokemonId");
        before_push("POKEMONS", id, 1, input.timestamp());
        pokemons.push_event(castore::NewEvent<Appeared>{
            .aggregate_id = id,
            .version = 1,
            .timestamp = input.timestamp(),
            .payload = appeared(input.json.at("pokemonName"), input.json.at("pokemonLevel")),
            .metadata = Appeared::Metadata{"random"}});
        return {{"pokemonId", id}};
      },
      std::move(options));
}

inline auto make_catch_pokemon(const Pokemons& of, const Trainers& by,
                               castore::CommandOptions options) {
  return castore::Command(
      "CATCH_POKEMON", castore::event_stores(of, by),
      [](const Input& input, const castore::EventStores<Pokemons, Trainers>& stores,
         const BeforePush& before_push) {
        const auto& [pokemons, trainers] = stores;
        const std::string pokemon_id = input.text("pokemonId");
        const std::string trainer_id = input.text("trainerId");
        const auto pokemon = pokemons.get_aggregate(pokemon_id);
        const auto trainer = trainers.get_aggregate(trainer_id);
        if (!pokemon) throw CommandRejected("Pokemon not found");
        if (!trainer) throw CommandRejected("Trainer not found");
        if (pokemon->status == PokemonStatus::caught) {
          throw CommandRejected("Pokemon already caught");
        }
        const castore::Version next = pokemon->version + 1;
        before_push("POKEMONS", pokemon_id, next, input.timestamp());
        castore::push_event_group(
            pokemons.group_event(castore::NewEvent<CaughtByTrainer>{.aggregate_id = pokemon_id,
                                                                    .version = next,
                                                                    .timestamp = input.timestamp(),
                                                                    .payload = {trainer_id}}),
            trainers.group_event(castore::NewEvent<PokemonCaught>{.aggregate_id = trainer_id,
                                                                  .version = trainer->version + 1,
                                                                  .timestamp = input.timestamp(),
                                                                  .payload = {pokemon_id}}));
      },
      std::move(options));
}

inline auto make_level_up_pokemon(const Pokemons& of, castore::CommandOptions options) {
  return castore::Command(
      "LEVEL_UP_POKEMON", castore::event_stores(of),
      [](const Input& input, const castore::EventStores<Pokemons>& stores,
         const BeforePush& before_push) -> nlohmann::json {
        constexpr double highest_level = 99;
        const auto& [pokemons] = stores;
        const std::string id = input.text("pokemonId");
        const auto pokemon = pokemons.get_aggregate(id);
        if (!pokemon) throw CommandRejected("Pokemon not found");
        if (pokemon->level == highest_level) throw CommandRejected("Pokemon level maxed out");
        before_push("POKEMONS", id, pokemon->version + 1, input.timestamp());
        const auto pushed =
            pokemons.push_event(castore::NewEvent<LevelledUp>{.aggregate_id = id,
                                                              .version = pokemon->version + 1,
                                                              .timestamp = input.timestamp()},
                                {.prev_aggregate = *pokemon});
        return {{"nextLevel", pushed.next_aggregate.value().level}};
      },
      std::move(options));
}

inline auto make_increment_counter(const Counters& of, castore::CommandOptions options) {
  return castore::Command(
      "INCREMENT_COUNTER", castore::event_stores(of),
      [](const Input& input, const castore::EventStores<Counters>& stores,
         const BeforePush& before_push) -> nlohmann::json {
        const auto& [counters] = stores;
        const std::string id = input.text("counterId");
        const Counter counter = counters.get_existing_aggregate(id);
        before_push("COUNTERS", id, counter.version + 1, input.timestamp());
        castore::NewEvent<CounterIncremented> event{
            .aggregate_id = id, .version = counter.version + 1, .timestamp = input.timestamp()};
        event.payload.json = nlohmann::json{{"by", input.json.value("by", 1)}};
        const auto pushed = counters.push_event(std::move(event), {.prev_aggregate = counter});
        return {{"nextCount", pushed.next_aggregate.value().count}};
      },
      std::move(options));
}

}  // namespace conformance
