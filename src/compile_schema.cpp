#include "compile_schema.hpp"

#include <castore/error.hpp>

namespace castore {

std::shared_ptr<const JsonSchema> compile_schema(JsonSchemaCompiler* compiler,
                                                 std::optional<std::string_view> schema,
                                                 std::string_view part, const std::string& whole,
                                                 std::string_view option) {
  if (!schema) return nullptr;
  if (compiler == nullptr) {
    throw InvalidSchemaError(whole + " has a schema for its " + std::string(part) +
                             ", but nothing to check it with: give " + std::string(option) +
                             ", for instance of the component castore::json_schema");
  }
  try {
    return compiler->compile(*schema);
  } catch (const InvalidSchemaError& error) {
    throw InvalidSchemaError(std::string(part) + " of " + whole + ": " +
                             std::string(error.reason()));
  }
}

}  // namespace castore
