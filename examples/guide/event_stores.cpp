/// \file
/// The guide, from its beginning to event groups.

#include <castore/castore.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <guide/chapters.hpp>
#include <guide/pokemons.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// --- Events of a newer application ------------------------------------------------------------

using OpenPokemons = castore::EventStore<Pokemon, PokemonAppeared, castore::OtherPayload>;

struct OpenPokemonReducer {
  Pokemon operator()(Pokemon pokemon, const castore::Event<PokemonAppeared>& event) const {
    pokemon.name = event.payload.name;
    pokemon.level = event.payload.level;
    return pokemon;
  }
  Pokemon operator()(Pokemon pokemon, const castore::Event<castore::OtherPayload>&) const {
    return pokemon;
  }
};

// --- Metadata of a namespace --------------------------------------------------------------------

namespace league {

struct Request {
  std::string user;

  static constexpr auto fields = castore::fields("user", &Request::user);
};

Request castore_metadata(
    castore::AnyEventType);  // of all event types that follow in this namespace

struct SeasonOpened {
  static constexpr std::string_view type = "SEASON_OPENED";
};
struct SeasonClosed {
  static constexpr std::string_view type = "SEASON_CLOSED";
};

struct Season {
  std::string aggregate_id;
  castore::Version version = 0;
};

using Seasons = castore::EventStore<Season, SeasonOpened, SeasonClosed>;

}  // namespace league

namespace {

Pokemons a_store() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  Pokemons pokemons("POKEMONS", PokemonReducer{}, adapter);
  return pokemons;
}

std::shared_ptr<castore::EventStorageAdapter> a_file() {
  const auto database = castore::sqlite::Database::open("pokemons.db");
  return std::make_shared<castore::SqliteEventStorageAdapter>(database);
}

void without_an_adapter() {
  Pokemons pokemons("POKEMONS", PokemonReducer{});
  try {
    static_cast<void>(pokemons.get_aggregate("pikachu"));
  } catch (const castore::UndefinedEventStorageAdapterError& e) {
    std::cout << e.event_store_id() << " has no adapter yet\n";
  }
  pokemons.set_event_storage_adapter(std::make_shared<castore::InMemoryEventStorageAdapter>());
  std::cout << pokemons.get_events("pikachu").size() << " events\n";
}

void push_one(const Pokemons& pokemons) {
  const auto pushed = pokemons.push_event(castore::NewEvent<PokemonAppeared>{
      .aggregate_id = "pikachu", .version = 1, .payload = {"Pikachu", 42}});
  std::cout << pushed.event.type() << " makes a " << pushed.next_aggregate->name << '\n';
}

void copy_and_move_elsewhere() {
  Pokemons pokemons("POKEMONS", PokemonReducer{});
  const Pokemons copy = pokemons;
  const Pokemons elsewhere =
      pokemons.on_adapter(std::make_shared<castore::InMemoryEventStorageAdapter>());
  pokemons.set_event_storage_adapter(std::make_shared<castore::InMemoryEventStorageAdapter>());
  push_one(pokemons);
  std::cout << copy.get_events("pikachu").size() << " event in the copy, "
            << elsewhere.get_events("pikachu").size() << " elsewhere\n";
}

void push_with_metadata(const Pokemons& pokemons) {
  pokemons.push_event(castore::NewEvent<PokemonCaught>{
      .aggregate_id = "pikachu",
      .version = 2,
      .timestamp = castore::parse_timestamp("2040-05-01T12:00:00+02:00"),
      .payload = PokemonCaught{.trainer_id = "ash"},
      .metadata = PokemonCaught::Metadata{.device = "pokedex"}});
}

void append_one() {
  const Pokemons pokemons("POKEMONS", PokemonReducer{},
                          std::make_shared<castore::InMemoryEventStorageAdapter>());
  push_one(pokemons);

  const Pokemon pikachu = pokemons.get_existing_aggregate("pikachu");
  const auto stronger = pokemons.append(pikachu, PokemonLeveledUp{});
  std::cout << "level " << stronger.next_aggregate->level << '\n';
}

void supply_metadata() {
  using league::Seasons;
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  const auto keep = [](league::Season season, const auto&) { return season; };
  const std::string user = "ash";

  const Seasons seasons("SEASONS", keep, adapter,
                        {.metadata = [&] { return league::Request{user}; }});
  const auto opened = seasons.append(Seasons::new_aggregate("indigo"), league::SeasonOpened{});
  std::cout << "opened by " << opened.event.metadata->user << '\n';
}

void level_up(const Pokemons& pokemons, std::string_view id) {
  for (;;) {
    const Pokemon pokemon = pokemons.get_existing_aggregate(id);
    if (pokemon.level >= 100) return;
    try {
      pokemons.append(pokemon, PokemonLeveledUp{});
      return;
    } catch (const castore::EventAlreadyExistsError&) {
      // somebody else was faster: read and decide again
    }
  }
}

void refuse(const Pokemons& pokemons) {
  try {
    pokemons.push_event(
        castore::NewEvent<PokemonLeveledUp>{.aggregate_id = "pikachu", .version = 9});
  } catch (const castore::VersionGapError& e) {
    std::cout << "expected version " << e.expected_version() << ", not " << e.version() << '\n';
  }
}

void overwrite(const Pokemons& pokemons) {
  pokemons.push_event(
      castore::NewEvent<PokemonAppeared>{
          .aggregate_id = "pikachu", .version = 1, .payload = {"Pikachu", 24}},
      {.force = true});
}

void listen() {
  auto pokemons = a_store();
  pokemons.set_on_event_pushed([](const Pokemons::Pushed& pushed) {
    std::visit([](const auto& event) { std::cout << "committed: " << event.type() << '\n'; },
               pushed.event);
  });
  push_one(pokemons);
}

void fetch_events(const Pokemons& pokemons) {
  for (const Pokemons::AnyEvent& any_event : pokemons.get_events("pikachu", {.min_version = 2})) {
    if (const auto* caught = std::get_if<castore::Event<PokemonCaught>>(&any_event)) {
      std::cout << castore::format_timestamp(caught->timestamp) << " caught by "
                << caught->payload.trainer_id << '\n';
    }
  }

  const auto newest = pokemons.get_events("pikachu", {.limit = 1, .reverse = true});
  std::visit([](const auto& event) { std::cout << event.version << ' ' << event.type() << '\n'; },
             newest.front());
}

void stream_events(const Pokemons& pokemons) {
  int level_ups = 0;
  pokemons.for_each_event("pikachu", {}, [&](Pokemons::AnyEvent&& event) {
    if (std::holds_alternative<castore::Event<PokemonLeveledUp>>(event)) level_ups += 1;
  });
  std::cout << "leveled up " << level_ups << " times\n";
}

void fetch_aggregates(const Pokemons& pokemons) {
  const std::optional<Pokemon> pikachu = pokemons.get_aggregate("pikachu");
  const std::optional<Pokemon> when_wild = pokemons.get_aggregate("pikachu", {.max_version = 1});
  std::cout << pikachu->level << " now, " << when_wild->level << " when it was wild\n";

  try {
    static_cast<void>(pokemons.get_existing_aggregate("missingno"));
  } catch (const castore::AggregateNotFoundError& e) {
    std::cout << "no " << e.aggregate_id() << " in " << e.event_store_id() << '\n';
  }
}

void list(const Pokemons& pokemons) {
  auto page = pokemons.list_aggregate_ids({.limit = 100});
  for (;;) {
    for (const auto& listed : page.aggregate_ids) std::cout << listed.aggregate_id << '\n';
    if (!page.next_page_token) break;
    page = pokemons.list_aggregate_ids({.page_token = page.next_page_token});
  }
}

void simulate(const Pokemons& pokemons) {
  std::vector<Pokemons::AnyEvent> events = pokemons.get_events("pikachu");
  events.emplace_back(castore::Event<PokemonLeveledUp>{
      .aggregate_id = "pikachu",
      .version = static_cast<castore::Version>(events.size()) + 1,
      .timestamp = castore::parse_timestamp("2200-01-01T00:00:00Z")});

  const auto later = pokemons.simulate_aggregate(events);
  const auto sooner = pokemons.simulate_aggregate(
      events, {.simulation_date = castore::parse_timestamp("2199-01-01T00:00:00Z")});
  std::cout << "level " << later->level << ", but " << sooner->level << " the year before\n";
}

void push_a_group() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  const Pokemons pokemons("POKEMONS", PokemonReducer{}, adapter);
  const Trainers trainers("TRAINERS", TrainerReducer{}, adapter);
  push_one(pokemons);

  const auto [caught, was_caught] = castore::push_event_group(
      pokemons.group_event(castore::NewEvent<PokemonCaught>{
          .aggregate_id = "pikachu", .version = 2, .payload = {.trainer_id = "ash"}}),
      trainers.group_event(castore::NewEvent<TrainerCaughtPokemon>{
          .aggregate_id = "ash", .version = 1, .payload = {.pokemon_id = "pikachu"}}));
  std::cout << (caught.event.timestamp == was_caught.event.timestamp ? "one moment\n" : "two?\n");

  const Pokemon pikachu = pokemons.get_existing_aggregate("pikachu");
  const Trainer ash = trainers.get_existing_aggregate("ash");

  castore::EventGroup group;
  for (int i = 0; i < 3; ++i) group.append(pokemons, pikachu, PokemonLeveledUp{});
  const auto& trained = group.append(trainers, ash, TrainerCaughtPokemon{.pokemon_id = "mew"});
  group.push();
  std::cout << trained.result().next_aggregate->pokemon_ids.size() << " pokemons\n";

  std::cout << "level " << pokemons.get_existing_aggregate("pikachu").level << '\n';
}

void join_pushes() {
  const auto database = castore::sqlite::Database::open(":memory:");
  const Pokemons pokemons("POKEMONS", PokemonReducer{},
                          std::make_shared<castore::SqliteEventStorageAdapter>(database));
  {
    castore::sqlite::Transaction transaction(*database);
    push_one(pokemons);
    level_up(pokemons, "pikachu");
    // leaving without transaction.commit() undoes both
  }
  std::cout << pokemons.get_events("pikachu").size() << " events after the rollback\n";
}

void read_what_is_unknown() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  const Pokemons newer("POKEMONS", PokemonReducer{}, adapter);
  push_one(newer);
  level_up(newer, "pikachu");

  const OpenPokemons older("POKEMONS", OpenPokemonReducer{}, adapter);
  const auto events = older.get_events("pikachu");
  std::cout << std::get<castore::Event<castore::OtherPayload>>(events.back()).type()
            << " is not known here\n";
}

}  // namespace

void chapters::event_stores() {
  without_an_adapter();
  copy_and_move_elsewhere();
  const Pokemons in_memory = a_store();
  const Pokemons in_a_file("POKEMONS", PokemonReducer{}, a_file());
  for (const Pokemons& pokemons : {in_memory, in_a_file}) {
    push_one(pokemons);
    push_with_metadata(pokemons);
    level_up(pokemons, "pikachu");
    refuse(pokemons);
    fetch_events(pokemons);
    stream_events(pokemons);
    fetch_aggregates(pokemons);
    list(pokemons);
    simulate(pokemons);
    overwrite(pokemons);
    fetch_aggregates(pokemons);
  }
  listen();
  append_one();
  supply_metadata();
  push_a_group();
  join_pushes();
  read_what_is_unknown();
}
