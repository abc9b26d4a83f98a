#pragma once

/// \file
/// Commands: what an application does, retried when it loses the optimistic lock.
///
///     const castore::Command catch_pokemon(
///         "CATCH_POKEMON", castore::event_stores(pokemons, trainers),
///         [](const CatchPokemon& input, const castore::EventStores<Pokemons, Trainers>& stores) {
///           const auto& [pokemons, trainers] = stores;
///           const Pokemon pokemon = pokemons.get_existing_aggregate(input.pokemon_id);
///           ...
///         });
///     catch_pokemon({.pokemon_id = "pikachu", .trainer_id = "ash"});

#include <castore/detail/handler_traits.hpp>
#include <castore/error.hpp>
#include <castore/event_type.hpp>
#include <castore/json/schema.hpp>
#include <castore/registry.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace castore {

/// The event stores of a command, as its handler takes them: in the order the command requires
/// them.
template <class... Stores>
using EventStores = std::tuple<const Stores&...>;

/// References to event stores, for a command. They have to outlive it: a temporary one does not
/// compile.
template <class... Stores>
[[nodiscard]] EventStores<std::remove_cvref_t<Stores>...> event_stores(
    Stores&&... stores) noexcept {
  static_assert(
      (std::is_lvalue_reference_v<Stores> && ...),
      "event stores are borrowed: keep this one in a variable, a temporary would be gone");
  return EventStores<std::remove_cvref_t<Stores>...>(stores...);
}

/// The state of a command that has lost the optimistic lock.
struct CommandAttempt {
  int attempt_number = 1;  ///< from 1
  int retries_left = 0;    ///< 0: the error is about to leave the command
};

/// The wait before a command is tried again: a random time up to
/// `min(max_delay, initial_delay * rate^(attempt - 1))`, perhaps none, so that rivals do not meet
/// again. What is too long to be told is the longest that can be.
struct CommandBackoff {
  std::chrono::milliseconds initial_delay{10};  ///< ≥ 0
  std::chrono::milliseconds max_delay{1000};    ///< ≥ `initial_delay`
  double rate = 2;                              ///< ≥ 1
  /// Waits; the thread's sleep, unless a test brings another.
  std::function<void(std::chrono::microseconds)> sleep{};
};

struct CommandOptions {
  int event_already_exists_retries = 2;  ///< ≥ 0
  /// Called for each lost optimistic lock, also the last one, before it is retried or rethrown.
  /// Its exceptions propagate instead.
  std::function<void(const EventAlreadyExistsError&, const CommandAttempt&)>
      on_event_already_exists{};
  /// Without it a command is retried at once.
  std::optional<CommandBackoff> backoff{};
  /// JSON Schemas (draft 7) of input and output. They are checked where the command is run with
  /// JSON (`castore-cli run-command`); in C++ the types are the check.
  std::optional<std::string> input_schema{};
  std::optional<std::string> output_schema{};
  /// Compiles the schemas; needed where there is one.
  std::shared_ptr<JsonSchemaCompiler> schema_compiler{};
};

namespace detail {

/// The untyped part of a command.
class CommandCore {
 public:
  CommandCore(std::string command_id, CommandOptions options);

  [[nodiscard]] const std::string& command_id() const noexcept { return command_id_; }
  [[nodiscard]] const CommandOptions& options() const noexcept { return options_; }

  /// Handles a lost lock: tells of it and, if there is to be another attempt, waits for it.
  /// \returns whether there is. \throws what `on_event_already_exists` throws
  [[nodiscard]] bool retry_after(const EventAlreadyExistsError& error, int attempt_number) const;

  /// \throws InvalidInputError, SchemaViolationError
  void check_input(std::string_view json) const;
  /// \throws SchemaViolationError
  void check_output(std::string_view json) const;

 private:
  std::string command_id_;
  CommandOptions options_;
  std::shared_ptr<const JsonSchema> input_schema_;
  std::shared_ptr<const JsonSchema> output_schema_;
};

/// Called in a catch clause, whatever was thrown. \throws InvalidInputError; `std::bad_alloc`
/// propagates as itself
[[noreturn]] void throw_unfit_input();

}  // namespace detail

/// A use case of the application: input in, events pushed to the event stores it requires, output
/// out. If the handler loses the optimistic lock (`EventAlreadyExistsError`, and no other error),
/// it is run again, from the beginning and on what is stored by then; the last such error leaves
/// the command. So a handler has no effect but its pushes, which it makes last and in one group: of
/// several pushes those before the one that loses stay stored, and are made again. What else it
/// needs (a clock, a source of ids) comes in as context arguments.
///
/// A lost lock that a callback, a reducer or a channel meets after the commit is none of the
/// command's: it propagates as an `AfterCommitError`, and nothing is run again.
///
/// The handler is any callable `Output (const Input&, const EventStores<Stores...>&, Context...)`
/// with one const call operator. `Input` is any type, `Output` may be void. A command is a small
/// value whose const members may be called from several threads at once, as far as the handler may.
///
/// A push inside an open transaction of the caller's that conflicts leaves that transaction open;
/// retrying inside one that holds the write lock already is no use, and no conflict arises there.
template <class Handler>
class Command {
  using Traits = detail::HandlerTraits<Handler>;

 public:
  using Input = typename Traits::Input;
  using Output = typename Traits::Output;
  using Stores = typename Traits::Stores;  ///< `EventStores<…>`

  /// \param required_event_stores  the handler's, as `event_stores(...)` makes them
  /// \throws InvalidOptionError  a retry or backoff option is out of its range
  /// \throws InvalidSchemaError  a schema cannot be used, or there is no `schema_compiler` for it
  template <class Required>
  Command(std::string command_id, const Required& required_event_stores, Handler handler,
          CommandOptions options = {})
      : core_(std::move(command_id), std::move(options)),
        required_event_stores_(detail::require_event_stores<Stores>(required_event_stores)),
        handler_(std::move(handler)) {}

  [[nodiscard]] const std::string& command_id() const noexcept { return core_.command_id(); }
  [[nodiscard]] const Stores& required_event_stores() const noexcept {
    return required_event_stores_;
  }
  [[nodiscard]] const CommandOptions& options() const noexcept { return core_.options(); }

  /// Runs the command on the event stores it requires.
  /// \throws EventAlreadyExistsError  the last attempt has lost, too
  template <class... Context>
  Output operator()(const Input& input, Context&&... context) const {
    return handler(input, required_event_stores_, context...);
  }

  /// The same on other event stores of these types: those of a test, of a tenant.
  template <class... Context>
  Output handler(const Input& input, const Stores& event_stores, Context&&... context) const {
    static_assert(std::is_invocable_v<const Handler&, const Input&, const Stores&, Context&...>,
                  "these context arguments are not those of the command's handler");
    for (int attempt = 1;; ++attempt) {
      try {
        return handler_(input, event_stores, context...);
      } catch (const EventAlreadyExistsError& error) {
        if (!core_.retry_after(error, attempt)) throw;
      }
    }
  }

  /// For `Registry::add`: the command with these context arguments, JSON in and JSON out. Needs
  /// JSON functions of `Input` and, unless it is void, of `Output`, as payloads have.
  template <class... Context>
  [[nodiscard]] CommandDescription describe(Context... context) const {
    const auto ids = [](const auto&... stores) {
      return std::vector<std::string>{stores.event_store_id()...};
    };
    return {command_id(), std::apply(ids, required_event_stores_), options().input_schema,
            options().output_schema,
            [command = *this, stores = copies(), context = std::make_tuple(std::move(context)...)](
                std::string_view input, std::shared_ptr<EventStorageAdapter> storage) {
              return std::apply(
                  [&](auto... arguments) {
                    return command.run(input, over(stores, storage), arguments...);
                  },
                  context);
            }};
  }

 private:
  using StoreValues = typename detail::StoreValues<Stores>::type;

  /// The event stores as values: the description may outlive them.
  [[nodiscard]] StoreValues copies() const {
    return std::apply(
        [](const auto&... stores) { return StoreValues(stores.on_adapter(nullptr)...); },
        required_event_stores_);
  }

  static StoreValues over(const StoreValues& stores,
                          const std::shared_ptr<EventStorageAdapter>& storage) {
    return std::apply(
        [&](const auto&... store) { return StoreValues(store.on_adapter(storage)...); }, stores);
  }

  static Input read(std::string_view json) {
    try {
      return JsonCodec<Input>::decode(json);
    } catch (...) {
      detail::throw_unfit_input();
    }
  }

  template <class... Context>
  std::optional<std::string> run(std::string_view json, const StoreValues& stores,
                                 Context&... context) const {
    core_.check_input(json);
    const Input input = read(json);
    const Stores references =
        std::apply([](const auto&... store) { return Stores(store...); }, stores);
    if constexpr (std::is_void_v<Output>) {
      handler(input, references, context...);
      return std::nullopt;
    } else {
      const std::remove_cvref_t<Output> answer = handler(input, references, context...);
      std::optional<std::string> output;
      try {
        output = JsonCodec<std::remove_cvref_t<Output>>::encode(answer);
      } catch (const Error&) {
        throw AfterCommitError(std::current_exception());
      }
      if (output) core_.check_output(*output);
      return output;
    }
  }

  detail::CommandCore core_;
  Stores required_event_stores_;
  Handler handler_;
};

}  // namespace castore
