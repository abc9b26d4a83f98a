#pragma once

/// \file
/// A group of events, whatever their stores, and what comes after its commit.

#include <castore/after_commit.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/event_type.hpp>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace castore::detail {

/// Does what comes after the commit of `event`.
/// \throws AfterCommitError; or what `action` throws, where that is no error of castore's
template <class P, class Action>
void after_commit(const std::string& event_store_id, const Event<P>& event, Action&& action) {
  try {
    action();
  } catch (...) {
    rethrow_after_commit(event_store_id, event.aggregate_id, event.version);
  }
}

template <class... P, class Action>
void after_commit(const std::string& event_store_id, const std::variant<Event<P>...>& event,
                  Action&& action) {
  std::visit([&](const auto& e) { after_commit(event_store_id, e, action); }, event);
}

/// One group event, whatever its store: what `push_event_group` needs of it.
class GroupMember {
 public:
  GroupMember() = default;
  GroupMember(const GroupMember&) = default;
  GroupMember& operator=(const GroupMember&) = default;
  GroupMember(GroupMember&&) = default;
  GroupMember& operator=(GroupMember&&) = default;
  virtual ~GroupMember() = default;

  [[nodiscard]] virtual GroupedEventView view() const = 0;
  /// The group is stored: complete the event, compute the next aggregate. Exceptions of the
  /// reducer propagate once the event is complete.
  virtual void complete(const PushAnswer& answer) = 0;
  virtual void notify() = 0;
};

/// Validates, pushes, completes, notifies; the last two of all members, whatever one of them
/// throws. \returns an answer for each, in this order
std::vector<PushAnswer> push_group(std::span<GroupMember* const> members,
                                   const PushEventGroupOptions& options);

}  // namespace castore::detail
