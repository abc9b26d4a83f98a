#include "driver.hpp"

#include <castore/adapter_support.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <exception>
#include <filesystem>
#include <functional>
#include <latch>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "domain.hpp"

namespace conformance {
namespace {

using castore::EventStorageAdapter;
using nlohmann::json;

/// What a scripted callback fails with.
struct HandlerFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A listing whose pages do not end.
struct Runaway : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The scenario wants what cannot be said in the typed API.
struct Unsupported {};

// A group event without its event store, the scenarios' `detached`, cannot be made.
static_assert(!std::is_constructible_v<castore::GroupedEvent<Pokemon, LevelledUp>,
                                       std::shared_ptr<EventStorageAdapter>, std::string,
                                       castore::NewEvent<LevelledUp>>);

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::random_device random;
    do {
      path_ = std::filesystem::temp_directory_path() /
              ("castore-conformance-" + std::to_string(random()) + std::to_string(random()));
    } while (!std::filesystem::create_directory(path_));
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  TemporaryDirectory(TemporaryDirectory&&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

// --- JSON to arguments --------------------------------------------------------------------------

/// nullptr where the member is absent or null.
const json* find(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(name);
  return member == object.end() || member->is_null() ? nullptr : &*member;
}

const json& options_of(const json& args) {
  static const json none = json::object();
  const json* options = find(args, "options");
  return options == nullptr ? none : *options;
}

std::optional<std::int64_t> integer(const json& options, const char* name) {
  const json* value = find(options, name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer()) throw castore::InvalidOptionError(name, "is no integer");
  return value->get<std::int64_t>();
}

bool flag(const json& options, const char* name) {
  const json* value = find(options, name);
  return value != nullptr && value->get<bool>();
}

std::optional<castore::Timestamp> timestamp(const json& options, const char* name) {
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

castore::EventsQueryOptions query_options(const json& options) {
  return {.min_version = integer(options, "minVersion"),
          .max_version = integer(options, "maxVersion"),
          .limit = integer(options, "limit"),
          .reverse = flag(options, "reverse")};
}

castore::ListAggregateIdsOptions list_options(const json& options) {
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

json to_answer(const castore::ListedAggregateId& listed) {
  return {{"aggregateId", listed.aggregate_id},
          {"initialEventTimestamp", castore::format_timestamp(listed.initial_event_timestamp)}};
}

json to_answer(const castore::ListAggregateIdsResult& result) {
  json ids = json::array();
  for (const castore::ListedAggregateId& listed : result.aggregate_ids) {
    ids.push_back(to_answer(listed));
  }
  json answer = {{"aggregateIds", std::move(ids)}};
  if (result.next_page_token) answer["nextPageToken"] = *result.next_page_token;
  return answer;
}

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
      return castore::to_string(error.code());
    case castore::ErrorCode::invalid_event:
    case castore::ErrorCode::invalid_timestamp:
    case castore::ErrorCode::invalid_option:
      return "InvalidArgument";
    default:
      return "Other";
  }
}

json error_answer(std::string_view kind, const std::exception& error) {
  return {{"error", {{"kind", kind}, {"message", error.what()}}}};
}

/// To be called while an exception is handled.
json current_exception_answer() {
  try {
    throw;
  } catch (const Unsupported&) {
    return {{"unsupported", true}};
  } catch (const castore::EventAlreadyExistsError& e) {
    json answer = error_answer(kind_of(e), e);
    answer["error"].update({{"eventStoreId", e.event_store_id()},
                            {"aggregateId", e.aggregate_id()},
                            {"version", e.version()}});
    return answer;
  } catch (const castore::Error& e) {
    return error_answer(kind_of(e), e);
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

}  // namespace

struct Driver::Impl {
  using MakeAdapter = std::function<std::shared_ptr<EventStorageAdapter>()>;

  Impl(AdapterKind adapter_kind, bool shared)
      : kind(adapter_kind),
        make_adapter(database("events.db", shared)),
        pokemons(make_pokemons(make_adapter())),
        trainers(make_trainers(make_adapter())),
        counters(make_counters(make_adapter())) {}

  /// Gives adapters on one fresh database: the same one each time, or new ones.
  [[nodiscard]] MakeAdapter database(const char* name, bool shared) const {
    // in memory, the adapter is the database
    if (kind == AdapterKind::in_memory) {
      return
          [adapter = std::make_shared<castore::InMemoryEventStorageAdapter>()] { return adapter; };
    }
    auto file = castore::sqlite::Database::open(directory.path() / name);
    if (shared) {
      return [adapter = std::make_shared<castore::SqliteEventStorageAdapter>(std::move(file))] {
        return adapter;
      };
    }
    return [file = std::move(file)] {
      return std::make_shared<castore::SqliteEventStorageAdapter>(file);
    };
  }

  /// Calls `use` with the event store that `args` names, typed.
  template <class Use>
  json with_store(const json& args, Use&& use) {
    const auto id = args.at("store").get<std::string>();
    if (id == pokemons.event_store_id()) return use(pokemons);
    if (id == trainers.event_store_id()) return use(trainers);
    if (id == counters.event_store_id()) return use(counters);
    throw std::invalid_argument("there is no event store " + id);
  }

  using Operation = json (Impl::*)(const json& args);
  static const std::map<std::string_view, Operation>& operations();

  json push_event(const json& args);
  json push_event_group(const json& args);
  json get_events(const json& args);
  json get_aggregate(const json& args);
  json get_existing_aggregate(const json& args);
  json list_aggregate_ids(const json& args);
  json list_all_aggregate_ids(const json& args);
  json build_aggregate(const json& args);
  json simulate_aggregate(const json& args);
  json parallel(const json& args);
  json detach_adapter(const json& args);
  json define_event_type(const json& args);
  json set_on_event_pushed(const json& args);
  json on_event_pushed_calls(const json& args);

  json execute(std::string_view operation, const json& args) noexcept;

  TemporaryDirectory directory;  // before what has files open in it
  AdapterKind kind;
  MakeAdapter make_adapter;
  Pokemons pokemons;
  Trainers trainers;
  Counters counters;
  std::mutex calls_mutex;
  std::map<std::string, json> calls;  ///< of the recording callbacks, by their id
};

json Driver::Impl::push_event(const json& args) {
  return with_store(args, [&]<class A, class... P>(castore::EventStore<A, P...>& store) {
    const json& options = options_of(args);
    json answer;
    with_new_event(store, args.at("event"), [&](auto&& event) {
      const auto result = store.push_event(
          std::move(event), {.prev_aggregate = aggregate<A>(options, "prevAggregate"),
                             .force = flag(options, "force")});
      answer = to_answer(result.event, result.next_aggregate);
    });
    return answer;
  });
}

json Driver::Impl::push_event_group(const json& args) {
  std::vector<castore::AnyGroupedEvent> events;
  std::vector<std::function<json()>> answers;  // own what `events` refers to
  for (const json& item : args.at("events")) {
    if (flag(item, "detached")) throw Unsupported{};
    with_store(item, [&]<class A, class... P>(castore::EventStore<A, P...> store) -> json {
      if (flag(item, "foreignAdapter")) {
        store.set_event_storage_adapter(database("foreign.db", false)());
      }
      with_new_event(store, item.at("event"), [&](auto&& event) {
        auto grouped = store.group_event(std::move(event),
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
      {"onEventPushedCalls", &Impl::on_event_pushed_calls}};
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
