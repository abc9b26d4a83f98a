#pragma once

/// \file
/// Given, when, then: tests of commands that read like their specification.
///
///     using castore::testing::Scenario, castore::testing::events_of;
///     Scenario(catch_pokemon)
///         .given(pokemons, appeared("pikachu"))
///         .given(trainers, game_started("ash"))
///         .when({.pokemon_id = "pikachu", .trainer_id = "ash"})
///         .then_pushed(events_of(pokemons, castore::NewEvent<PokemonCaught>{...}),
///                      events_of(trainers, castore::NewEvent<TrainerCaughtPokemon>{...}));

#include <castore/command.hpp>
#include <castore/event_feed.hpp>
#include <castore/event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace castore::testing {

/// What a scenario throws when it does not come out as said; `what()` shows the difference, over
/// several lines. doctest, GoogleTest and Catch2 report it as the failure of the test.
class ScenarioFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Events of one event store, as `events_of` makes them. Without a timestamp any will do.
struct StoreEvents {
  std::string event_store_id;
  std::vector<NewEventDetail> events;
};

namespace detail {

template <class P>
NewEventDetail erase(const NewEvent<P>& event) {
  EncodedEvent encoded = encode(event.payload, event.metadata);
  return {event.aggregate_id,         event.version,
          std::string(event.type()),  event.timestamp,
          std::move(encoded.payload), std::move(encoded.metadata)};
}
template <class P>
NewEventDetail erase(const Event<P>& event) {
  return erase(to_new_event(event));
}
template <class... Payloads>
NewEventDetail erase(const std::variant<Event<Payloads>...>& event) {
  return std::visit([](const auto& e) { return erase(e); }, event);
}

template <class Store, class E>
struct IsEventOf : std::is_same<E, typename Store::AnyEvent> {};
template <class Store, class P>
struct IsEventOf<Store, Event<P>> : std::is_constructible<typename Store::AnyEvent, Event<P>> {};
template <class Store, class P>
struct IsEventOf<Store, NewEvent<P>> : IsEventOf<Store, Event<P>> {};

/// The type-erased half of `Scenario`.
class ScenarioRun {
 public:
  explicit ScenarioRun(std::string command_id, std::vector<std::string> event_store_ids);

  [[nodiscard]] const std::shared_ptr<InMemoryEventStorageAdapter>& adapter() const noexcept {
    return adapter_;
  }
  void given(const StoreEvents& events);
  /// What is pushed between these two is the command's.
  void begin();
  void end();
  void threw(std::exception_ptr error) noexcept { error_ = std::move(error); }

  /// \throws ScenarioFailure  all of these, where it is not so
  void require_no_error() const;
  void require_pushed(const std::vector<StoreEvents>& expected) const;
  [[nodiscard]] const std::exception_ptr& require_error(const std::string& expected) const;
  void require_code(ErrorCode code) const;
  [[noreturn]] void fail(const std::string& text) const;
  [[noreturn]] void fail_error(const std::exception_ptr& thrown) const;
  [[noreturn]] void fail_output(const std::string& expected, const std::string& actual) const;

 private:
  void require_own(const std::string& event_store_id) const;
  [[nodiscard]] std::vector<NewEventDetail> pushed_to(const std::string& event_store_id) const;

  std::string command_id_;
  std::vector<std::string> event_store_ids_;
  std::shared_ptr<InMemoryEventStorageAdapter> adapter_;
  std::optional<FeedCursor> given_;
  std::vector<FedEvent> pushed_;
  std::exception_ptr error_;
};

template <class T>
std::string show(const T& value) {
  if constexpr (WrittenAsJson<T> || ListsFields<T>) {
    return JsonCodec<T>::encode(value).value_or("nothing");
  } else {
    return "(without to_json it cannot be shown)";
  }
}

struct NoOutput {};

}  // namespace detail

/// The events of `store` that a scenario is given or expects: any number of `NewEvent<P>`,
/// `Event<P>` or `Store::AnyEvent`, in order.
template <class Store, class... Events>
[[nodiscard]] StoreEvents events_of(const Store& store, const Events&... events) {
  static_assert((detail::IsEventOf<Store, Events>::value && ...),
                "one of these is not an event of that event store");
  return {store.event_store_id(), {detail::erase(events)...}};
}

/// How a command came out.
template <class Output>
class Outcome {
  using Kept = std::conditional_t<std::is_void_v<Output>, detail::NoOutput, Output>;

 public:
  Outcome(detail::ScenarioRun run, std::optional<Kept> output)
      : run_(std::move(run)), output_(std::move(output)) {}

  /// The command succeeded, and pushed exactly these events: per event store in this order, and
  /// none to a store that is not named.
  /// \throws ScenarioFailure
  template <class... Expected>
  const Outcome& then_pushed(const Expected&... expected) const {
    run_.require_no_error();
    run_.require_pushed({expected...});
    return *this;
  }

  /// Whether it succeeded or not. \throws ScenarioFailure
  const Outcome& then_nothing_pushed() const {
    run_.require_pushed({});
    return *this;
  }

  /// The command succeeded, and answered this. \throws ScenarioFailure
  template <class Expected>
  const Outcome& then_output(const Expected& expected) const {
    static_assert(!std::is_void_v<Output>, "this command has no output");
    run_.require_no_error();
    if (!(*output_ == expected)) {
      run_.fail_output(detail::show(Kept(expected)), detail::show(*output_));
    }
    return *this;
  }

  /// The command threw an `E`, or something derived from it; `check`, if given, is called with it.
  /// \throws ScenarioFailure
  template <class E, class Check = void (*)(const E&)>
  const Outcome& then_error(Check check = [](const E&) {}) const {
    const std::exception_ptr& thrown = run_.require_error("an error");
    try {
      std::rethrow_exception(thrown);
    } catch (const E& error) {
      check(error);
      return *this;
    } catch (...) {
      run_.fail_error(thrown);
    }
  }

  /// The command threw a `castore::Error` with this code. \throws ScenarioFailure
  const Outcome& then_error(ErrorCode code) const {
    run_.require_code(code);
    return *this;
  }

 private:
  detail::ScenarioRun run_;
  std::optional<Kept> output_;
};

/// A command on mocked event stores, all on one in-memory adapter. It begins without events.
template <class C>
class Scenario {
 public:
  using Input = typename C::Input;
  using Output = typename C::Output;

  /// \param command  borrowed
  explicit Scenario(const C& command)
      : command_(&command), run_(command.command_id(), ids(command.required_event_stores())) {}

  /// Events that are stored already, as `events_of` takes them; may be called again.
  /// \throws ScenarioFailure  the command does not require that event store
  /// \throws what pushing them throws
  template <class Store, class... Events>
  Scenario& given(const Store& store, const Events&... events) {
    run_.given(events_of(store, events...));
    return *this;
  }

  /// Runs the command. What it throws is kept for `then_error`. May be called again, for another
  /// scenario with the events there are by then.
  template <class... Context>
  [[nodiscard]] Outcome<Output> when(const Input& input, Context&&... context) {
    using Kept = std::conditional_t<std::is_void_v<Output>, detail::NoOutput, Output>;
    detail::ScenarioRun run = run_;
    std::optional<Kept> output;
    run.begin();
    try {
      const auto stores = std::apply(
          [&](const auto&... store) { return StoreValues(store.on_adapter(run.adapter())...); },
          command_->required_event_stores());
      const auto references =
          std::apply([](const auto&... store) { return Stores(store...); }, stores);
      if constexpr (std::is_void_v<Output>) {
        command_->handler(input, references, std::forward<Context>(context)...);
        output.emplace();
      } else {
        output.emplace(command_->handler(input, references, std::forward<Context>(context)...));
      }
    } catch (...) {
      run.threw(std::current_exception());
    }
    run.end();
    return {std::move(run), std::move(output)};
  }

 private:
  using Stores = typename C::Stores;
  using StoreValues = typename castore::detail::StoreValues<Stores>::type;

  static std::vector<std::string> ids(const Stores& stores) {
    return std::apply(
        [](const auto&... store) { return std::vector<std::string>{store.event_store_id()...}; },
        stores);
  }

  const C* command_;
  detail::ScenarioRun run_;
};

}  // namespace castore::testing
