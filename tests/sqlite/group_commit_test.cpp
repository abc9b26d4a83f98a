// Pushes that wait for the connection share a transaction; each caller gets its own answer.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <atomic>
#include <castore/forwarding_event_storage_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

/// A database on a connection whose commits are counted, and fail on demand.
struct Commits {
  TemporaryDirectory directory;
  Sql sql{directory / "store.db"};
  std::shared_ptr<sqlite::Database> database = sqlite::Database::on_connection(sql.handle());
  std::shared_ptr<SqliteEventStorageAdapter> events =
      std::make_shared<SqliteEventStorageAdapter>(database);
  int commits = 0;
  int allowed = 1000;  ///< commits beyond these fail

  Commits() {
    sqlite3_commit_hook(
        sql.handle(),
        [](void* self) {
          auto& counting = *static_cast<Commits*>(self);
          return ++counting.commits > counting.allowed ? 1 : 0;
        },
        this);
  }
  ~Commits() {
    events.reset();
    database.reset();
  }
  Commits& operator=(Commits&&) = delete;

  /// What each of `pushes`, called on a thread of its own, throws: they wait for a transaction and
  /// go on together when it ends.
  std::vector<std::string> together(const std::vector<std::function<void()>>& pushes) {
    using namespace std::chrono_literals;
    std::vector<std::future<std::string>> codes;
    {
      sqlite::Transaction transaction(*database);
      for (const auto& push : pushes) {
        codes.push_back(
            std::async(std::launch::async, [&push] { return std::string(code_of(push)); }));
        std::this_thread::sleep_for(30ms);  // it stands in the queue now, most probably
      }
      transaction.commit();
    }
    std::vector<std::string> answers;
    for (auto& code : codes) answers.push_back(code.get());
    return answers;
  }

  std::string positions() {
    return sql.value(
        "SELECT count(*) || ' ' || coalesce(min(position), 0) || ' ' || coalesce(max(position), 0) "
        "FROM castore_event");
  }
};

TEST_CASE_FIXTURE(Commits, "pushes that wait share a transaction") {
  std::vector<std::function<void()>> pushes;
  for (int i = 0; i < 8; ++i) {
    pushes.emplace_back([this, i] { push(*events, "STORE", new_event(std::to_string(i), 1)); });
  }

  CHECK(together(pushes) == std::vector<std::string>(8, "none"));

  CHECK(commits < 1 + 8);
  CHECK(positions() == "8 1 8");
}

TEST_CASE_FIXTURE(Commits, "a caller that waits for nobody has a transaction of its own") {
  push(*events, "STORE", new_event("a", 1));
  push_group(*events, {{events.get(), "STORE", new_event("a", 2)},
                       {events.get(), "STORE", new_event("a", 3)}});
  CHECK(commits == 2);
}

TEST_CASE_FIXTURE(Commits, "each of the pushes that share a transaction gets its own answer") {
  push(*events, "STORE", new_event("a", 1));
  SqliteEventStorageAdapter other(database);

  const auto answers = together({
      [&] { push(*events, "STORE", new_event("a", 2)); },
      [&] { push(*events, "STORE", new_event("a", 1)); },
      [&] { push(*events, "STORE", new_event("b", 2)); },
      [&] { push(*events, "STORE", with_payload(new_event("b", 1), "no JSON")); },
      [&] {
        push_group(*events, {{events.get(), "STORE", new_event("c", 1)},
                             {&other, "OTHER", new_event("c", 1)},
                             {events.get(), "STORE", new_event("a", 1)}});
      },
      [&] {
        push_group(other, {{events.get(), "STORE", new_event("d", 1)},
                           {&other, "OTHER", new_event("d", 1)}});
      },
      [&] { push(*events, "STORE", new_event("a", 1), {.force = true}); },
      [&] { push(*events, "STORE", new_event("e", 5), {.allow_version_gap = true}); },
  });

  CHECK(answers == std::vector<std::string>{"none", "EventAlreadyExists", "VersionGap",
                                            "InvalidEvent", "EventAlreadyExists", "none", "none",
                                            "none"});
  CHECK(commits < 2 + 8);
  CHECK(versions(*events, "STORE", "a") == std::vector<Version>{1, 2});
  CHECK(versions(*events, "STORE", "b").empty());
  CHECK(versions(*events, "STORE", "c").empty());
  CHECK(versions(*events, "OTHER", "c").empty());
  CHECK(versions(*events, "STORE", "d") == std::vector<Version>{1});
  CHECK(versions(*events, "OTHER", "d") == std::vector<Version>{1});
  CHECK(versions(*events, "STORE", "e") == std::vector<Version>{5});
  CHECK(positions() == "5 1 5");
}

TEST_CASE_FIXTURE(Commits, "what a clock throws fails its own push alone") {
  SqliteEventStorageAdapter broken(database,
                                   []() -> Timestamp { throw std::domain_error("late"); });
  bool thrown = false;

  const auto answers = together({
      [&] { push(*events, "STORE", new_event("a", 1)); },
      [&] {
        try {
          push(broken, "STORE", new_event("b", 1));
        } catch (const std::domain_error&) {
          thrown = true;
        }
      },
      [&] { push(*events, "STORE", new_event("c", 1)); },
  });

  CHECK(answers == std::vector<std::string>(3, "none"));
  CHECK(thrown);
  CHECK(positions() == "2 1 2");
}

TEST_CASE_FIXTURE(Commits, "a commit that fails fails all that share it and nothing is written") {
  const auto push_one = [this](const char* id) {
    return [this, id] { push(*events, "STORE", new_event(id, 1)); };
  };
  allowed = 1;  // that of the transaction they wait for
  const auto answers = together({
      push_one("a"),
      push_one("b"),
      [&] {
        push_group(*events, {{events.get(), "STORE", new_event("c", 1)}});
      },
      push_one("d"),
  });

  CHECK(answers == std::vector<std::string>(4, "Storage"));
  CHECK(commits < 1 + 4);
  CHECK(positions() == "0 0 0");
  allowed = 1000;
  push(*events, "STORE", new_event("a", 1));
  CHECK(positions() == "1 1 1");
}

TEST_CASE_FIXTURE(Commits, "where SQLite gives up the transaction all that share it are told") {
  push(*events, "STORE", new_event("a", 1));
  sql("PRAGMA max_page_count = " + sql.value("PRAGMA page_count"));
  const auto large = with_payload(new_event("a", 2), '"' + std::string(100000, 'x') + '"');

  const auto answers = together({
      [&] { push(*events, "STORE", large); },
      [&] { push(*events, "STORE", large); },
      [&] { push(*events, "STORE", large); },
  });

  CHECK(answers == std::vector<std::string>(3, "StorageFull"));
  CHECK(positions() == "1 1 1");
  sql("PRAGMA max_page_count = 1000000");
  push(*events, "STORE", large);
  CHECK(positions() == "2 1 2");
}

TEST_CASE_FIXTURE(Commits, "a transaction that waits gets its turn and shares it with nobody") {
  const auto answers = together({
      [&] { push(*events, "STORE", new_event("a", 1)); },
      [&] {
        sqlite::Transaction transaction(*database);
        push(*events, "STORE", new_event("b", 1));
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        push(*events, "STORE", new_event("b", 2));
        transaction.commit();
      },
      [&] { push(*events, "STORE", new_event("c", 1)); },
  });

  CHECK(answers == std::vector<std::string>(3, "none"));
  CHECK(positions() == "4 1 4");
  CHECK(sql.value("SELECT max(position) - min(position) FROM castore_event "
                  "WHERE aggregate_id = 'b'") == "1");
}

TEST_CASE("an event that was acknowledged before another was pushed has the lower position") {
  const TemporaryDirectory directory;
  const auto database =
      sqlite::Database::open(directory / "store.db", {.synchronous = sqlite::Synchronous::off});
  SqliteEventStorageAdapter events(database);
  struct Pushed {
    std::string id;
    int began;
    int acknowledged;
  };
  constexpr int threads = 8;
  constexpr int pushes = 50;
  std::atomic<int> time{0};
  std::vector<std::vector<Pushed>> pushed(threads);
  {
    std::vector<std::jthread> pushing;
    for (int t = 0; t < threads; ++t) {
      pushing.emplace_back([&, t] {
        for (int i = 0; i < pushes; ++i) {
          const std::string id = std::to_string(t) + '-' + std::to_string(i);
          const int began = ++time;
          if (i % 5 == 0) {
            push_group(events, {{&events, "STORE", new_event(id, 1)},
                                {&events, "OTHER", new_event(id, 1)}});
          } else {
            push(events, "STORE", new_event(id, 1));
          }
          pushed[static_cast<std::size_t>(t)].push_back({id, began, ++time});
        }
      });
    }
  }

  Sql sql(directory / "store.db");
  std::vector<std::pair<int, const Pushed*>> by_acknowledgement;
  for (const auto& of_thread : pushed) {
    for (const Pushed& one : of_thread) {
      const int position = std::stoi(sql.value(
          "SELECT position FROM castore_event WHERE event_store_id = 'STORE' AND aggregate_id = '" +
          one.id + '\''));
      by_acknowledgement.emplace_back(position, &one);
    }
  }
  int disordered = 0;
  for (const auto& [position, one] : by_acknowledgement) {
    for (const auto& [other_position, other] : by_acknowledgement) {
      if (one->acknowledged < other->began && position > other_position) ++disordered;
    }
  }
  CHECK(disordered == 0);
  CHECK(sql.value("SELECT count(*) || ' ' || max(position) FROM castore_event") == "480 480");
}

/// Adds nothing; notes which thread it is called on.
class NotingAdapter final : public ForwardingEventStorageAdapter {
 public:
  using ForwardingEventStorageAdapter::ForwardingEventStorageAdapter;

  PushAnswer push_event(std::string_view event_store_id, const NewEventView& event,
                        const PushEventOptions& options) override {
    thread = std::this_thread::get_id();
    return inner().push_event(event_store_id, event, options);
  }

  std::thread::id thread;
};

TEST_CASE_FIXTURE(Commits, "a decorator is called on the thread that pushes the group") {
  NotingAdapter decorator(events);
  std::thread::id pushing;

  const auto answers = together({
      [&] { push(*events, "STORE", new_event("a", 1)); },
      [&] {
        pushing = std::this_thread::get_id();
        push_group(*events, {{events.get(), "STORE", new_event("b", 1)},
                             {&decorator, "STORE", new_event("c", 1)}});
      },
      [&] { push(*events, "STORE", new_event("d", 1)); },
  });

  CHECK(answers == std::vector<std::string>(3, "none"));
  CHECK(decorator.thread == pushing);
  CHECK(positions() == "4 1 4");
}

}  // namespace
}  // namespace castore::testing
