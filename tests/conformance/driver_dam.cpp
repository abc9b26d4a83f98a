#include <castore/dam.hpp>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "driver_impl.hpp"

namespace conformance {
namespace {

/// Keeps what is poured, and how long that takes.
class Sink {
 public:
  void publish_message(const castore::Message& message,
                       const castore::PublishMessageOptions& options) {
    messages_.push_back({{"message", to_json(message)}, {"options", {{"replay", options.replay}}}});
  }

  /// `result`, with the messages and the time.
  json answer(json result) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    result["messages"] = std::move(messages_);
    result["elapsedMs"] = Milliseconds(std::chrono::steady_clock::now() - start_).count();
    return result;
  }

 private:
  json messages_ = json::array();
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::optional<double> rate_limit(const json& args) {
  const json* rate = find(args, "rateLimit");
  if (rate == nullptr) return std::nullopt;
  return rate->get<double>();
}

castore::PourFilters filters_of(const json& args) {
  const json none = json::object();
  const json* filters = find(args, "filters");
  const json& from = filters == nullptr ? none : *filters;
  return {.from = timestamp(from, "from"), .to = timestamp(from, "to")};
}

json event_answer(const castore::EventDetail& event) {
  std::string text;
  castore::append_json(text, castore::to_view(event));
  return json::parse(text);
}

template <class Scan>
json scan_answer(const Scan& scan) {
  json answer = json::object();
  if (scan.first_scanned_aggregate) {
    answer["firstScannedAggregate"] = to_answer(*scan.first_scanned_aggregate);
  }
  if (scan.last_scanned_aggregate) {
    answer["lastScannedAggregate"] = to_answer(*scan.last_scanned_aggregate);
  }
  return answer;
}

}  // namespace

json Driver::Impl::pour_aggregate_events(const json& args) {
  return with_store(args, [&](const auto& store) {
    Sink sink;
    const auto result =
        castore::pour_aggregate_events(store, sink,
                                       {.aggregate_id = args.at("aggregateId").get<std::string>(),
                                        .options = query_options(options_of(args)),
                                        .filters = filters_of(args),
                                        .rate_limit = rate_limit(args)});
    json answer = {{"pouredEventCount", result.poured_event_count}};
    if (result.first_poured_event) {
      answer["firstPouredEvent"] = event_answer(*result.first_poured_event);
    }
    if (result.last_poured_event) {
      answer["lastPouredEvent"] = event_answer(*result.last_poured_event);
    }
    return sink.answer(std::move(answer));
  });
}

json Driver::Impl::pour_event_store_aggregate_ids(const json& args) {
  return with_store(args, [&](const auto& store) {
    Sink sink;
    const castore::ListAggregateIdsOptions listing = list_options(options_of(args));
    castore::PourAggregateIdsQueryOptions query{
        .initial_event_after = listing.initial_event_after,
        .initial_event_before = listing.initial_event_before,
        .reverse = listing.reverse.value_or(false)};
    if (listing.limit) query.limit = *listing.limit;
    const auto result = castore::pour_event_store_aggregate_ids(
        store, sink, {.options = query, .rate_limit = rate_limit(args)});
    json answer = scan_answer(result);
    answer["pouredAggregateIdCount"] = result.poured_aggregate_id_count;
    return sink.answer(std::move(answer));
  });
}

json Driver::Impl::pour_event_store_events(const json& args) {
  return with_store(args, [&](const auto& store) {
    Sink sink;
    const auto result = castore::pour_event_store_events(
        store, sink, {.filters = filters_of(args), .rate_limit = rate_limit(args)});
    json answer = scan_answer(result);
    answer["pouredEventCount"] = result.poured_event_count;
    return sink.answer(std::move(answer));
  });
}

json Driver::Impl::pour_event_store_collection_events(const json& args) {
  std::vector<castore::PouredEventSource> sources;
  for (const json& name : args.at("stores")) {
    std::visit(
        [&](const auto* store) {
          sources.push_back({&store->event_storage_adapter(), store->event_store_id()});
        },
        store_named(name.get<std::string>()));
  }
  Sink sink;
  const auto result = castore::pour_event_store_collection_events(
      std::span<const castore::PouredEventSource>(sources), sink,
      {.filters = filters_of(args), .rate_limit = rate_limit(args)});
  json scans = json::object();
  for (const auto& scan : result.scans) scans[scan.event_store_id] = scan_answer(scan);
  return sink.answer({{"pouredEventCount", result.poured_event_count}, {"scans", scans}});
}

}  // namespace conformance
