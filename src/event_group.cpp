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

std::vector<PushedGroupEvent> EventGroup::push(const PushEventGroupOptions& options) {
  std::vector<detail::GroupMember*> members;
  members.reserve(members_.size());
  for (const auto& member : members_) members.push_back(member.get());
  const std::vector<PushAnswer> answers = detail::push_group(members, options);
  std::vector<PushedGroupEvent> pushed;
  pushed.reserve(members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const GroupedEventView view = members_[i]->view();
    pushed.push_back({std::string(view.event_store_id), std::string(view.event.aggregate_id),
                      std::string(view.event.type), answers[i]});
  }
  return pushed;
}

Version EventGroup::newest_version(std::string_view event_store_id,
                                   std::string_view aggregate_id) const {
  Version newest = 0;
  for (const auto& member : members_) {
    const GroupedEventView view = member->view();
    const bool of_it =
        view.event_store_id == event_store_id && view.event.aggregate_id == aggregate_id;
    if (of_it) newest = std::max(newest, view.event.version);
  }
  return newest;
}

}  // namespace castore
