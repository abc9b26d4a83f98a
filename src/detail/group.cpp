#include <castore/detail/group.hpp>
#include <castore/error.hpp>
#include <cstddef>
#include <vector>

namespace castore::detail {

std::vector<PushAnswer> push_group(std::span<GroupMember* const> members,
                                   const PushEventGroupOptions& options) {
  std::vector<GroupedEventView> events;
  events.reserve(members.size());
  for (const GroupMember* member : members) events.push_back(member->view());
  if (events.empty()) {
    throw InvalidEventGroupError(InvalidEventGroupError::Reason::empty, 0,
                                 "An event group needs at least one event");
  }
  std::vector<PushAnswer> answers = events.front().adapter->push_event_group(events, options);
  FirstFailure failure;
  for (std::size_t i = 0; i < members.size(); ++i) {
    failure.keep_of([&] {
      try {
        members[i]->complete(answers.at(i));
      } catch (...) {
        rethrow_after_commit();
      }
    });
  }
  failure.keep_of([&] {
    CommitOrder::keep([&] {
      for (GroupMember* member : members) failure.keep_of([&] { member->notify(); });
    });
  });
  failure.rethrow();
  return answers;
}

}  // namespace castore::detail
