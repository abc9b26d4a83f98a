#pragma once

/// \file
/// The bodies of `MessageChannel`; included by its header.

#include <castore/message_channel.hpp>

namespace castore {

template <MessageType message_type_, MessageChannelType message_channel_type_,
          MessageSource... Stores>
template <class Store>
void MessageChannel<message_type_, message_channel_type_, Stores...>::check_event_store(
    const Store& event_store) const {
  std::size_t index = 0;
  const auto is_given = [&]<class Given>(std::type_identity<Given>) {
    const std::string& id = core_.event_store_ids()[index++];
    return std::is_same_v<Given, Store> && event_store.event_store_id() == id;
  };
  if ((is_given(std::type_identity<Stores>{}) || ...)) return;
  core_.throw_not_found(event_store.event_store_id());
}

template <MessageType message_type_, MessageChannelType message_channel_type_,
          MessageSource... Stores>
template <class M>
void MessageChannel<message_type_, message_channel_type_, Stores...>::publish_messages(
    std::span<const M> messages, const PublishMessageOptions& options) const {
  std::vector<Message> encoded;
  encoded.reserve(messages.size());
  for (const M& message : messages) {
    encoded.push_back(detail::encode_message(message));
    core_.check(encoded.back());
  }
  core_.adapter().publish_messages(encoded, options);
}

template <MessageType message_type_, MessageChannelType message_channel_type_,
          MessageSource... Stores>
template <class Store, class E>
void MessageChannel<message_type_, message_channel_type_, Stores...>::
    get_aggregate_and_publish_message(const Notification<Store, E>& message,
                                      const PublishMessageOptions& options) const {
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

template <MessageType message_type_, MessageChannelType message_channel_type_,
          MessageSource... Stores>
template <class Worker>
MessageHandler MessageChannel<message_type_, message_channel_type_, Stores...>::handler(
    Worker worker) const {
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

template <MessageType message_type_, MessageChannelType message_channel_type_,
          MessageSource... Stores>
template <class Store, class E, class Handler>
MessageHandler MessageChannel<message_type_, message_channel_type_, Stores...>::handler_of(
    Handler handler) const {
  static_assert(carries<Store>, "the message channel does not carry this event store");
  static_assert(
      std::is_same_v<E, typename Store::AnyEvent> || message_type_ != MessageType::aggregate_exists,
      "an aggregate-exists message has no event: listen to the event store, not to a payload");
  static_assert(std::is_constructible_v<typename Store::AnyEvent, E>,
                "this event is not one of the event store's: no message of it would come");
  static_assert(detail::handles_message<Handler, MessageOf<Store, E>>,
                "this handler does not take the messages of that event store: it is `void (const "
                "MessageOf<Store>&)` or `void (const MessageOf<Store>&, const "
                "castore::MessageContext&)`");
  if (detail::is_null(handler)) return nullptr;
  return
      [channel = core_.without_adapter(), handler = std::make_shared<Handler>(std::move(handler))](
          const Message& message, const MessageContext& context) {
        channel.check(message);
        detail::call_with_message(
            *handler, detail::decode_message<message_type_, Store, E>(message), context);
      };
}

template <MessageType message_type_, MessageChannelType message_channel_type_,
          MessageSource... Stores>
template <class Store>
const Store& MessageChannel<message_type_, message_channel_type_, Stores...>::source_event_store(
    const std::string& event_store_id) const {
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

}  // namespace castore
