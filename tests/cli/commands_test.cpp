#include "commands/commands.hpp"

#include <doctest/doctest.h>
#include <sstream>

#include "answer.hpp"
#include "context.hpp"
#include "run_cli.hpp"

using namespace castore;
using namespace castore::cli;
using namespace castore::testing;

namespace {

/// Keeps an answer, as a server would send it.
class KeptAnswer final : public Answer {
 public:
  void note(const Note& note) override { notes.push_back(note.code); }
  void value(const Value& value) override {
    value.json([this](std::string_view piece) { json += piece; });
  }
  void begin_list(const List& list) override { json = list.name + ':'; }
  bool item(const Item& item) override {
    item.json(json);
    return --wanted > 0;
  }
  void end_list(const std::optional<Note>& remark) override {
    if (remark) note(*remark);
  }
  void append_item(std::string& items, const Item& item) const override { item.json(items); }
  void json_lines(std::string_view lines) override { json += lines; }

  std::string json;
  std::vector<std::string> notes;
  int wanted = 100;
};

/// A file with two events, without a command line.
class File {
 public:
  File() {
    cli.push("POKEMONS", appeared);
    cli.push("POKEMONS", caught);
  }

  [[nodiscard]] Context context() { return {{}, input, errors, cli.file().string()}; }

  Cli cli;
  std::istringstream input;
  std::ostringstream errors;
};

}  // namespace

TEST_CASE("a command gives its answer to a function as it does to a shell") {
  File file;
  KeptAnswer answer;
  SUBCASE("a list comes item by item until no more are wanted") {
    answer.wanted = 1;
    get_events({.event_store_id = "POKEMONS", .aggregate_id = "pikachu"}, file.context(), answer);
    CHECK(answer.json == std::string("events:") + appeared);
  }
  SUBCASE("a value comes with its notes") {
    get_aggregate({.event_store_id = "POKEMONS", .aggregate_id = "pikachu", .max_version = 1},
                  file.context(), answer);
    CHECK(answer.json ==
          R"({"aggregate":{"aggregateId":"pikachu","version":1,"name":"Pikachu","level":42}})");
    CHECK(answer.notes == std::vector<std::string>{"NoReducer"});
  }
  SUBCASE("the last page has no note of another") {
    list_ids({.event_store_id = "POKEMONS", .query = {.limit = 1}}, file.context(), answer);
    CHECK(answer.notes.empty());
    CHECK(answer.json.starts_with(R"(aggregateIds:{"aggregateId":"pikachu")"));
  }
  SUBCASE("a replay is JSON Lines") {
    replay({.query = {.types = {"POKEMON_APPEARED"}}}, file.context(), answer);
    CHECK(answer.json ==
          std::string(R"({"position":1,"eventStoreId":"POKEMONS","event":)") + appeared + "}\n");
  }
  CHECK(file.errors.str().empty());
}

TEST_CASE("a command that finds nothing throws instead of answering") {
  File file;
  KeptAnswer answer;
  CHECK_THROWS_AS(
      get_aggregate({.event_store_id = "POKEMONS", .aggregate_id = "mew"}, file.context(), answer),
      Error);
  CHECK(answer.json.empty());
}
