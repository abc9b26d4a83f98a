#include <doctest/doctest.h>
#include <castore/in_memory/message_bus_adapter.hpp>
#include <castore/in_memory/message_queue_adapter.hpp>
#include <castore/message_channel.hpp>
#include <castore/testing/manual_timer.hpp>

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/memory.hpp"
#include "support/messages.hpp"
#include "support/standard_error.hpp"
#include "support/threads.hpp"

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

TEST_CASE("a delay too long to be told is a long one and none stays none") {
  const auto timer = std::make_shared<ManualTimer>();
  Recorder<Delivered> log;
  const auto fail = [&](RetryPolicy policy) {
    return std::make_unique<InMemoryMessageQueueAdapter>(
        worker(log, "a", 99),
        DeliveryOptions{
            .retry_policy = policy, .on_unhandled = [](const auto&) {}, .timer = timer});
  };
  SUBCASE("300 years") {
    const auto queue = fail({.retry_delay = std::chrono::years{300}});
    queue->publish_message(notification("a", 1), {});
    timer->wait_for_actions(1);
    timer->advance(std::chrono::years{299});
    CHECK(log.values().size() == 1);
    timer->advance(std::chrono::years{1});
    log.wait_for(2);
  }
  SUBCASE("the longest") {
    const auto queue = fail({.retry_delay = milliseconds::max()});
    queue->publish_message(notification("a", 1), {});
    timer->wait_for_actions(1);
    timer->advance(std::chrono::years{1'000'000});
    CHECK(log.values().size() == 1);
  }
  SUBCASE("grown to more than the longest") {
    const auto queue = fail({.retry_delay = milliseconds{1}, .retry_backoff_rate = 1e200});
    queue->publish_message(notification("a", 1), {});
    timer->wait_for_actions(1);
    timer->advance(milliseconds{1});
    timer->wait_for_actions(1);
    timer->advance(std::chrono::years{1'000'000});
    CHECK(log.values().size() == 2);
  }
  SUBCASE("none") {
    const auto queue =
        fail({.retry_attempts = 3, .retry_delay = milliseconds{0}, .retry_backoff_rate = 1e200});
    queue->publish_message(notification("a", 1), {});
    while (log.values().size() < 4) timer->advance(milliseconds{0});
    queue->drain();
    CHECK(log.values().size() == 4);
  }
}

TEST_CASE("in real time a delay too long to be told is a long one") {
  Recorder<Delivered> log;
  Recorder<UnhandledMessage> unhandled;
  for (const milliseconds delay : {milliseconds::max(), milliseconds{std::chrono::years{300}}}) {
    InMemoryMessageQueueAdapter queue(
        worker(log, "a", 99),
        {.retry_policy = {.retry_delay = delay},
         .on_unhandled = [&](const UnhandledMessage& message) { unhandled.add(message); }});
    queue.publish_message(notification("a", 1), {});
    log.wait_for(1);
    std::this_thread::sleep_for(milliseconds{20});
  }
  CHECK(log.values().size() == 2);
  CHECK(unhandled.values().size() == 2);
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

TEST_CASE("what cannot be accepted for want of a thread is not kept") {
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(worker(log));
  {
    const NoNewThreads no_threads;
    CHECK_THROWS_AS(queue.publish_message(notification("a", 1), {}), std::system_error);
    const std::vector<Message> messages{notification("b", 1), notification("c", 1)};
    CHECK_THROWS_AS(queue.publish_messages(messages, {}), std::system_error);
    queue.drain();
  }
  queue.publish_message(notification("d", 1), {});
  queue.drain();
  CHECK(ids(log.values()) == std::vector<std::string>{"d"});
}

TEST_CASE("what cannot be accepted for want of memory is not kept") {
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(worker(log));
  InMemoryMessageBusAdapter bus;
  bus.on({}, worker(log));
  const auto is_accepted = [](MessageChannelAdapter& by) {
    const Message message = notification("a", 1);
    bool accepted = true;
    memory_is_exhausted = true;
    try {
      by.publish_message(message, {});
    } catch (const std::bad_alloc&) {
      accepted = false;
    }
    memory_is_exhausted = false;
    return accepted;
  };
  CHECK_FALSE(is_accepted(queue));
  CHECK_FALSE(is_accepted(bus));
  queue.drain();
  bus.drain();
  CHECK(log.values().empty());
}

/// Throws, with or without having done its work.
class BrokenTimer final : public Timer {
 public:
  enum class Action { forgotten, kept, called };

  explicit BrokenTimer(Action what) : what_(what) {}

  void call_after(milliseconds /*delay*/, std::function<void()> action) override {
    if (what_ == Action::called) action();
    if (what_ != Action::forgotten) kept.push_back(std::move(action));
    throw std::runtime_error("no timer");
  }

  std::vector<std::function<void()>> kept;

 private:
  Action what_;
};

/// Checks that it is the message "a", given up at its first attempt.
void check_given_up_at_once(const std::vector<UnhandledMessage>& unhandled) {
  REQUIRE(unhandled.size() == 1);
  CHECK(event_of(unhandled[0].message)->aggregate_id == "a");
  CHECK(unhandled[0].context == MessageContext{1, 2, false});
  CHECK_FALSE(unhandled[0].stopped);
  CHECK_THROWS_AS(std::rethrow_exception(unhandled[0].error), Failure);
}

TEST_CASE("a message that its timer does not take is given up") {
  using Action = BrokenTimer::Action;
  for (const Action action : {Action::forgotten, Action::kept}) {
    const auto timer = std::make_shared<BrokenTimer>(action);
    Recorder<Delivered> log;
    Recorder<UnhandledMessage> unhandled;
    InMemoryMessageQueueAdapter queue(
        worker(log, "a", 99),
        {.on_unhandled = [&](const UnhandledMessage& message) { unhandled.add(message); },
         .timer = timer});
    queue.publish_message(notification("a", 1), {});
    queue.publish_message(notification("b", 1), {});
    queue.drain();
    check_given_up_at_once(unhandled.values());
    for (const auto& kept : timer->kept) kept();  // too late
    queue.drain();
    CHECK(ids(log.values()) == std::vector<std::string>{"a", "b"});
  }
}

TEST_CASE("a message that its timer does not take is a line on standard error") {
  const StandardError standard_error;
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(
      worker(log, "a", 99),
      {.timer = std::make_shared<BrokenTimer>(BrokenTimer::Action::forgotten)});
  queue.publish_message(notification("a", 7), {});
  queue.drain();
  CHECK(
      standard_error.text() ==
      "castore: gave up a message after 1 attempt, since it cannot be tried again later: POKEMONS "
      "aggregate a version 7: the worker failed\n");
}

TEST_CASE("a message that its timer does take is tried again whatever the timer throws") {
  const auto timer = std::make_shared<BrokenTimer>(BrokenTimer::Action::called);
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(worker(log, "a", 1), {.timer = timer});
  queue.publish_message(notification("a", 1), {});
  queue.drain();
  for (const auto& kept : timer->kept) kept();  // once more
  queue.drain();
  CHECK(ids(log.values()) == std::vector<std::string>{"a", "a"});
}

TEST_CASE("a message is given up where the timer cannot start its thread") {
  std::optional<NoNewThreads> no_threads;
  Recorder<UnhandledMessage> unhandled;
  InMemoryMessageQueueAdapter queue(
      [&](const Message&, const MessageContext&) {
        no_threads.emplace();
        throw Failure();
      },
      {.on_unhandled = [&](const UnhandledMessage& message) {
        no_threads.reset();
        unhandled.add(message);
      }});
  queue.publish_message(notification("a", 1), {});
  queue.drain();
  check_given_up_at_once(unhandled.values());
}

TEST_CASE("a message is given up where there is no memory to try it again") {
  Recorder<std::string> started;
  Recorder<UnhandledMessage> unhandled;
  InMemoryMessageQueueAdapter queue(
      [&](const Message& message, const MessageContext&) {
        memory_is_exhausted = false;
        started.add(event_of(message)->aggregate_id);
        const Failure failure;
        memory_is_exhausted = true;
        throw Failure(failure);
      },
      {.on_unhandled = [&](const UnhandledMessage& message) {
        memory_is_exhausted = false;
        unhandled.add(message);
      }});
  queue.publish_message(notification("a", 1, "POKEMONS", "SHORT"), {});
  queue.drain();
  check_given_up_at_once(unhandled.values());
  SUBCASE("also where there is none to tell of it") {
    queue.publish_message(notification(std::string(1000, 'x'), 1), {});
    queue.publish_message(notification("b", 1, "POKEMONS", "SHORT"), {});
    queue.drain();
    CHECK(started.values().size() == 3);
    CHECK(unhandled.values().size() == 2);
  }
}

TEST_CASE("draining ends where the worker is taken away") {
  Recorder<std::string> started;
  Recorder<int> go;
  InMemoryMessageQueueAdapter queue([&](const Message& message, const MessageContext&) {
    started.add(event_of(message)->aggregate_id);
    go.wait_for(1);
  });
  queue.publish_message(notification("a", 1), {});
  SUBCASE("with an error if messages wait") {
    queue.publish_message(notification("b", 1), {});
    started.wait_for(1);
    std::jthread taking_away([&] {
      std::this_thread::sleep_for(milliseconds{5});
      queue.set_worker(nullptr);
    });
    CHECK(code_of([&] { queue.drain(); }) == "InvalidOption");
    go.add(1);
    Recorder<Delivered> log;
    queue.set_worker(worker(log));
    queue.drain();
    CHECK(ids(log.values()) == std::vector<std::string>{"b"});
  }
  SUBCASE("with an error if a message comes") {
    started.wait_for(1);
    queue.set_worker(nullptr);
    std::jthread publishing([&] {
      std::this_thread::sleep_for(milliseconds{5});
      queue.publish_message(notification("b", 1), {});
      go.add(1);
    });
    CHECK(code_of([&] { queue.drain(); }) == "InvalidOption");
    queue.set_worker([](const Message&, const MessageContext&) {});
    queue.drain();
  }
  SUBCASE("once the message that is being handled is") {
    started.wait_for(1);
    queue.set_worker(nullptr);
    std::jthread going([&] {
      std::this_thread::sleep_for(milliseconds{5});
      go.add(1);
    });
    queue.drain();
    CHECK(started.values().size() == 1);
  }
}

TEST_CASE("draining ends with an error where a retry waits and the worker is taken away") {
  const auto timer = std::make_shared<ManualTimer>();
  Recorder<Delivered> log;
  InMemoryMessageQueueAdapter queue(worker(log, "a", 1), {.timer = timer});
  queue.publish_message(notification("a", 1), {});
  timer->wait_for_actions(1);
  queue.set_worker(nullptr);
  CHECK(code_of([&] { queue.drain(); }) == "InvalidOption");
  queue.set_worker(worker(log));
  timer->advance(seconds{30});
  queue.drain();
  CHECK(log.values().size() == 2);
}

TEST_CASE("a worker that is replaced may publish to its queue when it goes") {
  Recorder<Delivered> log;
  Recorder<int> go;
  InMemoryMessageQueueAdapter queue;
  const auto parting = [&](std::string last_words) {
    return std::shared_ptr<void>(nullptr, [&queue, last_words = std::move(last_words)](void*) {
      queue.publish_message(notification(last_words, 1), {});
    });
  };
  SUBCASE("at once") {
    queue.set_worker([parts = parting("bye")](const Message&, const MessageContext&) {});
    queue.set_worker(worker(log));
  }
  SUBCASE("after its last message") {
    Recorder<int> started;
    queue.set_worker([&started, &go, parts = parting("bye")](const auto&, const auto&) {
      started.add(1);
      go.wait_for(1);
    });
    queue.publish_message(notification("a", 1), {});
    started.wait_for(1);
    queue.set_worker(worker(log));
    go.add(1);
  }
  log.wait_for(1);
  queue.drain();
  CHECK(ids(log.values()) == std::vector<std::string>{"bye"});
}

TEST_CASE("a worker cannot wait for its own queue while that is destroyed") {
  Recorder<std::string> codes;
  Recorder<int> probes;
  {
    InMemoryMessageQueueAdapter* self = nullptr;
    InMemoryMessageQueueAdapter queue(
        [&](const Message&, const MessageContext&) {
          codes.add("started");
          do {  // until it is being destroyed
            std::this_thread::yield();
            self->publish_message(notification("probe", 1), {});
          } while (probes.values().empty());
          codes.add(std::string(code_of([&] { self->drain(); })));
        },
        {.on_unhandled = [&](const UnhandledMessage&) { probes.add(1); }});
    self = &queue;
    queue.publish_message(notification("a", 1), {});
    codes.wait_for(1);
  }
  CHECK(codes.values() == std::vector<std::string>{"started", "InvalidOption"});
}

TEST_CASE("a worker may wait for another queue") {
  Recorder<Delivered> log;
  Recorder<std::string> codes;
  InMemoryMessageQueueAdapter inner(worker(log));
  InMemoryMessageQueueAdapter outer([&](const Message& message, const MessageContext&) {
    inner.publish_message(message, {});
    codes.add(std::string(code_of([&] { inner.drain(); })));
  });
  outer.publish_message(notification("a", 1), {});
  outer.drain();
  CHECK(codes.values() == std::vector<std::string>{"none"});
  CHECK(log.values().size() == 1);
}

TEST_CASE("workers that would wait for each other are told so") {
  InMemoryMessageQueueAdapter first;
  InMemoryMessageQueueAdapter second;
  InMemoryMessageBusAdapter third;
  Recorder<int> started;
  Recorder<std::string> codes;
  const auto drain = [&](auto& next) {
    return [&](const Message&, const MessageContext&) {
      started.add(1);
      started.wait_for(3);
      codes.add(std::string(code_of([&] { next.drain(); })));
    };
  };
  first.set_worker(drain(second));
  second.set_worker(drain(third));
  third.on({}, drain(first));
  first.publish_message(notification("a", 1), {});
  second.publish_message(notification("a", 1), {});
  third.publish_message(notification("a", 1), {});
  first.drain();
  second.drain();
  third.drain();
  const auto answers = codes.values();
  REQUIRE(answers.size() == 3);
  CHECK(std::count(answers.begin(), answers.end(), "InvalidOption") >= 1);
}

TEST_CASE("whoever is told of a message cannot wait for the queue") {
  Recorder<std::string> codes;
  InMemoryMessageQueueAdapter* self = nullptr;
  {
    InMemoryMessageQueueAdapter queue(nullptr, {.on_unhandled = [&](const UnhandledMessage&) {
                                        codes.add(std::string(code_of([&] { self->drain(); })));
                                      }});
    self = &queue;
    queue.publish_message(notification("a", 1), {});
  }
  CHECK(codes.values() == std::vector<std::string>{"InvalidOption"});
}

TEST_CASE("what is published to a queue by whoever is told of its last messages is a line") {
  const StandardError standard_error;
  Recorder<UnhandledMessage> unhandled;
  {
    InMemoryMessageQueueAdapter* self = nullptr;
    InMemoryMessageQueueAdapter queue(nullptr, {.on_unhandled = [&](const auto& message) {
                                        unhandled.add(message);
                                        self->publish_message(notification("again", 1), {});
                                        throw Failure();  // is ignored
                                      }});
    self = &queue;
    queue.publish_message(notification("a", 1), {});
    queue.publish_message(notification("b", 1), {});
  }
  CHECK(unhandled.values().size() == 2);
  const std::string line =
      "castore: stopped before a message was handled: POKEMONS aggregate again version 1: it was "
      "never handled\n";
  CHECK(standard_error.text() == line + line);
}

TEST_CASE("whoever is told of a message may destroy the queue and is told of the others") {
  Recorder<int> go;
  Recorder<std::string> told;
  std::unique_ptr<InMemoryMessageQueueAdapter> queue;
  const auto fail = [&](const Message&, const MessageContext&) {
    go.wait_for(1);
    throw Failure();
  };
  queue = std::make_unique<InMemoryMessageQueueAdapter>(
      fail, DeliveryOptions{.retry_policy = {.retry_attempts = 0},
                            .on_unhandled = [&](const UnhandledMessage& unhandled) {
                              queue.reset();
                              told.add(event_of(unhandled.message)->aggregate_id);
                            }});
  queue->publish_message(notification("a", 1), {});
  queue->publish_message(notification("b", 1), {});
  go.add(1);
  told.wait_for(2);
  CHECK(told.values() == std::vector<std::string>{"b", "a"});
}

TEST_CASE("what is given up may be published to its own queue") {
  Recorder<std::string> handled;
  InMemoryMessageQueueAdapter* self = nullptr;
  InMemoryMessageQueueAdapter queue(
      [&](const Message& message, const MessageContext&) {
        handled.add(event_of(message)->aggregate_id);
        if (event_of(message)->aggregate_id == "a") throw Failure();
      },
      {.retry_policy = {.retry_attempts = 0}, .on_unhandled = [&](const auto&) {
         self->publish_message(notification("dead letter", 1), {});
       }});
  self = &queue;
  queue.publish_message(notification("a", 1), {});
  queue.drain();
  CHECK(handled.values() == std::vector<std::string>{"a", "dead letter"});
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

TEST_CASE("a typed worker that is null is none") {
  const auto pokemons = pokemon::make_pokemons();
  NotificationMessageQueue<pokemon::Pokemons> queue("GAME", pokemons);
  using Worker = std::function<void(const Notification<pokemon::Pokemons>&)>;
  CHECK_FALSE(queue.handler(Worker()));
  CHECK_FALSE(
      queue.handler(static_cast<void (*)(const Notification<pokemon::Pokemons>&)>(nullptr)));
  CHECK(queue.handler([](const auto&) {}));
  const auto adapter = InMemoryMessageQueueAdapter::attach_to(
      queue, Worker(), {.on_unhandled = [](const UnhandledMessage&) {}});
  queue.publish_message(Notification<pokemon::Pokemons>{
      "POKEMONS", Event<pokemon::PokemonLeveledUp>{"pikachu", 1, {}}});
  CHECK(code_of([&] { adapter->drain(); }) == "InvalidOption");
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
