#include "history/find_event.hpp"

namespace castore::cli {

std::optional<EventDetail> find_event(const EventStorageAdapter& storage,
                                      std::string_view event_store_id,
                                      std::string_view aggregate_id, Version version) {
  std::optional<EventDetail> found;
  storage.for_each_event(event_store_id, aggregate_id,
                         {.min_version = version, .max_version = version},
                         [&](const EventView& event) {
                           found = to_detail(event);
                           return false;
                         });
  return found;
}

}  // namespace castore::cli
