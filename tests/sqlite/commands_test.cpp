// Commands and connected event stores on a file that others write, too.

#include <doctest/doctest.h>

#include <atomic>
#include <castore/connected_event_store.hpp>
#include <castore/dam.hpp>
#include <castore/in_memory/message_queue_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "pokemon/commands.hpp"
#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/messages.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

using pokemon::appeared;
using pokemon::leveled_up;
using pokemon::Pokemons;
using pokemon::Trainers;

struct Fixture {
  TemporaryDirectory directory;
  std::shared_ptr<sqlite::Database> database =
      sqlite::Database::open(directory / "game.db", {.synchronous = sqlite::Synchronous::off});
  std::shared_ptr<SqliteEventStorageAdapter> storage =
      std::make_shared<SqliteEventStorageAdapter>(database);
  Pokemons pokemons = pokemon::make_pokemons(storage);
  Trainers trainers = pokemon::make_trainers(storage);
};

TEST_CASE_FIXTURE(Fixture, "commands of several threads and processes all come through") {
  constexpr int threads = 4;
  constexpr int commands = 25;
  pokemons.push_event(appeared("pikachu", "Pikachu", 0));
  std::atomic<int> conflicts = 0;
  {
    std::vector<std::jthread> running;
    running.reserve(threads);
    for (int i = 0; i < threads; ++i) {
      running.emplace_back([&] {
        // as another process would: a database and event stores of its own
        const auto own = std::make_shared<SqliteEventStorageAdapter>(
            sqlite::Database::open(directory / "game.db"));
        const Pokemons own_pokemons = pokemon::make_pokemons(own);
        const auto level_up = pokemon::make_level_up_pokemon(
            own_pokemons,
            {.event_already_exists_retries = 100'000,
             .on_event_already_exists = [&](const auto&, const auto&) { ++conflicts; },
             .backoff = CommandBackoff{.initial_delay = std::chrono::milliseconds{0},
                                       .max_delay = std::chrono::milliseconds{2}}});
        for (int k = 0; k < commands; ++k) level_up({"pikachu"});
      });
    }
  }
  const auto pikachu = pokemons.get_existing_aggregate("pikachu");
  CHECK(pikachu.level == threads * commands);
  CHECK(pikachu.version == 1 + threads * commands);
  MESSAGE(conflicts.load(), " conflicts");
}

TEST_CASE_FIXTURE(Fixture, "what a transaction pushes is published after its commit") {
  const auto published = std::make_shared<RecordingChannelAdapter>();
  const NotificationMessageQueue<Pokemons, Trainers> queue("GAME", pokemons, trainers, published);
  const ConnectedEventStore connected(pokemons, queue);
  {
    sqlite::Transaction transaction(*database);
    connected.push_event(appeared("pikachu", "Pikachu", 42));
    push_event_group(connected.group_event(leveled_up("pikachu", 2)),
                     trainers.group_event(pokemon::created("ash", "Ash")));
    CHECK(published->published.empty());
    transaction.commit();
  }
  CHECK(published->published.size() == 2);

  SUBCASE("and not at all where it is rolled back") {
    {
      const sqlite::Transaction transaction(*database);
      connected.push_event(leveled_up("pikachu", 3));
    }
    CHECK(published->published.size() == 2);
    CHECK(pokemons.get_existing_aggregate("pikachu").version == 2);
  }
  SUBCASE("and where publishing fails the commit says so although all is stored") {
    const NotificationMessageQueue<Pokemons> nowhere("NOWHERE", pokemons);
    const ConnectedEventStore unheard(pokemons, nowhere);
    sqlite::Transaction transaction(*database);
    unheard.push_event(leveled_up("pikachu", 3));
    CHECK(code_of([&] { transaction.commit(); }) == "Publish");
    CHECK(pokemons.get_existing_aggregate("pikachu").version == 3);
  }
}

TEST_CASE_FIXTURE(Fixture, "a worker may push to the file whose history is poured into its queue") {
  // The worker answers each event of a pokemon with one of a trainer, in the same file.
  NotificationMessageQueue<Pokemons> queue("GAME", pokemons);
  const auto adapter =
      InMemoryMessageQueueAdapter::attach_to(queue, [&](const Notification<Pokemons>& message) {
        const auto id =
            std::visit([](const auto& event) { return event.aggregate_id; }, message.event);
        trainers.push_event(pokemon::created("trainer-of-" + id, "Ash"));
      });
  for (const auto* id : {"pikachu", "mew", "eevee"}) pokemons.push_event(appeared(id, id, 1));

  const auto poured = pour_event_store_events(pokemons, queue);
  adapter->drain();

  CHECK(poured.poured_event_count == 3);
  CHECK(trainers.list_aggregate_ids().aggregate_ids.size() == 3);
}

}  // namespace
}  // namespace castore::testing
