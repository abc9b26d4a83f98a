#include <castore/detail/event_schemas.hpp>
#include <castore/error.hpp>
#include <castore/json/text.hpp>
#include <utility>
#include <vector>

#include "compile_schema.hpp"

namespace castore::detail {
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
  const std::string whole =
      "event type " + std::string(type) + " of event store " + std::string(event_store_id);
  const auto compile = [&](std::string_view part, std::optional<std::string_view> schema) {
    return compile_schema(schema_compiler, schema, part, whole,
                          "EventStoreOptions::schema_compiler");
  };
  types_.emplace(type, OfType{compile("payload", payload), compile("metadata", metadata)});
}

void EventSchemas::check(std::string_view type, std::optional<std::string_view> payload,
                         std::optional<std::string_view> metadata) const {
  const auto found = types_.find(type);
  if (found == types_.end()) return;
  const auto check = [](const JsonSchema* schema, const char* path,
                        std::optional<std::string_view> json, bool required) {
    const auto wrong = violations(schema, json, required);
    if (!wrong.empty()) throw SchemaViolationError(path, wrong);
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

}  // namespace castore::detail
