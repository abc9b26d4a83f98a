#include <doctest/doctest.h>
#include <castore/in_memory/message_queue_adapter.hpp>
#include <castore/message_channel.hpp>
#include <castore/testing/manual_timer.hpp>

#include <atomic>
#include <iostream>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/messages.hpp"

namespace castore::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Failure : std::runtime_error {
  Failure() : std::runtime_error("the worker failed") {}
};

struct Delivered {
  std::string aggregate_id;
  MessageContext context;
  friend bool operator==(const Delivered&, const Delivered&) = default;
};

/// Records, and fails the first `failures` times it is given a message of that aggregate.
MessageHandler worker(Recorder<Delivered>& log, std::string failing = "", int failures = 0) {
  return [&log, failing = std::move(failing), left = std::make_shared<std::atomic<int>>(failures)](
             const Message& message, const MessageContext& context) {
    const std::string& id = event_of(message)->aggregate_id;
    log.add({id, context});
    if (id == failing && left->fetch_sub(1) > 0) throw Failure();
  };
}

std::vector<std::string> ids(const std::vector<Delivered>& deliveries) {
  std::vector<std::string> result;
  result.reserve(deliveries.size());
  for (const Delivered& delivered : deliveries) result.push_back(delivered.aggregate_id);
  return result;
}

TEST_CASE("a queue hands its messages to the worker one at a time and in order") {
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(worker(log));
  std::vector<Message> messages;
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    messages.push_back(notification(std::to_string(i), 1));
    expected.push_back(std::to_string(i));
  }
  queue.publish_messages(messages, {});
  queue.drain();
  CHECK(ids(log.values()) == expected);
  CHECK(log.values().front().context == MessageContext{1, 2, false});
}

TEST_CASE("publishing does not wait for the worker") {
  Recorder<int> go;
  Recorder<int> done;
  InMemoryMessageQueueAdapter queue([&](const Message&, const MessageContext&) {
    go.wait_for(1);
    done.add(1);
  });
  queue.publish_message(notification("a", 1), {});
  queue.publish_message(notification("b", 1), {});
  CHECK(done.values().empty());
  go.add(1);
  queue.drain();
  CHECK(done.values().size() == 2);
}

TEST_CASE("a message that fails is tried again behind those that wait and keeps its replay") {
  const auto timer = std::make_shared<ManualTimer>();
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(worker(log, "a", 1), {.timer = timer});
  const std::vector<Message> messages{notification("a", 1), notification("b", 1)};
  queue.publish_messages(messages, {.replay = true});

  timer->wait_for_actions(1);
  log.wait_for(2);
  timer->advance(seconds{30} - milliseconds{1});
  CHECK(log.values().size() == 2);
  timer->advance(milliseconds{1});
  queue.drain();

  CHECK(log.values() ==
        std::vector<Delivered>{{"a", {1, 2, true}}, {"b", {1, 2, true}}, {"a", {2, 1, true}}});
}

TEST_CASE("delays between attempts grow by the backoff rate and then the message is given up") {
  const auto timer = std::make_shared<ManualTimer>();
  Recorder<Delivered> log;
  Recorder<UnhandledMessage> unhandled;
  InMemoryMessageQueueAdapter queue(
      worker(log, "a", 99),
      {.retry_policy = {.retry_attempts = 3,
                        .retry_delay = milliseconds{100},
                        .retry_backoff_rate = 3},
       .on_unhandled = [&](const UnhandledMessage& message) { unhandled.add(message); },
       .timer = timer});
  queue.publish_message(notification("a", 1), {});
  std::size_t attempts = 1;
  for (const int delay : {100, 300, 900}) {
    timer->wait_for_actions(1);
    timer->advance(milliseconds{delay - 1});
    CHECK(log.values().size() == attempts);
    timer->advance(milliseconds{1});
    log.wait_for(++attempts);
  }
  queue.drain();

  CHECK(log.values().back().context == MessageContext{4, 0, false});
  REQUIRE(unhandled.values().size() == 1);
  const UnhandledMessage given_up = unhandled.values().front();
  CHECK(given_up.message == notification("a", 1));
  CHECK(given_up.context == MessageContext{4, 0, false});
  CHECK_FALSE(given_up.stopped);
  CHECK_THROWS_AS(std::rethrow_exception(given_up.error), Failure);
}

TEST_CASE("without retries a message is tried once") {
  Recorder<Delivered> log;
  Recorder<UnhandledMessage> unhandled;
  InMemoryMessageQueueAdapter queue(
      worker(log, "a", 99),
      {.retry_policy = {.retry_attempts = 0}, .on_unhandled = [&](const UnhandledMessage& message) {
         unhandled.add(message);
         throw Failure();  // is ignored
       }});
  queue.publish_message(notification("a", 1), {});
  queue.publish_message(notification("b", 1), {});
  queue.drain();
  CHECK(ids(log.values()) == std::vector<std::string>{"a", "b"});
  CHECK(unhandled.values().size() == 1);
}

/// What is written to standard error while it lives.
class StandardError {
 public:
  StandardError() : previous_(std::cerr.rdbuf(text_.rdbuf())) {}
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;
  StandardError(StandardError&&) = delete;
  StandardError& operator=(StandardError&&) = delete;
  ~StandardError() { std::cerr.rdbuf(previous_); }

  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* previous_;
};

TEST_CASE("what is not handled is a line on standard error unless somebody wants to know") {
  const StandardError standard_error;
  Recorder<Delivered> log;
  {
    InMemoryMessageQueueAdapter queue(worker(log, "a", 99),
                                      {.retry_policy = {.retry_attempts = 0}});
    queue.publish_message(notification("a", 7), {});
    queue.drain();
    queue.set_worker(nullptr);
    queue.publish_message(AggregateExistsMessage{"POKEMONS", "b", {}}, {});
  }
  CHECK(standard_error.text() ==
        "castore: gave up a message after 1 attempt: POKEMONS aggregate a version 7: the worker "
        "failed\n"
        "castore: stopped before a message was handled: POKEMONS aggregate b: it was never "
        "handled\n");
}

TEST_CASE("retries happen in real time without a timer of the caller's") {
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(worker(log, "a", 2),
                                    {.retry_policy = {.retry_delay = milliseconds{1}}});
  queue.publish_message(notification("a", 1), {});
  queue.drain();
  CHECK(log.values().size() == 3);
}

TEST_CASE("messages wait for a worker") {
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue;
  queue.publish_message(notification("a", 1), {});
  CHECK(code_of([&] { queue.drain(); }) == "InvalidOption");
  queue.set_worker(worker(log));
  queue.drain();
  CHECK(log.values().size() == 1);
}

TEST_CASE("a new worker takes over from the old one") {
  Recorder<Delivered> first;
  Recorder<Delivered> second;
  InMemoryMessageQueueAdapter queue(worker(first));
  queue.set_worker(worker(second));
  queue.publish_message(notification("a", 1), {});
  queue.drain();
  CHECK(first.values().empty());
  CHECK(second.values().size() == 1);
}

TEST_CASE("a worker may publish to its own queue") {
  Recorder<Version> log;
  InMemoryMessageQueueAdapter* self = nullptr;
  InMemoryMessageQueueAdapter queue([&](const Message& message, const MessageContext&) {
    const Version version = event_of(message)->version;
    log.add(version);
    if (version < 5) self->publish_message(notification("a", version + 1), {});
  });
  self = &queue;
  queue.publish_message(notification("a", 1), {});
  queue.drain();
  CHECK(log.values() == std::vector<Version>{1, 2, 3, 4, 5});
}

TEST_CASE("a worker cannot wait for its own queue") {
  Recorder<std::string> codes;
  InMemoryMessageQueueAdapter* self = nullptr;
  InMemoryMessageQueueAdapter queue([&](const Message&, const MessageContext&) {
    codes.add(std::string(code_of([&] { self->drain(); })));
  });
  self = &queue;
  queue.publish_message(notification("a", 1), {});
  queue.drain();
  CHECK(codes.values() == std::vector<std::string>{"InvalidOption"});
}

TEST_CASE("a queue that is destroyed waits for its worker and reports what was not handled") {
  const auto timer = std::make_shared<ManualTimer>();
  Recorder<std::string> started;
  Recorder<std::string> finished;
  Recorder<UnhandledMessage> unhandled;
  {
    InMemoryMessageQueueAdapter* self = nullptr;
    InMemoryMessageQueueAdapter queue(
        [&](const Message& message, const MessageContext&) {
          const std::string& id = event_of(message)->aggregate_id;
          started.add(id);
          if (id == "failing") throw Failure();
          // what is published to a queue that is being destroyed is reported at once
          do {
            std::this_thread::yield();
            self->publish_message(notification("probe", 1), {});
          } while (unhandled.values().empty());
          finished.add(id);
        },
        {.on_unhandled = [&](const UnhandledMessage& message) { unhandled.add(message); },
         .timer = timer});
    self = &queue;
    const std::vector<Message> messages{notification("failing", 1), notification("running", 1)};
    queue.publish_messages(messages, {});
    queue.publish_message(notification("waiting", 1), {.replay = true});
    started.wait_for(2);
  }
  CHECK(finished.values() == std::vector<std::string>{"running"});
  auto left = unhandled.values();
  std::erase_if(
      left, [](const UnhandledMessage& one) { return one.message == notification("probe", 1); });
  REQUIRE(left.size() == 2);
  CHECK(left[0].message == notification("failing", 1));
  CHECK(left[0].stopped);
  CHECK(left[0].context == MessageContext{1, 2, false});
  CHECK_THROWS_AS(std::rethrow_exception(left[0].error), Failure);
  CHECK(left[1].message == notification("waiting", 1));
  CHECK(left[1].stopped);
  CHECK(left[1].error == nullptr);
  CHECK(left[1].context == MessageContext{1, 2, true});
  timer->advance(std::chrono::hours{1});  // what was to be retried is gone
  CHECK(started.values().size() == 2);
}

TEST_CASE("a worker may destroy its own queue") {
  Recorder<int> destroyed;
  auto queue = std::make_unique<InMemoryMessageQueueAdapter>();
  auto* const borrowed = queue.get();
  borrowed->set_worker([&](const Message&, const MessageContext&) {
    queue.reset();
    destroyed.add(1);
  });
  borrowed->publish_message(notification("a", 1), {});
  destroyed.wait_for(1);
  CHECK(queue == nullptr);
}

TEST_CASE("many threads may publish at once") {
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(worker(log));
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) queue.publish_message(notification(std::to_string(t), 1), {});
      });
    }
  }
  queue.drain();
  CHECK(log.values().size() == 800);
}

TEST_CASE("a retry policy out of range is refused with the original's message") {
  const auto message_of = [](RetryPolicy policy) {
    const auto error = thrown<InvalidRetryPolicyError>(
        [&] { InMemoryMessageQueueAdapter(nullptr, {.retry_policy = policy}); });
    return error ? std::string(error->what()) : "none";
  };
  CHECK(message_of({}) == "none");
  CHECK(message_of({0, milliseconds{0}, 0}) == "none");
  CHECK(message_of({.retry_attempts = -1}) ==
        "Invalid retryAttempts, please select a positive integer.");
  CHECK(message_of({.retry_delay = milliseconds{-1}}) ==
        "Invalid retryDelayInMs, please select a positive number.");
  const std::string rate = "Invalid backoffRate, please select a positive number.";
  CHECK(message_of({.retry_backoff_rate = -0.5}) == rate);
  CHECK(message_of({.retry_backoff_rate = std::numeric_limits<double>::quiet_NaN()}) == rate);
  CHECK(message_of({.retry_backoff_rate = std::numeric_limits<double>::infinity()}) == rate);
  CHECK(InMemoryMessageQueueAdapter().retry_policy() == RetryPolicy{2, seconds{30}, 2});
}

TEST_CASE("attaching makes a typed worker the queue's listener") {
  const auto pokemons = pokemon::make_pokemons();
  NotificationMessageQueue<pokemon::Pokemons> queue("GAME", pokemons);
  Recorder<std::string> names;
  const auto adapter = InMemoryMessageQueueAdapter::attach_to(
      queue, [&](const Notification<pokemon::Pokemons>& message) {
        names.add(std::get<Event<pokemon::PokemonAppeared>>(message.event).payload.name);
      });
  queue.publish_message(Notification<pokemon::Pokemons>{
      "POKEMONS", Event<pokemon::PokemonAppeared>{"pikachu", 1, {}, {"Pikachu", 42}}});
  adapter->drain();
  CHECK(names.values() == std::vector<std::string>{"Pikachu"});
}

TEST_CASE("a typed worker that is set later keeps neither queue nor adapter alive") {
  const auto pokemons = pokemon::make_pokemons();
  std::weak_ptr<InMemoryMessageQueueAdapter> watched;
  {
    NotificationMessageQueue<pokemon::Pokemons> queue("GAME", pokemons);
    const auto adapter = InMemoryMessageQueueAdapter::attach_to(queue, [](const auto&) {});
    adapter->set_worker(queue.handler([](const auto&) {}));
    watched = adapter;
  }
  CHECK(watched.expired());
}

}  // namespace
}  // namespace castore::testing
