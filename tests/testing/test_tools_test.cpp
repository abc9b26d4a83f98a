#include <doctest/doctest.h>
#include <castore/connected_event_store.hpp>
#include <castore/testing/manual_timer.hpp>
#include <castore/testing/mock_event_store.hpp>
#include <castore/testing/scenario.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pokemon/commands.hpp"
#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/messages.hpp"

namespace castore::testing {
namespace {

using pokemon::appeared;
using pokemon::caught;
using pokemon::caught_pokemon;
using pokemon::created;
using pokemon::leveled_up;
using pokemon::Pokemons;
using pokemon::Trainers;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");

const std::vector<Pokemons::AnyEvent> pikachu_appeared{
    Event<pokemon::PokemonAppeared>{"pikachu", 1, day_1, {"Pikachu", 42}}};

std::string failure_of(auto&& action) {
  const auto failure = thrown<ScenarioFailure>(action);
  return failure ? failure->what() : "";
}

TEST_CASE("a mocked event store begins with its initial events and leaves the original alone") {
  const Pokemons original = pokemon::make_pokemons();  // without an adapter
  MockedEventStore mocked = mock_event_store(original, pikachu_appeared);
  CHECK(mocked.event_store_id() == "POKEMONS");
  CHECK(mocked.initial_events() == pikachu_appeared);
  CHECK(mocked.get_events("pikachu") == pikachu_appeared);

  mocked.push_event(leveled_up("pikachu", 2));
  mocked.push_event(appeared("mew", "Mew", 1));
  CHECK(mocked.get_existing_aggregate("pikachu").level == 43);
  mocked.reset();
  CHECK(mocked.get_events("pikachu") == pikachu_appeared);
  CHECK_FALSE(mocked.get_aggregate("mew"));
  CHECK(code_of([&] { return original.get_events("pikachu"); }) == "UndefinedEventStorageAdapter");
}

TEST_CASE("a mocked event store begins with new events as well") {
  const Pokemons original = pokemon::make_pokemons();
  const Timestamp before = system_now();
  NewEvent<pokemon::PokemonLeveledUp> dated = leveled_up("pikachu", 2);
  dated.timestamp = day_1;

  auto mocked = mock_event_store(original, {appeared("pikachu", "Pikachu", 42), dated});

  CHECK(mocked.get_existing_aggregate("pikachu").level == 43);
  const auto timestamp_of = [](const auto& event) { return event.timestamp; };
  CHECK(std::visit(timestamp_of, mocked.initial_events().front()) >= before);
  CHECK(std::visit(timestamp_of, mocked.initial_events().back()) == day_1);
  CHECK(mocked.get_events("pikachu") == mocked.initial_events());

  Pokemons muted = pokemon::make_pokemons();
  mute_event_store(muted, {pikachu_appeared.front(), leveled_up("pikachu", 2)});
  CHECK(muted.get_existing_aggregate("pikachu").level == 43);
}

TEST_CASE("copies of a mocked event store go back with it but what was grouped does not") {
  auto mocked = mock_event_store(pokemon::make_pokemons(), pikachu_appeared);
  const auto copy = mocked;
  const Pokemons as_original = mocked;
  mocked.push_event(leveled_up("pikachu", 2));
  CHECK(copy.get_events("pikachu").size() == 2);
  auto grouped = mocked.group_event(leveled_up("pikachu", 3));

  mocked.reset();
  CHECK(copy.get_events("pikachu") == pikachu_appeared);
  CHECK(as_original.get_events("pikachu") == pikachu_appeared);
  push_event_group(std::move(grouped));  // as version 3, where version 2 is
  CHECK(mocked.get_events("pikachu") == pikachu_appeared);
}

TEST_CASE("a mocked event store calls no callback and publishes nothing") {
  Pokemons pokemons = pokemon::make_pokemons();
  int calls = 0;
  pokemons.set_on_event_pushed([&](const auto&) { ++calls; });
  const auto published = std::make_shared<RecordingChannelAdapter>();
  const NotificationMessageQueue<Pokemons> queue("GAME", pokemons, published);
  const ConnectedEventStore connected(pokemons, queue);
  const auto mocked = mock_event_store(connected);
  mocked.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(calls == 0);
  CHECK(published->published.empty());
}

TEST_CASE("a muted event store is the store itself in memory") {
  Pokemons pokemons = pokemon::make_pokemons();
  mute_event_store(pokemons, pikachu_appeared);
  pokemons.push_event(leveled_up("pikachu", 2));
  CHECK(pokemons.get_existing_aggregate("pikachu").level == 43);
  mute_event_store(pokemons);
  CHECK_FALSE(pokemons.get_aggregate("pikachu"));

  SUBCASE("and so are its copies and what is connected to it") {
    const Pokemons copy = pokemons;
    const NotificationMessageQueue<Pokemons> queue("GAME", pokemons,
                                                   std::make_shared<RecordingChannelAdapter>());
    ConnectedEventStore connected(pokemons, queue);
    mute_event_store(connected, pikachu_appeared);
    CHECK(pokemons.get_aggregate("pikachu"));
    CHECK(copy.get_aggregate("pikachu"));
    mute_event_store(pokemons);
    CHECK_FALSE(connected.get_aggregate("pikachu"));
  }
}

struct Game {
  Pokemons pokemons = pokemon::make_pokemons();
  Trainers trainers = pokemon::make_trainers();
};

TEST_CASE_FIXTURE(Game, "given events when a command runs then these events are pushed") {
  const auto catch_pokemon = pokemon::make_catch_pokemon(pokemons, trainers);
  Scenario(catch_pokemon)
      .given(pokemons, appeared("pikachu", "Pikachu", 42), leveled_up("pikachu", 2))
      .given(trainers, created("ash", "Ash"))
      .when({.pokemon_id = "pikachu", .trainer_id = "ash"})
      .then_pushed(events_of(trainers, caught_pokemon("ash", 2, "pikachu")),
                   events_of(pokemons, caught("pikachu", 3, "ash")));
}

TEST_CASE_FIXTURE(Game, "a scenario tells of output and of context arguments") {
  const auto appear = pokemon::make_wild_pokemon_appear(pokemons);
  Scenario(appear)
      .when({"Mew", 1}, pokemon::GenerateId([] { return std::string("mew"); }))
      .then_output(pokemon::PokemonId{"mew"})
      .then_pushed(events_of(pokemons, appeared("mew", "Mew", 1)));
}

TEST_CASE_FIXTURE(Game, "a scenario tells of errors") {
  const auto catch_pokemon = pokemon::make_catch_pokemon(pokemons, trainers);
  Scenario scenario(catch_pokemon);
  scenario.when({"pikachu", "ash"})
      .then_error(ErrorCode::aggregate_not_found)
      .then_error<AggregateNotFoundError>(
          [](const auto& error) { CHECK(error.aggregate_id() == "pikachu"); })
      .then_nothing_pushed();
  scenario.given(pokemons, appeared("pikachu", "Pikachu", 42), caught("pikachu", 2, "misty"))
      .given(trainers, created("ash", "Ash"))
      .when({"pikachu", "ash"})
      .then_error<pokemon::Rejected>()
      .then_nothing_pushed();
}

TEST_CASE_FIXTURE(Game, "a failure shows which events are missing and which are too many") {
  const auto catch_pokemon = pokemon::make_catch_pokemon(pokemons, trainers);
  const auto outcome = Scenario(catch_pokemon)
                           .given(pokemons, appeared("pikachu", "Pikachu", 42))
                           .given(trainers, created("ash", "Ash"))
                           .when({"pikachu", "ash"});
  CHECK(failure_of([&] {
          outcome.then_pushed(
              events_of(pokemons, caught("pikachu", 2, "ash"), leveled_up("pikachu", 3)));
        }) ==
        "CATCH_POKEMON pushed other events than expected (- expected, + pushed):\n"
        "  POKEMONS\n"
        "      pikachu 2 POKEMON_CAUGHT payload {\"trainer_id\":\"ash\"}\n"
        "    - pikachu 3 POKEMON_LEVELED_UP\n"
        "  TRAINERS\n"
        "    + ash 2 TRAINER_CAUGHT_POKEMON payload {\"pokemon_id\":\"pikachu\"}\n");
  CHECK(failure_of([&] { outcome.then_error(ErrorCode::aggregate_not_found); }) ==
        "CATCH_POKEMON was expected to throw AggregateNotFound, but succeeded");
  CHECK(failure_of([&] { outcome.then_error<std::exception>(); }) ==
        "CATCH_POKEMON was expected to throw an error, but succeeded");
  CHECK(failure_of([&] { outcome.then_nothing_pushed(); }) != "");
}

TEST_CASE_FIXTURE(Game, "a timestamp counts where the expected event has one") {
  const auto appear = pokemon::make_wild_pokemon_appear(pokemons);
  const auto outcome =
      Scenario(appear).when({"Mew", 1}, pokemon::GenerateId([] { return std::string("mew"); }));
  auto expected = appeared("mew", "Mew", 1);
  outcome.then_pushed(events_of(pokemons, expected));
  expected.timestamp = day_1;
  CHECK(failure_of([&] {
          outcome.then_pushed(events_of(pokemons, expected));
        }).find("- mew 1 POKEMON_APPEARED at 2022-01-01T00:00:00.000Z") != std::string::npos);
}

TEST_CASE_FIXTURE(Game, "a failure shows the other output and the other error") {
  const auto level_up = pokemon::make_level_up_pokemon(pokemons);
  Scenario scenario(level_up);
  const auto failed = scenario.when({"pikachu"});
  const std::string not_found = "Unable to find aggregate pikachu in event store POKEMONS.";
  CHECK(failure_of([&] { failed.then_output(pokemon::NextLevel{43}); }) ==
        "LEVEL_UP_POKEMON threw: " + not_found);
  CHECK(failure_of([&] { failed.then_pushed(); }) ==
        "LEVEL_UP_POKEMON threw: " + not_found +
            "; if that is expected, say so first: then_error<E>(), and then what it pushed");
  CHECK(failure_of([&] { failed.then_error<pokemon::Rejected>(); }) ==
        "LEVEL_UP_POKEMON was expected to throw another error, threw: " + not_found);
  CHECK(failure_of([&] { failed.then_error(ErrorCode::storage); }) ==
        "LEVEL_UP_POKEMON was expected to throw Storage, threw AggregateNotFound: " + not_found);

  const auto leveled =
      scenario.given(pokemons, appeared("pikachu", "Pikachu", 42)).when({"pikachu"});
  CHECK(failure_of([&] { leveled.then_output(pokemon::NextLevel{44}); }) ==
        "LEVEL_UP_POKEMON answered another output than expected:\n"
        "    - {\"next_level\":44}\n"
        "    + {\"next_level\":43}");
}

TEST_CASE_FIXTURE(Game, "an outcome tells of its own run when the scenario has gone on") {
  const auto level_up = pokemon::make_level_up_pokemon(pokemons);
  Scenario scenario(level_up);
  const auto first = scenario.given(pokemons, appeared("pikachu", "Pikachu", 42)).when({"pikachu"});
  const auto second = scenario.when({"pikachu"});
  first.then_pushed(events_of(pokemons, leveled_up("pikachu", 2)));
  second.then_pushed(events_of(pokemons, leveled_up("pikachu", 3)));
}

TEST_CASE_FIXTURE(Game, "a scenario refuses an event store that the command does not require") {
  const auto level_up = pokemon::make_level_up_pokemon(pokemons);
  Scenario scenario(level_up);
  CHECK(failure_of([&] { scenario.given(trainers, created("ash", "Ash")); }) ==
        "LEVEL_UP_POKEMON does not require the event store TRAINERS");
}

TEST_CASE("the time of a manual timer ends at the longest there is and never goes back") {
  using std::chrono::milliseconds;
  ManualTimer timer;
  std::string ran;
  timer.advance(milliseconds{5});
  timer.call_after(milliseconds::max(), [&] { ran += "longest "; });
  timer.call_after(std::chrono::years{300}, [&] { ran += "long "; });
  timer.advance(milliseconds{-3});
  CHECK(timer.elapsed() == milliseconds{5});
  timer.advance(std::chrono::years{299});
  CHECK(ran.empty());
  timer.advance(std::chrono::years{1});
  CHECK(ran == "long ");
  timer.advance(milliseconds::max());
  CHECK(ran == "long longest ");
  CHECK(timer.elapsed() == milliseconds::max());
}

}  // namespace
}  // namespace castore::testing
