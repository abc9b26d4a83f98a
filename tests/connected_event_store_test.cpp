#include <doctest/doctest.h>
#include <castore/connected_event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "pokemon/commands.hpp"
#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/messages.hpp"

namespace castore::testing {
namespace {

using pokemon::appeared;
using pokemon::leveled_up;
using pokemon::Pokemon;
using pokemon::Pokemons;
using pokemon::Trainers;

struct Fixture {
  std::shared_ptr<InMemoryEventStorageAdapter> storage =
      std::make_shared<InMemoryEventStorageAdapter>();
  Pokemons pokemons = pokemon::make_pokemons(storage);
  Trainers trainers = pokemon::make_trainers(storage);
  std::shared_ptr<RecordingChannelAdapter> published = std::make_shared<RecordingChannelAdapter>();
  NotificationMessageQueue<Pokemons, Trainers> queue{"GAME", pokemons, trainers, published};

  [[nodiscard]] std::vector<Version> published_versions() const {
    std::vector<Version> versions;
    for (const auto& one : published->published) versions.push_back(event_of(one.message)->version);
    return versions;
  }
};

TEST_CASE_FIXTURE(Fixture, "a connected event store publishes what it has stored") {
  const ConnectedEventStore connected(pokemons, queue);

  const auto pushed = connected.push_event(appeared("pikachu", "Pikachu", 42));

  CHECK(pushed.next_aggregate.value().level == 42);
  CHECK(pokemons.get_existing_aggregate("pikachu").level == 42);
  REQUIRE(published->published.size() == 1);
  CHECK(published->published[0].message ==
        Message(NotificationMessage{"POKEMONS", Pokemons::encode_event(pushed.event)}));
  CHECK_FALSE(published->published[0].replay);

  SUBCASE("the original does not") {
    pokemons.push_event(leveled_up("pikachu", 2));
    CHECK(published->published.size() == 1);
  }
  SUBCASE("and nothing that was refused") {
    CHECK_THROWS_AS(connected.push_event(appeared("pikachu", "Pikachu", 42)),
                    EventAlreadyExistsError);
    CHECK(published->published.size() == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "a connected event store is an event store of the same type") {
  const ConnectedEventStore connected(pokemons, queue);
  static_assert(std::is_base_of_v<Pokemons, std::remove_const_t<decltype(connected)>>);

  pokemon::make_wild_pokemon_appear(connected)(
      {"Bulbasaur", 7}, pokemon::GenerateId([] { return std::string("bulbasaur"); }));

  CHECK(published_versions() == std::vector<Version>{1});
  CHECK(connected.event_store_id() == "POKEMONS");
  CHECK(connected.get_events("bulbasaur").size() == 1);
  CHECK(connected.list_aggregate_ids().aggregate_ids.size() == 1);
  CHECK(connected.describe().event_store_id == "POKEMONS");
  SUBCASE("and so are its copies, also as the original's type") {
    const std::vector<Pokemons> copies{connected};
    copies.front().push_event(leveled_up("bulbasaur", 2));
    CHECK(published_versions() == std::vector<Version>{1, 2});
  }
}

TEST_CASE_FIXTURE(Fixture, "a group is published after all of it is stored") {
  const ConnectedEventStore connected_pokemons(pokemons, queue);
  const ConnectedEventStore connected_trainers(trainers, queue);
  connected_pokemons.push_event(appeared("pikachu", "Pikachu", 42));
  connected_trainers.push_event(pokemon::created("ash", "Ash"));
  published->published.clear();

  push_event_group(connected_pokemons.group_event(pokemon::caught("pikachu", 2, "ash")),
                   connected_trainers.group_event(pokemon::caught_pokemon("ash", 2, "pikachu")));
  CHECK(published_versions() == std::vector<Version>{2, 2});
  CHECK(event_store_id_of(published->published[0].message) == "POKEMONS");
  CHECK(event_store_id_of(published->published[1].message) == "TRAINERS");

  CHECK_THROWS_AS(push_event_group(
                      connected_pokemons.group_event(leveled_up("pikachu", 3)),
                      connected_trainers.group_event(pokemon::caught_pokemon("ash", 2, "pikachu"))),
                  EventAlreadyExistsError);
  CHECK(published_versions() == std::vector<Version>{2, 2});
}

TEST_CASE_FIXTURE(Fixture, "a state-carrying channel gets the aggregate as of the event") {
  const StateCarryingMessageBus<Pokemons> bus("GAME", pokemons, published);
  const ConnectedEventStore connected(pokemons, bus);
  const auto aggregate_of_last = [&] {
    const auto& message = std::get<StateCarryingMessage>(published->published.back().message);
    return Pokemons::decode_aggregate(message.aggregate.value());
  };

  connected.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(aggregate_of_last() == Pokemon{"pikachu", 1, "Pikachu", 42, ""});
  SUBCASE("read where the push does not know it") {
    connected.push_event(leveled_up("pikachu", 2));
    CHECK(aggregate_of_last() == Pokemon{"pikachu", 2, "Pikachu", 43, ""});
  }
  SUBCASE("from the previous one where it is given") {
    connected.push_event(leveled_up("pikachu", 2),
                         {.prev_aggregate = Pokemon{"pikachu", 1, "Trusted", 7, ""}});
    CHECK(aggregate_of_last() == Pokemon{"pikachu", 2, "Trusted", 8, ""});
  }
}

TEST_CASE_FIXTURE(Fixture, "an aggregate-exists channel hears of new aggregates alone") {
  const AggregateExistsMessageQueue<Pokemons> exists("GAME", pokemons, published);
  const ConnectedEventStore connected(pokemons, exists);
  const auto pushed = connected.push_event(appeared("pikachu", "Pikachu", 42));
  connected.push_event(leveled_up("pikachu", 2));
  REQUIRE(published->published.size() == 1);
  CHECK(published->published[0].message ==
        Message(AggregateExistsMessage{"POKEMONS", "pikachu", pushed.event.timestamp}));
}

TEST_CASE_FIXTURE(Fixture, "adapter and callback are the original's") {
  ConnectedEventStore connected(pokemons, queue);
  std::vector<std::string> calls;

  connected.set_on_event_pushed([&](const auto&) {
    calls.push_back("callback after " + std::to_string(published->published.size()) + " messages");
  });
  pokemons.push_event(appeared("bulbasaur", "Bulbasaur", 7));
  connected.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(calls ==
        std::vector<std::string>{"callback after 0 messages", "callback after 0 messages"});
  CHECK(published->published.size() == 1);

  const auto other = std::make_shared<InMemoryEventStorageAdapter>();
  connected.set_event_storage_adapter(other);
  CHECK(&pokemons.event_storage_adapter() == other.get());
  pokemons.set_event_storage_adapter(storage);
  CHECK(&connected.event_storage_adapter() == storage.get());
  connected.set_event_storage_adapter(nullptr);
  CHECK(code_of([&] { connected.push_event(leveled_up("pikachu", 2)); }) ==
        "UndefinedEventStorageAdapter");
}

TEST_CASE_FIXTURE(Fixture, "what the callback throws prevents the publication") {
  ConnectedEventStore connected(pokemons, queue);
  connected.set_on_event_pushed([](const auto&) { throw pokemon::Rejected("callback"); });
  CHECK_THROWS_AS(connected.push_event(appeared("pikachu", "Pikachu", 42)), pokemon::Rejected);
  CHECK(pokemons.get_aggregate("pikachu"));
  CHECK(published->published.empty());
}

TEST_CASE_FIXTURE(Fixture, "a failed publication says that the event is stored and which it is") {
  queue.set_message_channel_adapter(nullptr);
  const ConnectedEventStore connected(pokemons, queue);

  const auto error =
      thrown<PublishError>([&] { connected.push_event(appeared("pikachu", "Pikachu", 42)); });

  REQUIRE(error);
  CHECK(error->event_store_id() == "POKEMONS");
  CHECK(error->aggregate_id() == "pikachu");
  CHECK(error->version() == 1);
  CHECK(static_cast<const AfterCommitError&>(*error).version() == 1);
  CHECK(error->event().aggregate_id == "pikachu");
  CHECK(error->event().version == 1);
  CHECK(error->event().timestamp == std::get<0>(pokemons.get_events("pikachu").front()).timestamp);
  CHECK_THROWS_AS(std::rethrow_exception(error->cause()), UndefinedMessageChannelAdapterError);
  CHECK(std::string(error->what()) ==
        "The event is stored, but could not be published: POKEMONS aggregate pikachu version 1: "
        "Adapter undefined for message queue GAME");
  SUBCASE("of a group, too, whose other events are still published") {
    const ConnectedEventStore connected_trainers(trainers, queue);
    CHECK(code_of([&] {
            push_event_group(connected.group_event(leveled_up("pikachu", 2)),
                             connected_trainers.group_event(pokemon::created("ash", "Ash")));
          }) == "Publish");
    CHECK(trainers.get_aggregate("ash"));
  }
  SUBCASE("a command does not try again") {
    const auto level_up = pokemon::make_level_up_pokemon(connected);
    CHECK(code_of([&] { level_up({"pikachu"}); }) == "Publish");
    CHECK(pokemons.get_existing_aggregate("pikachu").version == 2);
  }
}

struct MoodyReducer : pokemon::PokemonReducer {
  using PokemonReducer::operator();
  Pokemon operator()(Pokemon, const Event<pokemon::PokemonAppeared>&) const {
    throw pokemon::Rejected("reducer");
  }
};

TEST_CASE_FIXTURE(Fixture, "what the reducer throws keeps no message back that can be made") {
  Pokemons moody("POKEMONS", MoodyReducer{}, storage);
  const auto push = [](const Pokemons& store) {
    CHECK_THROWS_AS(store.push_event(appeared("pikachu", "Pikachu", 42)), pokemon::Rejected);
  };
  SUBCASE("a notification") {
    push(ConnectedEventStore(moody, queue));
    CHECK(published_versions() == std::vector<Version>{1});
  }
  SUBCASE("of the existence of an aggregate") {
    const AggregateExistsMessageQueue<Pokemons> exists("GAME", moody, published);
    push(ConnectedEventStore(moody, exists));
    CHECK(published->published.size() == 1);
  }
  SUBCASE("but one that carries the aggregate") {
    const StateCarryingMessageQueue<Pokemons> carrying("GAME", moody, published);
    push(ConnectedEventStore(moody, carrying));
    CHECK(published->published.empty());
  }
  SUBCASE("of itself or of the others of a group") {
    const ConnectedEventStore connected(moody, queue);
    const ConnectedEventStore connected_trainers(trainers, queue);
    CHECK_THROWS_AS(
        push_event_group(connected.group_event(appeared("pikachu", "Pikachu", 42)),
                         connected_trainers.group_event(pokemon::created("ash", "Ash"))),
        pokemon::Rejected);
    REQUIRE(published->published.size() == 2);
    CHECK(event_store_id_of(published->published[0].message) == "POKEMONS");
    CHECK(event_store_id_of(published->published[1].message) == "TRAINERS");
  }
}

TEST_CASE_FIXTURE(Fixture, "a channel that fails keeps nothing from the store's other channel") {
  const auto second = std::make_shared<RecordingChannelAdapter>();
  const AggregateExistsMessageBus<Pokemons> bus("NEW", pokemons, second);
  queue.set_message_channel_adapter(nullptr);
  ConnectedEventStore once(pokemons, queue);
  const ConnectedEventStore twice(once, bus);
  CHECK(code_of([&] { twice.push_event(appeared("pikachu", "Pikachu", 42)); }) == "Publish");
  CHECK(second->published.size() == 1);
  SUBCASE("but a callback that fails does") {
    once.set_on_event_pushed([](const auto&) { throw pokemon::Rejected("callback"); });
    CHECK_THROWS_AS(twice.push_event(appeared("bulbasaur", "Bulbasaur", 7)), pokemon::Rejected);
    CHECK(second->published.size() == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "a connected event store can be connected again") {
  const auto second = std::make_shared<RecordingChannelAdapter>();
  const AggregateExistsMessageBus<Pokemons> bus("NEW", pokemons, second);
  ConnectedEventStore once(pokemons, queue);
  ConnectedEventStore twice(once, bus);
  int calls = 0;
  twice.set_on_event_pushed([&](const auto&) { ++calls; });
  twice.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(published->published.size() == 1);
  CHECK(second->published.size() == 1);
  CHECK(calls == 1);
  CHECK(&twice.event_storage_adapter() == storage.get());
}

TEST_CASE_FIXTURE(Fixture, "a callback that pushes on has its messages in the order of commit") {
  ConnectedEventStore connected(pokemons, queue);
  const auto push_up_to = [&connected](Version last) {
    return [&connected, last](const Pokemons::Pushed& pushed) {
      const Version version = std::visit([](const auto& e) { return e.version; }, pushed.event);
      if (version < last) connected.push_event(leveled_up("pikachu", version + 1));
    };
  };
  connected.set_on_event_pushed(push_up_to(3));
  SUBCASE("after a push") {
    connected.push_event(appeared("pikachu", "Pikachu", 42));
    CHECK(published_versions() == std::vector<Version>{1, 2, 3});
  }
  SUBCASE("after a group, whose own come first") {
    connected.set_on_event_pushed([&](const Pokemons::Pushed& pushed) {
      const Version version = std::visit([](const auto& e) { return e.version; }, pushed.event);
      if (version != 1) return;
      connected.push_event(leveled_up("pikachu", 3));
      CHECK(published->published.empty());
    });
    push_event_group(connected.group_event(appeared("pikachu", "Pikachu", 42)),
                     connected.group_event(leveled_up("pikachu", 2)));
    CHECK(published_versions() == std::vector<Version>{1, 2, 3});
  }
  SUBCASE("also where it pushes groups, whose callbacks push on") {
    // 1 → {2, 3}; 2 → 4; 3 → 5
    connected.set_on_event_pushed([&](const Pokemons::Pushed& pushed) {
      const Version version = std::visit([](const auto& e) { return e.version; }, pushed.event);
      if (version == 1) {
        push_event_group(connected.group_event(leveled_up("pikachu", 2)),
                         connected.group_event(leveled_up("pikachu", 3)));
      } else if (version < 4) {
        connected.push_event(leveled_up("pikachu", version + 2));
      }
    });
    connected.push_event(appeared("pikachu", "Pikachu", 42));
    CHECK(published_versions() == std::vector<Version>{1, 2, 3, 4, 5});
  }
  SUBCASE("on both channels of a store that is connected twice") {
    const auto second = std::make_shared<RecordingChannelAdapter>();
    const NotificationMessageBus<Pokemons> bus("ALL", pokemons, second);
    const ConnectedEventStore twice(connected, bus);
    pokemons.set_on_event_pushed([&](const Pokemons::Pushed& pushed) {
      const Version version = std::visit([](const auto& e) { return e.version; }, pushed.event);
      if (version < 3) twice.push_event(leveled_up("pikachu", version + 1));
    });
    twice.push_event(appeared("pikachu", "Pikachu", 42));
    CHECK(published_versions() == std::vector<Version>{1, 2, 3});
    CHECK(second->published == published->published);
  }
  SUBCASE("although the first is not published, for the callback has thrown") {
    connected.set_on_event_pushed([&](const Pokemons::Pushed& pushed) {
      const Version version = std::visit([](const auto& e) { return e.version; }, pushed.event);
      if (version != 1) return;
      connected.push_event(leveled_up("pikachu", 2));
      throw pokemon::Rejected("callback");
    });
    CHECK_THROWS_AS(connected.push_event(appeared("pikachu", "Pikachu", 42)), pokemon::Rejected);
    CHECK(published_versions() == std::vector<Version>{2});
  }
  SUBCASE("and the first push throws what could not be published") {
    queue.set_message_channel_adapter(nullptr);
    connected.set_on_event_pushed([&](const Pokemons::Pushed& pushed) {
      const Version version = std::visit([](const auto& e) { return e.version; }, pushed.event);
      if (version == 1) CHECK_NOTHROW(connected.push_event(leveled_up("pikachu", 2)));
    });
    const auto error =
        thrown<PublishError>([&] { connected.push_event(appeared("pikachu", "Pikachu", 42)); });
    REQUIRE(error);
    CHECK(error->event().version == 1);
  }
  SUBCASE("and the next push is published at once") {
    connected.push_event(appeared("pikachu", "Pikachu", 42));
    connected.set_on_event_pushed(nullptr);
    connected.push_event(leveled_up("pikachu", 4));
    CHECK(published_versions() == std::vector<Version>{1, 2, 3, 4});
  }
}

/// Pushes on while it is told: a listener on the thread of the push.
class PushingChannelAdapter final : public MessageChannelAdapter {
 public:
  void publish_message(const Message& message, const PublishMessageOptions& options) override {
    const Version version = event_of(message)->version;
    if (on_message) on_message(version);
    recorded->publish_message(message, options);
  }
  void publish_messages(std::span<const Message> messages,
                        const PublishMessageOptions& options) override {
    for (const Message& message : messages) publish_message(message, options);
  }
  std::shared_ptr<RecordingChannelAdapter> recorded;
  std::function<void(Version)> on_message;
};

TEST_CASE_FIXTURE(Fixture, "a channel that pushes on has its messages in the order of commit") {
  const auto pushing = std::make_shared<PushingChannelAdapter>();
  pushing->recorded = published;
  queue.set_message_channel_adapter(pushing);
  const ConnectedEventStore connected(pokemons, queue);
  pushing->on_message = [&](Version version) {
    if (version < 100) connected.push_event(leveled_up("pikachu", version + 1));
  };
  connected.push_event(appeared("pikachu", "Pikachu", 42));
  REQUIRE(published->published.size() == 100);
  CHECK(std::ranges::is_sorted(published_versions()));
}

TEST_CASE_FIXTURE(Fixture, "a conflict that a channel meets runs no command again") {
  const auto pushing = std::make_shared<PushingChannelAdapter>();
  pushing->recorded = published;
  trainers.push_event(pokemon::created("ash", "Ash"));
  pushing->on_message = [&](Version) { trainers.push_event(pokemon::created("ash", "Ash")); };
  queue.set_message_channel_adapter(pushing);
  const ConnectedEventStore connected(pokemons, queue);
  pokemons.push_event(appeared("pikachu", "Pikachu", 42));
  const auto error =
      thrown<PublishError>([&] { pokemon::make_level_up_pokemon(connected)({"pikachu"}); });
  REQUIRE(error);
  CHECK_THROWS_AS(std::rethrow_exception(error->cause()), EventAlreadyExistsError);
  CHECK(pokemons.get_existing_aggregate("pikachu").version == 2);
}

TEST_CASE_FIXTURE(Fixture, "an event store may become a copy of one that is connected to it") {
  ConnectedEventStore connected(pokemons, queue);
  SUBCASE("assigned") { pokemons = connected; }
  SUBCASE("moved") { pokemons = ConnectedEventStore(pokemons, queue); }
  SUBCASE("by way of a copy") {
    const Pokemons copy = connected;
    pokemons = copy;
  }
  SUBCASE("exchanged") {
    Pokemons& sliced = connected;
    std::swap(pokemons, sliced);
    sliced.push_event(appeared("bulbasaur", "Bulbasaur", 7));
    CHECK(published->published.empty());
  }
  pokemons.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(published_versions() == std::vector<Version>{1});
  CHECK(connected.get_existing_aggregate("pikachu").version == 1);
}

TEST_CASE_FIXTURE(Fixture,
                  "a connected event store of a connected one publishes to both channels") {
  ConnectedEventStore connected(pokemons, queue);
  const AggregateExistsMessageBus<Pokemons> bus("NEW", pokemons, published);
  SUBCASE("connected again") {}
  SUBCASE("and assigned to the first") {
    const ConnectedEventStore twice(connected, bus);
    static_cast<Pokemons&>(connected) = twice;
    connected.push_event(appeared("pikachu", "Pikachu", 42));
    CHECK(published->published.size() == 2);
    return;
  }
  const ConnectedEventStore twice(connected, bus);
  twice.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(published->published.size() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a connected event store does without its original") {
  auto original = std::make_unique<Pokemons>(pokemon::make_pokemons(storage));
  const ConnectedEventStore connected(*original, queue);
  SUBCASE("that was moved") {
    const Pokemons moved = std::move(*original);
    connected.push_event(appeared("pikachu", "Pikachu", 42));
    CHECK(moved.get_existing_aggregate("pikachu").version == 1);
    CHECK(original->get_existing_aggregate("pikachu").version == 1);
  }
  SUBCASE("that is gone") {
    original.reset();
    connected.push_event(appeared("pikachu", "Pikachu", 42));
  }
  SUBCASE("that was exchanged for another") {
    *original = pokemon::make_pokemons(std::make_shared<InMemoryEventStorageAdapter>());
    connected.push_event(appeared("pikachu", "Pikachu", 42));
    CHECK_FALSE(original->get_aggregate("pikachu"));
  }
  CHECK(published_versions() == std::vector<Version>{1});
  CHECK(connected.get_existing_aggregate("pikachu").version == 1);
}

TEST_CASE_FIXTURE(Fixture, "a constant event store can be connected") {
  const Pokemons constant = pokemons;
  const ConnectedEventStore connected(constant, queue);
  connected.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(published_versions() == std::vector<Version>{1});
}

TEST_CASE_FIXTURE(Fixture, "a callback may destroy the connected event store that it is told by") {
  auto connected =
      std::make_unique<ConnectedEventStore<Pokemon, pokemon::PokemonAppeared,
                                           pokemon::PokemonCaught, pokemon::PokemonLeveledUp>>(
          pokemons, queue);
  SUBCASE("and throw an error of castore's") {
    pokemons.set_on_event_pushed([&](const auto&) {
      connected.reset();
      throw StorageBusyError("busy");
    });
    CHECK(code_of([&] { connected->push_event(appeared("pikachu", "Pikachu", 42)); }) ==
          "AfterCommit");
    CHECK(published->published.empty());
  }
  SUBCASE("and go on") {
    pokemons.set_on_event_pushed([&](const auto&) { connected.reset(); });
    connected->push_event(appeared("pikachu", "Pikachu", 42));
    CHECK(published_versions() == std::vector<Version>{1});
  }
}

TEST_CASE_FIXTURE(Fixture, "an event store is not connected to a channel that was given another") {
  Pokemons tamed("TAMED", pokemon::PokemonReducer{}, storage);
  CHECK(code_of([&] { ConnectedEventStore(tamed, queue); }) == "MessageChannelEventStoreNotFound");
  Trainers namesake("POKEMONS", pokemon::TrainerReducer{}, storage);
  CHECK(code_of([&] { ConnectedEventStore(namesake, queue); }) ==
        "MessageChannelEventStoreNotFound");
}

TEST_CASE_FIXTURE(Fixture, "the same store on another adapter publishes nothing") {
  const ConnectedEventStore connected(pokemons, queue);
  const auto other = std::make_shared<InMemoryEventStorageAdapter>();
  const Pokemons moved = connected.on_adapter(other);
  moved.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(published->published.empty());
  CHECK_FALSE(pokemons.get_aggregate("pikachu"));
}

}  // namespace
}  // namespace castore::testing
