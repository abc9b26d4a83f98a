#pragma once

/// \file
/// The scenarios' JSON as arguments of the typed API, and its answers as JSON.

#include <castore/castore.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "domain.hpp"

namespace conformance {

using nlohmann::json;

/// The failure of a scripted callback or listener.
struct HandlerFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The scenario wants what cannot be said in the typed API.
struct Unsupported {};

// --- JSON to arguments --------------------------------------------------------------------------

/// nullptr where the member is absent or null.
inline const json* find(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(name);
  return member == object.end() || member->is_null() ? nullptr : &*member;
}

inline const json& options_of(const json& args) {
  static const json none = json::object();
  const json* options = find(args, "options");
  return options == nullptr ? none : *options;
}

inline std::optional<std::int64_t> integer(const json& options, const char* name) {
  const json* value = find(options, name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer()) throw castore::InvalidOptionError(name, "is no integer");
  return value->get<std::int64_t>();
}

inline bool flag(const json& options, const char* name) {
  const json* value = find(options, name);
  return value != nullptr && value->get<bool>();
}

inline std::optional<castore::Timestamp> timestamp(const json& options, const char* name) {
  const json* value = find(options, name);
  if (value == nullptr) return std::nullopt;
  return castore::parse_timestamp(value->get<std::string>());
}

template <castore::Aggregate A>
std::optional<A> aggregate(const json& object, const char* name) {
  const json* value = find(object, name);
  if (value == nullptr) return std::nullopt;
  return value->get<A>();
}

inline castore::EventsQueryOptions query_options(const json& options) {
  return {.min_version = integer(options, "minVersion"),
          .max_version = integer(options, "maxVersion"),
          .limit = integer(options, "limit"),
          .reverse = flag(options, "reverse")};
}

inline castore::ListAggregateIdsOptions list_options(const json& options) {
  castore::ListAggregateIdsOptions list{
      .limit = integer(options, "limit"),
      .initial_event_after = timestamp(options, "initialEventAfter"),
      .initial_event_before = timestamp(options, "initialEventBefore")};
  if (find(options, "reverse") != nullptr) list.reverse = flag(options, "reverse");
  if (const json* token = find(options, "pageToken")) list.page_token = token->get<std::string>();
  return list;
}

/// Hands `event` to `use` as the `NewEvent` of the payload that its type names in that store.
/// \throws castore::InvalidEventError  the store has no event of that type
template <class A, class... Payloads, class Use>
void with_new_event(const castore::EventStore<A, Payloads...>& store, const json& event,
                    Use&& use) {
  const castore::NewEventDetail detail = castore::parse_event(event.dump());
  const auto try_payload = [&]<class P>(std::type_identity<P>) {
    if constexpr (castore::NamesItsType<P>) {
      if (detail.type != P::type) return false;
    }
    if (std::is_same_v<castore::MetadataOf<P>, castore::NoMetadata> && detail.metadata) {
      throw castore::InvalidEventError("metadata", "is not of this event type");
    }
    auto typed = castore::decode<P>(
        store.event_store_id(),
        castore::to_view(castore::to_detail(castore::to_view(detail), castore::Timestamp{})));
    use(castore::NewEvent<P>{std::move(typed.aggregate_id), typed.version, detail.timestamp,
                             std::move(typed.payload), std::move(typed.metadata)});
    return true;
  };
  if (!(try_payload(std::type_identity<Payloads>{}) || ...)) {
    throw castore::InvalidEventError("type", "is not one of the event store's");
  }
}

template <class A, class... Payloads>
auto stored_events(const castore::EventStore<A, Payloads...>& store, const json& args) {
  using AnyEvent = typename castore::EventStore<A, Payloads...>::AnyEvent;
  std::vector<AnyEvent> events;
  for (const json& event : args.at("events")) {
    with_new_event(store, event, [&]<class P>(castore::NewEvent<P>&& e) {
      if (!e.timestamp) throw castore::InvalidEventError("timestamp", "is missing");
      events.push_back(castore::Event<P>{std::move(e.aggregate_id), e.version, *e.timestamp,
                                         std::move(e.payload), std::move(e.metadata)});
    });
  }
  return events;
}

// --- answers to JSON ----------------------------------------------------------------------------

template <castore::EventPayload P>
json to_answer(const castore::Event<P>& event) {
  const castore::EncodedEvent encoded = castore::encode(event.payload, event.metadata);
  std::string text;
  castore::append_json(text, {.aggregate_id = event.aggregate_id,
                              .version = event.version,
                              .type = event.type(),
                              .timestamp = event.timestamp,
                              .payload = encoded.payload,
                              .metadata = encoded.metadata});
  return json::parse(text);
}

template <class... Payloads>
json to_answer(const std::variant<castore::Event<Payloads>...>& event) {
  return std::visit([](const auto& e) { return to_answer(e); }, event);
}

template <class AnyEvent>
json to_answer(const std::vector<AnyEvent>& events) {
  json answer = json::array();
  for (const AnyEvent& event : events) answer.push_back(to_answer(event));
  return answer;
}

template <class E, castore::Aggregate A>
json to_answer(const E& event, const std::optional<A>& next_aggregate) {
  json answer = {{"event", to_answer(event)}};
  if (next_aggregate) answer["nextAggregate"] = *next_aggregate;
  return answer;
}

template <castore::Aggregate A>
json to_answer(const std::optional<A>& aggregate) {
  json answer = json::object();
  if (aggregate) answer["aggregate"] = *aggregate;
  return answer;
}

inline json to_answer(const castore::ListedAggregateId& listed) {
  return {{"aggregateId", listed.aggregate_id},
          {"initialEventTimestamp", castore::format_timestamp(listed.initial_event_timestamp)}};
}

inline json to_answer(const castore::ListAggregateIdsResult& result) {
  json ids = json::array();
  for (const castore::ListedAggregateId& listed : result.aggregate_ids) {
    ids.push_back(to_answer(listed));
  }
  json answer = {{"aggregateIds", std::move(ids)}};
  if (result.next_page_token) answer["nextPageToken"] = *result.next_page_token;
  return answer;
}

}  // namespace conformance
