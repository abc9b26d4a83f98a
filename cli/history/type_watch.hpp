#pragma once

#include <castore/event_feed.hpp>
#include <castore/event_storage_adapter.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace castore::cli {

class Context;

/// A feed that knows which of the types it was asked for have not come. To a misspelt one the
/// answer is as empty as to one without events.
class TypeWatch final : public EventFeed {
 public:
  TypeWatch(const EventStorageAdapter& storage, FeedQuery query);

  [[nodiscard]] std::span<const FeedEvent> next_page() override;

  /// At the end: says so on standard error, with the names that are near, of a type that has not
  /// come, and that neither the application nor the beginning of the history knows.
  void note_unknown_types(const Context& context) const;

 private:
  [[nodiscard]] std::vector<std::string> first_types() const;

  const EventStorageAdapter& storage_;
  std::vector<std::string> event_store_ids_;
  std::vector<std::string> missing_;
  std::unique_ptr<EventFeed> feed_;
};

}  // namespace castore::cli
