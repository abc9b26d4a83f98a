#pragma once

/// \file
/// BOUNDARY: an application's event stores as tools see them, without its C++ types.
///
///     extern "C" void castore_register(castore::Registry& registry) {  // a plugin of castore-cli
///       registry.add(pokemons);
///       registry.add(trainers);
///     }

#include <castore/event.hpp>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace castore {

/// A reducer at work on one aggregate: events in, the aggregate as JSON out.
class AggregateFold {
 public:
  AggregateFold() = default;
  AggregateFold(const AggregateFold&) = delete;
  AggregateFold& operator=(const AggregateFold&) = delete;
  AggregateFold(AggregateFold&&) = delete;
  AggregateFold& operator=(AggregateFold&&) = delete;
  virtual ~AggregateFold() = default;

  /// \throws MalformedEventError, and whatever the application's reducer throws
  virtual void apply(const EventView& event) = 0;

  /// JSON text of the aggregate, with the members `aggregateId` and `version`; nothing before the
  /// first event.
  [[nodiscard]] virtual std::optional<std::string> json() const = 0;
};

struct EventStoreDescription {
  std::string event_store_id;
  std::vector<std::string> event_types;
  /// A fresh fold, for one aggregate. Safe to call and use after the event store is gone.
  std::function<std::unique_ptr<AggregateFold>()> make_fold;
};

/// What describes itself as an event store: `EventStore` does.
template <class T>
concept DescribedEventStore = requires(const T& store) {
  { store.describe() } -> std::same_as<EventStoreDescription>;
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

  /// nullptr where there is none. Valid until the next `add`.
  [[nodiscard]] const EventStoreDescription* find_event_store(
      std::string_view event_store_id) const noexcept;

  [[nodiscard]] const std::vector<EventStoreDescription>& event_stores() const noexcept {
    return event_stores_;
  }

 private:
  std::vector<EventStoreDescription> event_stores_;
};

}  // namespace castore
