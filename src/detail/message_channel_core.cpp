#include <algorithm>
#include <castore/detail/message_channel_core.hpp>
#include <castore/error.hpp>
#include <utility>

namespace castore::detail {
namespace {

std::string_view name_of(MessageType type) noexcept {
  switch (type) {
    case MessageType::notification:
      return "notification";
    case MessageType::state_carrying:
      return "state-carrying";
    case MessageType::aggregate_exists:
      return "aggregate-exists";
  }
  return "";
}

MessageType type_of(const Message& message) noexcept {
  if (std::holds_alternative<NotificationMessage>(message)) return MessageType::notification;
  if (std::holds_alternative<StateCarryingMessage>(message)) return MessageType::state_carrying;
  return MessageType::aggregate_exists;
}

}  // namespace

MessageChannelCore::MessageChannelCore(MessageType type, MessageChannelType channel_type,
                                       std::string id, std::vector<std::string> event_store_ids,
                                       std::shared_ptr<MessageChannelAdapter> adapter)
    : type_(type),
      channel_type_(channel_type),
      id_(std::move(id)),
      event_store_ids_(std::move(event_store_ids)),
      adapter_(std::move(adapter)) {
  auto sorted = event_store_ids_;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    throw InvalidOptionError("source_event_stores",
                             "two event stores of one message channel have the id " + *twice);
  }
}

std::string_view MessageChannelCore::kind() const noexcept {
  return channel_type_ == MessageChannelType::queue ? "message queue" : "message bus";
}

MessageChannelAdapter& MessageChannelCore::adapter() const {
  if (!adapter_) throw UndefinedMessageChannelAdapterError(kind(), id_);
  return *adapter_;
}

void MessageChannelCore::throw_not_found(std::string_view event_store_id) const {
  throw MessageChannelEventStoreNotFoundError(kind(), id_, std::string(event_store_id));
}

void MessageChannelCore::check_event_store(std::string_view event_store_id) const {
  if (std::find(event_store_ids_.begin(), event_store_ids_.end(), event_store_id) ==
      event_store_ids_.end()) {
    throw_not_found(event_store_id);
  }
}

void MessageChannelCore::check(const Message& message) const {
  check_event_store(event_store_id_of(message));
  if (type_of(message) == type_) return;
  throw Error(ErrorCode::invalid_message,
              "Invalid message for " + std::string(kind()) + " " + id_ + ": it carries " +
                  std::string(name_of(type_)) + " messages, this is a " +
                  std::string(name_of(type_of(message))) + " message",
              {{"messageChannelId", id_}});
}

}  // namespace castore::detail
