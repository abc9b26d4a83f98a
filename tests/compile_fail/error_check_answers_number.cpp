// expect: the check of then_error<E> answers a bool, which is heeded, or nothing
#include <castore/testing/scenario.hpp>
#include <pokemon/commands.hpp>

void test(const pokemon::Pokemons& pokemons) {
  const auto level_up = pokemon::make_level_up_pokemon(pokemons);
  castore::testing::Scenario(level_up)
      .when({"pikachu"})
      .then_error<castore::AggregateNotFoundError>(
          [](const auto& error) { return error.aggregate_id().size(); });
}
