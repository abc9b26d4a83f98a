#pragma once

/// \file
/// The backends that the contract test runs on. A new backend adds its storage here.

#include <doctest/doctest.h>

#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <string>
#include <utility>

#include "support/temporary_directory.hpp"

namespace castore::testing {

struct InMemoryStorage {
  /// An adapter on a database of its own.
  [[nodiscard]] std::shared_ptr<EventStorageAdapter> make_adapter(Clock clock = system_now) {
    return std::make_shared<InMemoryEventStorageAdapter>(std::move(clock));
  }
};

class SqliteStorage {
 public:
  /// The files are there as long as an adapter on one of them is.
  [[nodiscard]] std::shared_ptr<EventStorageAdapter> make_adapter(Clock clock = system_now) {
    struct Held {
      std::shared_ptr<TemporaryDirectory> directory;
      SqliteEventStorageAdapter adapter;
    };
    const auto file = *directory_ / (std::to_string(++count_) + ".db");
    // Nobody cuts the power during a test: without syncing the suite takes a tenth of the time.
    const auto database = sqlite::Database::open(file, {.synchronous = sqlite::Synchronous::off});
    const std::shared_ptr<Held> held(
        new Held{directory_, SqliteEventStorageAdapter(database, std::move(clock))});
    return {held, &held->adapter};
  }

 private:
  std::shared_ptr<TemporaryDirectory> directory_ = std::make_shared<TemporaryDirectory>();
  int count_ = 0;
};

}  // namespace castore::testing

// The one list of backends: doctest takes types only by name, and each contract test needs them.
#define CASTORE_STORAGES castore::testing::InMemoryStorage, castore::testing::SqliteStorage

TYPE_TO_STRING(castore::testing::InMemoryStorage);
TYPE_TO_STRING(castore::testing::SqliteStorage);
