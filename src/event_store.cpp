#include <castore/event_store.hpp>

namespace castore {
namespace detail {

void push_group(std::span<GroupMember* const> members, const PushEventGroupOptions& options) {
  std::vector<GroupedEventView> events;
  events.reserve(members.size());
  for (const GroupMember* member : members) events.push_back(member->view());
  if (events.empty()) {
    throw InvalidEventGroupError(InvalidEventGroupError::Reason::empty, 0,
                                 "An event group needs at least one event");
  }
  const Timestamp timestamp = events.front().adapter->push_event_group(events, options);
  for (GroupMember* member : members) member->complete(timestamp);
  std::exception_ptr failure;
  for (GroupMember* member : members) {
    try {
      member->notify();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail

void push_event_group(std::span<const AnyGroupedEvent> events,
                      const PushEventGroupOptions& options) {
  std::vector<detail::GroupMember*> members;
  members.reserve(events.size());
  for (const AnyGroupedEvent& event : events) members.push_back(&event.get());
  detail::push_group(members, options);
}

}  // namespace castore
