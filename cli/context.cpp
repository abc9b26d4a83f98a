#include "context.hpp"

#include <istream>
#include <ostream>
#include <utility>

#include "errors.hpp"
#include "nearest.hpp"

namespace castore::cli {

Context::Context(std::string program_name, Registry known_stores, const Streams& streams)
    : program(std::move(program_name)),
      registry(std::move(known_stores)),
      in(streams.in),
      out(streams.out),
      err(streams.err) {}

const std::string& Context::required_database_file() const {
  if (database_file.empty()) {
    throw InvalidOptionError("db", "is missing: give --db FILE or set CASTORE_DB");
  }
  if (database_file == ":memory:") {
    throw InvalidOptionError("db", "must be a file: \":memory:\" would be gone with this program");
  }
  return database_file;
}

std::unique_ptr<SqliteEventStorageAdapter> Context::open_for_reading() const {
  return std::make_unique<SqliteEventStorageAdapter>(sqlite::Database::open(
      required_database_file(), {.read_only = true, .busy_timeout = busy_timeout}));
}

std::shared_ptr<sqlite::Database> Context::open_for_writing() const {
  return sqlite::Database::open(required_database_file(), {.busy_timeout = busy_timeout});
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

bool Context::print(std::string_view text) const {
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  return out.good();
}

void Context::print_json(std::string_view json) const {
  std::string line;
  if (format == Format::text) {
    append_readable(line, json);
  } else {
    line = json;
  }
  print(line += '\n');
}

void Context::finish_output(std::string_view done) const {
  out.flush();
  if (!out) throw OutputError(done);
}

void Context::note(std::string_view code, const std::string& message,
                   const std::vector<ErrorField>& fields) const {
  std::string line;
  if (format == Format::text) {
    append_readable(line, program + ": note: " + message);
  } else {
    line = "{\"note\":";
    append_problem(line, code, message, fields);
    line += '}';
  }
  err << (line += '\n') << std::flush;
}

std::vector<std::string> event_store_ids(const Registry& registry) {
  std::vector<std::string> ids;
  for (const EventStoreDescription& store : registry.event_stores()) {
    ids.push_back(store.event_store_id);
  }
  return ids;
}

}  // namespace castore::cli
