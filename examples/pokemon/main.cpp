/// \file
/// The life of a pokemon, in an SQLite file:
///
///     castore-pokemon [FILE]
///
/// Nothing is forgotten, so a second run on the same file tells of other pokemons in it.

#include <castore/sqlite/event_storage_adapter.hpp>
#include <exception>
#include <filesystem>
#include <iostream>
#include <pokemon/pokemon.hpp>
#include <string>
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

/// Pushes what was decided on `known`; where somebody else was faster, reads and decides again.
Pokemon level_up(const Pokemons& pokemons, Pokemon known) {
  while (true) {
    try {
      auto pushed = pokemons.push_event(pokemon::leveled_up(known.aggregate_id, known.version + 1),
                                        {.prev_aggregate = known});
      return pushed.next_aggregate.value();
    } catch (const castore::EventAlreadyExistsError& e) {
      std::cout << "  version " << e.version() << " is taken: reading again\n";
      known = pokemons.get_existing_aggregate(known.aggregate_id);
    }
  }
}

void compete(const Pokemons& pokemons, const std::string& pikachu) {
  std::cout << "two players level it up, both from what they read at version 1\n";
  const Pokemon read_by_both = pokemons.get_existing_aggregate(pikachu);
  print(level_up(pokemons, read_by_both));
  print(level_up(pokemons, read_by_both));
}

void catch_pokemon(const Pokemons& pokemons, const Trainers& trainers, const std::string& pikachu,
                   const std::string& ash) {
  std::cout << "a trainer catches it: one event in each store, both or none\n";
  trainers.push_event(pokemon::created(ash, "Ash"));
  const Pokemon known = pokemons.get_existing_aggregate(pikachu);
  castore::push_event_group(pokemons.group_event(pokemon::caught(pikachu, known.version + 1, ash)),
                            trainers.group_event(pokemon::caught_pokemon(ash, 2, pikachu)));
  print(pokemons.get_existing_aggregate(pikachu));
  const Trainer trainer = trainers.get_existing_aggregate(ash);
  std::cout << "  " << trainer.name << " has " << trainer.pokemon_ids.size() << " pokemon\n";

  try {
    castore::push_event_group(
        trainers.group_event(pokemon::caught_pokemon(ash, 3, pikachu)),
        pokemons.group_event(pokemon::caught(pikachu, known.version + 1, ash)));
  } catch (const castore::EventAlreadyExistsError&) {
    std::cout << "  it cannot be caught twice: nothing of that group is stored, "
              << trainers.get_existing_aggregate(ash).pokemon_ids.size() << " pokemon\n";
  }
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
  const Pokemons pokemons = pokemon::make_pokemons(adapter);
  const Trainers trainers = pokemon::make_trainers(adapter);

  const auto run = std::to_string(trainers.list_aggregate_ids().aggregate_ids.size() + 1);
  const std::string pikachu = "pikachu-" + run;
  appear(pokemons, run);
  compete(pokemons, pikachu);
  catch_pokemon(pokemons, trainers, pikachu, "ash-" + run);
  rewind(pokemons, pikachu);
  simulate(pokemons, pikachu);
  list(pokemons);
} catch (const std::exception& e) {
  std::cerr << "castore-pokemon: " << e.what() << '\n';
  return 1;
}
