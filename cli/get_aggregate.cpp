#include <CLI/CLI.hpp>
#include <castore/event_json.hpp>
#include <memory>

#include "arguments.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "json_text.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Print an aggregate: its events, reduced. With a plugin, by the application's own
reducer. Without one the payloads are merged in order (RFC 7396) over aggregateId
and version, and a note on standard error says so.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db get-aggregate POKEMONS pikachu
  castore-cli --db pokemons.db get-aggregate POKEMONS pikachu --max-version 2
  castore-cli --db pokemons.db --plugin ./libpokemons.so --format json \
    get-aggregate POKEMONS pikachu --at 2022-01-01T12:00:00Z --with-events)";

struct GetAggregateOptions {
  std::string event_store_id;
  std::string aggregate_id;
  std::optional<Version> max_version;
  std::optional<Timestamp> at;
  bool with_events = false;
};

/// What an aggregate looks like to a tool that knows nothing about it.
class MergingFold : public AggregateFold {
 public:
  MergingFold(const std::string& event_store_id, const Context& context)
      : event_store_id_(event_store_id), context_(context) {}

  void apply(const EventView& event) override {
    if (!started_) {
      context_.note("NoReducer",
                    "no reducer was given for event store " + event_store_id_ +
                        ": this is the payloads merged in order",
                    {{"eventStoreId", event_store_id_}});
    }
    started_ = true;
    std::string stamp = "{\"aggregateId\":";
    append_json_string(stamp, event.aggregate_id);
    merged_.apply(stamp + ",\"version\":" + std::to_string(event.version) + '}');
    if (event.payload) merge(event, *event.payload);
  }

  [[nodiscard]] std::optional<std::string> json() const override {
    if (!started_) return std::nullopt;
    std::string json;
    merged_.append_to(json);
    return json;
  }

 private:
  void merge(const EventView& event, std::string_view payload) {
    if (const std::string problem = check_json(payload); !problem.empty()) {
      throw MalformedEventError(event_store_id_, std::string(event.aggregate_id), event.version,
                                std::string(event.type), "payload " + problem);
    }
    if (is_json_object(payload)) {
      merged_.apply(payload);
      return;
    }
    context_.note("NotMerged",
                  "version " + std::to_string(event.version) +
                      " is left out: its payload is no object, and cannot be merged",
                  {{"version", event.version}});
  }

  std::string event_store_id_;
  const Context& context_;
  MergedObject merged_;
  bool started_ = false;
};

std::unique_ptr<AggregateFold> make_fold(const std::string& event_store_id,
                                         const Context& context) {
  const EventStoreDescription* known = context.registry.find_event_store(event_store_id);
  if (known == nullptr) return std::make_unique<MergingFold>(event_store_id, context);
  return known->make_fold();
}

/// A reducer may throw what it likes.
template <class Call>
auto calling_reducer(const GetAggregateOptions& options, Call&& call) {
  try {
    return call();
  } catch (const Error&) {
    throw;
  } catch (...) {
    throw plugin_error(
        "The reducer of event store " + options.event_store_id + " failed at aggregate " +
            options.aggregate_id,
        {{"eventStoreId", options.event_store_id}, {"aggregateId", options.aggregate_id}});
  }
}

std::string text_of(const std::string& aggregate, const std::string& events) {
  std::string text;
  append_pretty_json(text, aggregate);
  return text + '\n' + events;
}

std::string json_of(const GetAggregateOptions& options, const std::string& aggregate,
                    const std::string& events) {
  std::string json = "{\"aggregate\":";
  append_compact_json(json, aggregate);
  if (options.with_events) json += ",\"events\":[" + events + ']';
  return json + "}\n";
}

void get_aggregate(const GetAggregateOptions& options, const Context& context) {
  const auto storage = context.open_for_reading();
  const auto fold = make_fold(options.event_store_id, context);
  const bool text = context.format == Format::text;
  std::string events;
  storage->for_each_event(options.event_store_id, options.aggregate_id,
                          {.max_version = options.max_version}, [&](const EventView& event) {
                            if (options.at && event.timestamp > *options.at) return false;
                            calling_reducer(options, [&] { fold->apply(event); });
                            if (!options.with_events) return true;
                            if (!text && !events.empty()) events += ',';
                            append_event(events, context.format, options.event_store_id, event);
                            return true;
                          });
  const auto aggregate = calling_reducer(options, [&] { return fold->json(); });
  if (!aggregate) {
    context.require_event_store(options.event_store_id, *storage);
    throw AggregateNotFoundError(options.event_store_id, options.aggregate_id);
  }
  context.print(text ? text_of(*aggregate, events) : json_of(options, *aggregate, events));
}

}  // namespace

void add_get_aggregate(CLI::App& app, Context& context) {
  auto options = std::make_shared<GetAggregateOptions>();
  CLI::App* command = app.add_subcommand("get-aggregate", description);
  command->footer(footer);
  add_event_store(*command, options->event_store_id);
  add_aggregate(*command, options->aggregate_id);
  CLI::Option* max_version =
      add_integer(*command, "--max-version", options->max_version, 0, "As it was at that version");
  add_time(*command, "--at", options->at, OfDay::last,
           "As it was at that time, or the end of that date: up to the first later event")
      ->excludes(max_version);
  command->add_flag("--with-events", options->with_events, "Print the events it is made of, too");
  command->callback([options, &context] {
    context.work = [options, &context] { get_aggregate(*options, context); };
  });
}

}  // namespace castore::cli
