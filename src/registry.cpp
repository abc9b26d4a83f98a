#include <algorithm>
#include <castore/error.hpp>
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

void Registry::add(CommandDescription description) {
  if (find_command(description.command_id) != nullptr) {
    throw InvalidOptionError("registry", "command " + description.command_id + " is there already");
  }
  commands_.push_back(std::move(description));
}

const EventStoreDescription* Registry::find_event_store(
    std::string_view event_store_id) const noexcept {
  const auto found = std::find_if(
      event_stores_.begin(), event_stores_.end(),
      [&](const EventStoreDescription& store) { return store.event_store_id == event_store_id; });
  return found == event_stores_.end() ? nullptr : &*found;
}

const CommandDescription* Registry::find_command(std::string_view command_id) const noexcept {
  const auto found = std::find_if(
      commands_.begin(), commands_.end(),
      [&](const CommandDescription& command) { return command.command_id == command_id; });
  return found == commands_.end() ? nullptr : &*found;
}

}  // namespace castore
