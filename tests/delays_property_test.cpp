// The laws of delays that grow, over the whole range of their options: none stays none, no delay is
// negative, and what is too long to be told is the longest.

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <algorithm>
#include <castore/command.hpp>
#include <castore/event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/in_memory/message_queue_adapter.hpp>
#include <castore/message.hpp>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "pokemon/pokemon.hpp"

namespace castore::testing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// As many small as large ones, and both ends.
rc::Gen<milliseconds> any_delay() {
  const auto magnitude = rc::gen::map(rc::gen::inRange(0, 63), [](int bits) {
    return milliseconds{std::numeric_limits<std::int64_t>::max() >> bits};
  });
  return rc::gen::oneOf(magnitude, rc::gen::element(milliseconds{0}, milliseconds{1},
                                                    milliseconds::max() - milliseconds{1}));
}

rc::Gen<double> any_rate(double least) {
  const auto magnitude = rc::gen::map(rc::gen::inRange(0, 1024),
                                      [](int exponent) { return std::ldexp(1.25, exponent); });
  return rc::gen::oneOf(
      magnitude, rc::gen::element(least, std::max(least, 0.5), 1.0, 2.0, std::nextafter(1.0, 2.0),
                                  std::numeric_limits<double>::max()));
}

/// `delay * rate^times`, in units of `To`, not above the longest.
template <class To>
long double expected(milliseconds delay, double rate, int times) {
  if (delay.count() == 0) return 0;
  const long double factor = std::chrono::duration<long double, typename To::period>(delay).count();
  return std::min(factor * std::pow(static_cast<long double>(rate), times),
                  static_cast<long double>(To::max().count()));
}

/// As near as a `double` can be.
bool is_near(long double is, long double wanted) {
  return std::abs(is - wanted) <= 1 + wanted * 1e-12L;
}

TEST_CASE("a backoff is never negative nor longer than it may be") {
  const bool holds = rc::check([] {
    CommandBackoff backoff{.initial_delay = *any_delay(), .rate = *any_rate(1)};
    backoff.max_delay = std::max(backoff.initial_delay, *any_delay());
    std::vector<microseconds> waited;
    backoff.sleep = [&](microseconds delay) { waited.push_back(delay); };

    auto storage = std::make_shared<InMemoryEventStorageAdapter>();
    const auto pokemons = pokemon::make_pokemons(storage);
    pokemons.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
    const int retries = *rc::gen::element(0, 1, 2, 40, 1100);
    const Command losing(
        "LOSING", event_stores(pokemons),
        [](const int&, const EventStores<pokemon::Pokemons>& stores) {
          std::get<0>(stores).push_event(pokemon::appeared("pikachu", "Pikachu", 42));
        },
        {.event_already_exists_retries = retries, .backoff = backoff});
    try {
      losing(0);
      RC_FAIL("it did not lose");
    } catch (const EventAlreadyExistsError&) {
    }

    RC_ASSERT(waited.size() == static_cast<std::size_t>(retries));
    for (int i = 0; i < retries; ++i) {
      const long double longest =
          std::min(expected<microseconds>(backoff.initial_delay, backoff.rate, i),
                   expected<microseconds>(backoff.max_delay, 1, 0));
      const auto delay = static_cast<long double>(waited[static_cast<std::size_t>(i)].count());
      RC_ASSERT(delay >= 0);
      RC_ASSERT(delay <= longest + 1 + longest * 1e-12L);
    }
  });
  CHECK(holds);
}

/// Keeps the delays, and lets whoever waits for an action run it at once.
class ImpatientTimer final : public Timer {
 public:
  void call_after(milliseconds delay, std::function<void()> action) override {
    const std::lock_guard lock(mutex_);
    delays_.push_back(delay);
    action_ = std::move(action);
    changed_.notify_all();
  }

  void run_next() {
    std::function<void()> action;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return action_ != nullptr; });
      action.swap(action_);
    }
    action();
  }

  [[nodiscard]] std::vector<milliseconds> delays() const {
    const std::lock_guard lock(mutex_);
    return delays_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<milliseconds> delays_;
  std::function<void()> action_;
};

TEST_CASE("a message waits as long as its policy says at every attempt") {
  const bool holds = rc::check([] {
    const auto timer = std::make_shared<ImpatientTimer>();
    const RetryPolicy policy{.retry_attempts = *rc::gen::element(0, 1, 2, 40, 1100),
                             .retry_delay = *any_delay(),
                             .retry_backoff_rate = *any_rate(0)};
    InMemoryMessageQueueAdapter queue(
        [](const Message&, const MessageContext&) { throw std::runtime_error("never"); },
        {.retry_policy = policy, .on_unhandled = [](const auto&) {}, .timer = timer});
    queue.publish_message(AggregateExistsMessage{"S", "a", {}}, {});
    for (int i = 0; i < policy.retry_attempts; ++i) timer->run_next();
    queue.drain();

    const auto delays = timer->delays();
    RC_ASSERT(delays.size() == static_cast<std::size_t>(policy.retry_attempts));
    for (int i = 0; i < policy.retry_attempts; ++i) {
      const auto delay = static_cast<long double>(delays[static_cast<std::size_t>(i)].count());
      RC_ASSERT(
          is_near(delay, expected<milliseconds>(policy.retry_delay, policy.retry_backoff_rate, i)));
    }
  });
  CHECK(holds);
}

}  // namespace
}  // namespace castore::testing
