// The control: what the other programs of this folder do wrong, done right. It must compile, so
// that their failures are known to come from what they show and not from a missing header.
#include <castore/castore.hpp>
#include <castore/testing/scenario.hpp>
#include <pokemon/commands.hpp>

using pokemon::Pokemons;
using pokemon::Trainers;

void messages(Pokemons& pokemons, const Trainers& trainers) {
  castore::NotificationMessageQueue<Pokemons, Trainers> queue("GAME", pokemons, trainers);
  castore::InMemoryMessageQueueAdapter::attach_to(queue, [](const auto&) {});
  const castore::ConnectedEventStore connected(pokemons, queue);
  connected.push_event(pokemon::leveled_up("pikachu", 3));
  castore::pour_event_store_events(pokemons, queue);

  const castore::Event<pokemon::TrainerCreated> created{"ash", 1, {}, {"Ash"}};
  queue.publish_message(castore::Notification<Trainers>{"TRAINERS", created});
  const castore::StateCarryingMessageBus<Trainers> bus("GAME", trainers);
  bus.get_aggregate_and_publish_message(castore::Notification<Trainers>{"TRAINERS", created});
}

void commands(const Pokemons& pokemons) {
  const auto level_up = pokemon::make_level_up_pokemon(pokemons);
  level_up({"pikachu"});
  static_cast<void>(level_up.describe());
  castore::testing::Scenario(level_up).given(pokemons, pokemon::appeared("mew", "Mew", 1));
  pokemon::make_wild_pokemon_appear(pokemons)(
      {"Mew", 1}, pokemon::GenerateId([] { return std::string("mew"); }));
}

int main() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  auto pokemons = pokemon::make_pokemons(adapter);
  const auto trainers = pokemon::make_trainers(adapter);

  pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
  trainers.push_event(pokemon::created("ash", "Ash"));
  castore::push_event_group(castore::PushEventGroupOptions{},
                            pokemons.group_event(pokemon::caught("pikachu", 2, "ash")),
                            trainers.group_event(pokemon::caught_pokemon("ash", 2, "pikachu")));

  messages(pokemons, trainers);
  commands(pokemons);

  castore::Registry registry;
  registry.add(pokemons);
  return registry.find_event_store("POKEMONS") == nullptr;
}
