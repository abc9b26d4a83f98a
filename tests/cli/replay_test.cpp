#include <doctest/doctest.h>
#include <algorithm>
#include <chrono>
#include <filesystem>

#include "run_cli.hpp"
#include "sqlite/sql.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

const std::string trainer = R"({"aggregateId":"ash","version":1,"type":"TRAINER_CREATED",)"
                            R"("timestamp":"2022-01-02T00:00:00.000Z","payload":{"name":"Ash"}})";

std::string line(int position, const std::string& store, const std::string& event) {
  return "{\"position\":" + std::to_string(position) + ",\"eventStoreId\":\"" + store +
         "\",\"event\":" + event + "}\n";
}

const std::string appeared_line = line(1, "POKEMONS", appeared);
const std::string trainer_line = line(2, "TRAINERS", trainer);
const std::string caught_line = line(3, "POKEMONS", caught);
const std::string leveled_up_line = line(4, "POKEMONS", leveled_up);

/// Four events of two event stores.
class History : public Cli {
 public:
  History() {
    push("POKEMONS", appeared);
    push("TRAINERS", trainer);
    push("POKEMONS", caught);
    push("POKEMONS", leveled_up);
  }
};

/// Another file beside `cli`'s.
std::string beside(const Cli& cli, const std::string& name) {
  return (cli.directory() / name).string();
}

std::string replayed(const Cli& cli, const std::string& file) {
  return cli({"--db", file, "replay"}).out;
}

std::string many_events(Version count) {
  std::string lines;
  for (Version version = 1; version <= count; ++version) lines += stored_line("a", version);
  return lines;
}

auto count_lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("replay prints the events of all stores in the order of commit") {
  const History cli;
  for (const std::string format : {"text", "json", "jsonl"}) {
    CAPTURE(format);
    const Finished all = cli({"replay", "--format", format});
    CHECK(all.exit_code == 0);
    CHECK(all.out == appeared_line + trainer_line + caught_line + leveled_up_line);
    CHECK(all.err.empty());
  }
}

TEST_CASE("replay notes how many events of castore's own it leaves out") {
  const History cli;
  Sql(cli.file())("UPDATE castore_event SET event_store_id = 'castore.log' WHERE position = 2");
  const Finished all = cli({"replay"});
  CHECK(all.exit_code == 0);
  CHECK(all.out == appeared_line + caught_line + leveled_up_line);
  CHECK(all.err ==
        "castore-cli: note: 1 event of event stores that begin with castore. is left out: they are "
        "castore's own; name the event stores to have them\n");
  CHECK(cli({"replay", "--dry-run", "--format", "json"}).err.find(R"("code":"EventsLeftOut")") !=
        std::string::npos);
  const Finished named = cli({"replay", "castore.log"});
  CHECK(named.out == line(2, "castore.log", trainer));
  CHECK(named.err.empty());
}

TEST_CASE("replay says of a type that has no event that it may be misspelt") {
  History cli;
  const auto note = [](const std::string& type, const std::string& remark) {
    return "castore-cli: note: no event of type " + type + " matches" + remark + "\n";
  };
  const Finished misspelt = cli({"replay", "--type", "POKEMON_CAUGTH"});
  CHECK(misspelt.exit_code == 0);
  CHECK(misspelt.out.empty());
  CHECK(misspelt.err == note("POKEMON_CAUGTH", "; did you mean POKEMON_CAUGHT?"));
  CHECK(cli({"replay", "--type", "X", "--dry-run", "--format", "json"}).err ==
        R"({"note":{"code":"NoEventOfType","message":"no event of type X matches","type":"X"}})"
        "\n");
  SUBCASE("of each once and only of those without") {
    const Finished three = cli({"replay", "--type", "B", "--type", "POKEMON_CAUGHT", "--type", "A",
                                "--type", "B", "--into", beside(cli, "new.db")});
    CHECK(three.out == "replayed 1, skipped 0\n");
    CHECK(three.err == note("A", "") + note("B", ""));
  }
  SUBCASE("but not where other filters leave it out") {
    CHECK(cli({"replay", "--type", "POKEMON_CAUGHT", "--after", "4"}).err.empty());
  }
  SUBCASE("but not of one that the application knows") {
    cli.registry.add(EventStoreDescription{"POKEMONS", {"POKEMON_RELEASED"}, {}});
    CHECK(cli({"replay", "--type", "POKEMON_RELEASED"}).err.empty());
    CHECK(cli({"replay", "POKEMONS", "--type", "POKEMON_RELEASD"}).err ==
          note("POKEMON_RELEASD", "; did you mean POKEMON_RELEASED?"));
    CHECK(cli({"replay", "TRAINERS", "--type", "POKEMON_RELEASD"}).err ==
          note("POKEMON_RELEASD", ""));
  }
}

TEST_CASE("replay leaves out what its filters do not name") {
  const History cli;
  const auto out = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "replay");
    const Finished finished = cli(arguments);
    CHECK(finished.exit_code == 0);
    return finished.out;
  };
  CHECK(out({"TRAINERS"}) == trainer_line);
  CHECK(count_lines(out({"POKEMONS", "TRAINERS"})) == 4);
  CHECK(out({"--type", "POKEMON_CAUGHT"}) == caught_line);
  CHECK(out({"--type", "POKEMON_CAUGHT", "--type", "TRAINER_CREATED"}) ==
        trainer_line + caught_line);
  CHECK(out({"--aggregate", "ash"}) == trainer_line);
  CHECK(out({"--after", "3"}) == leveled_up_line);
  CHECK(out({"--after", "0"}) == out({}));
  CHECK(out({"--after", "4"}).empty());
  CHECK(out({"--from", "2022-01-02T00:00:00Z", "--to", "2022-01-02T00:00:00Z"}) ==
        trainer_line + caught_line);
  CHECK(out({"--from", "2022-01-02T00:00:00.001Z"}) == leveled_up_line);
  CHECK(out({"--to", "2022-01-01T23:59:59.999999Z"}) == appeared_line);
  CHECK(out({"--from", "2022-01-03T00:00:00Z", "--to", "2022-01-01T00:00:00Z"}).empty());
  CHECK(out({"POKEMONS", "--type", "TRAINER_CREATED"}).empty());
}

TEST_CASE("replay of a store that nobody knows is an error") {
  const History cli;
  const Finished unknown = cli({"replay", "POKEMONS", "TRANIERS", "--format", "json"});
  CHECK(unknown.exit_code == 3);
  CHECK(unknown.out.empty());
  CHECK(unknown.err ==
        R"({"error":{"code":"EventStoreNotFound","message":"Unable to find event store TRANIERS: )"
        R"(nobody has pushed an event to it; did you mean TRAINERS?","eventStoreId":"TRANIERS"}})"
        "\n");
  SUBCASE("but not of one that the application knows") {
    Cli empty;
    empty.registry.add(EventStoreDescription{"POKEMONS", {}, {}});
    CHECK(empty({"import"}).exit_code == 0);
    const Finished nothing = empty({"replay", "POKEMONS"});
    CHECK(nothing.exit_code == 0);
    CHECK(nothing.out.empty());
  }
}

TEST_CASE("replay of a file that is not there does not make it") {
  const Cli cli;
  CHECK(cli({"replay"}).exit_code == 3);
  CHECK(cli({"replay", "--into", beside(cli, "new.db")}).exit_code == 3);
  CHECK_FALSE(cli.has_file());
  CHECK_FALSE(std::filesystem::exists(beside(cli, "new.db")));
}

TEST_CASE("import reads what replay prints and makes the same file of it") {
  const Cli cli;
  REQUIRE(cli({"import", std::string(CASTORE_TEST_DATA) + "/cli11-history.jsonl"}).exit_code == 0);
  const std::string printed = cli({"replay"}).out;
  CHECK(count_lines(printed) == 7138);
  const Cli other;
  CHECK(other({"import"}, printed).out == "imported 7138, skipped 0\n");
  CHECK((other({"replay"}).out == printed));
}

TEST_CASE("replay into another file makes the same of it and skips it the second time") {
  const Cli cli;
  cli.import(many_events(2500));
  const std::string file = beside(cli, "new.db");
  const Finished first = cli({"replay", "--into", file});
  CHECK(first.exit_code == 0);
  CHECK(first.out == "replayed 2500, skipped 0\n");
  CHECK(first.err.empty());
  CHECK((replayed(cli, file) == cli({"replay"}).out));
  CHECK(cli({"replay", "--into", file, "--format", "json"}).out ==
        "{\"replayed\":0,\"skipped\":2500}\n");
  SUBCASE("and adds what is new") {
    cli.import(many_events(2600));
    CHECK(cli({"replay", "--into", file, "--format", "jsonl"}).out ==
          "{\"replayed\":100,\"skipped\":2500}\n");
  }
}

TEST_CASE("a replay of some events leaves gaps in another file") {
  const History cli;
  const std::string file = beside(cli, "new.db");
  CHECK(cli({"replay", "--type", "POKEMON_LEVELED_UP", "--into", file}).out ==
        "replayed 1, skipped 0\n");
  CHECK(replayed(cli, file) == line(1, "POKEMONS", leveled_up));
  CHECK(cli({"replay", "--into", file}).out == "replayed 3, skipped 1\n");
}

TEST_CASE("an event that differs from that of the other file stops the replay") {
  const Cli cli;
  cli.import(many_events(1500));
  const std::string file = beside(cli, "new.db");
  REQUIRE(
      cli({"--db", file, "import", "--allow-version-gaps"}, stored_line("a", 1200, R"({"b":1})"))
          .exit_code == 0);
  const Finished stopped = cli({"replay", "--into", file, "--format", "json"});
  CHECK(stopped.exit_code == 4);
  CHECK(stopped.out.empty());
  CHECK(
      stopped.err ==
      R"-({"error":{"code":"EventAlreadyExists","message":"Position 1200: the stored event )-"
      R"-(differs from this one. Event already exists for POKEMONS aggregate a and version 1200 )-"
      R"-((replayed 1000, skipped 0; go on with --after 1000)","eventStoreId":"POKEMONS",)-"
      R"-("aggregateId":"a","version":1200,"currentVersion":1200,"position":1200,)-"
      R"-("replayed":1000,"skipped":0,"after":1000}})-"
      "\n");
  CHECK(count_lines(replayed(cli, file)) == 1001);
}

TEST_CASE("replay refuses to write into the file that it reads") {
  const History cli;
  const std::string before = cli({"replay"}).out;
  const auto refused = [&](const std::string& into) {
    const Finished finished = cli({"replay", "--into", into, "--format", "json"});
    CHECK(finished.out.empty());
    CHECK(finished.err.starts_with(
        R"({"error":{"code":"InvalidOption","message":"Invalid option into: )"));
    return finished.exit_code == 2;
  };
  CHECK(refused(cli.file().string()));
  CHECK(refused(beside(cli, "./events.db")));
  std::error_code forbidden;  // on Windows, to most
  std::filesystem::create_symlink(cli.file(), beside(cli, "symbolic"), forbidden);
  if (!forbidden) CHECK(refused(beside(cli, "symbolic")));
  std::filesystem::create_hard_link(cli.file(), beside(cli, "hard"));
  CHECK(refused(beside(cli, "hard")));
  CHECK(refused(":memory:"));
  std::filesystem::remove(beside(cli, "hard"));
  CHECK(cli({"replay"}).out == before);
}

TEST_CASE("replay into what cannot take events is an error") {
  const History cli;
  CHECK(cli({"replay", "--into", beside(cli, "no/folder.db")}).exit_code == 3);
  write_file(beside(cli, "text"), std::string(5000, 'x'));
  CHECK(cli({"replay", "--into", beside(cli, "text")}).exit_code == 1);
  CHECK(read_file(beside(cli, "text")) == std::string(5000, 'x'));
}

TEST_CASE("a dry run counts the events and does nothing") {
  const History cli;
  const std::string file = beside(cli, "new.db");
  CHECK(cli({"replay", "--dry-run"}).out == "4 events would be replayed\n");
  CHECK(cli({"replay", "TRAINERS", "--dry-run"}).out == "1 event would be replayed\n");
  CHECK(cli({"replay", "POKEMONS", "--dry-run", "--into", file, "--format", "json"}).out ==
        "{\"events\":3}\n");
  CHECK(cli({"replay", "--dry-run", "--map", "exit 1", "--rate-limit", "0.001"}).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(file));
}

TEST_CASE("replay reads any number of events a page at a time") {
  const Cli cli;
  cli.import(many_events(3001));
  const std::string all = cli({"replay"}).out;
  CHECK(count_lines(all) == 3001);
  CHECK((cli({"replay", "--rate-limit", "1e9"}).out == all));
  CHECK((cli({"replay", "--rate-limit", "30000"}).out == all));
}

TEST_CASE("replay does not hand out more events a second than it is allowed") {
  const Cli cli;
  cli.import(many_events(5));
  const auto begin = std::chrono::steady_clock::now();
  CHECK(count_lines(cli({"replay", "--rate-limit", "20"}).out) == 5);
  const auto time = std::chrono::steady_clock::now() - begin;
  CHECK(time >= std::chrono::milliseconds{150});  // the first two at once, two 100 ms later
}

TEST_CASE("replay refuses wrong usage") {
  const History cli;
  const auto code = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "replay");
    const Finished finished = cli(arguments);
    CHECK(finished.out.empty());
    return finished.exit_code;
  };
  for (const std::string rate :
       {"0", "-1", "-0.5", "0.0", "many", "1x", "", "nan", "inf", "1e999", " 1", "1 ", "1\n"}) {
    CAPTURE(rate);
    CHECK(code({"--rate-limit", rate}) == 2);
  }
  for (const std::string position : {"-1", "x", "1.5", ""}) {
    CAPTURE(position);
    CHECK(code({"--after", position}) == 2);
  }
  CHECK(code({"--from", "yesterday"}) == 6);
  CHECK(code({"--to", "2022-01"}) == 6);
  CHECK(code({"--into", beside(cli, "new.db"), "--exec", "true"}) == 2);
  CHECK(code({"--into", "--dry-run"}) == 2);
  CHECK(code({"--type"}) == 2);
  CHECK(cli({"replay", "--into", ""}).err ==
        "castore-cli: Invalid option into: is empty: give the name of a file\n");
  for (const std::string option : {"--into", "--exec", "--map"}) {
    CAPTURE(option);
    CHECK(code({option, ""}) == 2);
    CHECK(code({option, "", "--dry-run"}) == 2);
    if (option != "--into") CHECK(code({option, " \n"}) == 2);
  }
  CHECK(cli({"replay", "--rate-limit", "0"}).err ==
        "castore-cli: Invalid option rate-limit: must be a number above 0, such as 0.5, not "
        "\"0\"\n");
}
