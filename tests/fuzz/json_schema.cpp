/// \file
/// Whatever stands in a schema, it is refused or it answers about every value; what it says is
/// wrong is in the value. The first line is the schema, the rest the value.

#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <castore/json_schema/draft7.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.hpp"
#include "nlohmann.hpp"

namespace castore::fuzz {
namespace {

std::shared_ptr<const JsonSchema> compiled(std::string_view schema) {
  try {
    return Draft7SchemaCompiler().compile(schema);
  } catch (const InvalidSchemaError& error) {
    require(is_utf8(error.what()), "why a schema is refused is text");
    return nullptr;
  }
}

bool has(const nlohmann::json& value, const std::string& pointer) {
  try {
    static_cast<void>(value.at(nlohmann::json::json_pointer(pointer)));
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

void check_places(const std::vector<SchemaViolation>& violations, const nlohmann::json& value) {
  for (const SchemaViolation& violation : violations) {
    require(!violation.message.empty() && is_utf8(violation.message), "a violation has a message");
    require(has(value, violation.pointer), "a violation is in the value");
  }
}

/// \pre `schema` means the same within another one
void check_opposite(std::string_view schema, std::string_view json, bool fits) {
  const auto opposite = compiled("{\"not\":" + std::string(schema) + '}');
  if (!opposite) return;  // one level too deep
  const auto violations = opposite->validate(json);
  if (violations.size() == 1 && violations[0].message.starts_with("nests too deeply")) return;
  require(violations.empty() != fits, "what does not fit a schema fits its opposite");
}

void check(std::string_view input) {
  const std::string_view schema_text = take_until('\n', input);
  const auto schema = compiled(schema_text);
  if (!schema) return;
  const Opinion opinion = nlohmann_on(input);
  const auto violations = schema->validate(input);
  if (!check_json(input).empty() || !opinion.value) {
    require(violations.size() == 1, "what is no JSON is one violation");
    return;
  }
  check_places(violations, *opinion.value);
  if (violations.size() == 1 && violations[0].message.starts_with("nests too deeply")) return;
  if (schema_text.find('$') == std::string_view::npos &&
      schema_text.find('\\') == std::string_view::npos) {  // no references
    check_opposite(schema_text, input, violations.empty());
  }
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
