#pragma once

/// \file
/// Message queues and buses, typed: which event stores they carry, and which of the three messages.
///
///     castore::NotificationMessageQueue<Pokemons, Trainers> queue("GAME", pokemons, trainers);
///     const auto adapter = castore::InMemoryMessageQueueAdapter::attach_to(
///         queue, [](const auto& message, const castore::MessageContext& context) { ... });
///     queue.publish_message(castore::Notification<Pokemons>{"POKEMONS", event});

#include <castore/detail/message_channel_core.hpp>
#include <castore/detail/message_codec.hpp>
#include <castore/message.hpp>
#include <castore/typed_message.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace castore {

/// A typed message as adapters know it.
template <class Typed>
[[nodiscard]] Message to_message(const Typed& message) {
  return detail::encode_message(message);
}

/// A message queue or a message bus of some event stores, for one of the three messages. It checks
/// what it is given and hands it to its adapter; what happens then is the adapter's.
///
/// Its event stores are borrowed and have to outlive it. Publishing is safe from several threads at
/// once; exchanging the adapter may not overlap with it.
template <MessageType message_type_, MessageChannelType message_channel_type_,
          MessageSource... Stores>
class MessageChannel {
  static_assert(sizeof...(Stores) > 0, "a message channel carries at least one event store");

 public:
  static constexpr MessageType message_type = message_type_;
  static constexpr MessageChannelType message_channel_type = message_channel_type_;

  /// `Notification<Store>`, `StateCarrying<Store>` or `AggregateExists<Store>`.
  template <class Store, class E = typename Store::AnyEvent>
  using MessageOf = typename detail::TypedMessageOf<message_type_, Store, E>::type;

  template <class Store>
  static constexpr bool carries = (std::is_same_v<Store, Stores> || ...);

  /// The event stores are borrowed: a temporary one does not compile.
  explicit MessageChannel(std::string message_channel_id,
                          detail::Borrowed<Stores>... source_event_stores,
                          std::shared_ptr<MessageChannelAdapter> adapter = nullptr)
      : core_(message_type_, message_channel_type_, std::move(message_channel_id),
              {std::string(source_event_stores->event_store_id())...}, std::move(adapter)),
        source_event_stores_(&*source_event_stores...) {}

  [[nodiscard]] const std::string& message_channel_id() const noexcept { return core_.id(); }
  /// In the order of the template arguments.
  [[nodiscard]] const std::vector<std::string>& source_event_store_ids() const noexcept {
    return core_.event_store_ids();
  }

  /// \throws MessageChannelEventStoreNotFoundError  no event store of that type and id was given
  template <class Store>
  void check_event_store(const Store& event_store) const;

  /// \throws UndefinedMessageChannelAdapterError
  [[nodiscard]] MessageChannelAdapter& message_channel_adapter() const { return core_.adapter(); }
  /// nullptr takes the adapter away.
  void set_message_channel_adapter(std::shared_ptr<MessageChannelAdapter> adapter) noexcept {
    core_.set_adapter(std::move(adapter));
  }

  /// Hands the message over; returns when the adapter has accepted it.
  /// \throws MessageChannelEventStoreNotFoundError  no event store of that id was given
  /// \throws UndefinedMessageChannelAdapterError
  /// \throws what the adapter throws
  template <class Store, class E>
  void publish_message(const Notification<Store, E>& message,
                       const PublishMessageOptions& options = {}) const {
    require<Notification<Store, E>, Store>();
    publish(detail::encode_message(message), options);
  }
  template <class Store, class E>
  void publish_message(const StateCarrying<Store, E>& message,
                       const PublishMessageOptions& options = {}) const {
    require<StateCarrying<Store, E>, Store>();
    publish(detail::encode_message(message), options);
  }
  template <class Store>
  void publish_message(const AggregateExists<Store>& message,
                       const PublishMessageOptions& options = {}) const {
    require<AggregateExists<Store>, Store>();
    publish(detail::encode_message(message), options);
  }
  /// For tools that know no types.
  /// \throws Error  `ErrorCode::invalid_message`: it is not the channel's type of message
  void publish_message(const Message& message, const PublishMessageOptions& options = {}) const {
    publish(message, options);
  }

  /// Any message of this channel.
  using AnyMessage = std::variant<MessageOf<Stores>...>;

  /// In this order; all are checked before the first is published. `M` is one of the typed
  /// messages, a variant of them such as `AnyMessage`, or `Message`.
  template <class M>
  void publish_messages(std::span<const M> messages,
                        const PublishMessageOptions& options = {}) const;
  template <class M>
  void publish_messages(const std::vector<M>& messages,
                        const PublishMessageOptions& options = {}) const {
    publish_messages(std::span<const M>(messages), options);
  }

  /// Publishes the event with the aggregate as it was after it, read from its event store.
  /// \throws AggregateNotFoundError  there is no such aggregate at that version
  template <class Store, class E>
  void get_aggregate_and_publish_message(const Notification<Store, E>& message,
                                         const PublishMessageOptions& options = {}) const;

  /// A listener for an adapter, made of a typed worker: any callable that takes each of the
  /// channel's messages, `(const MessageOf<Store>& message)` or with a second parameter
  /// `const MessageContext&`. A message that cannot be decoded is not handled: it throws. Of a null
  /// `std::function` the listener is empty, too.
  template <class Worker>
  [[nodiscard]] MessageHandler handler(Worker worker) const;

  /// A listener for the messages of one event store alone, or of one of its event types,
  /// `Event<Payload>`: for a bus, behind a filter that lets nothing else pass.
  template <class Store, class E = typename Store::AnyEvent, class Handler>
  [[nodiscard]] MessageHandler handler_of(Handler handler) const;

 private:
  template <class Typed, class Store>
  static constexpr void require() {
    static_assert(Typed::type == message_type_,
                  "the message channel carries another of the three messages");
    static_assert(carries<Store>,
                  "the message channel does not carry this event store: add it to "
                  "MessageQueue<Stores...> and give it to the constructor");
  }

  /// \pre one of the channel's has that id
  template <class Store>
  [[nodiscard]] const Store& source_event_store(const std::string& event_store_id) const;

  void publish(const Message& message, const PublishMessageOptions& options) const {
    core_.check(message);
    core_.adapter().publish_message(message, options);
  }

  detail::MessageChannelCore core_;
  std::tuple<const Stores*...> source_event_stores_;
};

template <class... Stores>
using NotificationMessageQueue =
    MessageChannel<MessageType::notification, MessageChannelType::queue, Stores...>;
template <class... Stores>
using NotificationMessageBus =
    MessageChannel<MessageType::notification, MessageChannelType::bus, Stores...>;
template <class... Stores>
using StateCarryingMessageQueue =
    MessageChannel<MessageType::state_carrying, MessageChannelType::queue, Stores...>;
template <class... Stores>
using StateCarryingMessageBus =
    MessageChannel<MessageType::state_carrying, MessageChannelType::bus, Stores...>;
template <class... Stores>
using AggregateExistsMessageQueue =
    MessageChannel<MessageType::aggregate_exists, MessageChannelType::queue, Stores...>;
template <class... Stores>
using AggregateExistsMessageBus =
    MessageChannel<MessageType::aggregate_exists, MessageChannelType::bus, Stores...>;

}  // namespace castore

#include <castore/impl/message_channel.hpp>  // IWYU pragma: export
