#include <castore/json_schema/draft7.hpp>

#include "json_schema/compiled_schema.hpp"

namespace castore {

std::shared_ptr<const JsonSchema> Draft7SchemaCompiler::compile(std::string_view schema) {
  const std::lock_guard lock(mutex_);
  const auto known = compiled_.find(schema);
  if (known != compiled_.end()) {
    if (auto compiled = known->second.lock()) return compiled;
  }
  auto compiled = std::make_shared<const json_schema::CompiledSchema>(schema);
  std::erase_if(compiled_, [](const auto& entry) { return entry.second.expired(); });
  compiled_.emplace(schema, compiled);
  return compiled;
}

}  // namespace castore
