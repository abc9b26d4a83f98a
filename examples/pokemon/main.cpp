/// \file
/// The life of a pokemon, in an SQLite file:
///
///     castore-pokemon [FILE]
///
/// Nothing is forgotten, so a second run on the same file tells of other pokemons in it.

#include <algorithm>
#include <castore/connected_event_store.hpp>
#include <castore/dam.hpp>
#include <castore/in_memory/message_bus_adapter.hpp>
#include <castore/message_channel.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <castore/timestamp.hpp>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <pokemon/commands.hpp>
#include <pokemon/pokemon.hpp>
#include <string>
#include <utility>
#include <variant>

namespace {

using pokemon::Pokemon;
using pokemon::Pokemons;
using pokemon::Trainer;
using pokemon::Trainers;

void print(const Pokemon& pokemon) {
  std::cout << "  " << pokemon.name << " at version " << pokemon.version << ": level "
            << pokemon.level << ", "
            << (pokemon.trainer_id.empty() ? "wild" : "of " + pokemon.trainer_id) << '\n';
}

void appear(const Pokemons& pokemons, const std::string& run) {
  std::cout << "three pokemons appear\n";
  pokemons.push_event(pokemon::appeared("bulbasaur-" + run, "Bulbasaur", 7));
  pokemons.push_event(pokemon::appeared("charmander-" + run, "Charmander", 12));
  auto pikachu = pokemon::appeared("pikachu-" + run, "Pikachu", 42);
  pikachu.metadata = {.trigger = "random"};
  const auto pushed = pokemons.push_event(pikachu);
  print(pushed.next_aggregate.value());  // known without reading, since it is the initial event
}

/// Both players decide on what they have read; the command of the one who comes second reads again
/// and decides again.
void compete(const Pokemons& pokemons, const std::string& pikachu) {
  std::cout << "two players level it up at the same time\n";
  bool rival_is_faster = true;
  const castore::Command level_up(
      "LEVEL_UP_POKEMON", castore::event_stores(pokemons),
      [&](const pokemon::PokemonId& input, const castore::EventStores<Pokemons>& stores) {
        const Pokemon known = std::get<0>(stores).get_existing_aggregate(input.pokemon_id);
        const auto next = pokemon::leveled_up(input.pokemon_id, known.version + 1);
        if (std::exchange(rival_is_faster, false)) std::get<0>(stores).push_event(next);
        std::get<0>(stores).push_event(next);
      },
      {.on_event_already_exists = [](const castore::EventAlreadyExistsError& error,
                                     const castore::CommandAttempt& attempt) {
        std::cout << "  version " << error.version() << " is taken: attempt "
                  << attempt.attempt_number << " failed, " << attempt.retries_left << " left\n";
      }});
  level_up({pikachu});
  print(pokemons.get_existing_aggregate(pikachu));
}

void catch_pokemon(const Pokemons& pokemons, const Trainers& trainers, const std::string& pikachu,
                   const std::string& ash) {
  std::cout << "a trainer catches it: one event in each store, both or none\n";
  trainers.push_event(pokemon::created(ash, "Ash"));
  const auto catch_pokemon = pokemon::make_catch_pokemon(pokemons, trainers);
  catch_pokemon({.pokemon_id = pikachu, .trainer_id = ash});
  print(pokemons.get_existing_aggregate(pikachu));
  const Trainer trainer = trainers.get_existing_aggregate(ash);
  std::cout << "  " << trainer.name << " has " << trainer.pokemon_ids.size() << " pokemon\n";

  try {
    catch_pokemon({.pokemon_id = pikachu, .trainer_id = ash});
  } catch (const pokemon::Rejected& e) {
    std::cout << "  it cannot be caught twice: " << e.what() << '\n';
  }
}

/// Listens to the news of pokemons, and remembers the highest level of each kind.
struct Pokedex {
  std::map<std::string, int> levels;  ///< by name

  void operator()(const castore::StateCarrying<Pokemons>& message) {
    if (!message.aggregate) return;
    int& highest = levels[message.aggregate->name];
    highest = std::max(highest, message.aggregate->level);
  }
  void operator()(
      const castore::Notification<Pokemons, castore::Event<pokemon::PokemonAppeared>>& message) {
    levels.try_emplace(message.event.payload.name, message.event.payload.level);
  }
};

void print(const Pokedex& pokedex) {
  for (const auto& [name, level] : pokedex.levels) {
    std::cout << "  " << name << " up to level " << level << '\n';
  }
}

/// Listeners that come late hear the whole history, marked as told again.
void replay(const Pokemons& pokemons) {
  std::cout << "who comes late can hear it all again\n";
  castore::NotificationMessageBus<Pokemons> bus("POKEMON_HISTORY", pokemons);
  const auto adapter = castore::InMemoryMessageBusAdapter::attach_to(bus);
  Pokedex pokedex;
  adapter->on<pokemon::PokemonAppeared>(bus, pokemons, std::ref(pokedex), {.on_replay = true});
  const auto poured = castore::pour_event_store_events(pokemons, bus);
  adapter->drain();
  std::cout << "  " << poured.poured_event_count << " events\n";
  print(pokedex);
}

void rewind(const Pokemons& pokemons, const std::string& pikachu) {
  std::cout << "its history, and what it was after each event\n";
  for (const auto& any_event : pokemons.get_events(pikachu)) {
    std::visit([](const auto& event) { std::cout << "  " << event.type() << '\n'; }, any_event);
    const auto version = std::visit([](const auto& event) { return event.version; }, any_event);
    print(pokemons.get_existing_aggregate(pikachu, {.max_version = version}));
  }
}

void simulate(const Pokemons& pokemons, const std::string& pikachu) {
  std::cout << "what if it levels up in 2200 and in 2300?\n";
  auto events = pokemons.get_events(pikachu);
  for (const auto* date : {"2200-01-01T00:00:00Z", "2300-01-01T00:00:00Z"}) {
    events.emplace_back(castore::Event<pokemon::PokemonLeveledUp>{
        .aggregate_id = pikachu,
        .version = static_cast<castore::Version>(events.size()) + 1,
        .timestamp = castore::parse_timestamp(date)});
  }
  const auto date = castore::parse_timestamp("2250-01-01T00:00:00Z");
  print(pokemons.simulate_aggregate(events, {.simulation_date = date}).value());
  print(pokemons.simulate_aggregate(events).value());
}

void list(const Pokemons& pokemons) {
  std::cout << "all pokemons, two a page\n";
  castore::ListAggregateIdsOptions options{.limit = 2};
  do {
    const auto page = pokemons.list_aggregate_ids(options);
    for (const auto& listed : page.aggregate_ids) std::cout << "  " << listed.aggregate_id;
    std::cout << '\n';
    options = {.page_token = page.next_page_token};
  } while (options.page_token);
}

}  // namespace

int main(int argc, char** argv) try {
  const auto path = argc > 1 ? std::filesystem::path(argv[1])
                             : std::filesystem::temp_directory_path() / "castore-pokemon.db";
  const auto adapter =
      std::make_shared<castore::SqliteEventStorageAdapter>(castore::sqlite::Database::open(path));
  Pokemons pokemons = pokemon::make_pokemons(adapter);
  const Trainers trainers = pokemon::make_trainers(adapter);

  // What is pushed to `connected` is stored, and then told on the bus.
  castore::StateCarryingMessageBus<Pokemons> bus("POKEMON_NEWS", pokemons);
  Pokedex pokedex;  // before the adapter, whose threads use it
  const auto bus_adapter = castore::InMemoryMessageBusAdapter::attach_to(bus);
  bus_adapter->on(bus, pokemons, std::ref(pokedex));
  const castore::ConnectedEventStore connected(pokemons, bus);

  const auto run = std::to_string(trainers.list_aggregate_ids().aggregate_ids.size() + 1);
  const std::string pikachu = "pikachu-" + run;
  appear(connected, run);
  compete(connected, pikachu);
  catch_pokemon(connected, trainers, pikachu, "ash-" + run);
  rewind(pokemons, pikachu);
  simulate(pokemons, pikachu);
  list(pokemons);

  bus_adapter->drain();
  std::cout << "what a listener on the bus has heard meanwhile\n";
  print(pokedex);
  replay(pokemons);
} catch (const std::exception& e) {
  std::cerr << "castore-pokemon: " << e.what() << '\n';
  return 1;
}
