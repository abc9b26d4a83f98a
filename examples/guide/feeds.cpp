/// \file
/// The guide's chapter on reading all events.

#include <castore/castore.hpp>
#include <cstdint>
#include <guide/chapters.hpp>
#include <guide/pokemons.hpp>
#include <iostream>
#include <memory>
#include <span>
#include <variant>

namespace {

void read_on(const castore::EventStorageAdapter& adapter, std::int64_t& checkpoint) {
  const auto feed = adapter.open_event_feed({.after = castore::FeedCursor{.position = checkpoint}});
  std::span<const castore::FeedEvent> page;
  do {
    page = feed->next_page();
    for (const castore::FeedEvent& fed : page) {
      std::cout << fed.position << ' ' << fed.event_store_id << ' ' << fed.event.type << '\n';
    }
    checkpoint = feed->looked_up_to();  // kept together with what was made of the page
  } while (!page.empty());
}

void read_types(const castore::EventStorageAdapter& adapter) {
  const auto feed =
      adapter.open_event_feed({.event_store_ids = {"POKEMONS"}, .types = {"POKEMON_CAUGHT"}});
  for (const castore::FeedEvent& fed : feed->next_page()) {
    const auto event = Pokemons::decode_event(fed.event_store_id, castore::to_view(fed.event));
    const auto& caught = std::get<castore::Event<PokemonCaught>>(event);
    std::cout << caught.payload.trainer_id << " has caught " << caught.aggregate_id << '\n';
  }
}

}  // namespace

void chapters::feeds() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  const Pokemons pokemons("POKEMONS", PokemonReducer{}, adapter);
  const Trainers trainers("TRAINERS", TrainerReducer{}, adapter);
  pokemons.push_event(castore::NewEvent<PokemonAppeared>{
      .aggregate_id = "pikachu", .version = 1, .payload = {"Pikachu", 42}});
  castore::push_event_group(
      pokemons.group_event(castore::NewEvent<PokemonCaught>{
          .aggregate_id = "pikachu", .version = 2, .payload = {.trainer_id = "ash"}}),
      trainers.group_event(castore::NewEvent<TrainerCaughtPokemon>{
          .aggregate_id = "ash", .version = 1, .payload = {.pokemon_id = "pikachu"}}));

  std::int64_t checkpoint = 0;
  read_on(*adapter, checkpoint);
  pokemons.push_event(castore::NewEvent<PokemonLeveledUp>{.aggregate_id = "pikachu", .version = 3});
  std::cout << *adapter->newest_position() - checkpoint << " to be read\n";
  read_on(*adapter, checkpoint);
  read_types(*adapter);
}
