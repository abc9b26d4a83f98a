#pragma once

/// \file
/// The JSON Schemas that the payloads of an event store carry.

#include <castore/event.hpp>
#include <castore/json/schema.hpp>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace castore::detail {

/// `static std::string_view payload_schema()`: a JSON Schema (draft 7), as text.
template <class P>
concept HasPayloadSchema = requires {
  { P::payload_schema() } -> std::convertible_to<std::string_view>;
};
template <class P>
concept HasMetadataSchema = requires {
  { P::metadata_schema() } -> std::convertible_to<std::string_view>;
};

/// The compiled schemas of an event store's types.
class EventSchemas {
 public:
  /// \throws InvalidSchemaError  also where `schema_compiler` is null
  void add(std::string_view event_store_id, std::string_view type,
           std::optional<std::string_view> payload, std::optional<std::string_view> metadata,
           JsonSchemaCompiler* schema_compiler);
  [[nodiscard]] bool empty() const noexcept { return types_.empty(); }

  /// \throws SchemaViolationError
  void check(std::string_view type, std::optional<std::string_view> payload,
             std::optional<std::string_view> metadata) const;
  /// \throws MalformedEventError
  void check_stored(std::string_view event_store_id, const EventView& event) const;

 private:
  struct OfType {
    std::shared_ptr<const JsonSchema> payload;
    std::shared_ptr<const JsonSchema> metadata;
  };
  std::map<std::string, OfType, std::less<>> types_;
};

}  // namespace castore::detail
