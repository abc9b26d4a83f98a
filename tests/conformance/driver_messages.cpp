#include <castore/testing/mock_event_store.hpp>
#include <string>
#include <utility>

#include "driver_impl.hpp"

namespace conformance {
namespace {

castore::PublishMessageOptions publish_options(const json& args) {
  return {.replay = flag(options_of(args), "replay")};
}

/// Without initial events there is no such member.
template <class Store>
auto initial_events(const Store& store, const json& args) {
  if (find(args, "initialEvents") == nullptr) return decltype(stored_events(store, args)){};
  return stored_events(store, {{"events", args.at("initialEvents")}});
}

}  // namespace

json Driver::Impl::classify_message(const json& args) {
  const castore::Message message = parse_message(args.at("message"));
  return {
      {"isAggregateExistsMessage",
       std::holds_alternative<castore::AggregateExistsMessage>(message)},
      {"isEventCarryingMessage", castore::event_of(message) != nullptr},
      {"isNotificationMessage", std::holds_alternative<castore::NotificationMessage>(message)},
      {"isStateCarryingMessage", std::holds_alternative<castore::StateCarryingMessage>(message)}};
}

json Driver::Impl::create_channel(const json& args) {
  auto channel = make_channel(args, stores);
  json description = channel->describe();
  channels[args.at("id").get<std::string>()] = std::move(channel);
  return description;
}

Channel& Driver::Impl::channel_of(const json& args) {
  return *channels.at(args.at("channel").get<std::string>());
}

json Driver::Impl::set_worker(const json& args) {
  channel_of(args).set_worker(args.at("worker"));
  return json::object();
}

json Driver::Impl::on_message(const json& args) {
  channel_of(args).on_message(args.at("filter"), args.at("handler"));
  return json::object();
}

json Driver::Impl::publish_message(const json& args) {
  channel_of(args).publish_message(args.at("message"), publish_options(args));
  return json::object();
}

json Driver::Impl::publish_messages(const json& args) {
  channel_of(args).publish_messages(args.at("messages"), publish_options(args));
  return json::object();
}

json Driver::Impl::get_aggregate_and_publish_message(const json& args) {
  channel_of(args).get_aggregate_and_publish_message(args.at("message"), publish_options(args));
  return json::object();
}

json Driver::Impl::received(const json& args) {
  return channel_of(args).received(flag(args, "gaps"));
}

json Driver::Impl::connect_store(const json& args) {
  auto connected = channel_of(args).connect(store_named(args.at("store").get<std::string>()));
  std::visit([&](auto& store) { keep(args.at("as").get<std::string>(), std::move(store)); },
             connected);
  return json::object();
}

json Driver::Impl::mock_store(const json& args) {
  return with_store(args, [&]<class A, class... P>(castore::EventStore<A, P...>& store) {
    const auto name = args.at("as").get<std::string>();
    auto mocked = std::make_shared<castore::testing::MockedEventStore<A, P...>>(
        store, initial_events(store, args));
    resets[name] = [borrowed = mocked.get()] { borrowed->reset(); };
    keep(name, std::shared_ptr<castore::EventStore<A, P...>>(std::move(mocked)));
    return json::object();
  });
}

json Driver::Impl::reset_store(const json& args) {
  resets.at(args.at("store").get<std::string>())();
  return json::object();
}

json Driver::Impl::mute_store(const json& args) {
  return with_store(args, [&](auto& store) {
    castore::testing::mute_event_store(store, initial_events(store, args));
    return json::object();
  });
}

}  // namespace conformance
