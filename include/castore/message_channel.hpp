#pragma once

/// \file
/// Message queues and buses, typed: which event stores they carry, and which of the three messages.
///
///     castore::NotificationMessageQueue<Pokemons, Trainers> queue("GAME", pokemons, trainers);
///     const auto adapter = castore::InMemoryMessageQueueAdapter::attach_to(
///         queue, [](const auto& message, const castore::MessageContext& context) { ... });
///     queue.publish_message(castore::Notification<Pokemons>{"POKEMONS", event});

#include <castore/message.hpp>
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

/// What a message channel needs of an event store; `EventStore` has it.
template <class Store>
concept MessageSource = requires(const Store& store, const typename Store::AnyEvent& event,
                                 std::string_view id, const EventView& view) {
  { store.event_store_id() } -> std::convertible_to<std::string_view>;
  { Store::encode_event(event) } -> std::same_as<EventDetail>;
  { Store::decode_event(id, view) } -> std::same_as<typename Store::AnyEvent>;
  typename Store::AggregateType;
};

// The three messages of one kind of event store, typed. `E` is any of the store's events, or, for a
// handler of one event type, an `Event<Payload>`.

template <class Store, class E = typename Store::AnyEvent>
struct Notification {
  static constexpr MessageType type = MessageType::notification;
  std::string event_store_id;
  E event;

  friend bool operator==(const Notification&, const Notification&) = default;
};

template <class Store, class E = typename Store::AnyEvent>
struct StateCarrying {
  static constexpr MessageType type = MessageType::state_carrying;
  std::string event_store_id;
  E event;
  std::optional<typename Store::AggregateType> aggregate{};  ///< as of the event's version

  friend bool operator==(const StateCarrying&, const StateCarrying&) = default;
};

template <class Store>
struct AggregateExists {
  static constexpr MessageType type = MessageType::aggregate_exists;
  std::string event_store_id;
  std::string aggregate_id;
  Timestamp initial_event_timestamp{};

  friend bool operator==(const AggregateExists&, const AggregateExists&) = default;
};

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

template <MessageType type, class Store, class E>
struct TypedMessageOf;
template <class Store, class E>
struct TypedMessageOf<MessageType::notification, Store, E> {
  using type = Notification<Store, E>;
};
template <class Store, class E>
struct TypedMessageOf<MessageType::state_carrying, Store, E> {
  using type = StateCarrying<Store, E>;
};
template <class Store, class E>
struct TypedMessageOf<MessageType::aggregate_exists, Store, E> {
  using type = AggregateExists<Store>;
};

[[nodiscard]] MessageType message_type_of(const Message& message) noexcept;

/// What of a channel does not depend on its types.
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

template <class Store, class E>
EventDetail encode_message_event(const E& event) {
  return Store::encode_event(typename Store::AnyEvent(event));
}

template <class Store, class E>
Message encode_message(const Notification<Store, E>& message) {
  return NotificationMessage{message.event_store_id, encode_message_event<Store>(message.event)};
}
/// \pre the message has its event
template <class Store>
void carry_aggregate(StateCarryingMessage& message,
                     const typename Store::AggregateType& aggregate) {
  message.aggregate = Store::encode_aggregate(aggregate);
  if (aggregate.version != message.event.version) message.aggregate_version = aggregate.version;
}

template <class Store, class E>
Message encode_message(const StateCarrying<Store, E>& message) {
  StateCarryingMessage encoded{message.event_store_id, encode_message_event<Store>(message.event),
                               std::nullopt};
  if (message.aggregate) carry_aggregate<Store>(encoded, *message.aggregate);
  return encoded;
}
template <class Store>
Message encode_message(const AggregateExists<Store>& message) {
  return AggregateExistsMessage{message.event_store_id, message.aggregate_id,
                                message.initial_event_timestamp};
}
template <class... Typed>
Message encode_message(const std::variant<Typed...>& message) {
  return std::visit([](const auto& m) { return encode_message(m); }, message);
}
inline Message encode_message(const Message& message) { return message; }

/// \throws MalformedEventError; std::bad_variant_access where `E` is another event
template <class Store, class E>
E decode_message_event(const std::string& event_store_id, const EventDetail& event) {
  auto any = Store::decode_event(event_store_id, to_view(event));
  if constexpr (std::is_same_v<E, typename Store::AnyEvent>) {
    return any;
  } else {
    return std::get<E>(std::move(any));
  }
}

/// \pre the message is of this type
template <MessageType type, class Store, class E>
auto decode_message(const Message& message) {
  if constexpr (type == MessageType::notification) {
    const auto& m = std::get<NotificationMessage>(message);
    return Notification<Store, E>{m.event_store_id,
                                  decode_message_event<Store, E>(m.event_store_id, m.event)};
  } else if constexpr (type == MessageType::state_carrying) {
    const auto& m = std::get<StateCarryingMessage>(message);
    StateCarrying<Store, E> typed{m.event_store_id,
                                  decode_message_event<Store, E>(m.event_store_id, m.event)};
    if (m.aggregate) {
      typed.aggregate = Store::decode_aggregate(*m.aggregate);
      typed.aggregate->aggregate_id = m.event.aggregate_id;
      typed.aggregate->version = m.aggregate_version.value_or(m.event.version);
    }
    return typed;
  } else {
    const auto& m = std::get<AggregateExistsMessage>(message);
    return AggregateExists<Store>{m.event_store_id, m.aggregate_id, m.initial_event_timestamp};
  }
}

template <class Worker, class Typed>
inline constexpr bool handles_message =
    std::is_invocable_v<Worker&, const Typed&> ||
    std::is_invocable_v<Worker&, const Typed&, const MessageContext&>;

/// A null `std::function` or pointer to a function.
template <class Worker>
bool is_null(const Worker& worker) {
  if constexpr (std::is_constructible_v<Worker, std::nullptr_t> &&
                requires { static_cast<bool>(worker == nullptr); }) {
    return worker == nullptr;
  } else {
    return false;
  }
}

template <class Worker, class Typed>
void call_with_message(Worker& worker, const Typed& message, const MessageContext& context) {
  if constexpr (std::is_invocable_v<Worker&, const Typed&, const MessageContext&>) {
    worker(message, context);
  } else {
    worker(message);
  }
}

}  // namespace detail

/// What adapters are given for one of the typed messages.
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
  void check_event_store(const Store& event_store) const {
    std::size_t index = 0;
    const auto is_given = [&]<class Given>(std::type_identity<Given>) {
      const std::string& id = core_.event_store_ids()[index++];
      return std::is_same_v<Given, Store> && event_store.event_store_id() == id;
    };
    if ((is_given(std::type_identity<Stores>{}) || ...)) return;
    core_.throw_not_found(event_store.event_store_id());
  }

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
                        const PublishMessageOptions& options = {}) const {
    std::vector<Message> encoded;
    encoded.reserve(messages.size());
    for (const M& message : messages) {
      encoded.push_back(detail::encode_message(message));
      core_.check(encoded.back());
    }
    core_.adapter().publish_messages(encoded, options);
  }
  template <class M>
  void publish_messages(const std::vector<M>& messages,
                        const PublishMessageOptions& options = {}) const {
    publish_messages(std::span<const M>(messages), options);
  }

  /// Publishes the event with the aggregate as it was after it, read from its event store.
  /// \throws AggregateNotFoundError  there is no such aggregate at that version
  template <class Store, class E>
  void get_aggregate_and_publish_message(const Notification<Store, E>& message,
                                         const PublishMessageOptions& options = {}) const {
    static_assert(message_type_ == MessageType::state_carrying,
                  "only a state-carrying channel carries aggregates");
    require<StateCarrying<Store, E>, Store>();
    core_.check_event_store(message.event_store_id);
    Message encoded = detail::encode_message(
        StateCarrying<Store, E>{message.event_store_id, message.event, std::nullopt});
    auto& carrying = std::get<StateCarryingMessage>(encoded);
    detail::carry_aggregate<Store>(
        carrying, source_event_store<Store>(message.event_store_id)
                      .get_existing_aggregate(carrying.event.aggregate_id,
                                              {.max_version = carrying.event.version}));
    publish(encoded, options);
  }

  /// A listener for an adapter, made of a typed worker: any callable that takes each of the
  /// channel's messages, `(const MessageOf<Store>& message)` or with a second parameter
  /// `const MessageContext&`. A message that cannot be decoded is not handled: it throws. Of a null
  /// `std::function` the listener is empty, too.
  template <class Worker>
  [[nodiscard]] MessageHandler handler(Worker worker) const {
    static_assert((detail::handles_message<Worker, MessageOf<Stores>> && ...),
                  "this worker has no overload for the messages of one of the channel's event "
                  "stores: add `void operator()(const MessageOf<Store>&, const "
                  "castore::MessageContext&)`");
    if (detail::is_null(worker)) return nullptr;
    return [ids = core_.event_store_ids(), channel = core_.without_adapter(),
            worker = std::make_shared<Worker>(std::move(worker))](const Message& message,
                                                                  const MessageContext& context) {
      channel.check(message);
      std::size_t index = 0;
      const auto try_store = [&]<class Store>(std::type_identity<Store>) {
        if (ids[index++] != event_store_id_of(message)) return false;
        using E = typename Store::AnyEvent;
        detail::call_with_message(*worker, detail::decode_message<message_type_, Store, E>(message),
                                  context);
        return true;
      };
      static_cast<void>((try_store(std::type_identity<Stores>{}) || ...));
    };
  }

  /// A listener for the messages of one event store alone, or of one of its event types,
  /// `Event<Payload>`: for a bus, behind a filter that lets nothing else pass.
  template <class Store, class E = typename Store::AnyEvent, class Handler>
  [[nodiscard]] MessageHandler handler_of(Handler handler) const {
    static_assert(carries<Store>, "the message channel does not carry this event store");
    static_assert(
        std::is_same_v<E, typename Store::AnyEvent> ||
            message_type_ != MessageType::aggregate_exists,
        "an aggregate-exists message has no event: listen to the event store, not to a payload");
    static_assert(std::is_constructible_v<typename Store::AnyEvent, E>,
                  "this event is not one of the event store's: no message of it would come");
    static_assert(detail::handles_message<Handler, MessageOf<Store, E>>,
                  "this handler does not take the messages of that event store: it is `void (const "
                  "MessageOf<Store>&)` or `void (const MessageOf<Store>&, const "
                  "castore::MessageContext&)`");
    if (detail::is_null(handler)) return nullptr;
    return [channel = core_.without_adapter(),
            handler = std::make_shared<Handler>(std::move(handler))](
               const Message& message, const MessageContext& context) {
      channel.check(message);
      detail::call_with_message(*handler, detail::decode_message<message_type_, Store, E>(message),
                                context);
    };
  }

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
  [[nodiscard]] const Store& source_event_store(const std::string& event_store_id) const {
    const Store* found = nullptr;
    const auto look = [&](const auto* store) {
      if constexpr (std::is_same_v<decltype(store), const Store*>) {
        if (store->event_store_id() == event_store_id) found = store;
      }
    };
    std::apply([&](const auto*... store) { (look(store), ...); }, source_event_stores_);
    if (found == nullptr) core_.throw_not_found(event_store_id);  // of that id, but another kind
    return *found;
  }

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
