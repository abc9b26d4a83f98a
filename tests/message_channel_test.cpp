#include <doctest/doctest.h>
#include <castore/connected_event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/message_channel.hpp>

#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/messages.hpp"

namespace castore::testing {
namespace {

using pokemon::appeared;
using pokemon::Pokemon;
using pokemon::PokemonAppeared;
using pokemon::PokemonCaught;
using pokemon::Pokemons;
using pokemon::TrainerCreated;
using pokemon::Trainers;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");

struct Fixture {
  Pokemons pokemons =
      pokemon::make_pokemons(std::make_shared<InMemoryEventStorageAdapter>([] { return day_1; }));
  Trainers trainers = pokemon::make_trainers();
  std::shared_ptr<RecordingChannelAdapter> adapter = std::make_shared<RecordingChannelAdapter>();
};

const Event<PokemonAppeared> pikachu_appeared{"pikachu", 1, day_1, PokemonAppeared{"Pikachu", 42},
                                              PokemonAppeared::Metadata{"random"}};
const EventDetail pikachu_appeared_detail{"pikachu",
                                          1,
                                          "POKEMON_APPEARED",
                                          day_1,
                                          R"({"name":"Pikachu","level":42})",
                                          R"({"trigger":"random"})"};

TEST_CASE_FIXTURE(Fixture, "a notification carries the event as it would be stored") {
  const NotificationMessageQueue<Pokemons, Trainers> queue("GAME", pokemons, trainers, adapter);

  queue.publish_message(Notification<Pokemons>{"POKEMONS", pikachu_appeared});
  queue.publish_message(
      Notification<Trainers>{"TRAINERS", Event<TrainerCreated>{"ash", 1, day_1, {"Ash"}}},
      {.replay = true});

  REQUIRE(adapter->published.size() == 2);
  CHECK(adapter->published[0].message ==
        Message(NotificationMessage{"POKEMONS", pikachu_appeared_detail}));
  CHECK_FALSE(adapter->published[0].replay);
  CHECK(event_store_id_of(adapter->published[1].message) == "TRAINERS");
  CHECK(adapter->published[1].replay);
}

TEST_CASE_FIXTURE(Fixture, "a channel knows its id and its event stores and what it carries") {
  const AggregateExistsMessageBus<Pokemons, Trainers> bus("GAME", pokemons, trainers);
  CHECK(bus.message_channel_id() == "GAME");
  CHECK(bus.source_event_store_ids() == std::vector<std::string>{"POKEMONS", "TRAINERS"});
  CHECK(bus.message_type == MessageType::aggregate_exists);
  CHECK(bus.message_channel_type == MessageChannelType::bus);
  CHECK(NotificationMessageQueue<Pokemons>::carries<Pokemons>);
  CHECK_FALSE(NotificationMessageQueue<Pokemons>::carries<Trainers>);
}

TEST_CASE_FIXTURE(Fixture, "a channel without adapter says so by kind and id") {
  NotificationMessageQueue<Pokemons> queue("GAME", pokemons);
  const NotificationMessageBus<Pokemons> bus("GAME", pokemons);
  const Notification<Pokemons> message{"POKEMONS", pikachu_appeared};

  const auto of_queue =
      thrown<UndefinedMessageChannelAdapterError>([&] { queue.publish_message(message); });
  REQUIRE(of_queue);
  CHECK(std::string(of_queue->what()) == "Adapter undefined for message queue GAME");
  CHECK(of_queue->message_channel_id() == "GAME");
  const auto of_bus =
      thrown<UndefinedMessageChannelAdapterError>([&] { bus.publish_message(message); });
  REQUIRE(of_bus);
  CHECK(std::string(of_bus->what()) == "Adapter undefined for message bus GAME");

  queue.set_message_channel_adapter(adapter);
  queue.publish_message(message);
  CHECK(adapter->published.size() == 1);
  CHECK(&queue.message_channel_adapter() == adapter.get());
}

TEST_CASE_FIXTURE(Fixture, "a message of an event store the channel does not have is refused") {
  const NotificationMessageQueue<Pokemons> queue("GAME", pokemons);  // before the adapter is asked
  const auto error = thrown<MessageChannelEventStoreNotFoundError>([&] {
    queue.publish_message(Notification<Pokemons>{"DIGIMONS", pikachu_appeared});
  });
  REQUIRE(error);
  CHECK(error->event_store_id() == "DIGIMONS");
  CHECK(std::string(error->what()) ==
        "Unable to find event store DIGIMONS in message queue GAME. Did you provide it in the "
        "constructor?");
}

TEST_CASE_FIXTURE(Fixture, "a message of another kind than the channel's is refused") {
  const NotificationMessageQueue<Pokemons> queue("GAME", pokemons, adapter);
  CHECK(code_of([&] {
          queue.publish_message(Message(AggregateExistsMessage{"POKEMONS", "pikachu", day_1}));
        }) == "InvalidMessage");
  CHECK(adapter->published.empty());
}

TEST_CASE_FIXTURE(Fixture, "two event stores of one id in one channel are refused") {
  using Two = NotificationMessageQueue<Pokemons, Pokemons>;
  CHECK(code_of([&] { Two("GAME", pokemons, pokemons); }) == "InvalidOption");
}

TEST_CASE_FIXTURE(Fixture, "several messages are all checked before the first is published") {
  const NotificationMessageQueue<Pokemons, Trainers> queue("GAME", pokemons, trainers, adapter);
  using Any = decltype(queue)::AnyMessage;
  const std::vector<Any> messages{
      Notification<Pokemons>{"POKEMONS", pikachu_appeared},
      Notification<Trainers>{"TRAINERS", Event<TrainerCreated>{"ash", 1, day_1, {"Ash"}}}};

  queue.publish_messages(messages, {.replay = true});
  CHECK(adapter->published.size() == 2);
  CHECK(adapter->batches == 1);
  CHECK(adapter->published[1].replay);

  const std::vector<Notification<Pokemons>> one_foreign{{"POKEMONS", pikachu_appeared},
                                                        {"DIGIMONS", pikachu_appeared}};
  CHECK(code_of([&] { queue.publish_messages(one_foreign); }) ==
        "MessageChannelEventStoreNotFound");
  CHECK(adapter->published.size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a state-carrying message carries the aggregate as JSON") {
  const StateCarryingMessageQueue<Pokemons> queue("GAME", pokemons, adapter);

  queue.publish_message(StateCarrying<Pokemons>{"POKEMONS", pikachu_appeared,
                                                Pokemon{"pikachu", 1, "Pikachu", 42, ""}});

  REQUIRE(adapter->published.size() == 1);
  std::ostringstream text;
  text << adapter->published[0].message;
  CHECK(text.str() ==
        R"({"eventStoreId":"POKEMONS","event":{"aggregateId":"pikachu","version":1,)"
        R"("type":"POKEMON_APPEARED","timestamp":"2022-01-01T00:00:00.000Z",)"
        R"("payload":{"name":"Pikachu","level":42},"metadata":{"trigger":"random"}},)"
        R"("aggregate":{"aggregateId":"pikachu","level":42,"name":"Pikachu","trainer_id":"",)"
        R"("version":1}})");
}

TEST_CASE_FIXTURE(Fixture, "the aggregate is fetched as it was after the event") {
  const StateCarryingMessageBus<Pokemons> bus("GAME", pokemons, adapter);
  pokemons.push_event(appeared("pikachu", "Pikachu", 42));
  pokemons.push_event(pokemon::leveled_up("pikachu", 2));

  bus.get_aggregate_and_publish_message(Notification<Pokemons>{"POKEMONS", pikachu_appeared});

  REQUIRE(adapter->published.size() == 1);
  const auto& message = std::get<StateCarryingMessage>(adapter->published[0].message);
  REQUIRE(message.aggregate);
  CHECK(Pokemons::decode_aggregate(*message.aggregate) == Pokemon{"pikachu", 1, "Pikachu", 42, ""});

  SUBCASE("and has to exist") {
    const Event<PokemonCaught> of_nobody{"mew", 1, day_1, {"ash"}};
    CHECK(code_of([&] {
            bus.get_aggregate_and_publish_message(Notification<Pokemons>{"POKEMONS", of_nobody});
          }) == "AggregateNotFound");
    CHECK(code_of([&] {
            bus.get_aggregate_and_publish_message(Notification<Pokemons>{"DIGIMONS", of_nobody});
          }) == "MessageChannelEventStoreNotFound");
    CHECK(adapter->published.size() == 1);
  }
}

/// A worker with an overload per event store.
struct Worker {
  std::vector<std::string>* log;
  void operator()(const Notification<Pokemons>& message, const MessageContext& context) const {
    const auto id = std::visit([](const auto& e) { return e.aggregate_id; }, message.event);
    log->push_back(message.event_store_id + " " + id + " " + std::to_string(context.attempt));
  }
  void operator()(const Notification<Trainers>& message) const {
    const auto& created = std::get<Event<TrainerCreated>>(message.event);
    log->push_back(message.event_store_id + " " + created.payload.name);
  }
};

TEST_CASE_FIXTURE(Fixture, "a typed worker is given each message decoded") {
  const NotificationMessageQueue<Pokemons, Trainers> queue("GAME", pokemons, trainers, adapter);
  std::vector<std::string> log;
  const MessageHandler handler = queue.handler(Worker{&log});

  handler(NotificationMessage{"POKEMONS", pikachu_appeared_detail}, {.attempt = 3});
  handler(NotificationMessage{"TRAINERS",
                              {"ash", 1, "TRAINER_CREATED", day_1, R"({"name":"Ash"})", {}}},
          {});
  CHECK(log == std::vector<std::string>{"POKEMONS pikachu 3", "TRAINERS Ash"});

  CHECK(code_of([&] {
          handler(NotificationMessage{"DIGIMONS", pikachu_appeared_detail}, {});
        }) == "MessageChannelEventStoreNotFound");
  CHECK(code_of([&] {
          handler(AggregateExistsMessage{"POKEMONS", "pikachu", day_1}, {});
        }) == "InvalidMessage");
  CHECK(code_of([&] {
          handler(NotificationMessage{"POKEMONS", {"a", 1, "EVOLVED", day_1, {}, {}}}, {});
        }) == "MalformedEvent");
}

TEST_CASE_FIXTURE(Fixture, "a typed worker survives the channel it was made by") {
  std::vector<std::string> log;
  MessageHandler handler;
  {
    const NotificationMessageQueue<Pokemons, Trainers> queue("GAME", pokemons, trainers);
    handler = queue.handler(Worker{&log});
  }
  handler(NotificationMessage{"POKEMONS", pikachu_appeared_detail}, {});
  CHECK(log.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a handler of one event type is given that event") {
  const StateCarryingMessageBus<Pokemons, Trainers> bus("GAME", pokemons, trainers);
  std::vector<std::string> log;
  const auto handler = bus.handler_of<Pokemons, Event<PokemonAppeared>>(
      [&](const StateCarrying<Pokemons, Event<PokemonAppeared>>& message) {
        log.push_back(message.event.payload.name + " " +
                      std::to_string(message.aggregate.value().level));
      });
  handler(StateCarryingMessage{"POKEMONS", pikachu_appeared_detail,
                               R"({"aggregateId":"pikachu","version":1,"name":"P","level":9,)"
                               R"("trainer_id":""})"},
          {});
  CHECK(log == std::vector<std::string>{"Pikachu 9"});
}

TEST_CASE("an aggregate survives the way through JSON whatever it calls its id") {
  const Pokemon pikachu{"pikachu", 3, "Pikachu", 44, "ash"};
  CHECK(Pokemons::decode_aggregate(Pokemons::encode_aggregate(pikachu)) == pikachu);
}

struct Started {
  static constexpr std::string_view type = "STARTED";
};

/// Its application shows neither id nor version.
struct Nameless {
  std::string aggregate_id;
  Version version = 0;
  std::string name = "n";
  static constexpr auto fields = castore::fields("name", &Nameless::name);
  friend bool operator==(const Nameless&, const Nameless&) = default;
};

/// Its application has other names for them, and calls something else as we do.
struct Released {
  std::string aggregate_id;
  Version version = 0;
  std::string release = "1.2";
  std::string customer = "c";
  std::string group = "g";
  static constexpr auto fields = castore::fields(
      "id", &Released::aggregate_id, "v", &Released::version, "version", &Released::release,
      "aggregate_id", &Released::customer, "aggregateId", &Released::group);
  friend bool operator==(const Released&, const Released&) = default;
};

TEST_CASE_TEMPLATE(
    "the aggregate of a message keeps its identity and all that the application calls", A, Nameless,
    Released) {
  using Store = EventStore<A, Started>;
  const auto storage = std::make_shared<InMemoryEventStorageAdapter>();
  const auto published = std::make_shared<RecordingChannelAdapter>();
  Store store(
      "S", [](A aggregate, const Event<Started>&) { return aggregate; }, storage);
  const StateCarryingMessageQueue<Store> queue("Q", store, published);
  std::vector<A> heard;
  const MessageHandler handler = queue.handler(
      [&](const StateCarrying<Store>& message) { heard.push_back(message.aggregate.value()); });

  const ConnectedEventStore connected(store, queue);
  connected.push_event(NewEvent<Started>{.aggregate_id = "a", .version = 1});
  connected.push_event(NewEvent<Started>{.aggregate_id = "a", .version = 2});
  queue.get_aggregate_and_publish_message(Notification<Store>{"S", store.get_events("a").back()});
  // of an event that is not stored: the aggregate as it is
  queue.get_aggregate_and_publish_message(
      Notification<Store>{"S", Event<Started>{.aggregate_id = "a", .version = 9}});
  for (const auto& one : published->published) handler(one.message, {});

  A expected;
  expected.aggregate_id = "a";
  expected.version = 1;
  REQUIRE(heard.size() == 4);
  CHECK(heard[0] == expected);
  expected.version = 2;
  CHECK(heard[1] == expected);
  CHECK(heard[2] == expected);
  CHECK(heard[3] == expected);
}

/// Lists members that may be empty, and then are not in the JSON, under our names.
struct Optional {
  std::string aggregate_id;
  Version version = 0;
  std::optional<int> software;
  std::optional<std::string> parent;
  std::optional<int> foreign;
  static constexpr auto fields =
      castore::fields("version", &Optional::software, "aggregate_id", &Optional::parent,
                      "aggregateId", &Optional::foreign);
  friend bool operator==(const Optional&, const Optional&) = default;
};

/// The same without a member under the name that the id is shown by.
struct Child {
  std::string aggregate_id;
  Version version = 0;
  std::optional<std::string> parent;
  static constexpr auto fields = castore::fields("aggregate_id", &Child::parent);
  friend bool operator==(const Child&, const Child&) = default;
};

TEST_CASE_TEMPLATE("what is empty in an aggregate stays empty whatever it is called", A, Optional,
                   Child) {
  using Store = EventStore<A, Started>;
  A empty;
  CHECK(Store::decode_aggregate(Store::encode_aggregate(empty)) == empty);
  empty.aggregate_id = "a";
  empty.version = 3;
  const Store store("S", [](A aggregate, const Event<Started>&) { return aggregate; });
  const StateCarryingMessageQueue<Store> queue("Q", store);
  std::optional<A> heard;
  queue.handler([&](const StateCarrying<Store>& message) { heard = message.aggregate; })(
      to_message(
          StateCarrying<Store>{"S", Event<Started>{.aggregate_id = "a", .version = 3}, empty}),
      {});
  CHECK(heard == empty);
}

TEST_CASE("a worker hears by the ids that its channel was given") {
  auto pokemons = pokemon::make_pokemons();
  const NotificationMessageQueue<Pokemons> queue("GAME", pokemons);
  pokemons = Pokemons("TAMED", pokemon::PokemonReducer{});
  int heard = 0;
  queue.handler([&](const auto&) { ++heard; })(
      NotificationMessage{"POKEMONS", pikachu_appeared_detail}, {});
  CHECK(heard == 1);
}

TEST_CASE("an aggregate is shown with its identity where the application leaves room for it") {
  CHECK(EventStore<Nameless, Started>::encode_aggregate({"a", 7, "n"}) ==
        R"({"aggregateId":"a","name":"n","version":7})");
  CHECK(EventStore<Released, Started>::encode_aggregate({"a", 7, "1.2", "c", "g"}) ==
        R"({"aggregateId":"g","aggregate_id":"c","id":"a","v":7,"version":"1.2"})");
}

TEST_CASE("messages are one line of JSON in the original's names") {
  const auto text = [](const Message& message) {
    std::string json;
    append_json(json, message);
    return json;
  };
  CHECK(text(AggregateExistsMessage{"POKEMONS", "pika\"chu", day_1}) ==
        R"({"eventStoreId":"POKEMONS","aggregateId":"pika\"chu",)"
        R"("initialEventTimestamp":"2022-01-01T00:00:00.000Z"})");
  CHECK(text(NotificationMessage{"POKEMONS", {"a", 1, "T", day_1, " { } ", {}}}) ==
        R"({"eventStoreId":"POKEMONS","event":{"aggregateId":"a","version":1,"type":"T",)"
        R"("timestamp":"2022-01-01T00:00:00.000Z","payload":{}}})");
  const Message exists = AggregateExistsMessage{};
  CHECK(event_of(exists) == nullptr);
}

}  // namespace
}  // namespace castore::testing
