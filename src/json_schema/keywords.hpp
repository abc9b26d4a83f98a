#pragma once

/// \file
/// The keywords of draft 7: what each may hold, and where schemas are in it.

#include <functional>
#include <string>

#include "json_schema/exact_json.hpp"

namespace castore::json_schema {

/// \throws InvalidSchemaError  a keyword's value is not what the meta-schema asks for; it says
///     which, by `pointer`. Unknown keywords are free, and schemas within are not looked into.
void check_keywords(const Json& schema, const std::string& pointer);

/// \param in_place  it checks the same value as the schema that it is part of
using SchemaVisitor =
    std::function<void(const Json& schema, const std::string& pointer, bool in_place)>;

/// Visits what stands where a keyword of `schema` holds a schema. \pre check_keywords passed
void for_each_schema_in(const Json& schema, const std::string& pointer, const SchemaVisitor& visit);

/// \throws InvalidSchemaError  with that place
[[noreturn]] void refuse(const std::string& pointer, const std::string& reason);

}  // namespace castore::json_schema
