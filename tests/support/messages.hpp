#pragma once

/// \file
/// Short hands for tests of message channels and their adapters.

#include <castore/message.hpp>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace castore::testing {

inline Message notification(std::string aggregate_id, Version version,
                            std::string event_store_id = "POKEMONS",
                            std::string type = "SOMETHING_HAPPENED") {
  return NotificationMessage{std::move(event_store_id),
                             {.aggregate_id = std::move(aggregate_id),
                              .version = version,
                              .type = std::move(type),
                              .timestamp = {},
                              .payload = std::nullopt,
                              .metadata = std::nullopt}};
}

/// The messages that listeners were given. Safe to read from any thread.
template <class Value>
class Recorder {
 public:
  void add(Value value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    added_.notify_all();  // before a waiter can go on, and destroy us
  }

  [[nodiscard]] std::vector<Value> values() const {
    const std::lock_guard lock(mutex_);
    return values_;
  }

  /// Waits until there are that many.
  void wait_for(std::size_t count) const {
    std::unique_lock lock(mutex_);
    added_.wait(lock, [&] { return values_.size() >= count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  std::vector<Value> values_;
};

/// Keeps what is published, and hands it to nobody.
class RecordingChannelAdapter final : public MessageChannelAdapter {
 public:
  struct Published {
    Message message;
    bool replay = false;
    friend bool operator==(const Published&, const Published&) = default;
  };

  void publish_message(const Message& message, const PublishMessageOptions& options) override {
    published.push_back({message, options.replay});
  }
  void publish_messages(std::span<const Message> messages,
                        const PublishMessageOptions& options) override {
    ++batches;
    for (const Message& message : messages) publish_message(message, options);
  }

  std::vector<Published> published;
  int batches = 0;
};

}  // namespace castore::testing
