#pragma once

/// \file
/// A message channel without its types.

#include <castore/message.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace castore {

enum class MessageChannelType { queue, bus };

namespace detail {

/// A parameter that is kept as a reference, and so refuses temporaries.
template <class T>
class Borrowed {
 public:
  Borrowed(const T& object) noexcept  // NOLINT(google-explicit-constructor)
      : object_(&object) {}
  Borrowed(const T&& temporary) = delete;

  [[nodiscard]] const T& operator*() const noexcept { return *object_; }
  [[nodiscard]] const T* operator->() const noexcept { return object_; }

 private:
  const T* object_;
};

/// The untyped part of a message channel.
class MessageChannelCore {
 public:
  MessageChannelCore(MessageType type, MessageChannelType channel_type, std::string id,
                     std::vector<std::string> event_store_ids,
                     std::shared_ptr<MessageChannelAdapter> adapter);

  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] const std::vector<std::string>& event_store_ids() const noexcept {
    return event_store_ids_;
  }
  /// \throws UndefinedMessageChannelAdapterError
  [[nodiscard]] MessageChannelAdapter& adapter() const;
  void set_adapter(std::shared_ptr<MessageChannelAdapter> adapter) noexcept {
    adapter_ = std::move(adapter);
  }
  /// For listeners: the adapter owns them, so they must not own the adapter.
  [[nodiscard]] MessageChannelCore without_adapter() const {
    return {type_, channel_type_, id_, event_store_ids_, nullptr};
  }

  [[noreturn]] void throw_not_found(std::string_view event_store_id) const;
  /// \throws MessageChannelEventStoreNotFoundError
  void check_event_store(std::string_view event_store_id) const;
  /// \throws MessageChannelEventStoreNotFoundError, and InvalidMessageError for another type
  void check(const Message& message) const;

 private:
  [[nodiscard]] std::string_view kind() const noexcept;

  MessageType type_;
  MessageChannelType channel_type_;
  std::string id_;
  std::vector<std::string> event_store_ids_;
  std::shared_ptr<MessageChannelAdapter> adapter_;
};

}  // namespace detail
}  // namespace castore
