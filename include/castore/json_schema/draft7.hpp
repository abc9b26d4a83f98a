#pragma once

/// \file
/// JSON Schema draft 7, checked by valijson: https://json-schema.org/draft-07. What draft 7 has and
/// this has not is refused when the schema is compiled, never ignored; `docs/limitations.md` lists
/// it.

#include <castore/json/schema.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace castore {

/// Compiles schemas of draft 7. Safe to use from several threads at once, and so is what it
/// compiles, which may outlive it.
///
/// Equal texts share one compiled schema for as long as somebody holds it; unused ones are freed,
/// and recompiled on demand.
class Draft7SchemaCompiler final : public JsonSchemaCompiler {
 public:
  /// Reads nothing but `schema`: no file, no network. `$schema`, where it is given, says draft 7;
  /// where it is not, draft 7 is meant. "format", "contentEncoding", "contentMediaType" and unknown
  /// keywords are not checked, as draft 7 allows.
  ///
  /// \throws InvalidSchemaError  with the JSON pointer of the keyword that is wrong, and what it is
  ///     about it
  [[nodiscard]] std::shared_ptr<const JsonSchema> compile(std::string_view schema) override;

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<const JsonSchema>, std::less<>> compiled_;
};

}  // namespace castore
