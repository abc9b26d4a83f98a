// Several pushes as one: sqlite::Transaction.

#include <doctest/doctest.h>

#include <castore/connected_event_store.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/messages.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

struct Fixture {
  TemporaryDirectory directory;
  std::shared_ptr<sqlite::Database> database =
      sqlite::Database::open(directory / "store.db", {.synchronous = sqlite::Synchronous::off});
  SqliteEventStorageAdapter events{database};

  [[nodiscard]] std::vector<Version> stored(std::string_view id) const {
    return versions(events, "STORE", id);
  }
  void push_one(const std::string& id, Version version) {
    push(events, "STORE", new_event(id, version));
  }
};

TEST_CASE_FIXTURE(Fixture, "what a transaction pushed is there after the commit") {
  sqlite::Transaction transaction(*database);
  push_one("a", 1);
  push_one("a", 2);
  transaction.commit();

  CHECK(stored("a") == std::vector<Version>{1, 2});
}

TEST_CASE_FIXTURE(Fixture, "a transaction that is not committed leaves nothing behind") {
  {
    const sqlite::Transaction transaction(*database);
    push_one("a", 1);
  }

  CHECK(stored("a").empty());
  CHECK(events.list_event_stores().empty());
}

TEST_CASE_FIXTURE(Fixture, "positions have no gap after a rollback") {
  push_one("a", 1);
  {
    const sqlite::Transaction transaction(*database);
    push_one("a", 2);
  }
  push_one("b", 1);

  CHECK(events.list_event_stores().at(0).last_position == 2);
}

TEST_CASE_FIXTURE(Fixture, "a push that fails inside takes only itself back") {
  sqlite::Transaction transaction(*database);
  push_one("a", 1);
  CHECK(code_of([&] { push_one("a", 1); }) == "EventAlreadyExists");
  CHECK(code_of([&] { push_one("a", 7); }) == "VersionGap");
  push_one("a", 2);
  transaction.commit();

  CHECK(stored("a") == std::vector<Version>{1, 2});
}

TEST_CASE_FIXTURE(Fixture, "a group that fails inside takes only itself back") {
  sqlite::Transaction transaction(*database);
  push_one("a", 1);
  const auto failure = code_of([&] {
    push_group(events,
               {{&events, "STORE", new_event("b", 1)}, {&events, "STORE", new_event("a", 1)}});
  });
  CHECK(failure == "EventAlreadyExists");
  transaction.commit();

  CHECK(stored("a") == std::vector<Version>{1});
  CHECK(stored("b").empty());
}

TEST_CASE_FIXTURE(Fixture, "a transaction inside another is a savepoint") {
  sqlite::Transaction outer(*database);
  push_one("a", 1);
  {
    const sqlite::Transaction inner(*database);
    push_one("a", 2);
  }
  {
    sqlite::Transaction inner(*database);
    push_one("b", 1);
    inner.commit();
  }

  SUBCASE("its rollback leaves the outer one as it was") {
    outer.commit();
    CHECK(stored("a") == std::vector<Version>{1});
    CHECK(stored("b") == std::vector<Version>{1});
  }
  SUBCASE("its commit is undone by the rollback of the outer one") {
    CHECK(stored("b") == std::vector<Version>{1});
  }
}

TEST_CASE_FIXTURE(Fixture, "the pushing thread reads what it has not committed and others do not") {
  sqlite::Transaction transaction(*database);
  push_one("a", 1);

  CHECK(stored("a") == std::vector<Version>{1});
  const auto seen_by_another = std::async(std::launch::async, [this] { return stored("a"); }).get();
  CHECK(seen_by_another.empty());
  transaction.commit();
}

TEST_CASE_FIXTURE(Fixture, "a visitor inside a transaction may push and reads as of one moment") {
  sqlite::Transaction transaction(*database);
  push_one("a", 1);
  push_one("a", 2);
  std::vector<Version> seen;

  events.for_each_event("STORE", "a", {}, [&](const EventView& event) {
    seen.push_back(event.version);
    push_one("a", event.version + 2);
    return seen.size() < 10;
  });
  transaction.commit();

  CHECK(seen == std::vector<Version>{1, 2});
  CHECK(stored("a") == std::vector<Version>{1, 2, 3, 4});
}

TEST_CASE_FIXTURE(Fixture, "a visitor may commit a transaction and roll one back") {
  push_one("a", 1);
  push_one("a", 2);
  push_one("a", 3);
  std::vector<Version> seen;
  const auto visit = [&](const EventView& event) {
    seen.push_back(event.version);
    {
      const sqlite::Transaction dropped(*database);
      push_one("b", event.version);
    }
    sqlite::Transaction kept(*database);
    push_one("b", event.version);
    kept.commit();
    return true;
  };

  SUBCASE("outside of any") { events.for_each_event("STORE", "a", {}, visit); }
  SUBCASE("inside of another") {
    sqlite::Transaction transaction(*database);
    events.for_each_event("STORE", "a", {}, visit);
    transaction.commit();
  }
  CHECK(seen == std::vector<Version>{1, 2, 3});
  CHECK(stored("b") == std::vector<Version>{1, 2, 3});
}

TEST_CASE_FIXTURE(Fixture, "a committed transaction cannot be committed again") {
  sqlite::Transaction transaction(*database);
  transaction.commit();

  CHECK(code_of([&] { transaction.commit(); }) == "Storage");
}

TEST_CASE_FIXTURE(Fixture, "an outer transaction is not committed while an inner one is open") {
  {
    sqlite::Transaction outer(*database);
    push_one("a", 1);
    {
      sqlite::Transaction inner(*database);  // somebody forgot its commit
      push_one("a", 2);
      CHECK(code_of([&] { outer.commit(); }) == "Storage");
      CHECK(stored("a") == std::vector<Version>{1, 2});
    }
    CHECK(stored("a") == std::vector<Version>{1});
    SUBCASE("but afterwards") {
      outer.commit();
      CHECK(stored("a") == std::vector<Version>{1});
    }
  }
  push_one("b", 1);
  CHECK(stored("b") == std::vector<Version>{1});
}

TEST_CASE_FIXTURE(Fixture, "an outer transaction that ends takes an inner one with it") {
  auto outer = std::make_unique<sqlite::Transaction>(*database);
  push_one("a", 1);
  sqlite::Transaction inner(*database);
  push_one("a", 2);
  outer.reset();

  const auto error = thrown<StorageError>([&] { inner.commit(); });
  REQUIRE(error);
  CHECK(std::string(error->what()).find("rolled back") != std::string::npos);
  CHECK(stored("a").empty());
  {
    sqlite::Transaction next(*database);
    push_one("b", 1);
    CHECK(code_of([&] { inner.commit(); }) == "Storage");  // it is not this one
    next.commit();
  }
  CHECK(stored("b") == std::vector<Version>{1});
  auto elsewhere = std::async(std::launch::async, [&] { push_one("c", 1); });
  elsewhere.get();
}

TEST_CASE_FIXTURE(Fixture, "a transaction that is rolled back takes no other thread's with it") {
  constexpr int thread_count = 3;
  constexpr Version rounds = 200;
  std::vector<std::future<int>> failed;
  for (int t = 0; t < thread_count; ++t) {
    failed.push_back(std::async(std::launch::async, [&, t] {
      int failures = 0;
      for (Version round = 1; round <= rounds; ++round) {
        {
          const sqlite::Transaction given_up(*database);
          push_one("given up", 1);
        }
        sqlite::Transaction kept(*database);
        push_one(std::to_string(t), round);
        failures += code_of([&] { kept.commit(); }) == "none" ? 0 : 1;
      }
      return failures;
    }));
  }
  for (auto& of_thread : failed) CHECK(of_thread.get() == 0);
  for (int t = 0; t < thread_count; ++t) CHECK(stored(std::to_string(t)).size() == rounds);
  CHECK(stored("given up").empty());
}

TEST_CASE_FIXTURE(Fixture, "a transaction that ended with the one around it ends no later one") {
  sqlite::Transaction outer(*database);
  auto middle = std::make_unique<sqlite::Transaction>(*database);
  auto inner = std::make_unique<sqlite::Transaction>(*database);
  middle.reset();
  sqlite::Transaction later(*database);
  push_one("a", 1);
  inner.reset();
  push_one("b", 1);
  later.commit();
  outer.commit();

  CHECK(stored("a") == std::vector<Version>{1});
  CHECK(stored("b") == std::vector<Version>{1});
}

TEST_CASE("a transaction keeps its database alive") {
  const TemporaryDirectory directory;
  {
    sqlite::Transaction transaction(*sqlite::Database::open(directory / "store.db"));
    transaction.commit();
  }
  {
    auto events =
        std::make_unique<SqliteEventStorageAdapter>(sqlite::Database::open(directory / "store.db"));
    sqlite::Transaction transaction(*events->database());
    push(*events, "STORE", new_event("a", 1));
    events.reset();
    transaction.commit();
  }
  CHECK(versions(SqliteEventStorageAdapter(sqlite::Database::open(directory / "store.db")), "STORE",
                 "a") == std::vector<Version>{1});
}

TEST_CASE("a transaction whose thread has ended keeps others out until it is destroyed") {
  const TemporaryDirectory directory;
  const auto database = sqlite::Database::open(directory / "store.db",
                                               {.busy_timeout = std::chrono::milliseconds{50}});
  SqliteEventStorageAdapter events(database);
  std::unique_ptr<sqlite::Transaction> left;
  std::thread([&] {
    left = std::make_unique<sqlite::Transaction>(*database);
    push(events, "STORE", new_event("a", 1));
  }).join();

  // Systems give the id of a thread that has ended to the next one.
  std::thread([&] {
    CHECK(code_of([&] { push(events, "STORE", new_event("b", 1)); }) == "StorageBusy");
    CHECK(versions(events, "STORE", "a").empty());
    CHECK(code_of([&] { left->commit(); }) == "Storage");
  }).join();
  left.reset();

  push(events, "STORE", new_event("b", 1));
  CHECK(versions(events, "STORE", "a").empty());
  CHECK(versions(events, "STORE", "b") == std::vector<Version>{1});
}

TEST_CASE("a very long busy timeout is long") {
  using std::chrono::milliseconds;
  const TemporaryDirectory directory;
  for (const milliseconds timeout :
       {milliseconds::max(), milliseconds{std::chrono::hours{24 * 365 * 290}},
        milliseconds{std::chrono::hours{24 * 365 * 300}}}) {
    const auto database = sqlite::Database::open(directory / "store.db", {.busy_timeout = timeout});
    SqliteEventStorageAdapter events(database);
    const std::string id = std::to_string(timeout.count());
    std::promise<void> began;
    std::thread holder([&] {
      const sqlite::Transaction transaction(*database);
      began.set_value();
      std::this_thread::sleep_for(milliseconds{50});
    });
    began.get_future().wait();
    push(events, "STORE", new_event(id, 1));
    holder.join();
    CHECK(versions(events, "STORE", id) == std::vector<Version>{1});
  }
}

TEST_CASE_FIXTURE(Fixture, "an action waits for the outermost commit") {
  std::string log;
  const auto note = [&log](const char* word) { return [&log, word] { log += word; }; };

  SUBCASE("without a transaction it runs at once") {
    events.after_commit(note("now"));
    CHECK(log == "now");
  }
  SUBCASE("it runs after the commit in the order given") {
    sqlite::Transaction transaction(*database);
    events.after_commit(note("a"));
    {
      sqlite::Transaction inner(*database);
      events.after_commit(note("b"));
      inner.commit();
    }
    CHECK(log.empty());
    transaction.commit();
    CHECK(log == "ab");
  }
  SUBCASE("a rollback drops it") {
    {
      const sqlite::Transaction transaction(*database);
      events.after_commit(note("never"));
    }
    push_one("a", 1);
    CHECK(log.empty());
  }
  SUBCASE("the rollback of a savepoint drops only what came since") {
    sqlite::Transaction transaction(*database);
    events.after_commit(note("a"));
    {
      const sqlite::Transaction inner(*database);
      events.after_commit(note("never"));
    }
    transaction.commit();
    CHECK(log == "a");
  }
  SUBCASE("one that throws does not keep the others from running") {
    sqlite::Transaction transaction(*database);
    push_one("a", 1);
    events.after_commit([] { throw std::runtime_error("callback"); });
    events.after_commit(note("b"));
    CHECK_THROWS_WITH(transaction.commit(), "callback");
    CHECK(log == "b");
    CHECK(stored("a") == std::vector<Version>{1});
  }
  SUBCASE("it may push") {
    sqlite::Transaction transaction(*database);
    events.after_commit([this] { push_one("later", 1); });
    transaction.commit();
    CHECK(stored("later") == std::vector<Version>{1});
  }
  SUBCASE("a conflict that it meets is none of the commit") {
    sqlite::Transaction transaction(*database);
    push_one("a", 1);
    events.after_commit([this] { push_one("a", 1); });
    const auto error = thrown<AfterCommitError>([&] { transaction.commit(); });
    REQUIRE(error);
    CHECK_FALSE(error->event_store_id());
    CHECK_FALSE(error->aggregate_id());
    CHECK_FALSE(error->version());
    CHECK_THROWS_AS(std::rethrow_exception(error->cause()), EventAlreadyExistsError);
    CHECK(stored("a") == std::vector<Version>{1});
  }
  SUBCASE("nor of what is outside a transaction") {
    push_one("a", 1);
    CHECK(code_of([&] { events.after_commit([this] { push_one("a", 1); }); }) == "AfterCommit");
  }
}

TEST_CASE_FIXTURE(Fixture, "what an action of a transaction pushes is published after its events") {
  const std::shared_ptr<EventStorageAdapter> adapter(std::shared_ptr<void>(), &events);
  auto pokemons = pokemon::make_pokemons(adapter);
  const auto published = std::make_shared<RecordingChannelAdapter>();
  const NotificationMessageQueue<pokemon::Pokemons> queue("GAME", pokemons, published);
  const ConnectedEventStore connected(pokemons, queue);
  {
    sqlite::Transaction transaction(*database);
    connected.push_event(pokemon::appeared("a", "A", 1));
    events.after_commit([&] {
      push_event_group(connected.group_event(pokemon::appeared("x", "X", 1)),
                       connected.group_event(pokemon::appeared("y", "Y", 1)));
    });
    connected.push_event(pokemon::appeared("b", "B", 1));
    transaction.commit();
  }
  std::string order;
  for (const auto& one : published->published) order += event_of(one.message)->aggregate_id;
  CHECK(order == "abxy");
}

TEST_CASE_FIXTURE(Fixture, "on_event_pushed fires after the transaction that pushed") {
  int pushed = 0;
  const std::shared_ptr<EventStorageAdapter> adapter(std::shared_ptr<void>(), &events);
  const auto pokemons = pokemon::make_pokemons(
      adapter, {.on_event_pushed = [&](const pokemon::Pokemons::Pushed&) { ++pushed; }});

  SUBCASE("when it commits") {
    sqlite::Transaction transaction(*database);
    pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
    castore::push_event_group(pokemons.group_event(pokemon::leveled_up("pikachu", 2)));
    CHECK(pushed == 0);
    transaction.commit();
    CHECK(pushed == 2);
  }
  SUBCASE("and not when it is rolled back") {
    {
      const sqlite::Transaction transaction(*database);
      pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
    }
    CHECK(pushed == 0);
  }
}

TEST_CASE_FIXTURE(Fixture, "on_event_pushed fires after a transaction in which a reducer threw") {
  struct MoodyReducer : pokemon::PokemonReducer {
    using PokemonReducer::operator();
    pokemon::Pokemon operator()(pokemon::Pokemon, const Event<pokemon::PokemonAppeared>&) const {
      throw std::runtime_error("reducer");
    }
  };
  std::string told;
  const std::shared_ptr<EventStorageAdapter> adapter(std::shared_ptr<void>(), &events);
  const pokemon::Pokemons pokemons(
      "POKEMONS", MoodyReducer{}, adapter,
      {.on_event_pushed = [&](const pokemon::Pokemons::Pushed&) { told += "pokemon "; }});
  const auto trainers = pokemon::make_trainers(
      adapter, {.on_event_pushed = [&](const pokemon::Trainers::Pushed&) { told += "trainer "; }});

  sqlite::Transaction transaction(*database);
  CHECK_THROWS_AS(pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42)),
                  std::runtime_error);
  CHECK_THROWS_AS(castore::push_event_group(
                      pokemons.group_event(pokemon::appeared("bulbasaur", "Bulbasaur", 7)),
                      trainers.group_event(pokemon::created("ash", "Ash"))),
                  std::runtime_error);
  CHECK(told.empty());
  SUBCASE("when it commits all the same") {
    transaction.commit();
    CHECK(told == "pokemon pokemon trainer ");
    CHECK(pokemons.get_events("pikachu").size() == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "another thread's push waits for the transaction") {
  std::future<void> other;
  {
    sqlite::Transaction transaction(*database);
    push_one("a", 1);
    other = std::async(std::launch::async, [this] { push_one("a", 2); });
    transaction.commit();
  }
  other.get();

  CHECK(stored("a") == std::vector<Version>{1, 2});
}

TEST_CASE("a thread that waits longer than the busy timeout is told so") {
  const TemporaryDirectory directory;
  const auto database = sqlite::Database::open(directory / "store.db",
                                               {.busy_timeout = std::chrono::milliseconds{20}});
  SqliteEventStorageAdapter events(database);
  sqlite::Transaction transaction(*database);
  const auto error =
      std::async(std::launch::async, [&] {
        return thrown<StorageBusyError>([&] { push(events, "STORE", new_event("a", 1)); });
      }).get();
  transaction.commit();

  REQUIRE(error);
  CHECK(error->retryable());
  CHECK(versions(events, "STORE", "a").empty());
}

TEST_CASE("a transaction on a read-only database is refused") {
  const TemporaryDirectory directory;
  static_cast<void>(sqlite::Database::open(directory / "store.db"));
  const auto database = sqlite::Database::open(directory / "store.db", {.read_only = true});

  CHECK(code_of([&] { const sqlite::Transaction transaction(*database); }) == "StorageReadOnly");
}

}  // namespace
}  // namespace castore::testing
