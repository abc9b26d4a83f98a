#include "history/event_writer.hpp"

#include <castore/event_json.hpp>
#include <string>
#include <utility>

#include "errors.hpp"
#include "history/find_event.hpp"

namespace castore::cli {
namespace {

/// Tells whether only white space between tokens differs. \throws MalformedEventError  of `stored`
bool same_event(std::string_view event_store_id, const EventView& stored, const EventView& event) {
  if (stored == event) return true;
  std::string before;
  std::string now;
  append_stored_json(before, event_store_id, stored);
  append_json(now, event);
  return before == now;
}

EventView to_event_view(const NewEventView& event) {
  return {event.aggregate_id,      event.version, event.type,
          event.timestamp.value(), event.payload, event.metadata};
}

/// Refuses an event that the source holds and that is no JSON, which is not the fault of the
/// replay.
void require_json(const PlacedEvent& placed) {
  std::string json;
  append_stored_json(json, placed.event_store_id, to_event_view(placed.event));
}

/// Makes the error about an event that is in the file already: its position there is none of the
/// history.
Error without_position(const Error& error) {
  std::vector<ErrorField> fields = error.fields();
  std::erase_if(fields, [](const ErrorField& field) { return field.name == "position"; });
  return {error.code(), text_of(error), std::move(fields)};
}

[[noreturn]] void fail(const Error& error, const PlacedEvent& placed) {
  try {
    if (placed.location.of == Location::Of::position) require_json(placed);
  } catch (const MalformedEventError& malformed) {
    throw located(malformed, placed.location);
  }
  const bool is_malformed = error.code() == ErrorCode::malformed_event;
  throw located(is_malformed ? without_position(error) : error, placed.location);
}

}  // namespace

std::vector<PlacedEvent> to_views(std::span<const PlacedLine> lines) {
  std::vector<PlacedEvent> events;
  events.reserve(lines.size());
  for (const auto& [location, line] : lines) {
    events.push_back({location, line.event_store_id, to_view(line.event)});
  }
  return events;
}

EventWriter::EventWriter(const EventCheck& check, OpenFile open_file,
                         const PushEventOptions& options)
    : check_(check), open_file_(std::move(open_file)), options_(options) {}

void EventWriter::open() {
  if (!storage_) storage_.emplace(open_file_());
}

EventWriter::Counts EventWriter::write(std::span<const PlacedEvent> batch,
                                       const std::function<void()>& before_each) {
  for (const PlacedEvent& placed : batch) check(placed);
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

void EventWriter::check(const PlacedEvent& placed) const {
  try {
    check_(placed.event_store_id, placed.event);
  } catch (const Error& error) {
    fail(error, placed);
  }
}

bool EventWriter::insert(const PlacedEvent& placed) {
  try {
    storage_->push_event(placed.event_store_id, placed.event, options_);
    return true;
  } catch (const EventAlreadyExistsError& error) {
    if (is_stored(placed)) return false;
    throw located(error, placed.location, "the stored event differs from this one. ");
  } catch (const Error& error) {
    fail(error, placed);
  }
}

bool EventWriter::is_stored(const PlacedEvent& placed) const try {
  const NewEventView& event = placed.event;
  const auto stored =
      find_event(*storage_, placed.event_store_id, event.aggregate_id, event.version);
  return stored && same_event(placed.event_store_id, to_view(*stored), to_event_view(event));
} catch (const MalformedEventError& error) {
  throw located(without_position(error), placed.location, "the stored event cannot be compared. ");
}

}  // namespace castore::cli
