/// \file
/// The guide's chapter on commands.

#include <castore/castore.hpp>
#include <functional>
#include <guide/chapters.hpp>
#include <guide/commands.hpp>
#include <guide/pokemons.hpp>
#include <iostream>
#include <memory>
#include <string>

namespace {

struct Game {
  std::shared_ptr<castore::EventStorageAdapter> adapter =
      std::make_shared<castore::InMemoryEventStorageAdapter>();
  Pokemons pokemons{"POKEMONS", PokemonReducer{}, adapter};
  Trainers trainers{"TRAINERS", TrainerReducer{}, adapter};
};

void run(const Pokemons& pokemons, const Trainers& trainers) {
  const auto catch_pokemon = make_catch_pokemon(pokemons, trainers);
  try {
    catch_pokemon({.pokemon_id = "pikachu", .trainer_id = "ash"});
    catch_pokemon({.pokemon_id = "pikachu", .trainer_id = "misty"});
  } catch (const Rejected& e) {
    std::cout << "rejected: " << e.what() << '\n';
  }
}

void retry(const Pokemons& pokemons) {
  const auto appear = make_wild_pokemon_appear(
      pokemons, {.event_already_exists_retries = 5,
                 .on_event_already_exists =
                     [](const castore::EventAlreadyExistsError& error,
                        const castore::CommandAttempt& attempt) {
                       std::cout << error.aggregate_id() << " is taken at attempt "
                                 << attempt.attempt_number << ", " << attempt.retries_left
                                 << " retries left\n";
                     },
                 .backoff = castore::CommandBackoff{}});

  int drawn = 0;
  const GenerateId draw = [&] { return drawn++ == 0 ? "pikachu" : "raichu"; };
  const PokemonId raichu = appear({.name = "Raichu", .level = 60}, draw);
  std::cout << raichu.pokemon_id << " appeared\n";
}

void run_elsewhere(const Pokemons& pokemons, const Trainers& trainers) {
  const auto catch_pokemon = make_catch_pokemon(pokemons, trainers);
  const Game other;
  make_wild_pokemon_appear(other.pokemons)({"Mew", 5}, GenerateId([] { return "mew"; }));
  const CatchPokemon input{.pokemon_id = "mew", .trainer_id = "misty"};

  catch_pokemon.handler(input, castore::event_stores(other.pokemons, other.trainers));
  std::cout << other.trainers.get_existing_aggregate("misty").pokemon_ids.size()
            << " pokemon caught in the other game\n";
}

void describe(const Pokemons& pokemons, const Trainers& trainers,
              const std::shared_ptr<castore::EventStorageAdapter>& adapter) {
  castore::Registry registry;
  registry.add(make_catch_pokemon(pokemons, trainers));
  registry.add(make_wild_pokemon_appear(pokemons), GenerateId([] { return "eevee"; }));

  const auto* const appear = registry.find_command("WILD_POKEMON_APPEAR");
  std::cout << appear->run(R"({"name":"Eevee","level":3})", adapter).value() << '\n';
}

}  // namespace

void chapters::commands() {
  const Game game;
  make_wild_pokemon_appear(game.pokemons)({"Pikachu", 42}, GenerateId([] { return "pikachu"; }));
  run(game.pokemons, game.trainers);
  retry(game.pokemons);
  run_elsewhere(game.pokemons, game.trainers);
  describe(game.pokemons, game.trainers, game.adapter);
}
