#include "json_schema/keywords.hpp"

#include <algorithm>
#include <array>
#include <castore/error.hpp>
#include <set>
#include <stdexcept>
#include <string_view>

#include "json_schema/pattern.hpp"

namespace castore::json_schema {
namespace {

using Check = void (*)(const Json& value, const std::string& pointer);

void check_that(bool holds, const std::string& pointer, const std::string& expected,
                const Json& value) {
  if (!holds) refuse(pointer, "expected " + expected + ", found " + excerpt(value));
}

// --- What a keyword may hold --------------------------------------------------------------------

void anything(const Json& /*value*/, const std::string& /*pointer*/) {}

void text(const Json& value, const std::string& pointer) {
  check_that(value.is_string(), pointer, "a string", value);
}

void boolean(const Json& value, const std::string& pointer) {
  check_that(value.is_boolean(), pointer, "true or false", value);
}

void number(const Json& value, const std::string& pointer) {
  check_that(value.is_number(), pointer, "a number", value);
}

void number_above_zero(const Json& value, const std::string& pointer) {
  check_that(value.is_number() && is_less(Json(0U), value), pointer, "a number above 0", value);
}

void count(const Json& value, const std::string& pointer) {
  const bool holds = value.is_number() && is_integer(value) && !is_less(value, Json(0U));
  check_that(holds, pointer, "an integer of at least 0", value);
}

void array(const Json& value, const std::string& pointer) {
  check_that(value.is_array(), pointer, "an array", value);
}

/// Refuses an empty one too, which the specification only advises against: nothing would fit.
void values(const Json& value, const std::string& pointer) {
  check_that(value.is_array() && !value.empty(), pointer, "an array of values, not empty", value);
}

void regex(const Json& value, const std::string& pointer) try {
  text(value, pointer);
  static_cast<void>(Pattern(value.get<std::string>()));
} catch (const std::invalid_argument& error) {
  refuse(pointer, excerpt(value) + " cannot be used as a regular expression: " + error.what());
}

void schema(const Json& value, const std::string& pointer) {
  check_that(value.is_object() || value.is_boolean(), pointer,
             "a schema (an object, true or false)", value);
}

void schemas(const Json& value, const std::string& pointer) {
  check_that(value.is_array() && !value.empty(), pointer, "an array of schemas, not empty", value);
  for (std::size_t i = 0; i < value.size(); ++i)
    schema(value[i], pointer + token(std::to_string(i)));
}

void schema_or_schemas(const Json& value, const std::string& pointer) {
  value.is_array() ? schemas(value, pointer) : schema(value, pointer);
}

/// valijson ends names at U+0000.
void name(const std::string& value, const std::string& pointer) {
  if (value.find('\0') != std::string::npos) {
    refuse(pointer, "a property whose name has U+0000 cannot be described");
  }
}

void schema_by_any_name(const Json& value, const std::string& pointer) {
  check_that(value.is_object(), pointer, "an object of schemas", value);
  for (const auto& [key, child] : value.items()) schema(child, pointer + token(key));
}

void schema_by_name(const Json& value, const std::string& pointer) {
  schema_by_any_name(value, pointer);
  for (const auto& [key, child] : value.items()) name(key, pointer);
}

void schema_by_regex(const Json& value, const std::string& pointer) {
  schema_by_any_name(value, pointer);
  for (const auto& [key, child] : value.items()) regex(Json(key), pointer + token(key));
}

void unique_texts(const Json& value, const std::string& pointer) {
  array(value, pointer);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string place = pointer + token(std::to_string(i));
    text(value[i], place);
    if (!seen.insert(value[i].get<std::string>()).second) {
      refuse(place, excerpt(value[i]) + " is listed twice");
    }
  }
}

void dependencies(const Json& value, const std::string& pointer) {
  check_that(value.is_object(), pointer, "an object", value);
  for (const auto& [key, child] : value.items()) {
    name(key, pointer);
    (child.is_array() ? unique_texts : schema)(child, pointer + token(key));
  }
}

void type_name(const Json& value, const std::string& pointer) {
  constexpr auto names = std::to_array<std::string_view>(
      {"array", "boolean", "integer", "null", "number", "object", "string"});
  const bool known =
      value.is_string() &&
      std::find(names.begin(), names.end(), value.get_ref<const std::string&>()) != names.end();
  check_that(known, pointer, one_of({names.begin(), names.end()}), value);
}

void type(const Json& value, const std::string& pointer) {
  if (!value.is_array()) return type_name(value, pointer);
  check_that(!value.empty(), pointer, "the name of a type, or several", value);
  for (std::size_t i = 0; i < value.size(); ++i)
    type_name(value[i], pointer + token(std::to_string(i)));
  unique_texts(value, pointer);
}

/// Schemas of another draft mean other things by the same words.
void draft(const Json& value, const std::string& pointer) {
  constexpr std::string_view draft_7 = "http://json-schema.org/draft-07/schema";
  text(value, pointer);
  const auto& uri = value.get_ref<const std::string&>();
  if (uri == draft_7 || uri == std::string(draft_7) + "#") return;
  refuse(pointer, excerpt(value) + " is not draft 7 (" + excerpt(std::string(draft_7) + "#") + ")");
}

// --- The keywords -------------------------------------------------------------------------------

enum class Applied { not_at_all, in_place, below };

struct Keyword {
  std::string_view name;
  Check check;
  Applied schemas = Applied::not_at_all;
};

// https://json-schema.org/draft-07/schema
constexpr auto keywords = std::to_array<Keyword>({
    {"$schema", draft},
    {"$id", text},
    {"$comment", text},
    {"title", text},
    {"description", text},
    {"default", anything},
    {"examples", array},
    {"readOnly", boolean},
    {"writeOnly", boolean},
    {"format", text},
    {"contentMediaType", text},
    {"contentEncoding", text},
    {"definitions", schema_by_any_name, Applied::below},
    {"type", type},
    {"enum", values},
    {"const", anything},
    {"multipleOf", number_above_zero},
    {"maximum", number},
    {"exclusiveMaximum", number},
    {"minimum", number},
    {"exclusiveMinimum", number},
    {"maxLength", count},
    {"minLength", count},
    {"pattern", regex},
    {"items", schema_or_schemas, Applied::below},
    {"additionalItems", schema, Applied::below},
    {"maxItems", count},
    {"minItems", count},
    {"uniqueItems", boolean},
    {"contains", schema, Applied::below},
    {"maxProperties", count},
    {"minProperties", count},
    {"required", unique_texts},
    {"properties", schema_by_name, Applied::below},
    {"patternProperties", schema_by_regex, Applied::below},
    {"additionalProperties", schema, Applied::below},
    {"dependencies", dependencies, Applied::in_place},
    {"propertyNames", schema, Applied::below},
    {"if", schema, Applied::in_place},
    {"then", schema, Applied::in_place},
    {"else", schema, Applied::in_place},
    {"allOf", schemas, Applied::in_place},
    {"anyOf", schemas, Applied::in_place},
    {"oneOf", schemas, Applied::in_place},
    {"not", schema, Applied::in_place},
});

bool holds_one_schema(const Keyword& keyword, const Json& value) {
  return keyword.check == schema || (keyword.check == schema_or_schemas && !value.is_array());
}

}  // namespace

void refuse(const std::string& pointer, const std::string& reason) {
  throw InvalidSchemaError("at " + (pointer.empty() ? "the root" : excerpt(pointer)) + ": " +
                           reason);
}

void check_keywords(const Json& schema, const std::string& pointer) {
  for (const Keyword& keyword : keywords) {
    const auto found = schema.find(keyword.name);
    if (found != schema.end()) keyword.check(*found, pointer + token(keyword.name));
  }
}

void for_each_schema_in(const Json& schema, const std::string& pointer,
                        const SchemaVisitor& visit) {
  for (const Keyword& keyword : keywords) {
    if (keyword.schemas == Applied::not_at_all) continue;
    const auto found = schema.find(keyword.name);
    if (found == schema.end()) continue;
    const bool in_place = keyword.schemas == Applied::in_place;
    const std::string place = pointer + token(keyword.name);
    if (holds_one_schema(keyword, *found)) {
      visit(*found, place, in_place);
      continue;
    }
    for (const auto& [key, child] : found->items()) {
      if (keyword.check != dependencies || !child.is_array()) {
        visit(child, place + token(key), in_place);
      }
    }
  }
}

}  // namespace castore::json_schema
