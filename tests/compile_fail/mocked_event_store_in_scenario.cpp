// expect: on its adapter a mocked or connected event store is neither
#include <castore/testing/mock_event_store.hpp>
#include <castore/testing/scenario.hpp>
#include <pokemon/commands.hpp>

void test(const pokemon::Pokemons& pokemons) {
  const auto mocked = castore::testing::mock_event_store(pokemons);
  using Stores = castore::EventStores<std::remove_const_t<decltype(mocked)>>;
  const castore::Command appear("APPEAR", castore::event_stores(mocked),
                                [](const std::string& id, const Stores& stores) {
                                  std::get<0>(stores).push_event(pokemon::appeared(id, "Mew", 1));
                                });
  static_cast<void>(castore::testing::Scenario(appear).when("mew"));
}
