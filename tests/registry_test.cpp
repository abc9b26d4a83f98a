#include <doctest/doctest.h>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/registry.hpp>

#include <nlohmann/json.hpp>

#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::testing {
namespace {

EventView appeared_view() {
  return {.aggregate_id = "pikachu",
          .version = 1,
          .type = "POKEMON_APPEARED",
          .timestamp = {},
          .payload = R"({"name":"Pikachu","level":42})",
          .metadata = std::nullopt};
}

TEST_CASE("an event store describes its id and event types") {
  const EventStoreDescription description = pokemon::make_pokemons().describe();
  CHECK(description.event_store_id == "POKEMONS");
  CHECK(description.event_types ==
        std::vector<std::string>{"POKEMON_APPEARED", "POKEMON_CAUGHT", "POKEMON_LEVELED_UP"});
}

TEST_CASE("a registry finds event stores by id") {
  Registry registry;
  CHECK(registry.find_event_store("POKEMONS") == nullptr);
  registry.add(pokemon::make_pokemons());
  registry.add(pokemon::make_trainers());

  REQUIRE(registry.find_event_store("TRAINERS") != nullptr);
  CHECK(registry.find_event_store("TRAINERS")->event_types.front() == "TRAINER_CREATED");
  CHECK(registry.find_event_store("trainers") == nullptr);
  CHECK(registry.find_event_store("") == nullptr);
  REQUIRE(registry.event_stores().size() == 2);
  CHECK(registry.event_stores()[0].event_store_id == "POKEMONS");
}

TEST_CASE("a registry refuses two event stores of one id") {
  Registry registry;
  registry.add(pokemon::make_pokemons());
  CHECK(code_of([&] { registry.add(pokemon::make_pokemons()); }) == "InvalidOption");
  CHECK(registry.event_stores().size() == 1);
}

TEST_CASE("a described event store folds events into JSON") {
  const auto fold = pokemon::make_pokemons().describe().make_fold();
  CHECK_FALSE(fold->json());

  fold->apply(appeared_view());
  EventView second = appeared_view();
  second.version = 2;
  second.type = "POKEMON_LEVELED_UP";
  second.payload = std::nullopt;
  fold->apply(second);

  REQUIRE(fold->json());
  const auto json = nlohmann::json::parse(*fold->json());
  CHECK(json == nlohmann::json{{"aggregateId", "pikachu"},
                               {"version", 2},
                               {"name", "Pikachu"},
                               {"level", 43},
                               {"trainer_id", ""}});
}

TEST_CASE("folds of one event store do not share their aggregates") {
  const auto description = pokemon::make_pokemons().describe();
  const auto first = description.make_fold();
  first->apply(appeared_view());
  CHECK(first->json());
  CHECK_FALSE(description.make_fold()->json());
}

TEST_CASE("a fold that meets an event it cannot read says which") {
  const auto fold = pokemon::make_pokemons().describe().make_fold();
  EventView event = appeared_view();
  SUBCASE("by its type") { event.type = "POKEMON_EVOLVED"; }
  SUBCASE("by its payload") { event.payload = "[]"; }
  const auto error = thrown<MalformedEventError>([&] { fold->apply(event); });
  REQUIRE(error);
  CHECK(error->event_store_id() == "POKEMONS");
  CHECK(error->aggregate_id() == "pikachu");
  CHECK(error->version() == 1);
  CHECK(error->type() == event.type);
}

}  // namespace
}  // namespace castore::testing
