#pragma once

/// \file
/// An event store that publishes what it pushes.

#include <castore/error.hpp>
#include <castore/event_store.hpp>
#include <castore/message_channel.hpp>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

namespace castore {

/// An event store over another one, that hands each event to a message channel after it is
/// committed; of a group, after the whole group. It *is* an event store of the same type, and can
/// stand wherever that can: in a command, in a group, under a further `ConnectedEventStore`.
///
///     castore::ConnectedEventStore connected(pokemons, queue);
///     connected.push_event(...);  // stored, then published
///
/// - A notification channel gets the event. A state-carrying one gets the aggregate with it: the
///   next aggregate where the push knows it (`prev_aggregate`, or version 1), else the aggregate is
///   read as of the event's version. An aggregate-exists channel hears of versions 1 alone.
/// - The order is: the event is committed, `on_event_pushed` is called, the message is published.
///   An exception of the callback propagates, and the message is not published. Inside an open
///   transaction of the caller's, all this waits for its commit.
/// - A thread publishes in the order of its commits. So what is pushed in turn from a callback or a
///   channel, while they are told of an event, is stored at once, but published once that one is
///   published, with its group or transaction, and before the push that began it returns: failures
///   come out of that.
/// - An exception of the reducer for the next aggregate propagates after all this, and keeps no
///   message back but one that needs the aggregate: that of a state-carrying channel.
/// - If publishing fails, the event is stored all the same, and the push, or the `commit()` of the
///   transaction it stands in, throws `PublishError` (an `AfterCommitError`). The others of a
///   group, and what goes to the other channel of a store that is connected twice, are published
///   still; the first failure is thrown. So a message may be lost, when that happens or the program
///   ends in between: at most once.
/// - Adapter and `on_event_pushed` are shared with the original, as copies of an event store share
///   them. The original publishes nothing when it is used itself, unless it is assigned a connected
///   one: then it publishes as that does, and connected once more it publishes twice. So does a
///   copy of a connected event store, also one of its base type. Messages are news: `replay` is
///   never set.
///
/// The channel is borrowed: it has to outlive this object, its copies, and the transactions,
/// callbacks and channels it pushes in. The original may go.
template <class A, class... Payloads>
class ConnectedEventStore : public EventStore<A, Payloads...> {
 public:
  using Original = EventStore<A, Payloads...>;
  using typename Original::Pushed;

  /// \throws MessageChannelEventStoreNotFoundError  the channel was not given this one of its type
  template <class Channel>
  ConnectedEventStore(const Original& original, Channel& message_channel)
      : Original(original, [original, &message_channel](const Pushed& pushed) {
          publish(original, message_channel, pushed);
        }) {
    static_assert(Channel::template carries<Original>,
                  "the message channel does not carry this event store: add it to "
                  "MessageQueue<Stores...> and give it to the constructor");
    message_channel.check_event_store(original);
  }
  template <class Channel>
  ConnectedEventStore(const Original& original, const Channel&& temporary_message_channel) = delete;

 private:
  template <class Channel>
  static void publish(const Original& original, const Channel& channel, const Pushed& pushed) {
    try {
      publish_message(original, channel, pushed);
    } catch (...) {
      throw PublishError(original.event_store_id(), Original::encode_event(pushed.event),
                         std::current_exception());
    }
  }

  template <class Channel>
  static void publish_message(const Original& original, const Channel& channel,
                              const Pushed& pushed) {
    const auto event = [&](auto use) { return std::visit(use, pushed.event); };
    const std::string& id = original.event_store_id();
    if constexpr (Channel::message_type == MessageType::notification) {
      channel.publish_message(Notification<Original>{id, pushed.event});
    } else if constexpr (Channel::message_type == MessageType::state_carrying) {
      channel.publish_message(StateCarrying<Original>{
          id, pushed.event,
          pushed.next_aggregate ? pushed.next_aggregate : event([&](const auto& e) {
            return original.get_aggregate(e.aggregate_id, {.max_version = e.version});
          })});
    } else {
      event([&](const auto& e) {
        if (e.version != 1) return;
        channel.publish_message(AggregateExists<Original>{id, e.aggregate_id, e.timestamp});
      });
    }
  }
};

template <class A, class... Payloads, class Channel>
ConnectedEventStore(const EventStore<A, Payloads...>&, Channel&)
    -> ConnectedEventStore<A, Payloads...>;

}  // namespace castore
