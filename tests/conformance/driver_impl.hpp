#pragma once

/// \file
/// The state of one scenario. Each `driver_*.cpp` has the operations of one subject.

#include <castore/castore.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "channels.hpp"
#include "domain.hpp"
#include "driver.hpp"
#include "values.hpp"

namespace conformance {

using castore::EventStorageAdapter;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::random_device random;
    do {
      path_ = std::filesystem::temp_directory_path() /
              ("castore-conformance-" + std::to_string(random()) + std::to_string(random()));
    } while (!std::filesystem::create_directory(path_));
  }
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The error that is being handled, as an answer.
[[nodiscard]] json current_exception_answer();

struct Driver::Impl {
  using MakeAdapter = std::function<std::shared_ptr<EventStorageAdapter>()>;

  Impl(AdapterKind adapter_kind, bool shared)
      : kind(adapter_kind),
        make_adapter(database("events.db", shared)),
        stores{make_pokemons(make_adapter()), make_trainers(make_adapter()),
               make_counters(make_adapter())} {
    named = {{"POKEMONS", &stores.pokemons},
             {"TRAINERS", &stores.trainers},
             {"COUNTERS", &stores.counters}};
  }

  /// Gives adapters on one fresh database: the same one each time, or new ones.
  [[nodiscard]] MakeAdapter database(const char* name, bool shared) const {
    // in memory, the adapter is the database
    if (kind == AdapterKind::in_memory) {
      return
          [adapter = std::make_shared<castore::InMemoryEventStorageAdapter>()] { return adapter; };
    }
    auto file = castore::sqlite::Database::open(directory.path() / name);
    if (shared) {
      return [adapter = std::make_shared<castore::SqliteEventStorageAdapter>(std::move(file))] {
        return adapter;
      };
    }
    return [file = std::move(file)] {
      return std::make_shared<castore::SqliteEventStorageAdapter>(file);
    };
  }

  /// An event store by the name that a scenario has for it: its id, or what it is connected or
  /// mocked as.
  [[nodiscard]] AnyStore store_named(const std::string& name) const {
    const auto found = named.find(name);
    if (found == named.end()) throw Unsupported{};  // what was to make it does not compile
    return found->second;
  }

  /// Calls `use` with the event store that `args` names, typed.
  template <class Use>
  json with_store(const json& args, Use&& use) {
    return std::visit([&](auto* store) -> json { return use(*store); },
                      store_named(args.at("store").get<std::string>()));
  }

  /// Gives a name to an event store, and keeps it.
  template <class Store>
  void keep(const std::string& name, std::shared_ptr<Store> store) {
    named[name] = store.get();
    owned.push_back(std::move(store));
  }

  using Operation = json (Impl::*)(const json& args);
  static const std::map<std::string_view, Operation>& operations();

  json push_event(const json& args);
  json push_event_group(const json& args);
  json get_events(const json& args);
  json get_aggregate(const json& args);
  json get_existing_aggregate(const json& args);
  json list_aggregate_ids(const json& args);
  json list_all_aggregate_ids(const json& args);
  json build_aggregate(const json& args);
  json simulate_aggregate(const json& args);
  json parallel(const json& args);
  json detach_adapter(const json& args);
  json define_event_type(const json& args);
  json set_on_event_pushed(const json& args);
  json on_event_pushed_calls(const json& args);

  // driver_commands.cpp
  json run_command(const json& args);

  // driver_messages.cpp
  [[nodiscard]] Channel& channel_of(const json& args);
  json classify_message(const json& args);
  json create_channel(const json& args);
  json set_worker(const json& args);
  json on_message(const json& args);
  json publish_message(const json& args);
  json publish_messages(const json& args);
  json get_aggregate_and_publish_message(const json& args);
  json received(const json& args);
  json connect_store(const json& args);
  json mock_store(const json& args);
  json reset_store(const json& args);
  json mute_store(const json& args);

  // driver_dam.cpp
  json pour_aggregate_events(const json& args);
  json pour_event_store_aggregate_ids(const json& args);
  json pour_event_store_events(const json& args);
  json pour_event_store_collection_events(const json& args);

  json execute(std::string_view operation, const json& args) noexcept;

  TemporaryDirectory directory;  // before what has files open in it
  AdapterKind kind;
  MakeAdapter make_adapter;
  DomainStores stores;
  std::mutex calls_mutex;
  std::map<std::string, json> calls;  ///< of the recording callbacks, by their id

  std::map<std::string, AnyStore> named;
  std::vector<std::shared_ptr<void>> owned;
  std::map<std::string, std::function<void()>> resets;  ///< of mocked event stores
  std::map<std::string, std::unique_ptr<Channel>> channels;
};

}  // namespace conformance
