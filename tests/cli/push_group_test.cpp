#include <doctest/doctest.h>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

const std::string pokemon_line =
    R"({"eventStoreId":"POKEMONS","event":{"aggregateId":"pikachu","version":1,"type":"CAUGHT"}})";
const std::string trainer_line =
    R"({"eventStoreId":"TRAINERS","event":{"aggregateId":"ash","version":1,"type":"CAUGHT_ONE",)"
    R"("timestamp":"2022-01-01T00:00:00Z","payload":[1, 2]}})";

const std::string stored_pokemon =
    R"({"aggregateId":"pikachu","version":1,"type":"CAUGHT","timestamp":"2022-01-01T00:00:00.000Z"})";
const std::string stored_trainer = R"({"aggregateId":"ash","version":1,"type":"CAUGHT_ONE",)"
                                   R"("timestamp":"2022-01-01T00:00:00.000Z","payload":[1,2]})";

const std::string group = pokemon_line + "\n\n" + trainer_line + "\n";

}  // namespace

TEST_CASE("push-group stores events of several stores with one timestamp") {
  const Cli cli;
  const Finished pushed = cli({"push-group", "--format", "json"}, group);
  CHECK(pushed.exit_code == 0);
  CHECK(pushed.err.empty());
  CHECK(pushed.out == "{\"eventGroup\":[{\"event\":" + stored_pokemon +
                          "},{\"event\":" + stored_trainer + "}]}\n");
  CHECK(cli.events("POKEMONS", "pikachu") == stored_pokemon + "\n");
  CHECK(cli.events("TRAINERS", "ash") == stored_trainer + "\n");
}

TEST_CASE("push-group prints lines in the other formats") {
  const Cli lines;
  CHECK(lines({"push-group", "--format", "jsonl"}, group).out ==
        R"({"eventStoreId":"POKEMONS","event":)" + stored_pokemon + "}\n" +
            R"({"eventStoreId":"TRAINERS","event":)" + stored_trainer + "}\n");
  const Cli text;
  CHECK(text({"push-group"}, group).out ==
        "POKEMONS\tpikachu\t1\t2022-01-01T00:00:00.000Z\tCAUGHT\t\n"
        "TRAINERS\tash\t1\t2022-01-01T00:00:00.000Z\tCAUGHT_ONE\t[1,2]\n");
}

TEST_CASE("push-group stores nothing where one event does not fit and names its line") {
  const Cli cli;
  cli.push("TRAINERS", R"({"aggregateId":"ash","version":1,"type":"CREATED"})");
  const Finished taken = cli({"push-group", "--format", "json"}, group);
  CHECK(taken.exit_code == 4);
  CHECK(taken.out.empty());
  CHECK(taken.err ==
        R"({"error":{"code":"EventAlreadyExists","message":"Line 3: Event already exists for )"
        R"(TRAINERS aggregate ash and version 1","eventStoreId":"TRAINERS","aggregateId":"ash",)"
        R"("version":1,"currentVersion":1,"line":3}})"
        "\n");
  CHECK(cli.events("POKEMONS", "pikachu").empty());
  SUBCASE("unless it is forced") {
    CHECK(cli({"push-group", "--force"}, group).exit_code == 0);
    CHECK(cli.events("TRAINERS", "ash") == stored_trainer + "\n");
  }
}

TEST_CASE("push-group names the second of two events of one version") {
  const Cli cli;
  const Finished twice =
      cli({"push-group", "--format", "json"}, pokemon_line + "\n" + pokemon_line + "\n");
  CHECK(twice.exit_code == 4);
  CHECK(twice.err.ends_with("\"line\":2}}\n"));
  SUBCASE("and the first where that version was there before") {
    cli.push("POKEMONS", stored_pokemon);
    CHECK(cli({"push-group", "--format", "json"}, pokemon_line + "\n" + pokemon_line + "\n")
              .err.ends_with("\"line\":1}}\n"));
  }
}

TEST_CASE("push-group refuses a gap unless gaps are allowed") {
  const Cli cli;
  const std::string gap =
      pokemon_line + "\n" +
      R"({"eventStoreId":"POKEMONS","event":{"aggregateId":"mew","version":5,"type":"X"}})";
  const Finished refused = cli({"push-group", "--format", "json"}, gap);
  CHECK(refused.exit_code == 4);
  CHECK(refused.err.ends_with("\"expectedVersion\":1,\"line\":2}}\n"));
  CHECK(cli({"push-group", "--allow-version-gaps"}, gap).exit_code == 0);
}

TEST_CASE("push-group refuses bad lines and names them") {
  const Cli cli;
  const auto error = [&](const std::string& second_line) {
    const Finished refused =
        cli({"push-group", "--format", "json"}, pokemon_line + "\n" + second_line);
    CHECK(refused.exit_code == 6);
    CHECK(refused.out.empty());
    return refused.err;
  };
  CHECK(error(R"({"eventStoreId":"S","event":{"aggregateId":"a","type":"X"}})")
            .ends_with(R"("path":"event.version","line":2}})"
                       "\n"));
  CHECK(error(R"({"eventStoreId":"S","event":{"aggregateId":"a","version":0,"type":"X"}})")
            .ends_with(R"("path":"event.version","line":2}})"
                       "\n"));
  CHECK(error(R"({"eventStoreId":"","event":{"aggregateId":"a","version":1,"type":"X"}})")
            .ends_with(R"("path":"eventStoreId","line":2}})"
                       "\n"));
  CHECK(error(trainer_line.substr(0, 40)).find("Line 2: ") != std::string::npos);
  CHECK_FALSE(cli.has_file());
}

TEST_CASE("push-group refuses different timestamps and an empty group") {
  const Cli cli;
  const std::string other =
      R"({"eventStoreId":"S","event":{"aggregateId":"a","version":1,"type":"X",)"
      R"("timestamp":"2023-01-01T00:00:00Z"}})";
  const Finished different =
      cli({"push-group", "--format", "json"}, trainer_line + "\n\n" + other + "\n");
  CHECK(different.exit_code == 6);
  CHECK(different.err.starts_with(R"({"error":{"code":"InvalidEventGroup","message":"Line 3: )"));
  const Finished empty = cli({"push-group", "--format", "json"}, "\n");
  CHECK(empty.exit_code == 6);
  CHECK(empty.err.find(R"("reason":"empty")") != std::string::npos);
}
