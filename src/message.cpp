#include <castore/event_json.hpp>
#include <castore/json/text.hpp>
#include <castore/message.hpp>
#include <castore/timestamp.hpp>
#include <ostream>
#include <utility>

#include "exception_text.hpp"

namespace castore {
namespace {

std::string stored_but(const std::string& event_store_id, const EventDetail& event,
                       const std::exception_ptr& cause) {
  return "The event is stored, but could not be published: " + event_store_id + " aggregate " +
         event.aggregate_id + " version " + std::to_string(event.version) + ": " + text_of(cause);
}

void append_members(std::string& out, const EventDetail& event) {
  out += ",\"event\":";
  append_json(out, to_view(event));
}

void append_members(std::string& out, const NotificationMessage& message) {
  append_members(out, message.event);
}

void append_members(std::string& out, const StateCarryingMessage& message) {
  append_members(out, message.event);
  if (!message.aggregate) return;
  out += ",\"aggregate\":";
  append_compact_json(out, *message.aggregate);
}

void append_members(std::string& out, const AggregateExistsMessage& message) {
  out += ",\"aggregateId\":";
  append_json_string(out, message.aggregate_id);
  out += ",\"initialEventTimestamp\":\"";
  append_timestamp(out, message.initial_event_timestamp);
  out += '"';
}

}  // namespace

const std::string& event_store_id_of(const Message& message) noexcept {
  return std::visit([](const auto& m) -> const std::string& { return m.event_store_id; }, message);
}

const EventDetail* event_of(const Message& message) noexcept {
  if (const auto* notification = std::get_if<NotificationMessage>(&message)) {
    return &notification->event;
  }
  const auto* state_carrying = std::get_if<StateCarryingMessage>(&message);
  return state_carrying == nullptr ? nullptr : &state_carrying->event;
}

void append_json(std::string& out, const Message& message) {
  out += "{\"eventStoreId\":";
  append_json_string(out, event_store_id_of(message));
  std::visit([&](const auto& m) { append_members(out, m); }, message);
  out += '}';
}

std::ostream& operator<<(std::ostream& out, const Message& message) {
  std::string json;
  append_json(json, message);
  return out << json;
}

PublishError::PublishError(const std::string& event_store_id, EventDetail event,
                           const std::exception_ptr& cause)
    : AfterCommitError(ErrorCode::publish, stored_but(event_store_id, event, cause),
                       {{"eventStoreId", event_store_id},
                        {"aggregateId", event.aggregate_id},
                        {"version", event.version}},
                       cause),
      event_(std::move(event)) {}

}  // namespace castore
