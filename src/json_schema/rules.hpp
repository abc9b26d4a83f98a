#pragma once

/// \file
/// Translates a schema: keywords that valijson implements correctly pass through, the others become
/// rules of our own (docs/decisions.md).

#include <castore/error.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "json_schema/exact_json.hpp"
#include "json_schema/schema_document.hpp"

namespace castore::json_schema {

using Violations = std::vector<SchemaViolation>;

/// The schemas of a document, to be applied.
class Schemas {
 public:
  Schemas() = default;
  Schemas& operator=(Schemas&&) = delete;
  virtual ~Schemas() = default;

  /// \param schema  its index in SchemaDocument::schemas()
  /// \param violations  if not null, takes all there are: at least one if the answer is no
  virtual bool fits(std::size_t schema, const Json& value, Violations* violations) const = 0;
};

/// Answers and reports like Schemas::fits; pointers begin at `value`.
using Rule = std::function<bool(const Json& value, Violations* violations)>;

/// \param schemas  outlives the rule
using MakeRule = std::function<Rule(const Json& operand, const Schemas& schemas)>;

/// By the keyword that `translate` writes.
[[nodiscard]] const std::map<std::string, MakeRule>& rules();

/// A schema of the document in valijson's keywords and those of `rules`. The schemas it refers to
/// are {"$ref": "#/schemas/<index>"} where they stand before it.
[[nodiscard]] Json translate(const Json& schema, const SchemaDocument& document);

}  // namespace castore::json_schema
