// A write is checked by what the application knows: the plugin's event stores, or a registry's.

#include <doctest/doctest.h>

#include <pokemon/pokemon.hpp>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

/// The application of pokemons and trainers.
class Application : public Cli {
 public:
  Application() {
    registry.add(pokemon::make_pokemons());
    registry.add(pokemon::make_trainers());
  }

  [[nodiscard]] Finished push_json(const std::string& store, const std::string& event,
                                   const std::string& option = "--allow-version-gaps") const {
    return (*this)({"push-event", store, "--event", event, option, "--format", "json"});
  }
};

/// Version 1 of pikachu, or the version given.
std::string event(const std::string& type, const std::string& payload, int version = 1) {
  return R"({"aggregateId":"pikachu","version":)" + std::to_string(version) + R"(,"type":")" +
         type + R"(","timestamp":"2022-01-01T00:00:00Z","payload":)" + payload + "}";
}

std::string in(const std::string& store, const std::string& event) {
  return R"({"eventStoreId":")" + store + R"(","event":)" + event + "}\n";
}

std::string error(const std::string& message, const std::string& fields) {
  return R"({"error":{"code":"InvalidEvent","message":")" + message + "\"," + fields + "}}\n";
}

const std::string misspelt_type = event("POKEMON_APEARED", R"({"name":"Pikachu","level":42})");
const std::string unreadable = event("POKEMON_APPEARED", R"({"name":"Pikachu","level":"high"})");

const std::string unknown_type_text =
    "Invalid event: type POKEMON_APEARED is unknown to event store POKEMONS; did you mean "
    "POKEMON_APPEARED?";

}  // namespace

TEST_CASE("push-event refuses what the application does not know or cannot read") {
  const Application cli;
  SUBCASE("an event store") {
    const Finished refused = cli.push_json("POKEMON", appeared);
    CHECK(refused.exit_code == 6);
    CHECK(refused.err == error("Invalid event: eventStoreId POKEMON is no event store of the "
                               "application; did you mean POKEMONS?",
                               R"("path":"eventStoreId")"));
    CHECK(cli.push_json("GYMS", appeared).err ==
          error("Invalid event: eventStoreId GYMS is no event store of the application; there are "
                "POKEMONS and TRAINERS",
                R"("path":"eventStoreId")"));
  }
  SUBCASE("an event type") {
    const Finished refused = cli.push_json("POKEMONS", misspelt_type);
    CHECK(refused.exit_code == 6);
    CHECK(refused.err == error(unknown_type_text, R"("path":"type")"));
    CHECK(cli.push_json("TRAINERS", misspelt_type)
              .err.find("; there are TRAINER_CREATED and TRAINER_CAUGHT_POKEMON") !=
          std::string::npos);
  }
  SUBCASE("a payload") {
    const Finished refused = cli.push_json("POKEMONS", unreadable);
    CHECK(refused.exit_code == 6);
    CHECK(refused.err ==
          error(R"(Invalid event: payload/level cannot be read: expected a number, found \"high\")",
                R"("path":"payload","pointer":"/level")"));
    const Finished in_line = cli({"import", "--format", "json"}, in("POKEMONS", unreadable));
    CHECK(in_line.err.find(R"("path":"event.payload","pointer":"/level","line":1)") !=
          std::string::npos);
  }
  SUBCASE("metadata") {
    const std::string with_metadata =
        event("POKEMON_APPEARED", R"({"name":"Pikachu","level":42},"metadata":[])");
    const Finished refused = cli.push_json("POKEMONS", with_metadata);
    CHECK(refused.exit_code == 6);
    CHECK(refused.err.find(R"("path":"metadata")") != std::string::npos);
  }
  CHECK_FALSE(cli.has_file());
}

TEST_CASE("what push-event accepts the application can read") {
  const Application cli;
  // no member of ours, and a payload where there is none, are not looked at
  CHECK(cli.push_json("POKEMONS",
                      event("POKEMON_APPEARED", R"({"level":42,"shiny":true,"name":"Pikachu"})"))
            .exit_code == 0);
  CHECK(cli.push_json("POKEMONS", event("POKEMON_LEVELED_UP", "[1]", 2)).exit_code == 0);
  CHECK(
      cli({"get-aggregate", "POKEMONS", "pikachu", "--format", "json"}).out.find("\"level\":43") !=
      std::string::npos);
}

TEST_CASE("with --unchecked an event is stored whatever the application says") {
  const Application cli;
  CHECK(cli.push_json("POKEMONS", unreadable, "--unchecked").exit_code == 0);
  CHECK(cli({"push-group", "--unchecked"}, in("GYMS", misspelt_type)).exit_code == 0);
  CHECK(cli({"import", "--unchecked"}, in("TRAINERS", misspelt_type)).exit_code == 0);
  CHECK(cli({"get-aggregate", "POKEMONS", "pikachu"}).exit_code == 1);
  SUBCASE("also by replay into another file") {
    const std::string into = (cli.directory() / "new.db").string();
    CHECK(cli({"replay", "--into", into}).exit_code == 6);
    CHECK(cli({"replay", "--into", into, "--unchecked"}).out == "replayed 3, skipped 0\n");
  }
  SUBCASE("where replay writes none it is wrong usage") {
    const Finished printed = cli({"replay", "--unchecked"});
    CHECK(printed.exit_code == 2);
    CHECK(printed.err == "castore-cli: --unchecked needs --into (see castore-cli replay --help)\n");
  }
}

TEST_CASE("without event stores of the application nothing is checked") {
  Cli cli;
  cli.registry.add(CommandDescription{.command_id = "NONE", .run = {}});
  CHECK(cli({"push-event", "POKEMON", "--event", unreadable}).exit_code == 0);
}

TEST_CASE("several events are checked before the first is written and the error names the place") {
  const Application cli;
  const std::string lines = in("POKEMONS", appeared) + "\n" + in("POKEMONS", misspelt_type);
  SUBCASE("of a group") {
    const Finished refused = cli({"push-group", "--format", "json"}, lines);
    CHECK(refused.exit_code == 6);
    CHECK(refused.err == error("Line 3: " + unknown_type_text, R"("path":"event.type","line":3)"));
    CHECK_FALSE(cli.has_file());
  }
  SUBCASE("of an import") {
    const Finished refused = cli({"import", "--format", "json"}, lines);
    CHECK(refused.exit_code == 6);
    CHECK(refused.err.find(R"("path":"event.type","line":3,"imported":0)") != std::string::npos);
    CHECK_FALSE(cli.has_file());
    const Finished store = cli({"import", "--format", "json"}, in("POKEMON", appeared));
    CHECK(store.err.find(R"("path":"eventStoreId","line":1,"imported":0)") != std::string::npos);
  }
  SUBCASE("of a replay") {
    const Cli plain;
    REQUIRE(plain({"import"}, in("POKEMONS", appeared) + in("TRAINERS", unreadable)).exit_code ==
            0);
    const std::string into = (cli.directory() / "new.db").string();
    const Finished refused =
        cli({"--db", plain.file().string(), "replay", "--into", into, "--format", "json"});
    CHECK(refused.exit_code == 6);
    CHECK(refused.err.find(R"("path":"event.type","position":2,"replayed":0)") !=
          std::string::npos);
    CHECK(cli({"--db", into, "replay"}).out.empty());
  }
}

TEST_CASE("a check that fails is told from an event that does") {
  Cli cli;
  cli.registry.add(EventStoreDescription{
      .event_store_id = "S", .event_types = {}, .validate = [](const NewEventView&) { throw 42; }});
  const Finished failed = cli({"push-event", "S", "--event", appeared, "--format", "json"});
  CHECK(failed.exit_code == 1);
  CHECK(failed.err ==
        R"({"error":{"code":"Plugin","message":"The check of event store S failed at aggregate )"
        R"(pikachu: an exception of unknown type","eventStoreId":"S","aggregateId":"pikachu"}})"
        "\n");
  CHECK_FALSE(cli.has_file());
}
