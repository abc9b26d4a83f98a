#include "context.hpp"

#include "nearest.hpp"

namespace castore::cli {
namespace {

const std::string& require_database_file(const std::string& file) {
  if (file.empty()) {
    throw InvalidOptionError("db", "is missing: give --db FILE or set CASTORE_DB");
  }
  if (file == ":memory:") {
    throw InvalidOptionError("db", "must be a file: \":memory:\" would be gone with this program");
  }
  return file;
}

}  // namespace

std::unique_ptr<SqliteEventStorageAdapter> Context::open_for_reading() const {
  return std::make_unique<SqliteEventStorageAdapter>(sqlite::Database::open(
      require_database_file(database_file), {.read_only = true, .busy_timeout = busy_timeout}));
}

std::shared_ptr<sqlite::Database> Context::open_for_writing() const {
  return sqlite::Database::open(require_database_file(database_file),
                                {.busy_timeout = busy_timeout});
}

void Context::require_event_store(const std::string& event_store_id,
                                  const EventStorageAdapter& storage) const {
  if (registry.find_event_store(event_store_id) != nullptr) return;
  if (!storage.list_aggregate_ids(event_store_id, {.limit = 1}).aggregate_ids.empty()) return;
  std::vector<std::string> ids;
  for (const EventStoreSummary& store : storage.list_event_stores()) {
    if (store.event_store_id == event_store_id) return;
    ids.push_back(store.event_store_id);
  }
  const auto registered = event_store_ids(registry);
  ids.insert(ids.end(), registered.begin(), registered.end());
  throw Error(ErrorCode::event_store_not_found,
              "Unable to find event store " + event_store_id +
                  ": nobody has pushed an event to it" + did_you_mean_or_list(event_store_id, ids),
              {{"eventStoreId", event_store_id}});
}

std::vector<std::string> event_store_ids(const Registry& registry) {
  std::vector<std::string> ids;
  for (const EventStoreDescription& store : registry.event_stores()) {
    ids.push_back(store.event_store_id);
  }
  return ids;
}

}  // namespace castore::cli
