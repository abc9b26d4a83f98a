#include <doctest/doctest.h>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

void fill(const Cli& cli) {
  cli.push("POKEMONS", appeared);
  cli.push("POKEMONS", caught);
  cli.push("POKEMONS", leveled_up);
}

const std::string line1 = std::string(appeared) + "\n";
const std::string line2 = std::string(caught) + "\n";
const std::string line3 = std::string(leveled_up) + "\n";

}  // namespace

TEST_CASE("get-events prints the events of an aggregate in every format") {
  const Cli cli;
  fill(cli);
  CHECK(cli({"get-events", "POKEMONS", "pikachu", "--format", "jsonl"}).out ==
        line1 + line2 + line3);
  CHECK(cli({"get-events", "POKEMONS", "pikachu", "--format", "json"}).out ==
        "{\"events\":[" + std::string(appeared) + "," + caught + "," + leveled_up + "]}\n");
  CHECK(cli({"get-events", "POKEMONS", "pikachu"}).out ==
        "1\t2022-01-01T00:00:00.000Z\tPOKEMON_APPEARED\t{\"name\":\"Pikachu\",\"level\":42}\n"
        "2\t2022-01-02T00:00:00.000Z\tPOKEMON_CAUGHT\t{\"trainer_id\":\"ash\"}\t"
        "{\"trigger\":\"random\"}\n"
        "3\t2022-01-03T00:00:00.000Z\tPOKEMON_LEVELED_UP\t\n");
}

TEST_CASE("get-events reads a part of the events") {
  const Cli cli;
  fill(cli);
  const auto events = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"get-events", "POKEMONS", "pikachu", "--format", "jsonl"});
    return cli(options).out;
  };
  CHECK(events({"--min-version", "2"}) == line2 + line3);
  CHECK(events({"--max-version", "2"}) == line1 + line2);
  CHECK(events({"--max-version", "0"}).empty());
  CHECK(events({"--reverse"}) == line3 + line2 + line1);
  CHECK(events({"--reverse", "--limit", "1"}) == line3);
}

TEST_CASE("get-events of an aggregate without events is an empty list") {
  const Cli cli;
  fill(cli);
  const Finished aggregate = cli({"get-events", "POKEMONS", "mew", "--format", "json"});
  CHECK(aggregate.exit_code == 0);
  CHECK(aggregate.out == "{\"events\":[]}\n");
  CHECK(cli({"get-events", "POKEMONS", "pikachu", "--min-version", "9", "--format", "json"}).out ==
        "{\"events\":[]}\n");
  CHECK(cli({"get-events", "POKEMONS", "mew", "--format", "jsonl"}).out.empty());
  CHECK(cli({"get-events", "POKEMONS", "mew"}).out.empty());
}

TEST_CASE("get-events hands payloads through byte for byte but for white space") {
  const Cli cli;
  cli.push("S", R"({"aggregateId":"a","version":1,"type":"X","timestamp":"2022-01-01T00:00:00Z",)"
                R"("payload": {"b" : 1.0, "a": 12345678901234567890123, "s": "x  \u0041"}, )"
                R"("metadata":null})");
  CHECK(cli.events("S", "a") ==
        R"({"aggregateId":"a","version":1,"type":"X","timestamp":"2022-01-01T00:00:00.000Z",)"
        R"("payload":{"b":1.0,"a":12345678901234567890123,"s":"x  \u0041"},"metadata":null})"
        "\n");
}

TEST_CASE("get-events shows an event type that the application does not know") {
  Cli cli;
  cli.registry.add(EventStoreDescription{"POKEMONS", {"POKEMON_APPEARED"}, {}});
  cli.push("POKEMONS", R"({"aggregateId":"a","version":1,"type":"FROM_THE_FUTURE",)"
                       R"("timestamp":"2022-01-01T00:00:00Z"})");
  CHECK(cli({"get-events", "POKEMONS", "a"}).out ==
        "1\t2022-01-01T00:00:00.000Z\tFROM_THE_FUTURE\t\n");
}

TEST_CASE("any id can be given") {
  const Cli cli;
  for (const std::string id : {"-dash", "--db", "[a,b]", "{}", "++", "import", "a b", "é", "/x"}) {
    CAPTURE(id);
    cli.import(stored_line(id, 1));
    const std::string event = cli.events("POKEMONS", id);
    CHECK(event.find("\"aggregateId\":\"" + id + "\"") != std::string::npos);
  }
}

TEST_CASE("commands that only read neither create nor change a file") {
  const Cli cli;
  const std::vector<std::vector<std::string>> commands = {{"list-stores"},
                                                          {"list-ids", "POKEMONS"},
                                                          {"get-events", "POKEMONS", "pikachu"},
                                                          {"get-aggregate", "POKEMONS", "pikachu"}};
  for (const auto& command : commands) {
    CAPTURE(command.front());
    CHECK(cli(command).exit_code == 3);
    CHECK_FALSE(cli.has_file());
  }
  fill(cli);
  const std::string before = read_file(cli.file());
  for (const auto& command : commands) CHECK(cli(command).exit_code == 0);
  CHECK(read_file(cli.file()) == before);
  CHECK_FALSE(std::filesystem::exists(cli.file().string() + "-wal"));
  CHECK_FALSE(std::filesystem::exists(cli.file().string() + "-shm"));
}

TEST_CASE("a missing file is not found") {
  const Cli cli;
  const Finished missing = cli({"get-events", "POKEMONS", "pikachu", "--format", "jsonl"});
  CHECK(missing.exit_code == 3);
  CHECK(missing.err == R"({"error":{"code":"FileNotFound","message":"No such file or folder: )" +
                           cli.file().string() + R"(","path":")" + cli.file().string() + "\"}}\n");
}

TEST_CASE("a file that is no database is the storage's fault") {
  const Cli cli;
  write_file(cli.file(), "This is a text of more than sixteen bytes.");
  const Finished reading = cli({"list-stores", "--format", "json"});
  CHECK(reading.exit_code == 1);
  CHECK(reading.err.find(R"("code":"NotACastoreFile")") != std::string::npos);
  CHECK(cli({"import"}, stored_line("a", 1)).exit_code == 1);
  CHECK(read_file(cli.file()) == "This is a text of more than sixteen bytes.");
}
