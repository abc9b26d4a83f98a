#pragma once

#include <castore/event_feed.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/registry.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace castore::cli {

class Answer;

/// A feed that knows which of the types it was asked for have not come. To a misspelt one the
/// answer is as empty as to one without events.
class TypeWatch final : public EventFeed {
 public:
  TypeWatch(const EventStorageAdapter& storage, FeedQuery query);

  [[nodiscard]] std::span<const FeedEvent> next_page() override;
  [[nodiscard]] std::int64_t looked_up_to() const noexcept override {
    return feed_->looked_up_to();
  }
  [[nodiscard]] std::int64_t left_out() const noexcept override { return feed_->left_out(); }

  /// Notes at the end, with the names that are near, each type that has not come, and that neither
  /// the application nor the beginning of the history knows.
  void note_unknown_types(const Registry& registry, Answer& answer) const;

 private:
  [[nodiscard]] std::vector<std::string> first_types() const;

  const EventStorageAdapter& storage_;
  std::vector<std::string> event_store_ids_;
  std::vector<std::string> missing_;
  std::unique_ptr<EventFeed> feed_;
};

}  // namespace castore::cli
