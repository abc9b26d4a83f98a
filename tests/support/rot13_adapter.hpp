#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/forwarding_adapter.hpp"

namespace castore::testing {

/// Hides payloads, as an encryption would: knows nothing of the adapter inside.
class Rot13Adapter final : public ForwardingAdapter {
 public:
  using ForwardingAdapter::ForwardingAdapter;

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
    return std::make_unique<Feed>(inner().open_event_feed(std::move(query)));
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

  class Feed final : public EventFeed {
   public:
    explicit Feed(std::unique_ptr<EventFeed> inner) : inner_(std::move(inner)) {}

    std::span<const FeedEvent> next_page() override {
      const auto page = inner_->next_page();
      page_.assign(page.begin(), page.end());
      for (FeedEvent& fed : page_) fed.event.payload = rot13(fed.event.payload);
      return page_;
    }
    [[nodiscard]] std::int64_t looked_up_to() const noexcept override {
      return inner_->looked_up_to();
    }
    [[nodiscard]] std::int64_t left_out() const noexcept override { return inner_->left_out(); }

   private:
    std::unique_ptr<EventFeed> inner_;
    std::vector<FeedEvent> page_;
  };
};

}  // namespace castore::testing
