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
///
/// Compared are:
/// - Events: all that are stored when it is asked, of every event store, with those before `when`.
///   Those are there as they were, to the byte and the microsecond; the others are the expected
///   ones, per event store in their order. Without a timestamp any will do.
/// - Payload and metadata, as JSON: members in any order (those of one name in theirs), strings by
///   what they stand for, numbers by their digits as they are written (1 is not 1.0), null is not
///   absent.
/// - Output: numbers by value, without a conversion, also in a `std::optional`, pair or tuple;
///   `nlohmann::json` as above; whatever else by its `==`.
/// - Each question for itself: `then_output` and `then_error` say nothing of events, `then_pushed`
///   nothing of the output, and an outcome that is asked nothing nothing at all.
///
/// Not seen are:
/// - The order of events in different event stores, and whether they were pushed as one group.
/// - Pushes past the event stores that the handler is given: to an adapter that it brings along.
/// - `on_event_pushed` and message channels, which are left out with all that they would push.
/// - An event that was overwritten with itself, or put back; what a thread pushes after the
/// question.
/// - What is not written to the JSON of an event, and what an output's `==`, or a conversion of its
///   class, leaves out.
/// - How often the command was tried, what it does among rivals, the schemas of input and output.
/// - Whether given events could have been pushed so: versions may leave gaps and come in any order,
///   and schemas are not asked.
/// - Why an `E` was thrown: a slip in the given events, or in a context argument, can bring the
///   error that is expected. Take the narrowest `E`, and a check.

#include <atomic>
#include <castore/command.hpp>
#include <castore/error.hpp>
#include <castore/event_feed.hpp>
#include <castore/event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace castore::testing {

/// The failure of a scenario that did not end as said; `what()` shows the difference, over
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

/// A command, and the events there are for it. A copy has the events, as they are by then, in
/// memory of its own.
class ScenarioStage {
 public:
  /// \throws ScenarioFailure  two of the event stores have one id
  ScenarioStage(std::string command_id, std::vector<std::string> event_store_ids);
  ScenarioStage(const ScenarioStage& other);
  ScenarioStage& operator=(const ScenarioStage& other);
  ~ScenarioStage() = default;

  [[nodiscard]] const std::shared_ptr<InMemoryEventStorageAdapter>& adapter() const noexcept {
    return adapter_;
  }
  [[nodiscard]] const std::vector<std::string>& event_store_ids() const noexcept {
    return event_store_ids_;
  }
  /// In the order of commit.
  [[nodiscard]] std::vector<FeedEvent> events() const;
  /// \throws ScenarioFailure  the command does not require that event store
  void require_own(const std::string& event_store_id) const;
  void given(const StoreEvents& events);
  [[noreturn]] void fail(const std::string& text) const;

 private:
  std::string command_id_;
  std::vector<std::string> event_store_ids_;
  Clock clock_;  ///< shared by copies; never twice the same time
  std::shared_ptr<InMemoryEventStorageAdapter> adapter_;
};

/// One run of a command, on a stage of its own: what is stored there besides is the command's.
class ScenarioRun {
 public:
  explicit ScenarioRun(const ScenarioStage& stage);

  [[nodiscard]] const ScenarioStage& stage() const noexcept { return stage_; }
  void threw(std::exception_ptr error) noexcept { error_ = std::move(error); }
  /// Marks the error as expected.
  void expect_error() noexcept { error_is_expected_ = true; }

  /// \throws ScenarioFailure  all of these, where it is not so
  void require_no_error() const;
  void require_no_unexpected_error() const;
  void require_pushed(const std::vector<StoreEvents>& expected) const;
  [[nodiscard]] const std::exception_ptr& require_error(const std::string& expected) const;
  void require_code(ErrorCode code) const;
  [[noreturn]] void fail_null_check() const;
  [[noreturn]] void fail_check() const;
  [[noreturn]] void fail_error() const;
  [[noreturn]] void fail_output(const std::string& expected, const std::string& actual) const;

 private:
  ScenarioStage stage_;
  std::vector<FeedEvent> before_;
  std::exception_ptr error_;
  std::atomic<bool> error_is_expected_ = false;
};

/// Whether two JSON texts are one value, as the top of this file says. What is no JSON is the same
/// as the same text.
[[nodiscard]] bool same_json(std::string_view a, std::string_view b);

template <class T>
concept Json = std::same_as<T, nlohmann::json> || std::same_as<T, nlohmann::ordered_json>;
template <class T>
concept Character = std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
    std::same_as<T, char16_t> || std::same_as<T, char32_t>;
template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !Character<T>;
template <class T>
concept Scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;

using castore::detail::is_optional;

template <class T>
inline constexpr bool is_tuple = false;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;
template <class T, class U>
inline constexpr bool is_tuple<std::pair<T, U>> = true;

template <class T>
inline constexpr bool is_literal = false;
template <Character Char, std::size_t size>
inline constexpr bool is_literal<Char[size]> = true;

/// The text of a string literal, with the NULs that it may hold: as a pointer it ends at the first.
template <Character Char, std::size_t size>
std::basic_string_view<Char> text_of(const Char (&literal)[size]) noexcept {
  return {literal, literal[size - 1] == Char{} ? size - 1 : size};
}

template <Integer I, std::floating_point F>
bool same_number(I integer, F floating) {
  // The end of the range is a power of two, and so exact, which the highest integer need not be.
  const F end = std::ldexp(F{1}, std::numeric_limits<I>::digits);
  const F begin = std::is_signed_v<I> ? -end : F{0};
  if (!(begin <= floating && floating < end)) return false;  // nor is a NaN in between
  return std::trunc(floating) == floating && static_cast<I>(floating) == integer;
}

/// Whether an output is what was expected, where `==` might convert first.
template <class Actual, class Expected>
bool same_output(const Actual& actual, const Expected& expected) {
  if constexpr (is_optional<Actual> && std::same_as<Expected, std::nullopt_t>) {
    return !actual;
  } else if constexpr (is_optional<Actual> && is_optional<Expected>) {
    if (!actual || !expected) return actual.has_value() == expected.has_value();
    return same_output(*actual, *expected);
  } else if constexpr (is_optional<Actual>) {
    return actual && same_output(*actual, expected);
  } else if constexpr (is_optional<Expected>) {
    return expected && same_output(actual, *expected);
  } else if constexpr (is_tuple<Actual> && is_tuple<Expected>) {
    constexpr std::size_t size = std::tuple_size_v<Actual>;
    static_assert(size == std::tuple_size_v<Expected>,
                  "this command's output has another number of elements");
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (same_output(std::get<I>(actual), std::get<I>(expected)) && ...);
    }
    (std::make_index_sequence<size>{});
  } else if constexpr (Integer<Actual> && Integer<Expected>) {
    return std::cmp_equal(actual, expected);
  } else if constexpr (Integer<Actual> && std::floating_point<Expected>) {
    return same_number(actual, expected);
  } else if constexpr (std::floating_point<Actual> && Integer<Expected>) {
    return same_number(expected, actual);
  } else if constexpr (std::floating_point<Actual> && std::floating_point<Expected>) {
    return actual == expected;
  } else if constexpr (Scalar<Actual> && Scalar<Expected>) {
    static_assert(std::same_as<Actual, Expected>,
                  "a bool, a character or an enumeration is compared with one of its own type: == "
                  "would convert it to a number");
    return actual == expected;
  } else if constexpr (is_literal<Expected> && requires { actual == text_of(expected); }) {
    return actual == text_of(expected);
  } else if constexpr (Json<Actual>) {
    const auto text = [](const Actual& json) {
      return json.dump(-1, ' ', false, Actual::error_handler_t::replace);
    };
    const Actual json(expected);
    return actual == json && same_json(text(actual), text(json));
  } else if constexpr (Json<Expected>) {
    return same_output(Expected(actual), expected);
  } else {
    static_assert(
        requires { static_cast<bool>(actual == expected); },
        "this command's output cannot be compared with that by ==");
    return static_cast<bool>(actual == expected);
  }
}

template <class T>
std::string show(const T& value) {
  if constexpr (is_optional<T>) {
    return value ? show(*value) : "nothing";
  } else if constexpr (std::same_as<T, std::nullopt_t>) {
    return "nothing";
  } else if constexpr (is_literal<T>) {
    return show(text_of(value));
  } else if constexpr (std::is_enum_v<T> && !castore::detail::has_names<T>) {
    return show(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (WrittenAsJson<T> || ListsFields<T> || IsTransparent<T>) {
    try {
      return JsonCodec<T>::encode(value).value_or("nothing");
    } catch (const std::exception& e) {
      return std::string("(it cannot be shown: ") + e.what() + ")";
    }
  } else {
    return "(without to_json it cannot be shown)";
  }
}

/// A callable that can be null.
template <class T>
concept Nullable = std::is_constructible_v<T, std::nullptr_t> && requires(const T& value) {
  { value == nullptr } -> std::convertible_to<bool>;
};

struct NoOutput {};

/// An outcome, with all that output, error and threads of the command's may refer to.
template <class Output>
struct ScenarioResult {
  using Kept = std::conditional_t<std::is_void_v<Output>, NoOutput, std::remove_cvref_t<Output>>;

  ScenarioResult(std::shared_ptr<const void> of, const ScenarioStage& stage)
      : command(std::move(of)), run(stage) {}

  std::shared_ptr<const void> command;
  std::shared_ptr<const void> event_stores;
  ScenarioRun run;
  std::optional<Kept> output;
};

}  // namespace detail

/// The events of `store` that a scenario is given or expects: any number of `NewEvent<P>`,
/// `Event<P>` or `Store::AnyEvent`, in order.
template <class Store, class... Events>
[[nodiscard]] StoreEvents events_of(const Store& store, const Events&... events) {
  static_assert((detail::IsEventOf<Store, Events>::value && ...),
                "one of these is not an event of that event store");
  return {store.event_store_id(), {detail::erase(events)...}};
}

template <class C>
class Scenario;

/// The outcome of a command. Copies are the same outcome; one that was moved from still is.
template <class Output>
class Outcome {
 public:
  Outcome(const Outcome&) = default;
  Outcome& operator=(const Outcome&) = default;
  ~Outcome() = default;

  /// The command pushed exactly these events: per event store in this order, and none to a store
  /// that is not named. It has overwritten none. It succeeded, unless `then_error` has been asked
  /// before. \throws ScenarioFailure
  template <class... Expected>
  Outcome then_pushed(const Expected&... expected) const {
    result_->run.require_no_unexpected_error();
    result_->run.require_pushed({expected...});
    return *this;
  }

  /// The same without events: `.then_error<Rejected>().then_nothing_pushed()`.
  /// \throws ScenarioFailure
  Outcome then_nothing_pushed() const {
    result_->run.require_no_unexpected_error();
    result_->run.require_pushed({});
    return *this;
  }

  /// The command succeeded, and returned this. \throws ScenarioFailure
  template <class Expected>
  Outcome then_output(const Expected& expected) const {
    static_assert(!std::is_void_v<Output>, "this command has no output");
    result_->run.require_no_error();
    if (!detail::same_output(*result_->output, expected)) {
      result_->run.fail_output(detail::show(expected), detail::show(*result_->output));
    }
    return *this;
  }

  /// The command threw an `E`, or something derived from it; but no `ScenarioFailure`, which is
  /// that of a test inside the command. \throws ScenarioFailure
  template <class E>
  Outcome then_error() const {
    return then_error<E>([](const E&) {});
  }

  /// The same, and `check` is called with the error. It returns nothing, and throws what its test
  /// framework throws, or a bool: false is a failure. \throws ScenarioFailure
  template <class E, class Check>
  Outcome then_error(Check check) const {
    static_assert(std::is_invocable_v<Check&, const E&>,
                  "the check of then_error<E> is called with a `const E&`");
    using Answer = std::remove_cvref_t<std::invoke_result_t<Check&, const E&>>;
    static_assert(std::is_void_v<Answer> || std::same_as<Answer, bool>,
                  "the check of then_error<E> answers a bool, which is heeded, or nothing");
    if constexpr (detail::Nullable<Check>) {
      if (check == nullptr) result_->run.fail_null_check();
    }
    const std::exception_ptr& thrown = result_->run.require_error("an error");
    try {
      std::rethrow_exception(thrown);
    } catch (const E& error) {
      if constexpr (std::is_void_v<Answer>) {
        std::invoke(check, error);
      } else {
        if (!std::invoke(check, error)) result_->run.fail_check();
      }
    } catch (...) {
      result_->run.fail_error();
    }
    result_->run.expect_error();
    return *this;
  }

  /// The command threw a `castore::Error` with this code. \throws ScenarioFailure
  Outcome then_error(ErrorCode code) const {
    result_->run.require_code(code);
    result_->run.expect_error();
    return *this;
  }

 private:
  template <class C>
  friend class Scenario;

  explicit Outcome(std::shared_ptr<detail::ScenarioResult<Output>> result)
      : result_(std::move(result)) {}

  std::shared_ptr<detail::ScenarioResult<Output>> result_;
};

/// A command on mocked event stores, all on one in-memory adapter. It begins without events. A copy
/// goes on by itself, from the events there are by then.
template <class C>
class Scenario {
 public:
  using Input = typename C::Input;
  using Output = typename C::Output;

  /// A command that is there is borrowed, a temporary one is kept.
  /// \throws ScenarioFailure  it requires two event stores of one id: on one adapter these would be
  ///     one, and what went to the wrong one would not be seen
  explicit Scenario(const C& command)
      : Scenario(Kept(std::shared_ptr<const void>(), std::addressof(command))) {}
  explicit Scenario(C&& command) : Scenario(std::make_shared<const C>(std::move(command))) {}
  explicit Scenario(const C&& command) : Scenario(std::make_shared<const C>(command)) {}

  Scenario(const Scenario&) = default;
  Scenario& operator=(const Scenario&) = default;
  ~Scenario() = default;

  /// Events that are stored already, as `events_of` takes them; may be called again.
  /// \throws ScenarioFailure  the command does not require that event store, or cannot read one of
  ///     the events there
  /// \throws what pushing them throws
  template <class Store, class... Events>
  Scenario& given(const Store& store, const Events&... events) & {
    const StoreEvents stored = events_of(store, events...);
    stage_.given(stored);
    require_readable(stored);
    return *this;
  }
  template <class Store, class... Events>
  Scenario given(const Store& store, const Events&... events) && {
    return given(store, events...);
  }

  /// Runs the command. What it throws is kept for `then_error`. May be called again, for another
  /// scenario with the events there are by then. The event stores that the handler is given live as
  /// long as the outcome.
  template <class... Context>
  [[nodiscard]] Outcome<Output> when(const Input& input, Context&&... context) {
    const auto result = std::make_shared<detail::ScenarioResult<Output>>(command_, stage_);
    const auto stores = std::make_shared<const StoreValues>(std::apply(
        [&](const auto&... store) { return StoreValues(on(result->run.stage(), store)...); },
        command_->required_event_stores()));
    result->event_stores = stores;
    const auto references =
        std::apply([](const auto&... store) { return Stores(store...); }, *stores);
    // Only what the command itself throws can be the error that is expected of it.
    try {
      if constexpr (std::is_void_v<Output>) {
        command_->handler(input, references, std::forward<Context>(context)...);
        result->output.emplace();
      } else {
        result->output.emplace(
            command_->handler(input, references, std::forward<Context>(context)...));
      }
    } catch (...) {
      result->run.threw(std::current_exception());
    }
    stage_ = result->run.stage();
    return Outcome<Output>(result);
  }

 private:
  using Kept = std::shared_ptr<const C>;
  using Stores = typename C::Stores;
  using StoreValues = typename castore::detail::StoreValues<Stores>::type;

  explicit Scenario(Kept command)
      : command_(std::move(command)),
        stage_(command_->command_id(), ids(command_->required_event_stores())) {}

  static std::vector<std::string> ids(const Stores& stores) {
    return std::apply(
        [](const auto&... store) { return std::vector<std::string>{store.event_store_id()...}; },
        stores);
  }

  template <class Store>
  static Store on(const detail::ScenarioStage& stage, const Store& store) {
    static_assert(std::same_as<decltype(store.on_adapter(stage.adapter())), Store>,
                  "the handler of a command in a scenario is given `EventStores<EventStore<...>>`: "
                  "on its adapter a mocked or connected event store is neither");
    return store.on_adapter(stage.adapter());
  }

  /// Input that the command can only fail to read would be an error that nobody has meant.
  void require_readable(const StoreEvents& stored) const {
    const auto read = [&](const auto& required) {
      if (required.event_store_id() != stored.event_store_id) return;
      const auto store = on(stage_, required);
      for (const NewEventDetail& event : stored.events) {
        store.for_each_event(event.aggregate_id,
                             {.min_version = event.version, .max_version = event.version},
                             [](const auto&) {});
      }
    };
    try {
      std::apply([&](const auto&... store) { (read(store), ...); },
                 command_->required_event_stores());
    } catch (const MalformedEventError& error) {
      stage_.fail(std::string("was given an event that it cannot read: ") + error.what());
    }
  }

  Kept command_;
  detail::ScenarioStage stage_;
};

}  // namespace castore::testing
