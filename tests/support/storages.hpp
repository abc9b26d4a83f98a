#pragma once

/// \file
/// The backends that the contract test runs on. A new backend adds its storage here.

#include <doctest/doctest.h>

#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sqlite/sql.hpp"
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

enum class Encoding { utf8, utf16le, utf16be };

/// A connection that a host has opened, on a database in that encoding.
template <Encoding encoding>
struct HostStorage {
  /// The connection is open as long as the adapter, or a feed of it, is there.
  [[nodiscard]] std::shared_ptr<EventStorageAdapter> make_adapter(Clock clock = system_now) {
    struct Host {
      Sql sql{":memory:"};
      std::shared_ptr<sqlite::Database> database;
    };
    const auto host = std::make_shared<Host>();
    host->sql(std::string("PRAGMA encoding = '") + name + "'");
    host->database = sqlite::Database::on_connection(host->sql.handle());
    if (host->sql.value("PRAGMA encoding") != name) throw std::runtime_error("another encoding");
    return std::make_shared<SqliteEventStorageAdapter>(
        std::shared_ptr<sqlite::Database>(host, host->database.get()), std::move(clock));
  }

  static constexpr auto name = encoding == Encoding::utf8      ? "UTF-8"
                               : encoding == Encoding::utf16le ? "UTF-16le"
                                                               : "UTF-16be";
};

using Utf8Host = HostStorage<Encoding::utf8>;
using Utf16leHost = HostStorage<Encoding::utf16le>;
using Utf16beHost = HostStorage<Encoding::utf16be>;

/// One of each.
template <class... Storages>
std::vector<std::shared_ptr<EventStorageAdapter>> make_adapters(const Clock& clock = system_now) {
  return {Storages().make_adapter(clock)...};
}

}  // namespace castore::testing

// The one list of backends: doctest takes types only by name, and each contract test needs them.
#define CASTORE_STORAGES                                                                          \
  castore::testing::InMemoryStorage, castore::testing::SqliteStorage, castore::testing::Utf8Host, \
      castore::testing::Utf16leHost, castore::testing::Utf16beHost

TYPE_TO_STRING(castore::testing::InMemoryStorage);
TYPE_TO_STRING(castore::testing::SqliteStorage);
TYPE_TO_STRING(castore::testing::Utf8Host);
TYPE_TO_STRING(castore::testing::Utf16leHost);
TYPE_TO_STRING(castore::testing::Utf16beHost);
