#pragma once

/// \file
/// BOUNDARY: an application's event stores and commands as tools see them, without its C++ types.
///
///     extern "C" void castore_register(castore::Registry& registry) {  // a plugin of castore-cli
///       registry.add(pokemons);
///       registry.add(trainers);
///       registry.add(catch_pokemon, clock);  // with the context arguments of its handler
///     }

#include <castore/event_storage_adapter.hpp>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace castore {

/// A reducer at work on one aggregate: events in, the aggregate as JSON out.
class AggregateFold {
 public:
  AggregateFold() = default;
  AggregateFold& operator=(AggregateFold&&) = delete;
  virtual ~AggregateFold() = default;

  /// \throws MalformedEventError, and whatever the application's reducer throws
  virtual void apply(const EventView& event) = 0;

  /// JSON text of the aggregate, with the members `aggregateId` and `version`, but where the
  /// application calls something else so; nothing before the first event.
  [[nodiscard]] virtual std::optional<std::string> json() const = 0;
};

struct EventStoreDescription {
  std::string event_store_id;
  std::vector<std::string> event_types;
  /// A fresh fold, for one aggregate. Safe to call and use after the event store is gone.
  std::function<std::unique_ptr<AggregateFold>()> make_fold{};
  /// Checks an event to be pushed: the store knows its type, payload and metadata fit the JSON
  /// Schemas of that type, and are what it reads. The reducer is not run. Empty: there is no check.
  /// \throws InvalidEventError     its path is "type", "payload", "payload.level", "metadata", …
  /// \throws SchemaViolationError  its path is "payload" or "metadata"
  std::function<void(const NewEventView&)> validate{};
};

struct CommandDescription {
  std::string command_id;
  std::vector<std::string> event_store_ids{};  ///< of the event stores it requires
  std::optional<std::string> input_schema{};   ///< JSON text
  std::optional<std::string> output_schema{};
  /// Runs the command on its event stores as they are on `storage`, without their callbacks and
  /// message channels. JSON in, JSON out; nothing: the command has no output.
  /// \throws InvalidInputError     the input is no JSON, or not what the command takes
  /// \throws SchemaViolationError  of the input; or of the output, which is stored all the same
  /// \throws what the command's handler throws
  std::function<std::optional<std::string>(std::string_view input,
                                           std::shared_ptr<EventStorageAdapter> storage)>
      run;
};

/// A type that describes itself as an event store, such as `EventStore`.
template <class T>
concept DescribedEventStore = requires(const T& store) {
  { store.describe() } -> std::same_as<EventStoreDescription>;
};

/// A type that describes itself as a command, given the context arguments of its handler, such as
/// `Command`.
template <class T, class... Context>
concept DescribedCommand = requires(const T& command, Context... context) {
  { command.describe(context...) } -> std::same_as<CommandDescription>;
};

/// Filled once, at start; reading it from several threads is safe afterwards.
class Registry {
 public:
  /// \throws InvalidOptionError  an event store of that id is there already
  void add(EventStoreDescription description);

  /// An `EventStore`, by its `describe()`.
  template <DescribedEventStore Store>
  void add(const Store& store) {
    add(store.describe());
  }

  /// \throws InvalidOptionError  a command of that id is there already
  void add(CommandDescription description);

  /// A `Command`, by its `describe(context...)`; the context arguments are copied.
  template <class C, class... Context>
  requires DescribedCommand<C, Context...>
  void add(const C& command, Context... context) { add(command.describe(std::move(context)...)); }

  /// nullptr where there is none. Valid until the next `add`.
  [[nodiscard]] const EventStoreDescription* find_event_store(
      std::string_view event_store_id) const noexcept;
  [[nodiscard]] const CommandDescription* find_command(std::string_view command_id) const noexcept;

  [[nodiscard]] const std::vector<EventStoreDescription>& event_stores() const noexcept {
    return event_stores_;
  }
  [[nodiscard]] const std::vector<CommandDescription>& commands() const noexcept {
    return commands_;
  }

 private:
  std::vector<EventStoreDescription> event_stores_;
  std::vector<CommandDescription> commands_;
};

}  // namespace castore
