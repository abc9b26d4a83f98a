#include <doctest/doctest.h>
#include <castore/in_memory/message_bus_adapter.hpp>
#include <castore/message_channel.hpp>
#include <castore/testing/manual_timer.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/messages.hpp"
#include "support/standard_error.hpp"
#include "support/threads.hpp"

namespace castore::testing {
namespace {

using std::chrono::seconds;

using Log = Recorder<std::string>;

MessageHandler record(Log& log) {
  return [&log](const Message& message, const MessageContext& context) {
    const EventDetail* const event = event_of(message);
    log.add((event == nullptr ? "exists" : event->aggregate_id + " " + event->type) +
            (context.replay ? " replayed" : ""));
  };
}

using Lines = std::vector<std::string>;

TEST_CASE("a handler gets the messages that its filter lets through") {
  Log all;
  Log of_store;
  Log of_type;
  Log of_both;
  InMemoryMessageBusAdapter bus;
  bus.on({}, record(all));
  bus.on({.event_store_id = "POKEMONS"}, record(of_store));
  bus.on({.event_type = "CAUGHT"}, record(of_type));
  bus.on({.event_store_id = "POKEMONS", .event_type = "CAUGHT"}, record(of_both));
  bus.publish_message(notification("a", 1, "POKEMONS", "APPEARED"), {});
  bus.publish_message(notification("a", 2, "POKEMONS", "CAUGHT"), {});
  bus.publish_message(notification("b", 1, "TRAINERS", "CAUGHT"), {});
  bus.publish_message(AggregateExistsMessage{"POKEMONS", "a", {}}, {});
  bus.drain();
  CHECK(all.values() == Lines{"a APPEARED", "a CAUGHT", "b CAUGHT", "exists"});
  CHECK(of_store.values() == Lines{"a APPEARED", "a CAUGHT", "exists"});
  CHECK(of_type.values() == Lines{"a CAUGHT", "b CAUGHT"});
  CHECK(of_both.values() == Lines{"a CAUGHT"});
}

TEST_CASE("any callable of a message is a handler of what a filter lets through") {
  Log log;
  InMemoryMessageBusAdapter bus;
  const MessageFilter caught{.event_type = "CAUGHT"};
  bus.on(caught, [&](const Message& message, const MessageContext&) {
    log.add(event_of(message)->aggregate_id);
  });
  bus.on(MessageFilter{.event_type = "APPEARED"}, record(log));
  bus.publish_message(notification("a", 1, "POKEMONS", "CAUGHT"), {});
  bus.publish_message(notification("b", 1, "POKEMONS", "LEFT"), {});
  bus.drain();
  CHECK(log.values() == Lines{"a"});
}

TEST_CASE("a handler of an event store that is not on the bus is refused") {
  const auto pokemons = pokemon::make_pokemons();
  const pokemon::Pokemons tamed("TAMED", pokemon::PokemonReducer{});
  NotificationMessageBus<pokemon::Pokemons> bus("ALL", pokemons);
  const auto adapter = InMemoryMessageBusAdapter::attach_to(bus);
  const auto handler = [](const auto&) {};
  CHECK(code_of([&] { adapter->on(bus, tamed, handler); }) == "MessageChannelEventStoreNotFound");
  CHECK(code_of([&] { adapter->on<pokemon::PokemonCaught>(bus, tamed, handler); }) ==
        "MessageChannelEventStoreNotFound");
  CHECK_NOTHROW(adapter->on<pokemon::PokemonCaught>(bus, pokemons, handler));
  SUBCASE("nor is one of the same id that is of another kind") {
    const auto trainers = pokemon::make_trainers();
    const pokemon::Trainers namesake("POKEMONS", pokemon::TrainerReducer{});
    const NotificationMessageBus<pokemon::Pokemons, pokemon::Trainers> both("ALL", pokemons,
                                                                            trainers);
    CHECK(code_of([&] { adapter->on(both, namesake, handler); }) ==
          "MessageChannelEventStoreNotFound");
    CHECK_NOTHROW(adapter->on(both, trainers, handler));
  }
}

TEST_CASE("a handler is called once however many of its filters match") {
  Log log;
  InMemoryMessageBusAdapter bus;
  const auto handler = bus.on({.event_type = "APPEARED"}, record(log));
  bus.on({.event_type = "CAUGHT"}, handler);
  bus.on({}, handler);
  bus.publish_message(notification("a", 1, "POKEMONS", "APPEARED"), {});
  bus.drain();
  CHECK(log.values() == Lines{"a APPEARED"});
  CHECK(code_of([&] { bus.on({}, InMemoryMessageBusAdapter::HandlerId{7}); }) == "InvalidOption");
  CHECK(code_of([&] { bus.on({}, InMemoryMessageBusAdapter::HandlerId{-1}); }) == "InvalidOption");
}

TEST_CASE("what is replayed reaches only filters that ask for it and those get news too") {
  Log live;
  Log both;
  Log per_filter;
  InMemoryMessageBusAdapter bus;
  bus.on({}, record(live));
  bus.on({.on_replay = true}, record(both));
  const auto handler = bus.on({.event_type = "APPEARED", .on_replay = true}, record(per_filter));
  bus.on({.event_type = "CAUGHT"}, handler);
  bus.publish_message(notification("a", 1, "POKEMONS", "APPEARED"), {.replay = true});
  bus.publish_message(notification("a", 2, "POKEMONS", "CAUGHT"), {.replay = true});
  bus.publish_message(notification("a", 3, "POKEMONS", "CAUGHT"), {});
  bus.drain();
  CHECK(live.values() == Lines{"a CAUGHT"});
  CHECK(both.values() == Lines{"a APPEARED replayed", "a CAUGHT replayed", "a CAUGHT"});
  CHECK(per_filter.values() == Lines{"a APPEARED replayed", "a CAUGHT"});
}

TEST_CASE("only the handler that fails is tried again and keeps its replay") {
  const auto timer = std::make_shared<ManualTimer>();
  Log good;
  Recorder<MessageContext> bad;
  Recorder<UnhandledMessage> unhandled;
  InMemoryMessageBusAdapter bus({.retry_policy = {.retry_attempts = 1},
                                 .on_unhandled = [&](const auto& m) { unhandled.add(m); },
                                 .timer = timer});
  bus.on({.on_replay = true}, [&](const Message&, const MessageContext& context) {
    bad.add(context);
    throw std::runtime_error("no");
  });
  bus.on({.on_replay = true}, record(good));
  bus.publish_message(notification("a", 1), {.replay = true});
  timer->wait_for_actions(1);
  timer->advance(seconds{30});
  bus.drain();
  CHECK(good.values().size() == 1);
  CHECK(bad.values() == std::vector<MessageContext>{{1, 1, true}, {2, 0, true}});
  CHECK(unhandled.values().size() == 1);
}

TEST_CASE("a handler that blocks holds up no other") {
  Log go;
  Log slow;
  Log fast;
  InMemoryMessageBusAdapter bus;
  bus.on({}, [&](const Message&, const MessageContext&) {
    go.wait_for(1);
    slow.add("done");
  });
  bus.on({}, record(fast));
  bus.publish_message(notification("a", 1), {});
  bus.publish_message(notification("b", 1), {});
  fast.wait_for(2);
  CHECK(slow.values().empty());
  go.add("go");
  bus.drain();
  CHECK(slow.values().size() == 2);
}

TEST_CASE("draining waits for what handlers publish to each other") {
  constexpr Version rounds = 50;
  InMemoryMessageBusAdapter bus;
  Recorder<Version> log;
  const auto ping_pong = [&](const std::string& next) {
    return [&, next](const Message& message, const MessageContext&) {
      const Version version = event_of(message)->version;
      log.add(version);
      if (version < rounds) bus.publish_message(notification("a", version + 1, next), {});
    };
  };
  bus.on({.event_store_id = "PING"}, ping_pong("PONG"));
  bus.on({.event_store_id = "PONG"}, ping_pong("PING"));
  bus.publish_message(notification("a", 1, "PING"), {});
  bus.drain();
  CHECK(log.values().size() == rounds);
}

TEST_CASE("a handler cannot wait for its own bus") {
  InMemoryMessageBusAdapter bus;
  Log codes;
  bus.on({}, [&](const Message&, const MessageContext&) {
    codes.add(std::string(code_of([&] { bus.drain(); })));
  });
  bus.publish_message(notification("a", 1), {});
  bus.drain();
  CHECK(codes.values() == Lines{"InvalidOption"});
}

TEST_CASE("a bus that is destroyed waits for its handlers and reports what they did not get") {
  Recorder<UnhandledMessage> unhandled;
  Log started;
  Log finished;
  {
    InMemoryMessageBusAdapter bus(
        {.on_unhandled = [&](const UnhandledMessage& message) { unhandled.add(message); }});
    bus.on({}, [&](const Message& message, const MessageContext&) {
      started.add("started");
      // what is published to a bus that is being destroyed is reported at once
      do {
        std::this_thread::yield();
        bus.publish_message(notification("probe", 1), {});
      } while (unhandled.values().empty());
      finished.add(event_of(message)->aggregate_id);
    });
    bus.publish_message(notification("running", 1), {});
    bus.publish_message(notification("waiting", 1), {});
    started.wait_for(1);
  }
  CHECK(finished.values() == Lines{"running"});
  auto left = unhandled.values();
  std::erase_if(
      left, [](const UnhandledMessage& one) { return one.message == notification("probe", 1); });
  REQUIRE(left.size() == 1);
  CHECK(left[0].message == notification("waiting", 1));
  CHECK(left[0].stopped);
}

TEST_CASE("what is published to a bus by whoever is told of its last messages is not told again") {
  const StandardError standard_error;
  Recorder<UnhandledMessage> unhandled;
  Log started;
  Log go;
  {
    InMemoryMessageBusAdapter* self = nullptr;
    InMemoryMessageBusAdapter bus({.on_unhandled = [&](const UnhandledMessage& message) {
      unhandled.add(message);
      go.add("go");
      self->publish_message(notification("again", 1), {});
    }});
    self = &bus;
    const auto wait = [&](const Message&, const MessageContext&) {
      started.add("started");
      do {  // until it is being destroyed
        std::this_thread::yield();
        bus.publish_message(notification("probe", 1), {});
      } while (go.values().empty());
    };
    bus.on({.event_type = "WAIT"}, wait);
    bus.on({}, [](const Message&, const MessageContext&) {});
    bus.publish_message(notification("a", 1, "POKEMONS", "WAIT"), {});
    bus.publish_message(notification("b", 1, "POKEMONS", "WAIT"), {});
    started.wait_for(1);
  }
  for (const UnhandledMessage& one : unhandled.values()) {
    CHECK(event_of(one.message)->aggregate_id != "again");
    CHECK(one.stopped);
  }
  CHECK(standard_error.text().find("aggregate again version 1: it was never handled\n") !=
        std::string::npos);
}

TEST_CASE("a handler may destroy its own bus") {
  Log destroyed;
  auto bus = std::make_unique<InMemoryMessageBusAdapter>();
  auto* const borrowed = bus.get();
  Log others;
  borrowed->on({}, record(others));
  borrowed->on({}, [&](const Message&, const MessageContext&) {
    bus.reset();
    destroyed.add("destroyed");
  });
  borrowed->on({.event_type = "ELSE"}, record(others));
  borrowed->publish_message(notification("a", 1), {});
  destroyed.wait_for(1);
  CHECK(bus == nullptr);
}

TEST_CASE("a handler that is empty is refused") {
  using pokemon::Pokemons;
  const Pokemons pokemons = pokemon::make_pokemons();
  NotificationMessageBus<Pokemons> bus("GAME", pokemons);
  const auto adapter = InMemoryMessageBusAdapter::attach_to(bus);
  const auto error = thrown<InvalidOptionError>([&] { adapter->on({}, MessageHandler{}); });
  REQUIRE(error);
  CHECK(error->option() == "handler");
  using Typed = std::function<void(const Notification<Pokemons>&)>;
  CHECK(code_of([&] { adapter->on(bus, Typed()); }) == "InvalidOption");
  CHECK(code_of([&] { adapter->on(bus, pokemons, Typed()); }) == "InvalidOption");
  bus.publish_message(
      Notification<Pokemons>{"POKEMONS", Event<pokemon::PokemonLeveledUp>{"pikachu", 1, {}}});
  adapter->drain();
}

TEST_CASE("a message that cannot be accepted for one handler is accepted for none") {
  Log first;
  Log second;
  InMemoryMessageBusAdapter bus;
  bus.on({}, record(first));
  bus.on({.event_type = "CAUGHT"}, record(second));
  bus.publish_message(notification("a", 1, "POKEMONS", "APPEARED"), {});
  bus.drain();
  {
    const NoNewThreads no_threads;
    const Message caught = notification("a", 2, "POKEMONS", "CAUGHT");
    CHECK_THROWS_AS(bus.publish_message(caught, {}), std::system_error);
    const std::vector<Message> messages{notification("a", 2, "POKEMONS", "LEVELED"), caught};
    CHECK_THROWS_AS(bus.publish_messages(messages, {}), std::system_error);
    bus.drain();
    CHECK(first.values() == Lines{"a APPEARED"});
    bus.publish_message(messages.front(), {});  // which the second one does not want
  }
  bus.publish_message(notification("a", 3, "POKEMONS", "CAUGHT"), {});
  bus.drain();
  CHECK(first.values() == Lines{"a APPEARED", "a LEVELED", "a CAUGHT"});
  CHECK(second.values() == Lines{"a CAUGHT"});
}

TEST_CASE("handlers are typed by event store and by event type") {
  using pokemon::PokemonCaught;
  using pokemon::Pokemons;
  using pokemon::Trainers;
  const Pokemons pokemons = pokemon::make_pokemons();
  const Trainers trainers = pokemon::make_trainers();
  NotificationMessageBus<Pokemons, Trainers> bus("GAME", pokemons, trainers);
  const auto adapter = InMemoryMessageBusAdapter::attach_to(bus);
  Log all;
  Log of_pokemons;
  Log of_caught;
  adapter->on(bus, [&](const auto& message) { all.add(message.event_store_id); },
              {.on_replay = true});
  adapter->on(bus, pokemons, [&](const Notification<Pokemons>& message) {
    of_pokemons.add(message.event_store_id);
  });
  adapter->on<PokemonCaught>(
      bus, pokemons,
      [&](const Notification<Pokemons, Event<PokemonCaught>>& message, const MessageContext&) {
        of_caught.add(message.event.payload.trainer_id);
      });
  bus.publish_message(
      Notification<Pokemons>{"POKEMONS", Event<pokemon::PokemonLeveledUp>{"pikachu", 1, {}}});
  bus.publish_message(
      Notification<Pokemons>{"POKEMONS", Event<PokemonCaught>{"pikachu", 2, {}, {"ash"}}});
  bus.publish_message(
      Notification<Trainers>{"TRAINERS", Event<pokemon::TrainerCreated>{"ash", 1, {}, {"Ash"}}},
      {.replay = true});
  adapter->drain();
  CHECK(all.values() == Lines{"POKEMONS", "POKEMONS", "TRAINERS"});
  CHECK(of_pokemons.values() == Lines{"POKEMONS", "POKEMONS"});
  CHECK(of_caught.values() == Lines{"ash"});
}

TEST_CASE("a typed handler keeps neither bus nor adapter alive") {
  const auto pokemons = pokemon::make_pokemons();
  std::weak_ptr<InMemoryMessageBusAdapter> watched;
  {
    NotificationMessageBus<pokemon::Pokemons> bus("GAME", pokemons);
    const auto adapter = InMemoryMessageBusAdapter::attach_to(bus);
    adapter->on(bus, [](const auto&) {});
    adapter->on(bus, pokemons, [](const auto&) {});
    watched = adapter;
  }
  CHECK(watched.expired());
}

}  // namespace
}  // namespace castore::testing
