#pragma once

/// \file
/// BOUNDARY: checking JSON text against a JSON Schema (draft 7). The core knows only this
/// interface; `castore/json_schema/draft7.hpp` of the component castore::json_schema has an
/// implementation.

#include <castore/error.hpp>
#include <memory>
#include <string_view>
#include <vector>

namespace castore {

/// One compiled schema. Safe to use from several threads at once.
class JsonSchema {
 public:
  JsonSchema() = default;
  JsonSchema& operator=(JsonSchema&&) = delete;
  virtual ~JsonSchema() = default;

  /// Everything that is wrong with `json`; nothing where it fits.
  /// \pre `json` is valid JSON
  [[nodiscard]] virtual std::vector<SchemaViolation> validate(std::string_view json) const = 0;
};

/// Compiles schemas: given to an event store or a command whose types carry one.
class JsonSchemaCompiler {
 public:
  JsonSchemaCompiler() = default;
  JsonSchemaCompiler& operator=(JsonSchemaCompiler&&) = delete;
  virtual ~JsonSchemaCompiler() = default;

  /// The same schema text may be compiled once and shared.
  /// \throws InvalidSchemaError  `schema` is no JSON, no schema, of another draft than 7, or refers
  ///     to what it does not contain
  [[nodiscard]] virtual std::shared_ptr<const JsonSchema> compile(std::string_view schema) = 0;
};

}  // namespace castore
