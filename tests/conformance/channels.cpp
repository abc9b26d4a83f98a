#include "channels.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "driver.hpp"
#include "values.hpp"

namespace conformance {
namespace {

using castore::MessageChannelType;
using castore::MessageContext;
using castore::MessageType;
using castore::PublishMessageOptions;
using std::chrono::steady_clock;

// --- JSON ---------------------------------------------------------------------------------------

castore::EventDetail parse_stored(const json& event) {
  const castore::NewEventDetail parsed = castore::parse_event(event.dump());
  return castore::to_detail(castore::to_view(parsed),
                            parsed.timestamp.value_or(castore::Timestamp{}));
}

/// A member that has to be of that type in C++. \throws Unsupported
template <class T>
void take(const json& object, const char* name, T& value) {
  const auto member = object.find(name);
  if (member == object.end()) return;
  const bool fits = std::is_integral_v<T> ? member->is_number_integer() : member->is_number();
  if (!fits) throw Unsupported{};
  value = member->get<T>();
}

castore::RetryPolicy retry_policy_of(const json& adapter) {
  castore::RetryPolicy policy;
  std::int64_t delay = policy.retry_delay.count();
  take(adapter, "retryAttempts", policy.retry_attempts);
  take(adapter, "retryDelayInMs", delay);
  take(adapter, "retryBackoffRate", policy.retry_backoff_rate);
  policy.retry_delay = std::chrono::milliseconds{delay};
  return policy;
}

json describe_policy(const castore::RetryPolicy& policy) {
  return {{"retryAttempts", policy.retry_attempts},
          {"retryDelayInMs", policy.retry_delay.count()},
          {"retryBackoffRate", policy.retry_backoff_rate}};
}

// --- what listeners were given ------------------------------------------------------------------

struct Delivery {
  json answer;
  steady_clock::time_point at;
  // The original starts the handlers of one message one after the other; ours run at once.
  int attempt = 0;
  std::size_t message = 0;
  std::size_t handler = 0;
};

/// Listeners by script: they record, and fail as often as they are told to.
class Listeners {
 public:
  /// A listener as the script `{"id","failFirst"?,"failAlways"?}` says.
  auto listener(const json& script) {
    const std::size_t place = places_.emplace(script.at("id"), places_.size()).first->second;
    return [this, place, id = script.at("id"), always = script.value("failAlways", false),
            left = std::make_shared<int>(script.value("failFirst", 0))](
               const auto& message, const MessageContext& context) {
      record(to_json(castore::to_message(message)), id, place, context);
      if (always || (*left)-- > 0) {
        throw HandlerFailure("handler " + id.template get<std::string>() + " failed");
      }
    };
  }

  void published(const castore::Message& message) {
    const std::lock_guard lock(mutex_);
    published_.push_back(to_json(message));
  }

  json take(bool gaps, bool in_order_of_messages) {
    const std::lock_guard lock(mutex_);
    if (in_order_of_messages) {
      std::ranges::stable_sort(deliveries_, {}, [](const Delivery& one) {
        return std::tuple(one.attempt, one.message, one.handler);
      });
    }
    json answer = {{"deliveries", json::array()}};
    for (const Delivery& one : deliveries_) answer["deliveries"].push_back(one.answer);
    if (gaps) answer["gapsMs"] = gaps_between();
    deliveries_.clear();
    return answer;
  }

 private:
  void record(const json& message, const json& id, std::size_t place,
              const MessageContext& context) {
    const std::lock_guard lock(mutex_);
    const auto index = std::ranges::find(published_, message) - published_.begin();
    deliveries_.push_back({{{"handler", id},
                            {"message", message},
                            {"context",
                             {{"attempt", context.attempt},
                              {"retryAttemptsLeft", context.retry_attempts_left},
                              {"replay", context.replay}}}},
                           steady_clock::now(),
                           context.attempt,
                           static_cast<std::size_t>(index),
                           place});
  }

  [[nodiscard]] json gaps_between() const {
    json gaps = json::array();
    for (std::size_t i = 1; i < deliveries_.size(); ++i) {
      gaps.push_back(
          std::chrono::duration<double, std::milli>(deliveries_[i].at - deliveries_[i - 1].at)
              .count());
    }
    return gaps;
  }

  std::mutex mutex_;
  std::map<std::string, std::size_t> places_;
  std::vector<json> published_;
  std::vector<Delivery> deliveries_;
};

// --- one channel --------------------------------------------------------------------------------

template <MessageType type, MessageChannelType channel_type, class... Stores>
class TypedChannel final : public Channel {
  static constexpr bool is_bus = channel_type == MessageChannelType::bus;
  using Typed = castore::MessageChannel<type, channel_type, Stores...>;
  using Adapter = std::conditional_t<is_bus, castore::InMemoryMessageBusAdapter,
                                     castore::InMemoryMessageQueueAdapter>;

 public:
  explicit TypedChannel(const json& args, const Stores&... stores)
      : channel_(args.at("id").get<std::string>(), stores...) {
    const json* adapter = find(args, "adapter");
    if (adapter == nullptr) return;
    castore::DeliveryOptions options{.retry_policy = retry_policy_of(*adapter),
                                     .on_unhandled = [](const auto&) {}};
    if constexpr (is_bus) {
      adapter_ = std::make_shared<Adapter>(std::move(options));
    } else {
      adapter_ = std::make_shared<Adapter>(nullptr, std::move(options));
    }
    channel_.set_message_channel_adapter(adapter_);
  }

  [[nodiscard]] json describe() const override {
    constexpr const char* types[] = {"notification", "stateCarrying", "aggregateExists"};
    json description = {{"messageChannelId", channel_.message_channel_id()},
                        {"messageChannelType", is_bus ? "bus" : "queue"},
                        {"messageType", types[static_cast<int>(type)]}};
    if (adapter_) description["retryPolicy"] = describe_policy(adapter_->retry_policy());
    return description;
  }

  void set_worker(const json& worker) override {
    if constexpr (is_bus)
      throw Unsupported{};
    else {
      adapter_->set_worker(channel_.handler(listeners_.listener(worker)));
      has_worker_ = true;
    }
  }

  void on_message(const json& filter, const json& handler) override {
    if constexpr (!is_bus)
      throw Unsupported{};
    else {
      castore::MessageFilter typed{.on_replay = flag(filter, "onReplay")};
      if (const json* id = find(filter, "eventStoreId")) typed.event_store_id = *id;
      if (const json* event_type = find(filter, "eventType")) typed.event_type = *event_type;
      const auto id = handler.at("id").get<std::string>();
      if (const auto known = handlers_.find(id); known != handlers_.end()) {
        adapter_->on(typed, known->second);
      } else {
        handlers_.emplace(id, adapter_->on(typed, channel_.handler(listeners_.listener(handler))));
      }
    }
  }

  void publish_message(const json& message, const PublishMessageOptions& options) override {
    const castore::Message parsed = parse_message(message);
    listeners_.published(parsed);
    channel_.publish_message(parsed, options);
  }

  void publish_messages(const json& messages, const PublishMessageOptions& options) override {
    std::vector<castore::Message> parsed;
    for (const json& message : messages) {
      parsed.push_back(parse_message(message));
      listeners_.published(parsed.back());
    }
    channel_.publish_messages(parsed, options);
  }

  void get_aggregate_and_publish_message(const json& message,
                                         const PublishMessageOptions& options) override {
    if constexpr (type == MessageType::state_carrying) {
      const auto id = message.at("eventStoreId").get<std::string>();
      const castore::EventDetail event = parse_stored(message.at("event"));
      using Store = std::tuple_element_t<0, std::tuple<Stores...>>;
      channel_.get_aggregate_and_publish_message(
          castore::Notification<Store>{id, Store::decode_event(id, castore::to_view(event))},
          options);
    } else {
      throw Unsupported{};
    }
  }

  json received(bool gaps) override {
    if (adapter_ && (is_bus || has_worker_)) adapter_->drain();
    return listeners_.take(gaps, is_bus);
  }

  std::variant<std::shared_ptr<Pokemons>, std::shared_ptr<Trainers>, std::shared_ptr<Counters>>
  connect(AnyStore store) override {
    return std::visit(
        [&]<class Store>(
            Store* original) -> std::variant<std::shared_ptr<Pokemons>, std::shared_ptr<Trainers>,
                                             std::shared_ptr<Counters>> {
          if constexpr (Typed::template carries<Store>) {
            using Connected =
                decltype(castore::ConnectedEventStore(*original, std::declval<Typed&>()));
            return std::shared_ptr<Store>(std::make_shared<Connected>(*original, channel_));
          } else {
            throw Unsupported{};
          }
        },
        store);
  }

 private:
  Listeners listeners_;  // outlives the adapter's threads
  Typed channel_;
  std::shared_ptr<Adapter> adapter_;
  bool has_worker_ = false;
  std::map<std::string, castore::InMemoryMessageBusAdapter::HandlerId> handlers_;
};

template <MessageType type, MessageChannelType channel_type>
std::unique_ptr<Channel> make_channel_of(const json& args, const DomainStores& stores) {
  const json& sources = args.at("sources");
  const auto make = [&]<class... Stores>(const Stores&... of) -> std::unique_ptr<Channel> {
    return std::make_unique<TypedChannel<type, channel_type, Stores...>>(args, of...);
  };
  if (sources == json{"POKEMONS"}) return make(stores.pokemons);
  if (sources == json{"TRAINERS"}) return make(stores.trainers);
  if (sources == json{"COUNTERS"}) return make(stores.counters);
  if (sources == json{"POKEMONS", "TRAINERS"}) return make(stores.pokemons, stores.trainers);
  throw std::invalid_argument("no scenario has a channel of " + sources.dump());
}

template <MessageType type>
std::unique_ptr<Channel> make_channel_of(const json& args, const DomainStores& stores) {
  if (args.at("channelType") == "bus") {
    return make_channel_of<type, MessageChannelType::bus>(args, stores);
  }
  return make_channel_of<type, MessageChannelType::queue>(args, stores);
}

}  // namespace

std::unique_ptr<Channel> make_channel(const json& args, const DomainStores& stores) {
  const json& type = args.at("messageType");
  if (type == "notification") return make_channel_of<MessageType::notification>(args, stores);
  if (type == "stateCarrying") return make_channel_of<MessageType::state_carrying>(args, stores);
  return make_channel_of<MessageType::aggregate_exists>(args, stores);
}

castore::Message parse_message(const json& message) {
  const auto id = message.at("eventStoreId").get<std::string>();
  if (message.contains("aggregateId")) {
    return castore::AggregateExistsMessage{
        id, message.at("aggregateId").get<std::string>(),
        castore::parse_timestamp(message.at("initialEventTimestamp").get<std::string>())};
  }
  const castore::EventDetail event = parse_stored(message.at("event"));
  const json* aggregate = find(message, "aggregate");
  if (aggregate != nullptr) {
    return castore::StateCarryingMessage{id, event, aggregate->dump()};
  }
  return castore::NotificationMessage{id, event};
}

json to_json(const castore::Message& message) {
  std::string text;
  castore::append_json(text, message);
  return json::parse(text);
}

}  // namespace conformance
