#include <castore/castore.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <iostream>

struct PokemonLeveledUp {  // an event: what happened
  static constexpr std::string_view type = "POKEMON_LEVELED_UP";
  int levels = 0;

  static constexpr auto fields = castore::fields("levels", &PokemonLeveledUp::levels);
};

struct Pokemon {  // an aggregate: what its events add up to
  std::string aggregate_id;
  castore::Version version = 0;
  int level = 0;
};

int main() {
  const auto database = castore::sqlite::Database::open("pokemons.db");
  const auto reducer = [](Pokemon pokemon, const castore::Event<PokemonLeveledUp>& event) {
    pokemon.level += event.payload.levels;  // how one event changes the aggregate
    return pokemon;
  };
  const castore::EventStore<Pokemon, PokemonLeveledUp> pokemons(
      "POKEMONS", reducer, std::make_shared<castore::SqliteEventStorageAdapter>(database));

  const Pokemon before =
      pokemons.get_aggregate("pikachu").value_or(pokemons.new_aggregate("pikachu"));
  pokemons.append(before, PokemonLeveledUp{.levels = 2});  // unless somebody else was faster

  const Pokemon pikachu = pokemons.get_existing_aggregate("pikachu");
  std::cout << "level " << pikachu.level << " at version " << pikachu.version << '\n';
}
