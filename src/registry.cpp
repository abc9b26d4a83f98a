#include <algorithm>
#include <castore/registry.hpp>
#include <utility>

namespace castore {

void Registry::add(EventStoreDescription description) {
  if (find_event_store(description.event_store_id) != nullptr) {
    throw InvalidOptionError("registry",
                             "event store " + description.event_store_id + " is there already");
  }
  event_stores_.push_back(std::move(description));
}

const EventStoreDescription* Registry::find_event_store(
    std::string_view event_store_id) const noexcept {
  const auto found = std::find_if(
      event_stores_.begin(), event_stores_.end(),
      [&](const EventStoreDescription& store) { return store.event_store_id == event_store_id; });
  return found == event_stores_.end() ? nullptr : &*found;
}

}  // namespace castore
