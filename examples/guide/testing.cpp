/// \file
/// The guide's chapter on testing. Its tests run in no framework: a scenario that fails throws.

#include <castore/castore.hpp>
#include <castore/testing/manual_timer.hpp>
#include <castore/testing/mock_event_store.hpp>
#include <castore/testing/scenario.hpp>
#include <chrono>
#include <guide/chapters.hpp>
#include <guide/commands.hpp>
#include <guide/pokemons.hpp>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

using castore::testing::events_of;
using castore::testing::Scenario;

const castore::NewEvent<PokemonCaught> pikachu_caught{
    .aggregate_id = "pikachu", .version = 2, .payload = {.trainer_id = "ash"}};

const castore::Event<PokemonAppeared> pikachu_appeared{
    .aggregate_id = "pikachu",
    .version = 1,
    .timestamp = castore::parse_timestamp("2040-05-01T10:00:00Z"),
    .payload = {"Pikachu", 42}};

const castore::NewEvent<TrainerCaughtPokemon> ash_caught_pikachu{
    .aggregate_id = "ash", .version = 1, .payload = {.pokemon_id = "pikachu"}};

void mock(const Pokemons& pokemons) {
  auto mocked = castore::testing::mock_event_store(pokemons, {pikachu_appeared});
  mocked.push_event(pikachu_caught);
  std::cout << mocked.get_events("pikachu").size() << " events, ";
  mocked.reset();
  std::cout << "after reset " << mocked.get_events("pikachu").size() << '\n';
}

void mute() {
  Pokemons pokemons("POKEMONS", PokemonReducer{});
  castore::testing::mute_event_store(pokemons, {pikachu_appeared});
  std::cout << pokemons.get_existing_aggregate("pikachu").name << " is mute\n";
}

void tell_scenarios() {
  const Pokemons pokemons("POKEMONS", PokemonReducer{});
  const Trainers trainers("TRAINERS", TrainerReducer{});
  const auto catch_pokemon = make_catch_pokemon(pokemons, trainers);

  Scenario(catch_pokemon)
      .given(pokemons, pikachu_appeared)
      .when({.pokemon_id = "pikachu", .trainer_id = "ash"})
      .then_pushed(events_of(pokemons, pikachu_caught), events_of(trainers, ash_caught_pikachu));

  Scenario(catch_pokemon)
      .given(pokemons, pikachu_appeared, pikachu_caught)
      .when({.pokemon_id = "pikachu", .trainer_id = "misty"})
      .then_error<Rejected>()
      .then_nothing_pushed();

  const auto appear = make_wild_pokemon_appear(pokemons);
  Scenario(appear)
      .when({.name = "Mew", .level = 5}, GenerateId([] { return "mew"; }))
      .then_output(PokemonId{"mew"});

  Scenario(catch_pokemon)
      .when({.pokemon_id = "pikachu", .trainer_id = "ash"})
      .then_error<castore::AggregateNotFoundError>(
          [](const auto& error) { return error.aggregate_id() == "pikachu"; })
      .then_nothing_pushed();
}

void fail() {
  const Pokemons pokemons("POKEMONS", PokemonReducer{});
  const Trainers trainers("TRAINERS", TrainerReducer{});
  const auto catch_pokemon = make_catch_pokemon(pokemons, trainers);
  const auto outcome = Scenario(catch_pokemon)
                           .given(pokemons, pikachu_appeared)
                           .when({.pokemon_id = "pikachu", .trainer_id = "ash"});
  try {
    outcome.then_pushed(events_of(pokemons, pikachu_caught));
  } catch (const castore::testing::ScenarioFailure& failure) {
    std::cout << failure.what();
  }
}

void control_time(const Pokemons& pokemons) {
  castore::NotificationMessageQueue<Pokemons> queue("GAME_QUEUE", pokemons);
  const auto timer = std::make_shared<castore::testing::ManualTimer>();
  const auto adapter = castore::InMemoryMessageQueueAdapter::attach_to(
      queue,
      [](const castore::Notification<Pokemons>&, const castore::MessageContext& context) {
        if (context.attempt == 1) throw std::runtime_error("the league does not answer");
        std::cout << "handled at attempt " << context.attempt << '\n';
      },
      {.timer = timer});

  queue.publish_message(castore::Notification<Pokemons>{"POKEMONS", pikachu_appeared});
  timer->wait_for_actions(1);                // the first attempt has failed
  timer->advance(std::chrono::seconds{30});  // the second one is due
  adapter->drain();
}

}  // namespace

void chapters::testing() {
  const Pokemons pokemons("POKEMONS", PokemonReducer{});
  mock(pokemons);
  mute();
  tell_scenarios();
  fail();
  control_time(pokemons);
}
