#pragma once

/// \file
/// BOUNDARY: the three messages, and what carries them. Events and aggregates are JSON text here;
/// `castore/message_channel.hpp` has the typed side.

#include <castore/detail/shared.hpp>
#include <castore/error.hpp>
#include <castore/event.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace castore {

enum class MessageType { notification, state_carrying, aggregate_exists };

/// "This has happened."
struct NotificationMessage {
  std::string event_store_id;
  EventDetail event;

  friend bool operator==(const NotificationMessage&, const NotificationMessage&) = default;
};

/// "This has happened, and so it is now."
struct StateCarryingMessage {
  std::string event_store_id;
  EventDetail event;
  /// JSON text of the aggregate as of the event's version; absent where there is none. Which one it
  /// is says the event: `aggregateId` and `version` are there as well, but where the application
  /// calls something else so.
  std::optional<std::string> aggregate{};
  /// The aggregate's version, where it is not the event's.
  std::optional<Version> aggregate_version{};

  friend bool operator==(const StateCarryingMessage&, const StateCarryingMessage&) = default;
};

/// "There is such an aggregate."
struct AggregateExistsMessage {
  std::string event_store_id;
  std::string aggregate_id;
  Timestamp initial_event_timestamp{};

  friend bool operator==(const AggregateExistsMessage&, const AggregateExistsMessage&) = default;
};

/// One of the three; `std::holds_alternative` says which.
using Message = std::variant<NotificationMessage, StateCarryingMessage, AggregateExistsMessage>;

// Their answers are parts of the message: one that is made for the call alone, of one of the three,
// would be gone.
[[nodiscard]] const std::string& event_store_id_of(const Message& message) noexcept;
const std::string& event_store_id_of(const Message&& temporary) = delete;
/// nullptr for an aggregate-exists message.
[[nodiscard]] const EventDetail* event_of(const Message& message) noexcept;
const EventDetail* event_of(const Message&& temporary) = delete;

/// Appends the message as one line of JSON, in the original's field names.
void append_json(std::string& out, const Message& message);

/// For logs and test failures: the same.
std::ostream& operator<<(std::ostream& out, const Message& message);

struct PublishMessageOptions {
  /// The message is history told again (Dam), not news: a listener may want to skip it.
  bool replay = false;
};

/// The circumstances of a delivery, for listeners.
struct MessageContext {
  int attempt = 1;              ///< from 1
  int retry_attempts_left = 0;  ///< how often it will be tried again if this one fails
  bool replay = false;          ///< as it was published

  friend bool operator==(const MessageContext&, const MessageContext&) = default;
};

/// A listener of any message. Throwing means: not handled, try again.
using MessageHandler = std::function<void(const Message&, const MessageContext&)>;

/// Takes messages for a queue or a bus. Safe to use from several threads at once.
class MessageChannelAdapter {
 public:
  MessageChannelAdapter() = default;
  MessageChannelAdapter& operator=(MessageChannelAdapter&&) = delete;
  virtual ~MessageChannelAdapter() = default;

  /// Returns when the message is accepted, not when it is handled.
  virtual void publish_message(const Message& message, const PublishMessageOptions& options) = 0;

  /// In this order.
  virtual void publish_messages(std::span<const Message> messages,
                                const PublishMessageOptions& options) = 0;
};

/// The event is stored, but could not be published: pushing it again would be wrong.
class PublishError : public AfterCommitError {
 public:
  /// \param cause  what the channel, or what makes the message, has thrown
  PublishError(const std::string& event_store_id, EventDetail event,
               const std::exception_ptr& cause);

  // All three are there.
  [[nodiscard]] const std::string& event_store_id() const noexcept { return text("eventStoreId"); }
  [[nodiscard]] const std::string& aggregate_id() const noexcept { return event_->aggregate_id; }
  [[nodiscard]] Version version() const noexcept { return event_->version; }
  /// As it is stored.
  [[nodiscard]] const EventDetail& event() const noexcept { return *event_; }

 private:
  detail::Shared<EventDetail> event_;
};

}  // namespace castore
