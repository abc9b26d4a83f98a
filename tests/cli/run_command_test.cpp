#include <doctest/doctest.h>
#include <castore/command.hpp>
#include <exception>
#include <new>
#include <pokemon/pokemon.hpp>
#include <stdexcept>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

struct LevelUp {
  std::string pokemon_id;
  static constexpr auto fields = castore::fields("pokemon_id", &LevelUp::pokemon_id);
};
struct NewLevel {
  int level = 0;
  static constexpr auto fields = castore::fields("level", &NewLevel::level);
};

struct Speechless : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

/// With LEVEL_UP, which answers the new level, and SAY_NOTHING, which has no output and fails where
/// its input is `false`, 0, 1 or 2.
class Application : public Cli {
 public:
  Application() {
    const pokemon::Pokemons pokemons = pokemon::make_pokemons();
    registry.add(pokemons);
    registry.add(Command("LEVEL_UP", event_stores(pokemons),
                         [](const LevelUp& input, const EventStores<pokemon::Pokemons>& stores) {
                           const auto& [store] = stores;
                           const auto now = store.get_existing_aggregate(input.pokemon_id);
                           store.push_event(pokemon::leveled_up(now.aggregate_id, now.version + 1));
                           return NewLevel{now.level + 1};
                         }));
    registry.add(CommandDescription{
        .command_id = "SAY_NOTHING",
        .event_store_ids = {"A", "B"},
        .input_schema = R"({ "type": "boolean" })",
        .output_schema = R"({"type":"null"})",
        .run = [](std::string_view input,
                  const std::shared_ptr<EventStorageAdapter>&) -> std::optional<std::string> {
          if (input == "false") throw std::runtime_error("not today");
          if (input == "0") throw 42;
          if (input == "1") throw Speechless();
          if (input == "2") throw std::bad_alloc();
          return std::nullopt;
        }});
  }
};

}  // namespace

TEST_CASE("run-command runs a command of the application on the file") {
  const Application cli;
  cli.push("POKEMONS", appeared);
  for (const std::string format : {"text", "json", "jsonl"}) {
    CAPTURE(format);
    const Finished done =
        cli({"run-command", "LEVEL_UP", R"({"pokemon_id":"pikachu"})", "--format", format});
    CHECK(done.exit_code == 0);
    CHECK(done.err.empty());
    CHECK(done.out.starts_with("{\"level\":4"));
  }
  CHECK(
      cli({"get-aggregate", "POKEMONS", "pikachu", "--format", "json"}).out.find("\"level\":45") !=
      std::string::npos);
}

TEST_CASE("run-command reads its input from standard input where none is given") {
  const Application cli;
  cli.push("POKEMONS", appeared);
  const std::string input = "{\n  \"pokemon_id\": \"pikachu\"\n}\n";
  CHECK(cli({"run-command", "LEVEL_UP"}, input).out == "{\"level\":43}\n");
  CHECK(cli({"run-command", "LEVEL_UP", "-"}, input).out == "{\"level\":44}\n");
}

TEST_CASE("a command without output prints nothing") {
  const Application cli;
  const Finished done = cli({"run-command", "SAY_NOTHING", "true"});
  CHECK(done.exit_code == 0);
  CHECK(done.out.empty());
  CHECK(done.err.empty());
  CHECK(cli.has_file());
}

TEST_CASE("a command that is not registered is an error that says which are") {
  const Application cli;
  const Finished unknown = cli({"run-command", "LEVEL_DOWN", "{}", "--format", "json"});
  CHECK(unknown.exit_code == 3);
  CHECK(unknown.out.empty());
  CHECK(unknown.err ==
        R"({"error":{"code":"CommandNotFound","message":"Unable to find command LEVEL_DOWN; )"
        R"(there are LEVEL_UP and SAY_NOTHING","commandId":"LEVEL_DOWN"}})"
        "\n");
  CHECK_FALSE(cli.has_file());
  SUBCASE("or the one that is near") {
    CHECK(cli({"run-command", "LEVEL_PU", "{}"}).err ==
          "castore-cli: Unable to find command LEVEL_PU; did you mean LEVEL_UP?\n");
  }
  SUBCASE("or that a plugin is needed") {
    const Cli none;
    CHECK(none({"run-command", "LEVEL_UP", "{}"}).err ==
          "castore-cli: Unable to find command LEVEL_UP: no command is registered: --plugin LIB "
          "brings them\n");
  }
  SUBCASE("or that there are none") {
    Cli without;
    without.registry.add(pokemon::make_pokemons());
    CHECK(without({"run-command", "LEVEL_UP", "{}"}).err ==
          "castore-cli: Unable to find command LEVEL_UP: the application has registered no "
          "command\n");
  }
}

TEST_CASE("run-command refuses an input that is no JSON before it makes the file") {
  const Application cli;
  for (const std::string input : {"", "nonsense", "{", "{} {}", "{\"a\":1,}"}) {
    CAPTURE(input);
    const Finished refused = cli({"run-command", "LEVEL_UP", "--format", "json"}, input);
    CHECK(refused.exit_code == 6);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with(
        R"({"error":{"code":"InvalidInput","message":"Invalid input: is not valid JSON at byte )"));
  }
  CHECK_FALSE(cli.has_file());
  SUBCASE("and one that the command does not take") {
    const Finished refused = cli({"run-command", "LEVEL_UP", "[]", "--format", "json"});
    CHECK(refused.exit_code == 6);
    CHECK(refused.err.starts_with(R"({"error":{"code":"InvalidInput")"));
  }
}

TEST_CASE("what a command throws comes out with its code") {
  const Application cli;
  const Finished missing =
      cli({"run-command", "LEVEL_UP", R"({"pokemon_id":"none"})", "--format", "json"});
  CHECK(missing.exit_code == 3);
  CHECK(missing.err.starts_with(R"({"error":{"code":"AggregateNotFound")"));
  const Finished failed = cli({"run-command", "SAY_NOTHING", "false", "--format", "json"});
  CHECK(failed.exit_code == 1);
  CHECK(failed.err ==
        R"({"error":{"code":"Plugin","message":"Command SAY_NOTHING failed: not today",)"
        R"("commandId":"SAY_NOTHING"}})"
        "\n");
  for (const std::string input : {"0", "1"}) {
    CHECK(cli({"run-command", "SAY_NOTHING", input}).err ==
          "castore-cli: Command SAY_NOTHING failed: an exception of unknown type\n");
  }
  const Finished hungry = cli({"run-command", "SAY_NOTHING", "2", "--format", "json"});
  CHECK(hungry.err.starts_with(R"({"error":{"code":"Internal")"));
}

TEST_CASE("list-commands lists the commands of the application") {
  const Application cli;
  CHECK(cli({"list-commands"}).out == "LEVEL_UP\nSAY_NOTHING\n");
  const std::string level_up = R"({"commandId":"LEVEL_UP","eventStoreIds":["POKEMONS"]})";
  const std::string say_nothing = R"({"commandId":"SAY_NOTHING","eventStoreIds":["A","B"],)"
                                  R"("inputSchema":{"type":"boolean"},)"
                                  R"("outputSchema":{"type":"null"}})";
  CHECK(cli({"list-commands", "--format", "jsonl"}).out == level_up + '\n' + say_nothing + '\n');
  CHECK(cli({"list-commands", "--format", "json"}).out ==
        "{\"commands\":[" + level_up + ',' + say_nothing + "]}\n");
  CHECK_FALSE(cli.has_file());
  SUBCASE("for xargs as well") {
    using namespace std::string_literals;
    CHECK(cli({"list-commands", "-0"}).out == "LEVEL_UP\0SAY_NOTHING\0"s);
    CHECK(cli({"list-commands", "-0", "--format", "json"}).exit_code == 2);
  }
  SUBCASE("of which there may be none") {
    const Cli none;
    CHECK(none({"list-commands"}).out.empty());
    CHECK(none({"list-commands", "--format", "json"}).out == "{\"commands\":[]}\n");
  }
}
