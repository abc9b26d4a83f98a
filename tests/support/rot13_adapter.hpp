#pragma once

#include <castore/forwarding_event_storage_adapter.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace castore::testing {

/// Hides payloads, as an encryption would: knows nothing of the adapter inside.
class Rot13Adapter final : public ForwardingEventStorageAdapter {
 public:
  using ForwardingEventStorageAdapter::ForwardingEventStorageAdapter;

  void for_each_event(std::string_view event_store_id, std::string_view aggregate_id,
                      const EventsQueryOptions& options, EventVisitor visitor) const override {
    inner().for_each_event(event_store_id, aggregate_id, options, [&](EventView event) {
      const auto payload = rot13(event.payload);
      event.payload = payload;
      return visitor(event);
    });
  }
  PushAnswer push_event(std::string_view event_store_id, const NewEventView& event,
                        const PushEventOptions& options) override {
    const auto payload = rot13(event.payload);
    if (payload == "\"unspeakable\"") throw std::domain_error("unspeakable");
    NewEventView hidden = event;
    hidden.payload = payload;
    return inner().push_event(event_store_id, hidden, options);
  }
  [[nodiscard]] std::unique_ptr<EventFeed> open_event_feed(FeedQuery query) const override {
    return std::make_unique<ForwardingEventFeed>(
        inner().open_event_feed(std::move(query)),
        [](FeedEvent& fed) { fed.event.payload = rot13(fed.event.payload); });
  }

 private:
  static std::optional<std::string> rot13(const std::optional<std::string_view>& text) {
    if (!text) return std::nullopt;
    std::string out(*text);
    for (char& c : out) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
    }
    return out;
  }
};

}  // namespace castore::testing
