#include "history/type_watch.hpp"

#include <algorithm>
#include <utility>

#include "answer.hpp"
#include "nearest.hpp"

namespace castore::cli {
namespace {

/// To look at all events for the names of their types would take as long as the replay.
constexpr std::size_t looked_at = 1000;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> registered_types(const Registry& registry,
                                          const std::vector<std::string>& event_store_ids) {
  std::vector<std::string> types;
  for (const EventStoreDescription& store : registry.event_stores()) {
    if (!event_store_ids.empty() && !contains(event_store_ids, store.event_store_id)) continue;
    types.insert(types.end(), store.event_types.begin(), store.event_types.end());
  }
  return types;
}

}  // namespace

TypeWatch::TypeWatch(const EventStorageAdapter& storage, FeedQuery query)
    : storage_(storage),
      event_store_ids_(query.event_store_ids),
      missing_(query.types),
      feed_(storage.open_event_feed(std::move(query))) {
  std::sort(missing_.begin(), missing_.end());
  missing_.erase(std::unique(missing_.begin(), missing_.end()), missing_.end());
}

std::span<const FeedEvent> TypeWatch::next_page() {
  const auto page = feed_->next_page();
  for (const FeedEvent& fed : page) {
    if (missing_.empty()) break;
    std::erase(missing_, fed.event.type);
  }
  return page;
}

std::vector<std::string> TypeWatch::first_types() const {
  std::vector<std::string> types;
  const auto feed =
      storage_.open_event_feed({.event_store_ids = event_store_ids_, .page_size = looked_at});
  for (const FeedEvent& fed : feed->next_page()) {
    if (!contains(types, fed.event.type)) types.push_back(fed.event.type);
  }
  return types;
}

void TypeWatch::note_unknown_types(const Registry& registry, Answer& answer) const {
  if (missing_.empty()) return;
  auto known = first_types();
  const auto registered = registered_types(registry, event_store_ids_);
  known.insert(known.end(), registered.begin(), registered.end());
  for (const std::string& type : missing_) {
    if (contains(known, type)) continue;
    // there may be some that the other filters leave out
    answer.note({"NoEventOfType",
                 "no event of type " + type + " matches" + did_you_mean(type, known),
                 {{"type", type}}});
  }
}

}  // namespace castore::cli
