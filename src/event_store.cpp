#include <castore/event_store.hpp>
#include <castore/json/text.hpp>

namespace castore {
namespace detail {

void push_group(std::span<GroupMember* const> members, const PushEventGroupOptions& options) {
  std::vector<GroupedEventView> events;
  events.reserve(members.size());
  for (const GroupMember* member : members) events.push_back(member->view());
  if (events.empty()) {
    throw InvalidEventGroupError(InvalidEventGroupError::Reason::empty, 0,
                                 "An event group needs at least one event");
  }
  const Timestamp timestamp = events.front().adapter->push_event_group(events, options);
  FirstFailure failure;
  for (GroupMember* member : members) {
    failure.keep_of([&] {
      try {
        member->complete(timestamp);
      } catch (...) {
        rethrow_after_commit();
      }
    });
  }
  failure.keep_of([&] {
    CommitOrder::keep([&] {
      for (GroupMember* member : members) failure.keep_of([&] { member->notify(); });
    });
  });
  failure.rethrow();
}

namespace {

/// Nothing where it fits. Metadata may always be absent, a payload with a schema may not.
std::vector<SchemaViolation> violations(const JsonSchema* schema,
                                        std::optional<std::string_view> json, bool required) {
  if (schema == nullptr) return {};
  if (!json) {
    if (!required) return {};
    return {{"", "is absent"}};
  }
  if (std::string wrong = check_json(*json); !wrong.empty()) return {{"", std::move(wrong)}};
  return schema->validate(*json);
}

}  // namespace

void EventSchemas::add(std::string_view event_store_id, std::string_view type,
                       std::optional<std::string_view> payload,
                       std::optional<std::string_view> metadata,
                       JsonSchemaCompiler* schema_compiler) {
  if (!payload && !metadata) return;
  if (schema_compiler == nullptr) {
    throw InvalidSchemaError(
        "the event type " + std::string(type) + " of event store " + std::string(event_store_id) +
        " has a schema, but nothing to check it with: give EventStoreOptions::schema_compiler, for "
        "instance of the component castore::json_schema");
  }
  const auto compile =
      [&](const char* part,
          std::optional<std::string_view> schema) -> std::shared_ptr<const JsonSchema> {
    if (!schema) return nullptr;
    try {
      return schema_compiler->compile(*schema);
    } catch (const InvalidSchemaError& error) {
      throw InvalidSchemaError(std::string(part) + " of event type " + std::string(type) +
                               " of event store " + std::string(event_store_id) + ": " +
                               error.reason());
    }
  };
  types_.emplace(type, OfType{compile("payload", payload), compile("metadata", metadata)});
}

void EventSchemas::check(std::string_view type, std::optional<std::string_view> payload,
                         std::optional<std::string_view> metadata) const {
  const auto found = types_.find(type);
  if (found == types_.end()) return;
  const auto check = [](const JsonSchema* schema, const char* path,
                        std::optional<std::string_view> json, bool required) {
    auto wrong = violations(schema, json, required);
    if (!wrong.empty()) throw SchemaViolationError(path, std::move(wrong));
  };
  check(found->second.payload.get(), "payload", payload, true);
  check(found->second.metadata.get(), "metadata", metadata, false);
}

void EventSchemas::check_stored(std::string_view event_store_id, const EventView& event) const {
  try {
    check(event.type, event.payload, event.metadata);
  } catch (const SchemaViolationError& error) {
    throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                              event.version, std::string(event.type), error.what());
  }
}

}  // namespace detail

void push_event_group(std::span<const GroupedEventRef> events,
                      const PushEventGroupOptions& options) {
  std::vector<detail::GroupMember*> members;
  members.reserve(events.size());
  for (const GroupedEventRef& event : events) members.push_back(&event.get());
  detail::push_group(members, options);
}

}  // namespace castore
