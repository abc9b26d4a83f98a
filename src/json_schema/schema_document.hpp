#pragma once

/// \file
/// A schema's text, checked and taken apart: which schemas it is made of, and what each refers to.

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json_schema/exact_json.hpp"

namespace castore::json_schema {

/// Every schema of a document: its root, what its keywords hold, and what a "$ref" leads to. All
/// of them are valid by the meta-schema of draft 7, and none leads back to itself without having
/// gone down into the value it checks.
class SchemaDocument {
 public:
  /// \throws InvalidSchemaError
  explicit SchemaDocument(std::string_view text);
  SchemaDocument& operator=(SchemaDocument&&) = delete;
  ~SchemaDocument() = default;

  /// Booleans, and objects without "$ref". What a schema needs stands before it, unless they need
  /// each other.
  [[nodiscard]] const std::vector<const Json*>& schemas() const noexcept { return order_; }

  /// The index in schemas() of the schema at that place, or the one it refers to.
  /// \pre `place` lies in this document, where a keyword holds a schema
  [[nodiscard]] std::size_t index_of(const Json& place) const;

  [[nodiscard]] const Json& root() const noexcept { return root_; }

  /// The greatest number of schemas that are inside one another for the same value.
  [[nodiscard]] int longest_chain() const noexcept { return longest_chain_; }

 private:
  class Reader;

  Json root_;
  std::vector<const Json*> order_;
  std::unordered_map<const Json*, std::size_t> indices_;
  int longest_chain_ = 0;
};

}  // namespace castore::json_schema
