#include <doctest/doctest.h>
#include <castore/timestamp.hpp>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

TEST_CASE("push-event creates the file and prints the complete event in every format") {
  for (const std::string format : {"text", "json", "jsonl"}) {
    CAPTURE(format);
    const Cli cli;
    const Finished pushed =
        cli({"push-event", "POKEMONS", "--event", appeared, "--format", format});
    CHECK(pushed.exit_code == 0);
    CHECK(pushed.out == std::string(appeared) + "\n");
    CHECK(pushed.err.empty());
    CHECK(cli.events("POKEMONS", "pikachu") == pushed.out);
  }
}

TEST_CASE("push-event reads standard input where no event is given") {
  const Cli cli;
  const Finished pushed = cli({"push-event", "POKEMONS"},
                              "{\"aggregateId\": \"pikachu\",\n \"version\": 1,\n"
                              " \"type\": \"X\", \"timestamp\": \"2022-01-01T01:00:00+01:00\"}\n");
  CHECK(pushed.out == R"({"aggregateId":"pikachu","version":1,"type":"X",)"
                      R"("timestamp":"2022-01-01T00:00:00.000Z"})"
                      "\n");
}

TEST_CASE("push-event gives the time of now to an event without timestamp") {
  const Cli cli;
  const std::string before = format_timestamp(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  const Finished pushed =
      cli({"push-event", "S", "--event", R"({"aggregateId":"a","version":1,"type":"X"})"});
  const std::string name = R"("timestamp":")";
  const std::string timestamp = pushed.out.substr(pushed.out.find(name) + name.size(), 24);
  CHECK(timestamp >= before);
  CHECK(parse_timestamp(timestamp) <= std::chrono::system_clock::now());
  CHECK(cli.events("S", "a") == pushed.out);
}

TEST_CASE("push-event refuses a version that is taken") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  const Finished taken = cli({"push-event", "POKEMONS", "--event", appeared, "--format", "json"});
  CHECK(taken.exit_code == 4);
  CHECK(taken.out.empty());
  CHECK(taken.err ==
        R"({"error":{"code":"EventAlreadyExists","message":"Event already exists for POKEMONS )"
        R"(aggregate pikachu and version 1","eventStoreId":"POKEMONS","aggregateId":"pikachu",)"
        R"("version":1,"currentVersion":1}})"
        "\n");
  SUBCASE("in words where the format is text") {
    CHECK(cli({"push-event", "POKEMONS", "--event", appeared}).err ==
          "castore-cli: Event already exists for POKEMONS aggregate pikachu and version 1\n");
  }
  SUBCASE("unless it is forced") {
    const std::string other = R"({"aggregateId":"pikachu","version":1,"type":"REPAIRED",)"
                              R"("timestamp":"2022-01-01T00:00:00.000Z"})";
    CHECK(cli({"push-event", "POKEMONS", "--event", other, "--force"}).exit_code == 0);
    CHECK(cli.events("POKEMONS", "pikachu") == other + "\n");
  }
}

TEST_CASE("push-event refuses a version that leaves a gap") {
  const Cli cli;
  const Finished gap = cli({"push-event", "POKEMONS", "--event", leveled_up, "--format", "json"});
  CHECK(gap.exit_code == 4);
  CHECK(gap.err ==
        R"({"error":{"code":"VersionGap","message":"Version gap for POKEMONS aggregate pikachu: )"
        R"(got version 3, expected 1","eventStoreId":"POKEMONS","aggregateId":"pikachu",)"
        R"("version":3,"expectedVersion":1}})"
        "\n");
  CHECK(cli.events("POKEMONS", "pikachu").empty());
  SUBCASE("unless gaps are allowed") {
    CHECK(
        cli({"push-event", "POKEMONS", "--event", leveled_up, "--allow-version-gaps"}).exit_code ==
        0);
    CHECK(cli.events("POKEMONS", "pikachu") == std::string(leveled_up) + "\n");
  }
}

TEST_CASE("push-event refuses what is no event and writes nothing") {
  struct Bad {
    std::string event;
    std::string code;
    std::string path;
  };
  const std::vector<Bad> bad = {
      {"", "InvalidEvent", "event"},
      {"nonsense", "InvalidEvent", "event"},
      {"{}", "InvalidEvent", "aggregateId"},
      {R"({"aggregateId":"a","type":"X"})", "InvalidEvent", "version"},
      {R"({"aggregateId":"a","version":"1","type":"X"})", "InvalidEvent", "version"},
      {R"({"aggregateId":"a","version":1.5,"type":"X"})", "InvalidEvent", "version"},
      {R"({"aggregateId":"a","version":1})", "InvalidEvent", "type"},
      {R"({"aggregateId":7,"version":1,"type":"X"})", "InvalidEvent", "aggregateId"},
      {R"({"aggregateId":"a","version":1,"type":"X","timestamp":7})", "InvalidEvent", "timestamp"},
      {R"({"aggregateId":"a","version":1,"type":"X","timestamp":"today"})", "InvalidTimestamp", ""},
      {R"({"aggregateId":"a","version":1,"type":"X","payload":{)", "InvalidEvent", "event"},
  };
  for (const Bad& each : bad) {
    CAPTURE(each.event);
    const Cli cli;
    const Finished refused = cli({"push-event", "S", "--format", "json"}, each.event);
    CHECK(refused.exit_code == 6);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with(R"({"error":{"code":")" + each.code + "\""));
    if (!each.path.empty()) CHECK(refused.err.ends_with("\"path\":\"" + each.path + "\"}}\n"));
    CHECK_FALSE(cli.has_file());
  }
}

TEST_CASE("push-event refuses an event that breaks a rule of the store") {
  const Cli cli;
  const auto code = [&](const std::string& store, const std::string& event) {
    return cli({"push-event", store, "--event", event}).exit_code;
  };
  CHECK(code("S", R"({"aggregateId":"a","version":0,"type":"X"})") == 6);
  CHECK(code("S", R"({"aggregateId":"","version":1,"type":"X"})") == 6);
  CHECK(code("S", R"({"aggregateId":"a","version":1,"type":"__REPLAYED__"})") == 6);
  CHECK(code("", R"({"aggregateId":"a","version":1,"type":"X"})") == 6);
  CHECK(cli({"list-stores", "--format", "json"}).out == "{\"eventStores\":[]}\n");
}
