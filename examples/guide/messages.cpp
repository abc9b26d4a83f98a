/// \file
/// The guide's chapters on messages, queues, buses and connected event stores.

#include <castore/castore.hpp>
#include <chrono>
#include <guide/chapters.hpp>
#include <guide/commands.hpp>
#include <guide/pokemons.hpp>
#include <iostream>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace {

// --- Messages ---------------------------------------------------------------------------------

/// 2040-05-01T10:00:00Z, always.
castore::Timestamp fixed_time() { return castore::parse_timestamp("2040-05-01T10:00:00Z"); }

struct Game {
  std::shared_ptr<castore::EventStorageAdapter> adapter =
      std::make_shared<castore::InMemoryEventStorageAdapter>(fixed_time);
  Pokemons pokemons{"POKEMONS", PokemonReducer{}, adapter};
  Trainers trainers{"TRAINERS", TrainerReducer{}, adapter};
};

castore::Event<PokemonAppeared> appear(const Pokemons& pokemons, const std::string& id) {
  return pokemons
      .push_event(castore::NewEvent<PokemonAppeared>{
          .aggregate_id = id, .version = 1, .payload = {"Pikachu", 42}})
      .event;
}

// --- Message queues ---------------------------------------------------------------------------

class PrintingAdapter final : public castore::MessageChannelAdapter {
 public:
  void publish_message(const castore::Message& message,
                       const castore::PublishMessageOptions&) override {
    std::cout << message << '\n';  // as JSON
  }
  void publish_messages(std::span<const castore::Message> messages,
                        const castore::PublishMessageOptions& options) override {
    for (const castore::Message& message : messages) publish_message(message, options);
  }
};

void publish(const Pokemons& pokemons, const Trainers& trainers) {
  castore::NotificationMessageQueue<Pokemons, Trainers> queue("GAME_QUEUE", pokemons, trainers);
  queue.set_message_channel_adapter(std::make_shared<PrintingAdapter>());

  const auto pushed = pokemons.push_event(castore::NewEvent<PokemonAppeared>{
      .aggregate_id = "pikachu", .version = 1, .payload = {"Pikachu", 42}});
  queue.publish_message(castore::Notification<Pokemons>{"POKEMONS", pushed.event});
}

void publish_states(const Pokemons& pokemons) {
  const auto adapter = std::make_shared<PrintingAdapter>();
  const Pokemons::AnyEvent event = pokemons.get_events("pikachu").front();

  const castore::StateCarryingMessageQueue<Pokemons> queue("STATES", pokemons, adapter);
  queue.get_aggregate_and_publish_message(castore::Notification<Pokemons>{"POKEMONS", event});

  const castore::AggregateExistsMessageQueue<Pokemons> ids("IDS", pokemons, adapter);
  ids.publish_message(castore::AggregateExists<Pokemons>{"POKEMONS", "pikachu", fixed_time()});
}

void refuse_to_publish(const Pokemons& pokemons, const castore::Event<PokemonAppeared>& event) {
  const castore::NotificationMessageQueue<Pokemons> queue("GAME_QUEUE", pokemons);
  try {
    queue.publish_message(castore::Notification<Pokemons>{"POKEMONS", event});
  } catch (const castore::UndefinedMessageChannelAdapterError& e) {
    std::cout << e.message_channel_id() << " has no adapter yet\n";
  }
  try {
    queue.publish_message(castore::Notification<Pokemons>{"DIGIMONS", event});
  } catch (const castore::MessageChannelEventStoreNotFoundError& e) {
    std::cout << e.message_channel_id() << " does not carry " << e.event_store_id() << '\n';
  }
}

struct GameWorker {
  void operator()(const castore::Notification<Pokemons>& message,
                  const castore::MessageContext& context) const {
    std::visit([](const auto& event) { std::cout << event.type() << ": " << event.aggregate_id; },
               message.event);
    std::cout << " at attempt " << context.attempt << '\n';
  }
  void operator()(const castore::Notification<Trainers>& message) const {
    std::visit([](const auto& event) { std::cout << event.type() << '\n'; }, message.event);
  }
};

void work(const Pokemons& pokemons, const Trainers& trainers) {
  castore::NotificationMessageQueue<Pokemons, Trainers> queue("GAME_QUEUE", pokemons, trainers);
  const auto adapter = castore::InMemoryMessageQueueAdapter::attach_to(queue, GameWorker{});

  queue.publish_message(castore::Notification<Pokemons>{"POKEMONS", appear(pokemons, "mew")});
  adapter->drain();
}

// --- Message buses ----------------------------------------------------------------------------

using GameBus = castore::NotificationMessageBus<Pokemons, Trainers>;
using Caught = castore::Notification<Pokemons, castore::Event<PokemonCaught>>;

/// One after the other, since each handler prints on a thread of its own.
template <class Message>
void tell(const GameBus& bus, castore::InMemoryMessageBusAdapter& adapter, const Message& message,
          castore::PublishMessageOptions options = {}) {
  bus.publish_message(message, options);
  adapter.drain();
}

void broadcast(const Pokemons& pokemons, const Trainers& trainers) {
  int heard = 0;

  castore::NotificationMessageBus<Pokemons, Trainers> bus("GAME_BUS", pokemons, trainers);
  const auto adapter = castore::InMemoryMessageBusAdapter::attach_to(bus);

  adapter->on<PokemonCaught>(bus, pokemons, [](const Caught& message) {
    std::cout << message.event.payload.trainer_id << " has caught " << message.event.aggregate_id
              << '\n';
  });

  adapter->on(
      bus, trainers,
      [](const castore::Notification<Trainers>& message, const castore::MessageContext& context) {
        std::visit([](const auto& event) { std::cout << event.aggregate_id; }, message.event);
        std::cout << (context.replay ? " did well once\n" : " does well\n");
      },
      {.on_replay = true});

  const castore::InMemoryMessageBusAdapter::HandlerId counter =
      adapter->on({.event_store_id = "TRAINERS"},
                  [&](const castore::Message&, const castore::MessageContext&) { ++heard; });
  adapter->on({.event_type = "POKEMON_CAUGHT"}, counter);

  const castore::Event<PokemonCaught> caught{"pikachu", 2, fixed_time(), {.trainer_id = "ash"}};
  const castore::Event<TrainerCaughtPokemon> trained{"ash", 1, fixed_time(), {"pikachu"}};
  tell(bus, *adapter, castore::Notification<Pokemons>{"POKEMONS", caught});
  tell(bus, *adapter, castore::Notification<Trainers>{"TRAINERS", trained});
  tell(bus, *adapter, castore::Notification<Pokemons>{"POKEMONS", caught}, {.replay = true});
  tell(bus, *adapter, castore::Notification<Trainers>{"TRAINERS", trained}, {.replay = true});
  std::cout << "heard " << heard << " of 4 messages\n";
}

// --- The in-memory adapters -------------------------------------------------------------------

void give_up(const Pokemons& pokemons, const castore::Notification<Pokemons>& message) {
  castore::NotificationMessageQueue<Pokemons> queue("LEAGUE", pokemons);
  const auto adapter = castore::InMemoryMessageQueueAdapter::attach_to(
      queue,
      [](const castore::Notification<Pokemons>&, const castore::MessageContext& context) {
        std::cout << "attempt " << context.attempt << ", " << context.retry_attempts_left
                  << " left\n";
        throw std::runtime_error("the league does not answer");
      },
      {.retry_policy = {.retry_attempts = 2,
                        .retry_delay = std::chrono::milliseconds{10},
                        .retry_backoff_rate = 3},
       .on_unhandled = [](const castore::UnhandledMessage& unhandled) {
         std::cout << "given up: " << castore::event_of(unhandled.message)->aggregate_id << '\n';
       }});

  queue.publish_message(message);
  adapter->drain();
}

// --- Connected event stores -------------------------------------------------------------------

void connect(Pokemons& pokemons, Trainers& trainers) {
  castore::NotificationMessageQueue<Pokemons, Trainers> queue("GAME_QUEUE", pokemons, trainers);
  const auto adapter = castore::InMemoryMessageQueueAdapter::attach_to(queue, GameWorker{});

  const castore::ConnectedEventStore connected_pokemons(pokemons, queue);
  const castore::ConnectedEventStore connected_trainers(trainers, queue);

  connected_pokemons.push_event(castore::NewEvent<PokemonAppeared>{
      .aggregate_id = "snorlax", .version = 1, .payload = {"Snorlax", 30}});

  const auto catch_pokemon = make_catch_pokemon(connected_pokemons, connected_trainers);
  catch_pokemon({.pokemon_id = "snorlax", .trainer_id = "ash"});
  adapter->drain();
}

void fail_to_publish(Pokemons& pokemons) {
  castore::NotificationMessageQueue<Pokemons> queue("GAME_QUEUE", pokemons);
  const castore::ConnectedEventStore connected(pokemons, queue);

  const castore::NewEvent<PokemonLeveledUp> leveled_up{.aggregate_id = "snorlax", .version = 3};
  try {
    connected.push_event(leveled_up);
  } catch (const castore::PublishError& e) {
    std::cout << e.what() << '\n';
  }
  std::cout << "version " << pokemons.get_existing_aggregate("snorlax").version << '\n';

  try {
    connected.push_event(
        castore::NewEvent<PokemonLeveledUp>{.aggregate_id = "snorlax", .version = 4});
  } catch (const castore::PublishError& e) {
    queue.set_message_channel_adapter(std::make_shared<PrintingAdapter>());
    queue.publish_message(castore::Message(
        castore::NotificationMessage{.event_store_id = e.event_store_id(), .event = e.event()}));
  }
}

}  // namespace

void chapters::messages() {
  Game game;
  publish(game.pokemons, game.trainers);
  publish_states(game.pokemons);
  const castore::Event<PokemonAppeared> event = appear(game.pokemons, "eevee");
  refuse_to_publish(game.pokemons, event);
  work(game.pokemons, game.trainers);
  broadcast(game.pokemons, game.trainers);
  give_up(game.pokemons, {"POKEMONS", event});
  connect(game.pokemons, game.trainers);
  fail_to_publish(game.pokemons);
}
