#pragma once

#include <castore/event.hpp>
#include <castore/registry.hpp>
#include <string_view>

namespace castore::cli {

/// A check of events to be stored by what the application knows of their event store: that there is
/// one, its types, their schemas, and that the event can be read. It checks nothing, at no cost,
/// with --unchecked, or where the application registers no event stores.
struct EventCheck {
  const Registry& registry;
  bool unchecked = false;

  /// \throws InvalidEventError, SchemaViolationError
  /// \throws Error  `ErrorCode::plugin`: the check itself failed
  void operator()(std::string_view event_store_id, const NewEventView& event) const;
};

}  // namespace castore::cli
