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

NewEventView appeared_anew() { return to_new_event(appeared_view()); }

/// The path of the InvalidEventError that the check of `description` throws.
std::string refused_path(const EventStoreDescription& description, const NewEventView& event) {
  const auto error = thrown<InvalidEventError>([&] { description.validate(event); });
  return error ? error->path() + std::string(error->pointer()) : "none";
}

TEST_CASE("a described event store checks that it can read what tools push") {
  const auto description = pokemon::make_pokemons().describe();
  REQUIRE(description.validate);
  NewEventView event = appeared_anew();
  CHECK(refused_path(description, event) == "none");
  event.metadata = R"({"trigger":"random"})";
  CHECK(refused_path(description, event) == "none");

  SUBCASE("the type") {
    event.type = "POKEMON_EVOLVED";
    CHECK(refused_path(description, event) == "type");
  }
  SUBCASE("the payload") {
    const auto path_for = [&](std::optional<std::string_view> payload) {
      event.payload = payload;
      return refused_path(description, event);
    };
    CHECK(path_for(R"({"name":"Pikachu"})") == "payload/level");
    CHECK(path_for(R"({"name":1,"level":2})") == "payload/name");
    CHECK(path_for("[]") == "payload");
    CHECK(path_for(std::nullopt) == "payload");
  }
  SUBCASE("the metadata") {
    event.metadata = R"({"trigger":1})";
    CHECK(refused_path(description, event) == "metadata/trigger");
  }
}

TEST_CASE("a described event store accepts what it reads without looking at it") {
  const auto description = pokemon::make_pokemons().describe();
  NewEventView event = appeared_anew();
  event.payload = R"({"name":"Pikachu","level":42.0,"shiny":true})";
  CHECK(refused_path(description, event) == "none");
  event.type = "POKEMON_LEVELED_UP";  // has neither payload nor metadata
  event.payload = "[1]";
  event.metadata = "[2]";
  CHECK(refused_path(description, event) == "none");
}

/// Its codec throws what is no std::exception.
struct Locked {
  static constexpr std::string_view type = "LOCKED";
};

struct Vault {
  std::string aggregate_id;
  Version version = 0;
  static constexpr auto fields =
      castore::fields("aggregate_id", &Vault::aggregate_id, "version", &Vault::version);
};

struct VaultReducer {
  Vault operator()(Vault, const Event<Locked>&) const { throw std::logic_error("never run"); }
  Vault operator()(Vault, const Event<OtherPayload>&) const { throw std::logic_error("never run"); }
};

}  // namespace
}  // namespace castore::testing

template <>
struct castore::JsonCodec<castore::testing::Locked> {
  static std::optional<std::string> encode(const testing::Locked&) { return std::nullopt; }
  static testing::Locked decode(std::optional<std::string_view> json) {
    if (json) throw 42;
    return {};
  }
};

namespace castore::testing {
namespace {

TEST_CASE("whatever a codec throws is an event that cannot be read") {
  const auto description =
      EventStore<Vault, Locked, OtherPayload>("VAULTS", VaultReducer{}).describe();
  CHECK(refused_path(description, {.aggregate_id = "a", .version = 1, .type = "LOCKED"}) == "none");
  CHECK(refused_path(description,
                     {.aggregate_id = "a", .version = 1, .type = "LOCKED", .payload = "{}"}) ==
        "payload");
  SUBCASE("and a store of other payloads knows every type") {
    CHECK(refused_path(description, {.aggregate_id = "a", .version = 1, .type = "X"}) == "none");
  }
}

}  // namespace
}  // namespace castore::testing
