#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <castore/timestamp.hpp>
#include <memory>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "json_text.hpp"
#include "merged_object.hpp"
#include "text.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Print an aggregate: its events, reduced. With a plugin, by the application's own
reducer. Without one the payloads are merged in order (RFC 7396) beside aggregateId
and version, and a note on standard error says so.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db get-aggregate POKEMONS pikachu
  castore-cli --db pokemons.db get-aggregate POKEMONS pikachu --max-version 2
  castore-cli --db pokemons.db --plugin ./libpokemons.so --format json \
    get-aggregate POKEMONS pikachu --at 2022-01-01T12:00:00Z --with-events)";

/// An aggregate in the making.
class Folding {
 public:
  Folding() = default;
  Folding& operator=(Folding&&) = delete;
  virtual ~Folding() = default;

  virtual void apply(const EventView& event) = 0;
  /// Does what can fail, and notes what is to be noted, before the result is printed.
  /// \pre an event was applied
  virtual void finish() = 0;
  /// Hands out the aggregate as JSON. \pre `finish` was called
  virtual void print(const TextSink& out) const = 0;
};

/// A folding by the application's reducer, which may throw what it likes.
class ReducerFolding final : public Folding {
 public:
  ReducerFolding(const GetAggregateOptions& options, const EventStoreDescription& event_store)
      : options_(options) {
    calling_reducer([&] { fold_ = event_store.make_fold ? event_store.make_fold() : nullptr; });
    if (!fold_) fail("The application gives no reducer for event store " + options.event_store_id);
  }

  void apply(const EventView& event) override {
    calling_reducer([&] { fold_->apply(event); });
  }
  void finish() override {
    std::optional<std::string> json;
    calling_reducer([&] { json = fold_->json(); });
    if (!json) throw AggregateNotFoundError(options_.event_store_id, options_.aggregate_id);
    const std::string problem = append_checked_json(aggregate_, *json);
    if (problem.empty()) return;
    fail("The reducer of event store " + options_.event_store_id + " made an aggregate that " +
         problem);
  }
  void print(const TextSink& out) const override { out(aggregate_); }

 private:
  template <class Call>
  void calling_reducer(Call&& call) const {
    try {
      call();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::malformed_event) throw;
      throw failure();  // or its code would be taken for ours
    } catch (...) {
      throw failure();
    }
  }
  /// Called in a catch clause.
  [[nodiscard]] Error failure() const {
    return plugin_error("The reducer of event store " + options_.event_store_id +
                            " failed at aggregate " + options_.aggregate_id,
                        fields());
  }
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorCode::plugin, message, fields());
  }
  [[nodiscard]] std::vector<ErrorField> fields() const {
    return {{"eventStoreId", options_.event_store_id}, {"aggregateId", options_.aggregate_id}};
  }

  const GetAggregateOptions& options_;
  std::unique_ptr<AggregateFold> fold_;
  std::string aggregate_;
};

/// The member for those of payloads whose names the aggregate itself has, or that have this name.
constexpr std::string_view apart = "payloadMembers";

/// An aggregate as it looks to a tool that knows nothing about it: aggregateId, version, and
/// the payloads merged.
class MergingFolding final : public Folding {
 public:
  MergingFolding(const GetAggregateOptions& options, Answer& answer)
      : options_(options), answer_(answer) {}

  void apply(const EventView& event) override {
    if (version_ == 0) {
      answer_.note({"NoReducer",
                    "no reducer was given for event store " + options_.event_store_id +
                        ": this is the payloads merged in order",
                    {{"eventStoreId", options_.event_store_id}}});
    }
    version_ = event.version;
    if (event.payload) merge(event, *event.payload);
  }

  void finish() override {
    std::string names;
    const auto add_name = [&](std::string_view name) {
      if (is_apart(name)) names += (names.empty() ? "" : ", ") + unquote(name);
      return false;
    };
    static_cast<void>(merged_.print_members(add_name, {}, [](std::string_view) {}));
    if (names.empty()) return;
    answer_.note({"MemberShownApart",
                  "the payloads have members of names that are the aggregate's own: " + names +
                      "; they are shown inside " + std::string(apart),
                  {{"eventStoreId", options_.event_store_id},
                   {"aggregateId", options_.aggregate_id},
                   {"members", names}}});
  }

  void print(const TextSink& out) const override {
    std::string head = "{\"aggregateId\":";
    append_json_string(head, options_.aggregate_id);
    out(head + ",\"version\":" + std::to_string(version_));
    static_cast<void>(merged_.print_members(is_not_apart, ",", out));
    const std::string lead = ",\"" + std::string(apart) + "\":{";
    if (merged_.print_members(is_apart, lead, out)) out("}");
    out("}");
  }

 private:
  static bool is_apart(std::string_view name) {
    name = name.substr(1, name.size() - 2);
    return name == "aggregateId" || name == "version" || name == apart;
  }
  static bool is_not_apart(std::string_view name) { return !is_apart(name); }

  void merge(const EventView& event, std::string_view payload) {
    if (const std::string problem = check_json(payload); !problem.empty()) {
      throw MalformedEventError(options_.event_store_id, std::string(event.aggregate_id),
                                event.version, std::string(event.type), "payload " + problem);
    }
    if (is_json_object(payload)) {
      merged_.apply(payload);
      return;
    }
    answer_.note({"NotMerged",
                  "version " + std::to_string(event.version) +
                      " is left out: its payload is no object, and cannot be merged",
                  {{"version", event.version}}});
  }

  const GetAggregateOptions& options_;
  Answer& answer_;
  MergedObject merged_;
  Version version_ = 0;  ///< of the last event
};

std::unique_ptr<Folding> make_folding(const GetAggregateOptions& options, const Context& context,
                                      Answer& answer) {
  const auto* const known = context.registry.find_event_store(options.event_store_id);
  if (known != nullptr) return std::make_unique<ReducerFolding>(options, *known);
  return std::make_unique<MergingFolding>(options, answer);
}

/// Applies the events of the aggregate. Returns whether there are any.
/// \param events  with --with-events they are appended
bool fold_events(const GetAggregateOptions& options, const EventStorageAdapter& storage,
                 const Answer& answer, Folding& folding, std::string& events) {
  bool any = false;
  storage.for_each_event(options.event_store_id, options.aggregate_id,
                         {.max_version = options.max_version}, [&](const EventView& event) {
                           if (options.at && event.timestamp > *options.at) return false;
                           any = true;
                           folding.apply(event);
                           if (!options.with_events) return true;
                           answer.append_item(events, event_item(options.event_store_id, event));
                           return true;
                         });
  return any;
}

void print_text(const Folding& folding, std::string_view events, const TextSink& out) {
  JsonIndenter indenter(out);
  std::string readable;
  folding.print([&](std::string_view json) {
    readable.clear();
    append_readable(readable, json);
    indenter.write(readable);
  });
  out("\n");
  out(events);
}

void print_json(const Folding& folding, bool with_events, std::string_view events,
                const TextSink& out) {
  out("{\"aggregate\":");
  folding.print(out);
  if (with_events) {
    out(",\"events\":[");
    out(events);
    out("]");
  }
  out("}");
}

/// Makes the error for an aggregate that is not there; of one that began later, it says when.
Error not_found(const GetAggregateOptions& options, const EventStorageAdapter& storage) {
  Error error = AggregateNotFoundError(options.event_store_id, options.aggregate_id);
  if (!options.at && !options.max_version) return error;
  storage.for_each_event(
      options.event_store_id, options.aggregate_id, {.limit = 1}, [&](const EventView& first) {
        const std::string timestamp = format_timestamp(first.timestamp);
        const std::string version = std::to_string(first.version);
        error = with_note(
            error,
            " It did not exist yet: its first event is of " + timestamp + ", version " + version,
            {{"firstTimestamp", timestamp}, {"firstVersion", first.version}});
        return false;
      });
  return error;
}

}  // namespace

void get_aggregate(const GetAggregateOptions& options, const Context& context, Answer& answer) {
  const auto storage = context.open_for_reading();
  const auto folding = make_folding(options, context, answer);
  std::string events;
  if (!fold_events(options, *storage, answer, *folding, events)) {
    context.require_event_store(options.event_store_id, *storage);
    throw not_found(options, *storage);
  }
  folding->finish();
  answer.value(
      {.json = [&](const TextSink& out) { print_json(*folding, options.with_events, events, out); },
       .text = [&](const TextSink& out) { print_text(*folding, events, out); }});
}

Command get_aggregate_command() {
  return make_command<GetAggregateOptions>(
      "get-aggregate", description, footer,
      [](GetAggregateOptions& options) -> std::vector<Argument> {
        return {event_store(options.event_store_id), aggregate(options.aggregate_id),
                integer("--max-version", options.max_version, 0, "As it was at that version"),
                time("--at", options.at, OfDay::last,
                     "As it was at that time, or the end of that date: up to the first later event",
                     {.excludes = "--max-version"}),
                flag("--with-events", options.with_events, "Print the events it is made of, too")};
      },
      get_aggregate);
}

}  // namespace castore::cli
