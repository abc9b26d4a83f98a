#include "history/event_check.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "context.hpp"
#include "errors.hpp"
#include "nearest.hpp"

namespace castore::cli {
namespace {

const EventStoreDescription& find_event_store(const Registry& registry,
                                              const std::string& event_store_id) {
  const EventStoreDescription* const store = registry.find_event_store(event_store_id);
  if (store != nullptr) return *store;
  throw InvalidEventError("eventStoreId",
                          event_store_id + " is no event store of the application" +
                              did_you_mean_or_list(event_store_id, event_store_ids(registry)));
}

/// Tells whether the error is about a type that the event store has never heard of.
bool is_unknown_type(const InvalidEventError& error, const EventStoreDescription& store,
                     std::string_view type) {
  const auto& types = store.event_types;
  return error.path() == "type" && std::find(types.begin(), types.end(), type) == types.end();
}

}  // namespace

void EventCheck::operator()(std::string_view event_store_id, const NewEventView& event) const {
  if (unchecked || registry.event_stores().empty()) return;
  const std::string id(event_store_id);
  const EventStoreDescription& store = find_event_store(registry, id);
  if (!store.validate) return;
  try {
    store.validate(event);
  } catch (const InvalidEventError& error) {
    if (!is_unknown_type(error, store, event.type)) throw;
    throw with_note(error, did_you_mean_or_list(event.type, store.event_types), {});
  } catch (const SchemaViolationError&) {
    throw;
  } catch (...) {
    const std::string aggregate_id(event.aggregate_id);
    throw plugin_error("The check of event store " + id + " failed at aggregate " + aggregate_id,
                       {{"eventStoreId", id}, {"aggregateId", aggregate_id}});
  }
}

}  // namespace castore::cli
