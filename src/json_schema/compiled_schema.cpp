#include "json_schema/compiled_schema.hpp"

#include <castore/error.hpp>
#include <castore/json/scanner.hpp>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "json_schema/json_value.hpp"
#include "json_schema/keywords.hpp"
#include "json_schema/rules.hpp"
#include "json_schema/schema_document.hpp"

namespace castore::json_schema {
namespace {

// --- Violations through valijson's results ------------------------------------------------------

// valijson's results are a path and a text. Our rules may report about parts of the value at that
// path, so they write the rest of the pointer into the text.
constexpr char our_mark = '\x01';

std::string pack(const SchemaViolation& violation) {
  return our_mark + std::to_string(violation.pointer.size()) + ':' + violation.pointer +
         violation.message;
}

SchemaViolation unpack(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::size_t size = std::stoul(text.substr(1, colon - 1));
  return {text.substr(colon + 1, size), text.substr(colon + 1 + size)};
}

/// Drops a message of valijson's own, which only wraps one of ours, but for two keywords.
SchemaViolation read(const std::string& text) {
  if (text[0] == our_mark) return unpack(text);
  if (text.find("'not' constraint") != std::string::npos) {
    return {"", "fits the schema that is not allowed (not)"};
  }
  if (text.find("'contains' constraint") != std::string::npos) {
    return {"", "no element fits the schema that one has to (contains)"};
  }
  return {};
}

/// The path from the root, which is the first of the list, by names and indices in brackets.
template <class Error>
std::string pointer_of(const Error& error) {
  if constexpr (requires { error.jsonPointer; }) {  // since valijson 1.1
    return error.jsonPointer;
  } else {
    std::string pointer;
    for (std::size_t i = 1; i < error.context.size(); ++i) {
      const std::string& step = error.context[i];
      pointer += token(std::string_view(step).substr(1, step.size() - 2));
    }
    return pointer;
  }
}

void append(Violations& violations, const valijson::ValidationResults& results) {
  const std::size_t before = violations.size();
  for (const auto& error : results) {
    SchemaViolation violation = read(error.description);
    if (violation.message.empty()) continue;
    violation.pointer.insert(0, pointer_of(error));
    violations.push_back(std::move(violation));
  }
  if (violations.size() == before) violations.push_back({"", "does not fit the schema"});
}

// --- Our rules as valijson's constraints --------------------------------------------------------

template <class Member>
struct SecondParameter;
template <class C, class R, class First, class Second, class Third>
struct SecondParameter<R (C::*)(First, Second, Third) const> {
  using type = Second;
};
/// valijson's path to a value, which differs by its version.
using Path = SecondParameter<decltype(&valijson::constraints::PolyConstraint::validate)>::type;

class RuleConstraint final : public valijson::constraints::PolyConstraint {
 public:
  explicit RuleConstraint(Rule rule) : rule_(std::move(rule)) {}

  bool validate(const valijson::adapters::Adapter& target, Path path,
                valijson::ValidationResults* results) const override {
    const Json& value = static_cast<const JsonValue&>(target).json();
    if (results == nullptr) return rule_(value, nullptr);
    Violations violations;
    if (rule_(value, &violations)) return true;
    for (const SchemaViolation& violation : violations) results->pushError(path, pack(violation));
    return false;
  }

 private:
  Constraint* cloneInto(void* memory) const override { return new (memory) RuleConstraint(*this); }
  [[nodiscard]] size_t sizeOf() const override { return sizeof(RuleConstraint); }

  Rule rule_;
};

class RuleBuilder final : public valijson::ConstraintBuilder {
 public:
  RuleBuilder(MakeRule make, const Schemas& schemas) : make_(std::move(make)), schemas_(schemas) {}

  [[nodiscard]] valijson::constraints::Constraint* make(
      const valijson::adapters::Adapter& operand) const override {
    return new RuleConstraint(make_(static_cast<const JsonValue&>(operand).json(), schemas_));
  }

 private:
  MakeRule make_;
  const Schemas& schemas_;
};

/// The number of schemas that may be at work inside one another: each needs 1.5 KB of the stack, 3
/// without optimisation, 5 under AddressSanitizer. Enough for two at each level of the deepest
/// value.
constexpr int most_steps = 2 * (max_json_depth + 1);

/// All schemas of the document for one run of valijson's parser, each of them where valijson hands
/// it out again: as a property, in their order.
Json all_in_one(const SchemaDocument& document) {
  Json all = {{"schemas", Json::array()}, {"properties", Json::object()}};
  for (const Json* schema : document.schemas()) {
    const std::string index = std::to_string(all["schemas"].size());
    const std::string name = std::string(20 - index.size(), '0') + index;
    all["properties"][name] = {{"$ref", "#/schemas/" + index}};
    all["schemas"].push_back(translate(*schema, document));
  }
  return all;
}

}  // namespace

class CompiledSchema::Impl final : public Schemas {
 public:
  explicit Impl(std::string_view text) {
    const SchemaDocument document(text);
    root_ = document.index_of(document.root());
    steps_per_level_ = document.longest_chain();
    if (steps_per_level_ > most_steps) refuse("", "too many schemas are inside one another");
    parse(all_in_one(document));
  }

  Violations validate(const Json& value) const {
    if ((depth_of(value) + 1) * steps_per_level_ > most_steps) {
      return {{"", "nests too deeply to be checked by a schema that nests " +
                       std::to_string(steps_per_level_) + " deep for each value"}};
    }
    Violations violations;
    fits(root_, value, &violations);
    return violations;
  }

  bool fits(std::size_t schema, const Json& value, Violations* violations) const override {
    valijson::Validator validator;  // not to be shared by threads, and costs nothing
    valijson::ValidationResults results;
    const bool fits = validator.validate(*by_index_.at(schema), JsonValue(&value),
                                         violations == nullptr ? nullptr : &results);
    if (!fits && violations != nullptr) append(*violations, results);
    return fits;
  }

 private:
  void parse(const Json& all) {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    for (const auto& [keyword, make] : rules()) {
      parser.addConstraintBuilder(keyword, new RuleBuilder(make, *this));  // takes it over
    }
    parser.populateSchema(JsonValue(&all), schema_);
    valijson::Subschema::ApplyFunction collect =
        [this](const valijson::constraints::Constraint& c) {
          dynamic_cast<const valijson::constraints::PropertiesConstraint&>(c).applyToProperties(
              [this](const auto& /*name*/, const valijson::Subschema* schema) {
                by_index_.push_back(schema);
                return true;
              });
          return true;
        };
    schema_.apply(collect);
  }

  valijson::Schema schema_;
  std::vector<const valijson::Subschema*> by_index_;
  std::size_t root_ = 0;
  int steps_per_level_ = 0;
};

CompiledSchema::CompiledSchema(std::string_view schema)
    : impl_(std::make_unique<const Impl>(schema)) {}

CompiledSchema::~CompiledSchema() = default;

std::vector<SchemaViolation> CompiledSchema::validate(std::string_view json) const try {
  return impl_->validate(parse_exact(json));
} catch (const std::invalid_argument& error) {
  return {{"", error.what()}};
}

}  // namespace castore::json_schema
