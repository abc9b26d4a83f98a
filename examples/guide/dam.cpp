/// \file
/// The guide's chapter on Dam.

#include <castore/castore.hpp>
#include <guide/chapters.hpp>
#include <guide/commands.hpp>
#include <guide/pokemons.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace {

using GameBus = castore::NotificationMessageBus<Pokemons, Trainers>;

void catch_up(const Pokemons& pokemons, const Trainers& trainers) {
  std::map<std::string, int> caught;
  GameBus bus("GAME_BUS", pokemons, trainers);
  const auto adapter = castore::InMemoryMessageBusAdapter::attach_to(bus);
  adapter->on<PokemonCaught>(
      bus, pokemons,
      [&](const castore::Notification<Pokemons, castore::Event<PokemonCaught>>& message) {
        caught[message.event.payload.trainer_id] += 1;
      },
      {.on_replay = true});

  const auto result = castore::pour_event_store_events(
      pokemons, bus,
      {.filters = {.from = castore::parse_timestamp("2040-01-01T00:00:00Z")}, .rate_limit = 1000});
  adapter->drain();
  std::cout << result.poured_event_count << " events poured, ash has caught " << caught["ash"]
            << '\n';
}

void pour_the_others(const Pokemons& pokemons, const Trainers& trainers) {
  GameBus bus("GAME_BUS", pokemons, trainers);
  const auto nobody = castore::InMemoryMessageBusAdapter::attach_to(bus);
  const castore::AggregateExistsMessageBus<Pokemons> ids("IDS", pokemons, nobody);

  const auto of_one = castore::pour_aggregate_events(pokemons, bus, {.aggregate_id = "pikachu"});
  const auto of_both =
      castore::pour_event_store_collection_events(std::tie(pokemons, trainers), bus);
  const auto of_ids = castore::pour_event_store_aggregate_ids(pokemons, ids);

  std::cout << of_one.poured_event_count << " events of pikachu, " << of_both.poured_event_count
            << " of both event stores, " << of_ids.poured_aggregate_id_count << " pokemons\n";
}

/// A channel after whose first message somebody presses Ctrl-C.
struct Interrupted {
  castore::StopSource stop;
  int messages = 0;

  void publish_message(const castore::Message&, const castore::PublishMessageOptions&) {
    ++messages;
    stop.request_stop();
  }
};

void stop_and_go_on(const Pokemons& pokemons) {
  Interrupted channel;
  const castore::StopSource& stop = channel.stop;

  auto result =
      castore::pour_event_store_events(pokemons, channel, {.stop_token = stop.get_token()});
  if (result.stopped) {
    std::cout << "stopped after " << result.poured_event_count << " events\n";
    result = castore::pour_event_store_events(pokemons, channel, {.after = result.cursor});
  }

  std::cout << channel.messages << " events in all\n";
}

struct Full {};

/// A channel that is full at its third message.
struct Narrow {
  int messages = 0;
  bool was_full = false;

  void publish_message(const castore::Message&, const castore::PublishMessageOptions&) {
    if (messages == 2 && !std::exchange(was_full, true)) throw Full();
    ++messages;
  }
};

void go_on_after_a_throw(const Pokemons& pokemons) {
  Narrow channel;

  std::optional<castore::FeedCursor> cursor;  // kept in a file, say
  const auto keep = [&](const castore::PourEventStoreEventsResult& result) {
    cursor = result.cursor;
  };
  try {
    castore::pour_event_store_events(pokemons, channel, {.on_poured = keep});
  } catch (const Full&) {
    std::cout << "the channel was full\n";
    castore::pour_event_store_events(pokemons, channel, {.after = cursor, .on_poured = keep});
  }

  std::cout << channel.messages << " events in all\n";
}

}  // namespace

void chapters::dam() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>(
      [] { return castore::parse_timestamp("2040-05-01T10:00:00Z"); });
  const Pokemons pokemons("POKEMONS", PokemonReducer{}, adapter);
  const Trainers trainers("TRAINERS", TrainerReducer{}, adapter);
  for (const char* const id : {"pikachu", "mew"}) {
    make_wild_pokemon_appear(pokemons)({"Wild", 5}, GenerateId([&] { return id; }));
    make_catch_pokemon(pokemons, trainers)({.pokemon_id = id, .trainer_id = "ash"});
  }
  catch_up(pokemons, trainers);
  pour_the_others(pokemons, trainers);
  stop_and_go_on(pokemons);
  go_on_after_a_throw(pokemons);
}
