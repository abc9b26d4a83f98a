#include <castore/event_group.hpp>
#include <vector>

namespace castore {

void push_event_group(std::span<const GroupedEventRef> events,
                      const PushEventGroupOptions& options) {
  std::vector<detail::GroupMember*> members;
  members.reserve(events.size());
  for (const GroupedEventRef& event : events) members.push_back(&event.get());
  detail::push_group(members, options);
}

}  // namespace castore
