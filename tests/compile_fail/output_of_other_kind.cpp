// expect: a bool, a character or an enumeration is compared with one of its own type
#include <castore/testing/scenario.hpp>
#include <pokemon/commands.hpp>

void test(const pokemon::Pokemons& pokemons) {
  const castore::Command is_known(
      "IS_KNOWN", castore::event_stores(pokemons),
      [](const std::string& id, const castore::EventStores<pokemon::Pokemons>& stores) {
        return std::get<0>(stores).get_aggregate(id).has_value();
      });
  castore::testing::Scenario(is_known).when("pikachu").then_output(1);
}
