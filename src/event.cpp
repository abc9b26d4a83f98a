#include <castore/event.hpp>

namespace castore {
namespace {

template <class Text>
std::optional<std::string_view> view_of(const std::optional<Text>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

std::optional<std::string> copy_of(const std::optional<std::string_view>& text) {
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace

EventView to_view(const EventDetail& event) noexcept {
  return {event.aggregate_id, event.version,          event.type,
          event.timestamp,    view_of(event.payload), view_of(event.metadata)};
}

NewEventView to_view(const NewEventDetail& event) noexcept {
  return {event.aggregate_id, event.version,          event.type,
          event.timestamp,    view_of(event.payload), view_of(event.metadata)};
}

NewEventView to_new_event(const EventView& event) noexcept {
  return {event.aggregate_id, event.version, event.type,
          event.timestamp,    event.payload, event.metadata};
}

EventDetail to_detail(const EventView& event) {
  return {std::string(event.aggregate_id), event.version,
          std::string(event.type),         event.timestamp,
          copy_of(event.payload),          copy_of(event.metadata)};
}

EventDetail to_detail(const NewEventView& event, Timestamp timestamp) {
  return {std::string(event.aggregate_id), event.version,
          std::string(event.type),         timestamp,
          copy_of(event.payload),          copy_of(event.metadata)};
}

}  // namespace castore
