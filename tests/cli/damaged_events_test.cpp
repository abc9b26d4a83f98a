#include <doctest/doctest.h>
#include <castore/sqlite/event_storage_adapter.hpp>

#include "run_cli.hpp"
#include "sqlite/sql.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

/// Shows another event than the one that is stored, if it is printed as it is.
const std::string forgery = "0}},{\"aggregateId\":\"a\",\"version\":3,\"payload\":{\"a\":{";

/// With the versions 1 and 2 of POKEMONS a, of which something else than castore has damaged the
/// second.
class DamagedFile : public Cli {
 public:
  explicit DamagedFile(const std::string& column = "payload", const std::string& text = forgery) {
    import(stored_line("a", 1) + stored_line("a", 2));
    Sql sql(file());
    sql("UPDATE castore_event SET " + column + " = '" + text + "' WHERE version = 2");
  }
};

const std::string fields =
    R"("eventStoreId":"POKEMONS","aggregateId":"a","version":2,"type":"LEVELED")";

void check_malformed(const Cli& cli, std::vector<std::string> arguments,
                     const std::string& input = {}) {
  CAPTURE(arguments.front());
  arguments.insert(arguments.end(), {"--format", "jsonl"});
  const Finished finished = cli(arguments, input);
  CHECK(finished.exit_code == 1);
  CHECK(finished.err.find(R"({"error":{"code":"MalformedEvent")") != std::string::npos);
  CHECK(finished.err.find(fields) != std::string::npos);
  CHECK(finished.out.find("\"version\":3") == std::string::npos);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an event whose payload is no JSON is malformed to whatever prints it") {
  const DamagedFile cli;
  check_malformed(cli, {"get-events", "POKEMONS", "a"});
  check_malformed(cli, {"get-aggregate", "POKEMONS", "a"});
  check_malformed(cli, {"get-aggregate", "POKEMONS", "a", "--with-events"});
  check_malformed(cli, {"replay"});
  check_malformed(cli, {"replay", "--into", (cli.directory() / "copy.db").string()});
  SUBCASE("and to an import that has to compare it") {
    check_malformed(cli, {"import"}, stored_line("a", 2));
  }
#ifndef _WIN32
  SUBCASE("and to the programs of a replay") {
    check_malformed(cli, {"replay", "--exec", "cat >/dev/null"});
    check_malformed(cli, {"replay", "--map", "cat"});
  }
#endif
}

TEST_CASE("so is one whose metadata is no JSON") {
  const DamagedFile cli("metadata", "nul");
  check_malformed(cli, {"get-events", "POKEMONS", "a"});
  check_malformed(cli, {"get-aggregate", "POKEMONS", "a", "--with-events"});
  check_malformed(cli, {"replay"});
}

TEST_CASE("an application's reducer that looks at no payload hides no damage") {
  class Counting : public AggregateFold {
   public:
    void apply(const EventView& event) override { version_ = event.version; }
    [[nodiscard]] std::optional<std::string> json() const override {
      return std::to_string(version_);
    }

   private:
    Version version_ = 0;
  };
  DamagedFile cli;
  cli.registry.add(EventStoreDescription{
      "POKEMONS", {"LEVELED"}, [] { return std::make_unique<Counting>(); }, {}});
  check_malformed(cli, {"get-aggregate", "POKEMONS", "a", "--with-events"});
}

TEST_CASE("the events before a malformed one are printed") {
  const DamagedFile cli;
  const Finished text = cli({"get-events", "POKEMONS", "a"});
  CHECK(text.exit_code == 1);
  CHECK(text.out == "1\t2022-01-01T00:01:00.000Z\tLEVELED\t{}\n");
  CHECK(text.err.find("payload is not valid JSON at byte 1") != std::string::npos);
  SUBCASE("by a replay which says where it stands") {
    const Finished replayed = cli({"replay", "--format", "json"});
    CHECK(replayed.exit_code == 1);
    CHECK(replayed.out == "{\"position\":1," + stored_line("a", 1).substr(1));
    CHECK(replayed.err.starts_with(
        R"({"error":{"code":"MalformedEvent","message":"Position 2: Malformed event in )"));
    CHECK(replayed.err.ends_with(fields + ",\"position\":2,\"replayed\":1,\"after\":1}}\n"));
    CHECK(contains(replayed.err, "(replayed 1; --after 2 goes on after it)"));
  }
}

TEST_CASE("a replay into another file goes on behind a malformed event and leaves out no other") {
  const DamagedFile cli;
  cli.import(stored_line("a", 3));
  const std::string copy = (cli.directory() / "copy.db").string();
  const Finished stopped = cli({"replay", "--into", copy});
  CHECK(stopped.exit_code == 1);
  CHECK(contains(stopped.err, "(replayed 1, skipped 0; --after 2 goes on after it)"));
  CHECK(cli({"replay", "--into", copy, "--after", "2"}).out == "replayed 1, skipped 0\n");
#ifndef _WIN32
  SUBCASE("but with a program it is only run again when that helps") {
    const Finished mapped = cli({"replay", "--into", copy, "--map", "cat"});
    CHECK(mapped.exit_code == 1);
    CHECK_FALSE(contains(mapped.err, "run it again"));
    CHECK_FALSE(contains(mapped.err, "--after"));
  }
#endif
}

TEST_CASE("an event that cannot even be read has its position once") {
  const DamagedFile cli("type", "");
  const Finished stopped = cli({"replay", "--format", "json"});
  CHECK(stopped.exit_code == 1);
  CHECK(stopped.out == "{\"position\":1," + stored_line("a", 1).substr(1));
  CHECK(contains(stopped.err, "(replayed 1; --after 2 goes on after it)"));
  CHECK(stopped.err.ends_with(R"("version":2,"type":"","position":2,"replayed":1,"after":1}})"
                              "\n"));
  CHECK(cli({"replay", "--after", "2"}).exit_code == 0);
}

TEST_CASE("a malformed event of the other file is told by the position of the one replayed") {
  const Cli cli;
  cli.import(stored_line("b", 1) + stored_line("a", 1));
  const std::string copy = (cli.directory() / "copy.db").string();
  REQUIRE(cli({"--db", copy, "import"}, stored_line("a", 1)).exit_code == 0);
  Sql sql(copy);
  sql("UPDATE castore_event SET type = ''");
  const Finished stopped = cli({"replay", "--into", copy, "--format", "json"});
  CHECK(stopped.exit_code == 1);
  CHECK(contains(stopped.err, "\"Position 2: the stored event cannot be compared. Malformed "));
  CHECK(contains(stopped.err, R"("position":2,"replayed":1,"skipped":0,"after":1})"));
}

TEST_CASE("a stored payload that nests as deep as castore takes it is printed") {
  const Cli cli;
  const std::string payload = std::string(512, '[') + std::string(512, ']');
  cli.import(stored_line("a", 1, payload));
  CHECK(cli.events("POKEMONS", "a").find(payload) != std::string::npos);
  SUBCASE("and a deeper one is malformed") {
    const DamagedFile deep("payload", std::string(1'000'000, '['));
    check_malformed(deep, {"get-events", "POKEMONS", "a"});
  }
}

TEST_CASE("a command whose output is no JSON is the application's fault") {
  Cli cli;
  cli.registry.add(
      CommandDescription{.command_id = "BREAK",
                         .run = [](std::string_view, const std::shared_ptr<EventStorageAdapter>&) {
                           return std::optional<std::string>("{\"a\":");
                         }});
  const Finished broken = cli({"run-command", "BREAK", "{}", "--format", "json"});
  CHECK(broken.exit_code == 1);
  CHECK(broken.out.empty());
  CHECK(broken.err.starts_with(R"({"error":{"code":"Plugin","message":"Command BREAK has run, )"));
}
