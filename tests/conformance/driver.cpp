#include "driver.hpp"

#include <castore/adapter_support.hpp>
#include <exception>
#include <functional>
#include <latch>
#include <map>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "driver_impl.hpp"

namespace conformance {
namespace {

/// A listing whose pages do not end.
struct Runaway : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A group event without its event store, the scenarios' `detached`, cannot be made.
static_assert(!std::is_constructible_v<castore::GroupedEvent<Pokemon, LevelledUp>,
                                       std::shared_ptr<EventStorageAdapter>, std::string,
                                       castore::NewEvent<LevelledUp>>);

// --- errors to JSON -----------------------------------------------------------------------------

std::string_view kind_of(const castore::InvalidEventGroupError& error) {
  switch (error.reason()) {
    case castore::InvalidEventGroupError::Reason::different_databases:
      return "GroupForeignAdapter";
    case castore::InvalidEventGroupError::Reason::different_timestamps:
      return "GroupTimestampMismatch";
    case castore::InvalidEventGroupError::Reason::empty:
      return "InvalidArgument";
  }
  return "Other";
}

std::string_view kind_of(const castore::Error& error) {
  if (const auto* group = dynamic_cast<const castore::InvalidEventGroupError*>(&error)) {
    return kind_of(*group);
  }
  switch (error.code()) {
    case castore::ErrorCode::event_already_exists:
    case castore::ErrorCode::aggregate_not_found:
    case castore::ErrorCode::undefined_event_storage_adapter:
    case castore::ErrorCode::invalid_page_token:
    case castore::ErrorCode::reserved_event_type:
    case castore::ErrorCode::undefined_message_channel_adapter:
    case castore::ErrorCode::message_channel_event_store_not_found:
      return castore::to_string(error.code());
    case castore::ErrorCode::invalid_event:
    case castore::ErrorCode::invalid_timestamp:
    case castore::ErrorCode::invalid_option:
    case castore::ErrorCode::invalid_message:
      return "InvalidArgument";
    default:
      return "Other";
  }
}

json error_answer(std::string_view kind, const std::exception& error) {
  return {{"error", {{"kind", kind}, {"message", error.what()}}}};
}

}  // namespace

json current_exception_answer() {
  try {
    throw;
  } catch (const Unsupported&) {
    return {{"unsupported", true}};
  } catch (const castore::PublishError& e) {
    // the original's error is the cause of ours
    try {
      std::rethrow_exception(e.cause());
    } catch (...) {
      return current_exception_answer();
    }
  } catch (const castore::EventAlreadyExistsError& e) {
    json answer = error_answer(kind_of(e), e);
    answer["error"].update({{"eventStoreId", e.event_store_id()},
                            {"aggregateId", e.aggregate_id()},
                            {"version", e.version()}});
    return answer;
  } catch (const castore::InvalidRetryPolicyError& e) {
    return error_answer("InvalidRetryPolicy", e);
  } catch (const castore::Error& e) {
    return error_answer(kind_of(e), e);
  } catch (const CommandRejected& e) {
    return error_answer("CommandRejected", e);
  } catch (const ReducerError& e) {
    return error_answer("ReducerError", e);
  } catch (const HandlerFailure& e) {
    return error_answer("HandlerFailure", e);
  } catch (const Runaway& e) {
    return error_answer("Runaway", e);
  } catch (const std::exception& e) {
    return error_answer("Other", e);
  }
}

json Driver::Impl::push_event(const json& args) {
  return with_store(args, [&]<class A, class... P>(castore::EventStore<A, P...>& store) {
    const json& options = options_of(args);
    json answer;
    with_new_event(store, args.at("event"), [&](auto&& event) {
      const auto result =
          store.push_event(std::forward<decltype(event)>(event),
                           {.prev_aggregate = aggregate<A>(options, "prevAggregate"),
                            .force = flag(options, "force")});
      answer = to_answer(result.event, result.next_aggregate);
    });
    return answer;
  });
}

json Driver::Impl::push_event_group(const json& args) {
  std::vector<castore::GroupedEventRef> events;
  std::vector<std::function<json()>> answers;  // own what `events` refers to
  for (const json& item : args.at("events")) {
    if (flag(item, "detached")) throw Unsupported{};
    with_store(item, [&]<class A, class... P>(castore::EventStore<A, P...> store) -> json {
      if (flag(item, "foreignAdapter")) {
        store.set_event_storage_adapter(database("foreign.db", false)());
      }
      with_new_event(store, item.at("event"), [&](auto&& event) {
        auto grouped = store.group_event(std::forward<decltype(event)>(event),
                                         {.prev_aggregate = aggregate<A>(item, "prevAggregate")});
        const auto kept = std::make_shared<decltype(grouped)>(std::move(grouped));
        events.emplace_back(*kept);
        answers.emplace_back(
            [kept] { return to_answer(kept->result().event, kept->result().next_aggregate); });
      });
      return {};
    });
  }
  castore::push_event_group(events, {.force = flag(options_of(args), "force")});
  json group = json::array();
  for (const auto& answer : answers) group.push_back(answer());
  return {{"eventGroup", std::move(group)}};
}

json Driver::Impl::get_events(const json& args) {
  return with_store(args, [&](const auto& store) -> json {
    return {{"events", to_answer(store.get_events(args.at("aggregateId").get<std::string>(),
                                                  query_options(options_of(args))))}};
  });
}

/// The original answers the events with the aggregate; ours are two calls.
template <class Store>
json with_events(json answer, const Store& store, const std::string& aggregate_id,
                 const castore::GetAggregateOptions& options) {
  json events = to_answer(store.get_events(aggregate_id, {.max_version = options.max_version}));
  if (!events.empty()) answer["lastEvent"] = events.back();
  answer["events"] = std::move(events);
  return answer;
}

json Driver::Impl::get_aggregate(const json& args) {
  return with_store(args, [&](const auto& store) {
    const auto id = args.at("aggregateId").get<std::string>();
    const castore::GetAggregateOptions options{integer(options_of(args), "maxVersion")};
    return with_events(to_answer(store.get_aggregate(id, options)), store, id, options);
  });
}

json Driver::Impl::get_existing_aggregate(const json& args) {
  return with_store(args, [&](const auto& store) {
    const auto id = args.at("aggregateId").get<std::string>();
    const castore::GetAggregateOptions options{integer(options_of(args), "maxVersion")};
    return with_events({{"aggregate", store.get_existing_aggregate(id, options)}}, store, id,
                       options);
  });
}

json Driver::Impl::list_aggregate_ids(const json& args) {
  return with_store(args, [&](const auto& store) {
    return to_answer(store.list_aggregate_ids(list_options(options_of(args))));
  });
}

json Driver::Impl::list_all_aggregate_ids(const json& args) {
  constexpr std::size_t more_pages_than_any_scenario_has = 10'000;
  return with_store(args, [&](const auto& store) -> json {
    json ids = json::array();
    json page_sizes = json::array();
    castore::ListAggregateIdsOptions options = list_options(options_of(args));
    for (bool more = true; more;) {
      if (page_sizes.size() == more_pages_than_any_scenario_has) throw Runaway("pages do not end");
      const castore::ListAggregateIdsResult page = store.list_aggregate_ids(options);
      for (const auto& listed : page.aggregate_ids) ids.push_back(to_answer(listed));
      page_sizes.push_back(page.aggregate_ids.size());
      options = {.page_token = page.next_page_token};  // the token alone
      more = page.next_page_token.has_value();
    }
    return {{"aggregateIds", std::move(ids)}, {"pageSizes", std::move(page_sizes)}};
  });
}

json Driver::Impl::build_aggregate(const json& args) {
  return with_store(args, [&]<class A, class... P>(castore::EventStore<A, P...>& store) {
    return to_answer(
        store.build_aggregate(stored_events(store, args), aggregate<A>(args, "aggregate")));
  });
}

json Driver::Impl::simulate_aggregate(const json& args) {
  return with_store(args, [&](const auto& store) {
    return to_answer(store.simulate_aggregate(
        stored_events(store, args),
        {.simulation_date = timestamp(options_of(args), "simulationDate")}));
  });
}

json Driver::Impl::parallel(const json& args) {
  std::vector<std::pair<std::string, json>> steps;
  for (const json& step : args.at("steps")) steps.emplace_back(step.at("op"), step.at("args"));
  std::vector<json> answers(steps.size());
  {
    std::latch start(static_cast<std::ptrdiff_t>(steps.size()));
    std::vector<std::jthread> threads;
    threads.reserve(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        answers[i] = execute(steps[i].first, steps[i].second);
      });
    }
  }
  std::size_t succeeded = 0;
  std::map<std::string, int> errors;
  for (const json& answer : answers) {
    if (answer.contains("unsupported")) throw Unsupported{};
    if (answer.contains("error")) {
      ++errors[answer["error"]["kind"].get<std::string>()];
    } else {
      ++succeeded;
    }
  }
  return {{"succeeded", succeeded}, {"errors", errors}};
}

json Driver::Impl::detach_adapter(const json& args) {
  return with_store(args, [](auto& store) {
    store.set_event_storage_adapter(nullptr);
    return json::object();
  });
}

json Driver::Impl::define_event_type(const json& args) {
  const auto type = args.at("type").get<std::string>();
  castore::check_event_type_name(type);
  return {{"type", type}};
}

json Driver::Impl::set_on_event_pushed(const json& args) {
  const auto id = args.at("id").get<std::string>();
  {
    const std::lock_guard lock(calls_mutex);
    calls.emplace(id, json::array());
  }
  return with_store(args, [&](auto& store) {
    using Store = std::remove_reference_t<decltype(store)>;
    store.set_on_event_pushed(
        [this, id, fail = flag(args, "fail")](const typename Store::Pushed& pushed) {
          json call = to_answer(pushed.event, pushed.next_aggregate);
          {
            const std::lock_guard lock(calls_mutex);
            calls[id].push_back(std::move(call));
          }
          if (fail) throw HandlerFailure("onEventPushed failed");
        });
    return json::object();
  });
}

json Driver::Impl::on_event_pushed_calls(const json& args) {
  const std::lock_guard lock(calls_mutex);
  return {{"calls", std::exchange(calls.at(args.at("id").get<std::string>()), json::array())}};
}

const std::map<std::string_view, Driver::Impl::Operation>& Driver::Impl::operations() {
  static const std::map<std::string_view, Operation> all{
      {"pushEvent", &Impl::push_event},
      {"pushEventGroup", &Impl::push_event_group},
      {"getEvents", &Impl::get_events},
      {"getAggregate", &Impl::get_aggregate},
      {"getExistingAggregate", &Impl::get_existing_aggregate},
      {"listAggregateIds", &Impl::list_aggregate_ids},
      {"listAllAggregateIds", &Impl::list_all_aggregate_ids},
      {"buildAggregate", &Impl::build_aggregate},
      {"simulateAggregate", &Impl::simulate_aggregate},
      {"parallel", &Impl::parallel},
      {"detachAdapter", &Impl::detach_adapter},
      {"defineEventType", &Impl::define_event_type},
      {"setOnEventPushed", &Impl::set_on_event_pushed},
      {"onEventPushedCalls", &Impl::on_event_pushed_calls},
      {"runCommand", &Impl::run_command},
      {"classifyMessage", &Impl::classify_message},
      {"createChannel", &Impl::create_channel},
      {"setWorker", &Impl::set_worker},
      {"onMessage", &Impl::on_message},
      {"publishMessage", &Impl::publish_message},
      {"publishMessages", &Impl::publish_messages},
      {"getAggregateAndPublishMessage", &Impl::get_aggregate_and_publish_message},
      {"received", &Impl::received},
      {"connectStore", &Impl::connect_store},
      {"mockStore", &Impl::mock_store},
      {"resetStore", &Impl::reset_store},
      {"muteStore", &Impl::mute_store},
      {"pourAggregateEvents", &Impl::pour_aggregate_events},
      {"pourEventStoreAggregateIds", &Impl::pour_event_store_aggregate_ids},
      {"pourEventStoreEvents", &Impl::pour_event_store_events},
      {"pourEventStoreCollectionEvents", &Impl::pour_event_store_collection_events}};
  return all;
}

json Driver::Impl::execute(std::string_view operation, const json& args) noexcept {
  try {
    const auto known = operations().find(operation);
    if (known == operations().end()) throw Unsupported{};
    return {{"result", (this->*known->second)(args)}};
  } catch (...) {
    return current_exception_answer();
  }
}

Driver::Driver(AdapterKind kind, bool shared_adapter)
    : impl_(std::make_unique<Impl>(kind, shared_adapter)) {}

Driver::~Driver() = default;

std::vector<std::string_view> Driver::operations() {
  std::vector<std::string_view> names;
  for (const auto& [name, operation] : Impl::operations()) names.push_back(name);
  return names;
}

json Driver::execute(std::string_view operation, const json& args) {
  return impl_->execute(operation, args);
}

}  // namespace conformance
