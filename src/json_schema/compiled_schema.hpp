#pragma once

#include <castore/json/schema.hpp>
#include <memory>
#include <string_view>
#include <vector>

namespace castore::json_schema {

/// A schema that valijson has taken in.
class CompiledSchema final : public JsonSchema {
 public:
  /// \throws InvalidSchemaError
  explicit CompiledSchema(std::string_view schema);
  CompiledSchema& operator=(CompiledSchema&&) = delete;
  ~CompiledSchema() override;

  [[nodiscard]] std::vector<SchemaViolation> validate(std::string_view json) const override;

 private:
  class Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace castore::json_schema
