#include <doctest/doctest.h>
#include <castore/command.hpp>
#include <castore/event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>

#include <limits>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "pokemon/commands.hpp"
#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"

namespace castore::testing {
namespace {

using pokemon::appeared;
using pokemon::created;
using pokemon::leveled_up;
using pokemon::Pokemons;
using pokemon::Trainers;

/// A schema that wants one word in the text; what a real one does is tested in its component.
class WordSchema final : public JsonSchema {
 public:
  explicit WordSchema(std::string word) : word_(std::move(word)) {}
  [[nodiscard]] std::vector<SchemaViolation> validate(std::string_view json) const override {
    if (json.find(word_) != std::string_view::npos) return {};
    return {{"/name", "has no " + word_}};
  }

 private:
  std::string word_;
};

class WordSchemas final : public JsonSchemaCompiler {
 public:
  [[nodiscard]] std::shared_ptr<const JsonSchema> compile(std::string_view schema) override {
    return std::make_shared<WordSchema>(std::string(schema));
  }
};

struct Game {
  std::shared_ptr<EventStorageAdapter> adapter = std::make_shared<InMemoryEventStorageAdapter>();
  Pokemons pokemons = pokemon::make_pokemons(adapter);
  Trainers trainers = pokemon::make_trainers(adapter);

  Game() {
    pokemons.push_event(appeared("pikachu", "Pikachu", 42));
    trainers.push_event(created("ash", "Ash"));
  }
};

/// A command that levels pikachu up, but lets a rival be faster the first `rivals` times.
auto make_contested(const Pokemons& of, int& attempts, int rivals, CommandOptions options = {}) {
  return Command(
      "CONTESTED", event_stores(of),
      [&attempts, rivals](const std::string& id, const EventStores<Pokemons>& stores) -> Version {
        const auto& [pokemons] = stores;
        const Version next = pokemons.get_existing_aggregate(id).version + 1;
        if (++attempts <= rivals) pokemons.push_event(leveled_up(id, next));
        return pokemons.push_event(leveled_up(id, next)).event.version;
      },
      std::move(options));
}

/// Has no memory to be written or read.
struct Hungry {
  int appetite = 0;
};
[[noreturn]] void to_json(nlohmann::json&, const Hungry&) { throw std::bad_alloc(); }
[[noreturn]] void from_json(const nlohmann::json&, Hungry&) { throw std::bad_alloc(); }

std::string fixed_id() { return "bulbasaur"; }

TEST_CASE("a command runs its handler on the event stores it requires and answers its output") {
  const Game game;
  const auto level_up = pokemon::make_level_up_pokemon(game.pokemons);

  CHECK(level_up.command_id() == "LEVEL_UP_POKEMON");
  CHECK(level_up({"pikachu"}).next_level == 43);
  CHECK(level_up({"pikachu"}).next_level == 44);
  CHECK(&std::get<0>(level_up.required_event_stores()) == &game.pokemons);
}

TEST_CASE("a command over several event stores pushes to all of them or to none") {
  const Game game;
  const auto catch_pokemon = pokemon::make_catch_pokemon(game.pokemons, game.trainers);

  catch_pokemon({.pokemon_id = "pikachu", .trainer_id = "ash"});

  CHECK(game.pokemons.get_existing_aggregate("pikachu").trainer_id == "ash");
  CHECK(game.trainers.get_existing_aggregate("ash").pokemon_ids.size() == 1);
  CHECK_THROWS_AS(catch_pokemon({.pokemon_id = "pikachu", .trainer_id = "ash"}), pokemon::Rejected);
}

TEST_CASE("context arguments reach the handler as they are given") {
  const Game game;
  const auto appear = pokemon::make_wild_pokemon_appear(game.pokemons);

  CHECK(appear({"Bulbasaur", 7}, pokemon::GenerateId(fixed_id)).pokemon_id == "bulbasaur");
  CHECK(game.pokemons.get_existing_aggregate("bulbasaur").level == 7);
}

TEST_CASE("a command runs on other event stores of the same types") {
  const Game real;
  const Game other;
  const auto level_up = pokemon::make_level_up_pokemon(real.pokemons);

  level_up.handler({"pikachu"}, event_stores(other.pokemons));

  CHECK(real.pokemons.get_existing_aggregate("pikachu").level == 42);
  CHECK(other.pokemons.get_existing_aggregate("pikachu").level == 43);
}

TEST_CASE("a lost optimistic lock is tried again on what is stored by then") {
  const Game game;
  int attempts = 0;
  std::vector<std::pair<int, int>> told;
  std::vector<Version> lost;
  const auto contested =
      make_contested(game.pokemons, attempts, 2,
                     {.on_event_already_exists = [&](const EventAlreadyExistsError& error,
                                                     const CommandAttempt& attempt) {
                       told.emplace_back(attempt.attempt_number, attempt.retries_left);
                       lost.push_back(error.version());
                     }});

  CHECK(contested("pikachu") == 4);
  CHECK(attempts == 3);
  CHECK(told == std::vector<std::pair<int, int>>{{1, 2}, {2, 1}});
  CHECK(lost == std::vector<Version>{2, 3});
}

TEST_CASE("a command that always conflicts throws the last conflict after its last attempt") {
  const Game game;
  int attempts = 0;
  int last_retries_left = -1;
  const auto on_conflict = [&](const EventAlreadyExistsError&, const CommandAttempt& attempt) {
    last_retries_left = attempt.retries_left;
  };
  SUBCASE("by default it is tried three times") {
    const auto contested =
        make_contested(game.pokemons, attempts, 99, {.on_event_already_exists = on_conflict});
    const auto error = thrown<EventAlreadyExistsError>([&] { contested("pikachu"); });
    REQUIRE(error);
    CHECK(error->version() == 4);
    CHECK(attempts == 3);
    CHECK(last_retries_left == 0);
  }
  SUBCASE("without retries once") {
    const auto contested =
        make_contested(game.pokemons, attempts, 99,
                       {.event_already_exists_retries = 0, .on_event_already_exists = on_conflict});
    CHECK_THROWS_AS(contested("pikachu"), EventAlreadyExistsError);
    CHECK(attempts == 1);
    CHECK(last_retries_left == 0);
  }
}

/// An event store of one more trainer, whose version 1 is taken: a ledger that a callback writes.
struct Ledger : Game {
  void write() const { trainers.push_event(created("ash", "Ash")); }
};

/// A command that levels pikachu up once each time its handler runs.
auto make_leveling(const Pokemons& of, bool in_group, int& attempts) {
  return Command("LEVEL_UP", event_stores(of),
                 [&attempts, in_group](const std::string& id, const EventStores<Pokemons>& stores) {
                   ++attempts;
                   const auto& [pokemons] = stores;
                   const auto event =
                       leveled_up(id, pokemons.get_existing_aggregate(id).version + 1);
                   if (in_group) {
                     push_event_group(pokemons.group_event(event));
                   } else {
                     pokemons.push_event(event);
                   }
                 });
}

TEST_CASE("a conflict that is met after the commit does not run a command again") {
  Ledger game;
  int attempts = 0;
  bool in_group = false;
  SUBCASE("after a push") {}
  SUBCASE("after a group") { in_group = true; }

  SUBCASE("by the callback") {
    game.pokemons.set_on_event_pushed([&](const Pokemons::Pushed&) { game.write(); });
    const auto error = thrown<AfterCommitError>(
        [&] { make_leveling(game.pokemons, in_group, attempts)("pikachu"); });
    REQUIRE(error);
    CHECK(error->code() == ErrorCode::after_commit);
    CHECK(error->event_store_id() == "POKEMONS");
    CHECK(error->aggregate_id() == "pikachu");
    CHECK(error->version() == 2);
    CHECK(std::string(error->what()) ==
          "The event is stored, but then an error arose: POKEMONS aggregate pikachu version 2: "
          "Event already exists for TRAINERS aggregate ash and version 1");
    CHECK_THROWS_AS(std::rethrow_exception(error->cause()), EventAlreadyExistsError);
    CHECK(attempts == 1);
  }
  SUBCASE("by the reducer") {
    struct Meddling : pokemon::PokemonReducer {
      const Ledger* game = nullptr;
      using PokemonReducer::operator();
      pokemon::Pokemon operator()(pokemon::Pokemon pokemon,
                                  const Event<pokemon::PokemonLeveledUp>&) const {
        game->write();
        return pokemon;
      }
    };
    Meddling reducer;
    reducer.game = &game;
    const Pokemons meddling("POKEMONS", reducer, game.adapter);
    const Command level_up(
        "LEVEL_UP", event_stores(meddling),
        [&](const std::string& id, const EventStores<Pokemons>& stores) {
          ++attempts;
          const pokemon::Pokemon previous = game.pokemons.get_existing_aggregate(id);
          const auto& [pokemons] = stores;
          const auto event = leveled_up(id, previous.version + 1);
          if (in_group) {
            push_event_group(pokemons.group_event(event, {.prev_aggregate = previous}));
          } else {
            pokemons.push_event(event, {.prev_aggregate = previous});
          }
        });
    CHECK(code_of([&] { level_up("pikachu"); }) == "AfterCommit");
    CHECK(attempts == 1);
  }
  SUBCASE("by a command inside the callback") {
    int inner_attempts = 0;
    const auto contested = make_contested(game.pokemons, inner_attempts, 99);
    Pokemons others("OTHERS", pokemon::PokemonReducer{}, game.adapter);
    others.push_event(appeared("pikachu", "Pikachu", 1));
    others.set_on_event_pushed([&](const Pokemons::Pushed&) { contested("pikachu"); });
    CHECK(code_of([&] { make_leveling(others, in_group, attempts)("pikachu"); }) == "AfterCommit");
    CHECK(attempts == 1);
    CHECK(inner_attempts == 3);
  }
}

/// Cannot be moved, and meets a conflict when it is copied once too often.
struct Heavy {
  static constexpr std::string_view type = "HEAVY";
  std::shared_ptr<int> copies_left = std::make_shared<int>(1000);
  int weight = 0;
  static constexpr auto fields = castore::fields("weight", &Heavy::weight);
  Heavy() = default;
  Heavy(const Heavy& other) : copies_left(other.copies_left), weight(other.weight) {
    if (--*copies_left == 0) throw EventAlreadyExistsError("OTHERS", "a", 1, 1);
  }
  Heavy& operator=(const Heavy&) = default;
};

struct Load {
  std::string aggregate_id;
  Version version = 0;
};

TEST_CASE("no conflict that arises between commit and answer runs a command again") {
  using Loads = EventStore<Load, Heavy>;
  bool in_group = false;
  SUBCASE("of a push") {}
  SUBCASE("of a group") { in_group = true; }
  for (int copies = 1; copies <= 20; ++copies) {
    const Loads loads(
        "LOADS", [](Load load, const Event<Heavy>&) { return load; },
        std::make_shared<InMemoryEventStorageAdapter>());
    int attempts = 0;
    const Command load("LOAD", event_stores(loads),
                       [&](const std::string& id, const EventStores<Loads>& stores) {
                         ++attempts;
                         const auto& [all] = stores;
                         const auto aggregate = all.get_aggregate(id);
                         NewEvent<Heavy> event;
                         event.aggregate_id = id;
                         event.version = aggregate ? aggregate->version + 1 : 1;
                         *event.payload.copies_left = copies;
                         if (in_group) {
                           push_event_group(all.group_event(event));
                         } else {
                           all.push_event(event);
                         }
                       });
    try {
      load("a");
    } catch (const Error&) {
    }
    const auto stored = loads.get_aggregate("a");
    CAPTURE(copies);
    CHECK((!stored || stored->version == 1));
  }
}

TEST_CASE("what a callback throws of its own comes out as it is") {
  Game game;
  int attempts = 0;
  game.pokemons.set_on_event_pushed(
      [](const Pokemons::Pushed&) { throw pokemon::Rejected("callback"); });
  CHECK_THROWS_AS(make_leveling(game.pokemons, false, attempts)("pikachu"), pokemon::Rejected);
  CHECK(attempts == 1);
}

TEST_CASE("only a lost optimistic lock is tried again") {
  const Game game;
  int attempts = 0;
  const Command failing("FAILING", event_stores(game.pokemons),
                        [&](const std::string& id, const EventStores<Pokemons>& stores) {
                          ++attempts;
                          return std::get<0>(stores).get_existing_aggregate(id).level;
                        });
  CHECK_THROWS_AS(failing("missingno"), AggregateNotFoundError);
  CHECK(attempts == 1);
}

TEST_CASE("what the conflict callback throws leaves the command instead of the conflict") {
  const Game game;
  int attempts = 0;
  const auto contested = make_contested(
      game.pokemons, attempts, 99,
      {.on_event_already_exists = [](const auto&, const auto&) { throw pokemon::Rejected("no"); }});
  CHECK_THROWS_AS(contested("pikachu"), pokemon::Rejected);
  CHECK(attempts == 1);
}

TEST_CASE("a handler that throws halfway through a group stores nothing") {
  const Game game;
  const Command halfway("HALFWAY", event_stores(game.pokemons, game.trainers),
                        [&game](const std::string&, const EventStores<Pokemons, Trainers>& stores) {
                          const auto& [pokemons, trainers] = stores;
                          auto first = pokemons.group_event(pokemon::caught("pikachu", 2, "ash"));
                          if (game.pokemons.get_events("pikachu").size() == 1) {
                            throw pokemon::Rejected("halfway");
                          }
                          push_event_group(
                              std::move(first),
                              trainers.group_event(pokemon::caught_pokemon("ash", 2, "pikachu")));
                        });
  CHECK_THROWS_AS(halfway("now"), pokemon::Rejected);
  CHECK(game.pokemons.get_existing_aggregate("pikachu").version == 1);
  CHECK(game.trainers.get_existing_aggregate("ash").version == 1);
}

TEST_CASE("a backoff waits a random time that grows with the attempts up to its maximum") {
  const Game game;
  int attempts = 0;
  std::vector<std::chrono::microseconds> waited;
  const auto contested = make_contested(
      game.pokemons, attempts, 4,
      {.event_already_exists_retries = 4,
       .backoff = CommandBackoff{.initial_delay = std::chrono::milliseconds{10},
                                 .max_delay = std::chrono::milliseconds{30},
                                 .rate = 2,
                                 .sleep = [&](auto delay) { waited.push_back(delay); }}});
  CHECK(contested("pikachu") == 6);
  REQUIRE(waited.size() == 4);
  const std::vector<int> longest{10'000, 20'000, 30'000, 30'000};
  for (std::size_t i = 0; i < waited.size(); ++i) {
    CHECK(waited[i].count() >= 0);
    CHECK(waited[i].count() <= longest[i]);
  }
}

TEST_CASE("a backoff too long to be told is a long one and none stays none") {
  using std::chrono::milliseconds;
  const Game game;
  int attempts = 0;
  std::vector<std::chrono::microseconds> waited;
  CommandBackoff backoff{.rate = 1e200, .sleep = [&](auto delay) { waited.push_back(delay); }};
  const auto run = [&] {
    attempts = 0;
    make_contested(game.pokemons, attempts, 3,
                   {.event_already_exists_retries = 3, .backoff = backoff})("pikachu");
    REQUIRE(waited.size() == 3);
  };
  SUBCASE("the longest") {
    backoff.initial_delay = backoff.max_delay = milliseconds::max();
    run();
    for (const auto delay : waited) CHECK(delay > std::chrono::hours{1});  // but for 1 in 10^15
  }
  SUBCASE("grown to more than the longest") {
    backoff.max_delay = milliseconds::max();
    run();
    CHECK(waited[0] <= milliseconds{10});
    CHECK(waited[1] > std::chrono::hours{1});
    CHECK(waited[2] > std::chrono::hours{1});
  }
  SUBCASE("none") {
    backoff.initial_delay = milliseconds{0};
    run();
    for (const auto delay : waited) CHECK(delay.count() == 0);
  }
}

TEST_CASE("options out of range are refused when the command is made") {
  const Game game;
  const auto make = [&](CommandOptions options) {
    return code_of([&] { pokemon::make_level_up_pokemon(game.pokemons, std::move(options)); });
  };
  using std::chrono::milliseconds;
  CHECK(make({}) == "none");
  CHECK(make({.event_already_exists_retries = -1}) == "InvalidOption");
  CHECK(make({.backoff = CommandBackoff{.initial_delay = milliseconds{-1}}}) == "InvalidOption");
  CHECK(make({.backoff = CommandBackoff{.max_delay = milliseconds{1}}}) == "InvalidOption");
  CHECK(make({.backoff = CommandBackoff{.rate = 0.5}}) == "InvalidOption");
  CHECK(make({.backoff = CommandBackoff{.rate = std::numeric_limits<double>::quiet_NaN()}}) ==
        "InvalidOption");
}

TEST_CASE("a described command runs from JSON to JSON over any adapter") {
  const Game real;
  const Game other;
  Registry registry;
  registry.add(pokemon::make_level_up_pokemon(real.pokemons));
  registry.add(pokemon::make_catch_pokemon(real.pokemons, real.trainers));
  registry.add(pokemon::make_wild_pokemon_appear(real.pokemons), pokemon::GenerateId(fixed_id));

  const auto run = [&](std::string_view id, std::string_view input) {
    return registry.find_command(id)->run(input, other.adapter);
  };
  CHECK(registry.commands().size() == 3);
  CHECK(registry.find_command("CATCH_POKEMON")->event_store_ids ==
        std::vector<std::string>{"POKEMONS", "TRAINERS"});
  CHECK(registry.find_command("NO_SUCH") == nullptr);
  CHECK(run("LEVEL_UP_POKEMON", R"({"pokemon_id":"pikachu"})") == R"({"next_level":43})");
  CHECK(run("CATCH_POKEMON", R"({"pokemon_id":"pikachu","trainer_id":"ash"})") == std::nullopt);
  CHECK(run("WILD_POKEMON_APPEAR", R"({"name":"Bulbasaur","level":7})") ==
        R"({"pokemon_id":"bulbasaur"})");
  CHECK(other.pokemons.get_existing_aggregate("pikachu").trainer_id == "ash");
  CHECK(real.pokemons.get_existing_aggregate("pikachu").level == 42);
  SUBCASE("also after its event stores and the command are gone") {
    auto game = std::make_unique<Game>();
    const CommandDescription description =
        pokemon::make_level_up_pokemon(game->pokemons).describe();
    game.reset();
    CHECK(description.run(R"({"pokemon_id":"pikachu"})", other.adapter) == R"({"next_level":44})");
  }
  SUBCASE("and retries conflicts") {
    int attempts = 0;
    const auto description = make_contested(real.pokemons, attempts, 2).describe();
    CHECK(description.run("\"pikachu\"", real.adapter) == "4");
    CHECK(attempts == 3);
  }
  SUBCASE("input that does not fit is refused before anything runs") {
    CHECK(code_of([&] { run("LEVEL_UP_POKEMON", "{"); }) == "InvalidInput");
    CHECK(code_of([&] { run("LEVEL_UP_POKEMON", R"({"pokemon_id":7})"); }) == "InvalidInput");
    CHECK(code_of([&] { run("LEVEL_UP_POKEMON", "{}"); }) == "InvalidInput");
  }
  SUBCASE("but short memory is no fault of the input") {
    const auto eat = Command("EAT", event_stores(real.pokemons),
                             [](const Hungry&, const EventStores<Pokemons>&) {});
    CHECK_THROWS_AS(eat.describe().run("{}", other.adapter), std::bad_alloc);
  }
  SUBCASE("one id stands for one command") {
    CHECK(code_of([&] { registry.add(pokemon::make_level_up_pokemon(real.pokemons)); }) ==
          "InvalidOption");
  }
}

TEST_CASE("input and output run from JSON are checked against the command's schemas") {
  const Game game;
  const auto schemas = std::make_shared<WordSchemas>();
  const auto description =
      pokemon::make_wild_pokemon_appear(
          game.pokemons,
          {.input_schema = "Bulba", .output_schema = "saur", .schema_compiler = schemas})
          .describe(pokemon::GenerateId(fixed_id));
  CHECK(description.input_schema == "Bulba");
  CHECK(description.output_schema == "saur");
  CHECK(description.run(R"({"name":"Bulbasaur","level":7})", game.adapter).has_value());

  const auto wrong = thrown<SchemaViolationError>(
      [&] { description.run(R"({"name":"Pikachu","level":7})", game.adapter); });
  REQUIRE(wrong);
  CHECK(wrong->path() == "input");
  CHECK(wrong->violations() == std::vector<SchemaViolation>{{"/name", "has no Bulba"}});

  SUBCASE("an output that does not fit is an error though the events are stored") {
    const auto other = pokemon::make_wild_pokemon_appear(
                           game.pokemons, {.output_schema = "saur", .schema_compiler = schemas})
                           .describe(pokemon::GenerateId([] { return std::string("mew"); }));
    const auto error = thrown<SchemaViolationError>(
        [&] { other.run(R"({"name":"Mew","level":7})", game.adapter); });
    REQUIRE(error);
    CHECK(error->path() == "output");
    CHECK(game.pokemons.get_aggregate("mew"));
  }
}

TEST_CASE("a schema without something to check it with is refused when the command is made") {
  const Game game;
  CHECK(code_of([&] { pokemon::make_level_up_pokemon(game.pokemons, {.input_schema = "{}"}); }) ==
        "InvalidSchema");
  CHECK(code_of([&] { pokemon::make_level_up_pokemon(game.pokemons, {.output_schema = "{}"}); }) ==
        "InvalidSchema");
}

}  // namespace
}  // namespace castore::testing
