#pragma once

/// \file
/// Schemas that an application's types and commands bring along.

#include <castore/json/schema.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace castore {

/// Compiles the schema of a part of something, "payload" of "event type E of event store S"; null
/// without a schema.
/// \param compiler  may be null where there is no schema
/// \param option    where the application gives one, as in "CommandOptions::schema_compiler"
/// \throws InvalidSchemaError
[[nodiscard]] std::shared_ptr<const JsonSchema> compile_schema(
    JsonSchemaCompiler* compiler, std::optional<std::string_view> schema, std::string_view part,
    const std::string& whole, std::string_view option);

}  // namespace castore
