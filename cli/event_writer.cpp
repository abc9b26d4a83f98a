#include "event_writer.hpp"

#include <castore/event_json.hpp>
#include <string>
#include <utility>

#include "context.hpp"

namespace castore::cli {
namespace {

std::string compact(const std::optional<std::string_view>& json) {
  std::string text;
  if (json) append_compact_json(text, *json);
  return text;
}

/// White space between tokens is no difference: what castore prints has none.
bool same_json(const std::optional<std::string_view>& a, const std::optional<std::string_view>& b) {
  return a == b || (a && b && compact(a) == compact(b));
}

bool same_event(const EventView& stored, const NewEventView& event) {
  return stored.type == event.type && stored.timestamp == event.timestamp &&
         same_json(stored.payload, event.payload) && same_json(stored.metadata, event.metadata);
}

}  // namespace

std::vector<PlacedEvent> to_views(std::span<const StoredLine> lines) {
  std::vector<PlacedEvent> events;
  events.reserve(lines.size());
  for (const auto& [place, stored] : lines) {
    events.push_back({place, stored.event_store_id, to_view(stored.event)});
  }
  return events;
}

EventWriter::EventWriter(const Context& context, OpenFile open_file,
                         const PushEventOptions& options)
    : context_(context), open_file_(std::move(open_file)), options_(options) {}

void EventWriter::open() {
  if (!storage_) storage_.emplace(open_file_());
}

EventWriter::Counts EventWriter::write(std::span<const PlacedEvent> batch,
                                       const std::function<void()>& before_each) {
  for (const PlacedEvent& placed : batch) validate(placed);
  open();
  Counts counts;
  sqlite::Transaction transaction(*storage_->database());
  for (const PlacedEvent& placed : batch) {
    if (before_each) before_each();
    ++(insert(placed) ? counts.inserted : counts.skipped);
  }
  transaction.commit();
  return counts;
}

void EventWriter::validate(const PlacedEvent& placed) const {
  try {
    context_.validate(placed.event_store_id, placed.event);
  } catch (const Error& error) {
    throw at_place(error, placed.place);
  }
}

bool EventWriter::insert(const PlacedEvent& placed) {
  try {
    storage_->push_event(placed.event_store_id, placed.event, options_);
    return true;
  } catch (const EventAlreadyExistsError& error) {
    if (is_stored(placed)) return false;
    throw at_place(error, placed.place, "the stored event differs from this one. ");
  } catch (const Error& error) {
    throw at_place(error, placed.place);
  }
}

bool EventWriter::is_stored(const PlacedEvent& placed) const {
  const NewEventView& event = placed.event;
  bool same = false;
  storage_->for_each_event(placed.event_store_id, event.aggregate_id,
                           {.min_version = event.version, .max_version = event.version},
                           [&](const EventView& stored) {
                             same = same_event(stored, event);
                             return false;
                           });
  return same;
}

}  // namespace castore::cli
