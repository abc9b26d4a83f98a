#pragma once

#include <castore/event_storage_adapter.hpp>
#include <castore/registry.hpp>
#include <castore/sqlite/database.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace castore::cli {

/// The surroundings of a sub-command: the file, the application, the input.
struct Context {
  Registry registry;
  std::istream& in;
  std::ostream& err;  ///< where it is a terminal, it shows how far long work has come
  std::string database_file = {};
  /// The time to wait for a file that others keep locked.
  std::chrono::milliseconds busy_timeout = sqlite::DatabaseOptions{}.busy_timeout;

  /// Opens the file, and never creates or changes one.
  [[nodiscard]] std::unique_ptr<SqliteEventStorageAdapter> open_for_reading() const;
  /// Opens the file, and creates it where it is missing.
  [[nodiscard]] std::shared_ptr<sqlite::Database> open_for_writing() const;

  /// Refuses a store that nobody has written and the registry does not know: that nothing is found
  /// in it is more likely a misspelt id. The message has the nearest. Reads all events where the
  /// store has none, so call it only where nothing was found.
  /// \throws Error  `ErrorCode::event_store_not_found`
  void require_event_store(const std::string& event_store_id,
                           const EventStorageAdapter& storage) const;
};

[[nodiscard]] std::vector<std::string> event_store_ids(const Registry& registry);

}  // namespace castore::cli
