#include <doctest/doctest.h>
#include <castore/event_json.hpp>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

/// Aggregates a, b and c, of whom a and b began at the same moment.
void fill(const Cli& cli) {
  cli.import(stored_line("b", 1) + stored_line("a", 1));
  cli.push("POKEMONS", R"({"aggregateId":"c","version":1,"type":"X",)"
                       R"("timestamp":"2023-01-01T00:00:00Z"})");
}

std::string token_of(const std::string& json) {
  const std::string name = R"("nextPageToken":")";
  const auto at = json.find(name);
  REQUIRE(at != std::string::npos);
  const auto begin = at + name.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

}  // namespace

TEST_CASE("list-stores counts what each event store of the file holds") {
  const Cli cli;
  fill(cli);
  cli.push("TRAINERS",
           R"({"aggregateId":"ash","version":1,"type":"X","timestamp":"2021-01-01T00:00:00Z"})");
  const std::string pokemons =
      R"({"eventStoreId":"POKEMONS","aggregateCount":3,"eventCount":3,)"
      R"("firstTimestamp":"2022-01-01T00:01:00.000Z","lastTimestamp":"2023-01-01T00:00:00.000Z",)"
      R"("lastPosition":3})";
  const std::string trainers =
      R"({"eventStoreId":"TRAINERS","aggregateCount":1,"eventCount":1,)"
      R"("firstTimestamp":"2021-01-01T00:00:00.000Z","lastTimestamp":"2021-01-01T00:00:00.000Z",)"
      R"("lastPosition":4})";
  CHECK(cli({"list-stores", "--format", "json"}).out ==
        R"({"eventStores":[)" + pokemons + "," + trainers + "]}\n");
  CHECK(cli({"list-stores", "--format", "jsonl"}).out == pokemons + "\n" + trainers + "\n");
  CHECK(cli({"list-stores"}).out ==
        "EVENT STORE  AGGREGATES  EVENTS  FIRST                     LAST                      "
        "POSITION\n"
        "POKEMONS     3           3       2022-01-01T00:01:00.000Z  2023-01-01T00:00:00.000Z  3\n"
        "TRAINERS     1           1       2021-01-01T00:00:00.000Z  2021-01-01T00:00:00.000Z  4\n");
}

TEST_CASE("list-stores of a file without events is an empty list") {
  const Cli cli;
  cli.import("");
  CHECK(cli({"list-stores", "--format", "json"}).out == "{\"eventStores\":[]}\n");
  CHECK(cli({"list-stores", "--format", "jsonl"}).out.empty());
}

TEST_CASE("list-ids lists aggregates by the time of their first event and then by id") {
  const Cli cli;
  fill(cli);
  CHECK(cli({"list-ids", "POKEMONS"}).out == "a\nb\nc\n");
  CHECK(cli({"list-ids", "POKEMONS", "--reverse"}).out == "c\nb\na\n");
  CHECK(cli({"list-ids", "POKEMONS", "--format", "jsonl"}).out ==
        R"({"aggregateId":"a","initialEventTimestamp":"2022-01-01T00:01:00.000Z"})"
        "\n"
        R"({"aggregateId":"b","initialEventTimestamp":"2022-01-01T00:01:00.000Z"})"
        "\n"
        R"({"aggregateId":"c","initialEventTimestamp":"2023-01-01T00:00:00.000Z"})"
        "\n");
  CHECK(cli({"list-ids", "POKEMONS", "--after", "2023-01-01T00:00:00Z", "--format", "json"}).out ==
        R"({"aggregateIds":[{"aggregateId":"c",)"
        R"("initialEventTimestamp":"2023-01-01T00:00:00.000Z"}]})"
        "\n");
  CHECK(cli({"list-ids", "POKEMONS", "--before", "2022-12-31T23:59:59Z"}).out == "a\nb\n");
}

TEST_CASE("list-ids lists page by page") {
  const Cli cli;
  fill(cli);
  const Finished first = cli({"list-ids", "POKEMONS", "--limit", "2", "--format", "json"});
  const std::string token = token_of(first.out);
  const Finished second = cli({"list-ids", "POKEMONS", "--page-token", token, "--format", "json"});
  CHECK(second.out == R"({"aggregateIds":[{"aggregateId":"c",)"
                      R"("initialEventTimestamp":"2023-01-01T00:00:00.000Z"}]})"
                      "\n");
  SUBCASE("and says on standard error that there is more where the format has no place for it") {
    const Finished text = cli({"list-ids", "POKEMONS", "--limit", "2"});
    CHECK(text.out == "a\nb\n");
    CHECK(text.err == "castore-cli: note: there are more: --page-token " + token + "\n");
    const Finished lines = cli({"list-ids", "POKEMONS", "--limit", "2", "--format", "jsonl"});
    CHECK(lines.err == R"({"note":{"code":"NextPage","message":"there are more: --page-token )" +
                           token + R"(","nextPageToken":")" + token + "\"}}\n");
  }
  SUBCASE("and refuses a token that is damaged or of another event store") {
    const Finished damaged =
        cli({"list-ids", "POKEMONS", "--page-token", token + "x", "--format", "json"});
    CHECK(damaged.exit_code == 6);
    CHECK(damaged.err == R"({"error":{"code":"InvalidPageToken","message":"Invalid page token"}})"
                         "\n");
    CHECK(cli({"list-ids", "TRAINERS", "--page-token", token}).exit_code == 6);
  }
}

TEST_CASE("list-ids without limit lists more aggregates than a page has") {
  const Cli cli;
  std::string lines;
  std::string ids;
  for (int i = 10000; i < 12345; ++i) {
    lines += stored_line(std::to_string(i), 1);
    ids += std::to_string(i) + "\n";
  }
  cli.import(lines);
  CHECK(cli({"list-ids", "POKEMONS"}).out == ids);
}

TEST_CASE("a name that lacks its last letter is near") {
  const Cli cli;
  cli.push("ORDERS", appeared);
  for (int i = 0; i < 10; ++i) {
    CHECK(cli({"list-ids", "ORDER"}).err.ends_with("; did you mean ORDERS?\n"));
  }
}

TEST_CASE("list-ids of an event store that nobody has written is not found") {
  Cli cli;
  fill(cli);
  const Finished unknown = cli({"list-ids", "POKEMON", "--format", "json"});
  CHECK(unknown.exit_code == 3);
  CHECK(unknown.out.empty());
  CHECK(unknown.err ==
        R"({"error":{"code":"EventStoreNotFound","message":"Unable to find event store POKEMON: )"
        R"(nobody has pushed an event to it; did you mean POKEMONS?","eventStoreId":"POKEMON"}})"
        "\n");
  SUBCASE("by whatever command it is looked at") {
    for (const std::string store : {"POKEMON", "pokemons", "PKOEMONS"}) {
      for (const std::string format : {"text", "json", "jsonl"}) {
        for (const std::string command : {"get-events", "get-aggregate"}) {
          const Finished missing = cli({command, store, "a", "--format", format});
          CHECK(missing.exit_code == 3);
          CHECK(missing.out.empty());
          CHECK(missing.err.find("did you mean POKEMONS?") != std::string::npos);
        }
        const Finished replayed = cli({"replay", store, "--format", format});
        CHECK(replayed.exit_code == 3);
        CHECK(replayed.err.find("did you mean POKEMONS?") != std::string::npos);
      }
    }
  }
  SUBCASE("and what the application knows as well is named once") {
    cli.registry.add(EventStoreDescription{"POKEMONS", {}, {}});
    CHECK(cli({"list-ids", "NOBODY"}).err.ends_with("to it; there is POKEMONS\n"));
  }
  SUBCASE("and what is like no other comes with those that are there") {
    const auto text = [&] { return cli({"list-ids", "NOBODY"}).err; };
    CHECK(text().ends_with("to it; there is POKEMONS\n"));
    for (const std::string store : {"A1", "B1", "C1", "D1", "E1"}) {
      cli.push(store, appeared);
    }
    CHECK(text().ends_with("to it; there are A1, B1, C1, D1, E1 and POKEMONS\n"));
    cli.push("F1", appeared);
    CHECK(text().ends_with("to it; there are A1, B1, C1, D1, E1 and 2 more\n"));
  }
  SUBCASE("also where the file holds no event") {
    const Cli empty;
    empty.import("");
    CHECK(empty({"list-ids", "POKEMONS"}).err ==
          "castore-cli: Unable to find event store POKEMONS: nobody has pushed an event to it\n");
  }
  SUBCASE("unless the application knows it") {
    cli.registry.add(EventStoreDescription{"POKEMON", {}, {}});
    CHECK(cli({"list-ids", "POKEMON", "--format", "json"}).out == "{\"aggregateIds\":[]}\n");
    CHECK(cli({"get-events", "POKEMON", "a", "--format", "json"}).out == "{\"events\":[]}\n");
  }
  SUBCASE("but one whose aggregates the options leave out is empty") {
    const Finished empty =
        cli({"list-ids", "POKEMONS", "--after", "2030-01-01T00:00:00Z", "--format", "json"});
    CHECK(empty.exit_code == 0);
    CHECK(empty.out == "{\"aggregateIds\":[]}\n");
  }
}

TEST_CASE("list-ids says why it lists none of the aggregates that there are") {
  Cli cli;
  fill(cli);
  const std::string rest = R"(,"version":3,"type":"X","timestamp":"2022-01-01T00:00:00Z"}})";
  const Finished imported =
      cli({"import", "--allow-version-gaps"},
          R"({"eventStoreId":"LATE","event":{"aggregateId":"a")" + rest + "\n" +
              R"({"eventStoreId":"POKEMONS","event":{"aggregateId":"d")" + rest);
  REQUIRE(imported.exit_code == 0);
  const std::string note =
      R"({"note":{"code":"NoInitialEvent","message":"event store LATE has events, but no )"
      R"(aggregate with a version 1, which alone are listed","eventStoreId":"LATE"}})"
      "\n";
  const Finished none = cli({"list-ids", "LATE", "--format", "json"});
  CHECK(none.exit_code == 0);
  CHECK(none.out == "{\"aggregateIds\":[]}\n");
  CHECK(none.err == note);
  CHECK(cli({"list-ids", "LATE", "--before", "2022-01-02", "--format", "jsonl"}).err == note);
  SUBCASE("but not where it lists some or the options leave them out") {
    CHECK(cli({"list-ids", "POKEMONS"}).err.empty());
    CHECK(cli({"list-ids", "POKEMONS", "--after", "2030-01-01"}).err.empty());
  }
  SUBCASE("nor where only reading all events would tell") {
    cli.registry.add(EventStoreDescription{"LATE", {}, {}});
    CHECK(cli({"list-ids", "LATE"}).err.empty());
  }
}

TEST_CASE("list-ids ends each id with NUL and escapes nothing where -0 is given") {
  using namespace std::string_literals;
  const Cli cli;
  cli.import(stored_line("two\nlines\x1b[31m", 1) + stored_line("a\\n\xc2\x85", 1));
  CHECK(cli({"list-ids", "POKEMONS", "-0"}).out == "a\\n\xc2\x85\0two\nlines\x1b[31m\0"s);
  CHECK(cli({"list-ids", "POKEMONS", "--null", "--after", "2030-01-01"}).out.empty());
  SUBCASE("and the next page stays on standard error") {
    const Finished first = cli({"list-ids", "POKEMONS", "-0", "--limit", "1"});
    CHECK(first.out == "a\\n\xc2\x85\0"s);
    CHECK(first.err.starts_with("castore-cli: note: there are more: --page-token "));
  }
  SUBCASE("but not into JSON") {
    for (const char* const format : {"json", "jsonl"}) {
      const Finished refused = cli({"list-ids", "POKEMONS", "-0", "--format", format});
      CHECK(refused.exit_code == 2);
      CHECK(refused.out.empty());
      CHECK(refused.err.find(R"("code":"InvalidOption")") != std::string::npos);
    }
  }
}
