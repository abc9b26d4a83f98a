#include "json_schema/rules.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "json_schema/assertions.hpp"
#include "json_schema/pattern.hpp"

namespace castore::json_schema {
namespace {

using Indices = std::vector<std::size_t>;

/// Notes what is wrong where somebody wants to know. \return false
bool fail(Violations* violations, std::string pointer, std::string message) {
  if (violations != nullptr) violations->push_back({std::move(pointer), std::move(message)});
  return false;
}

/// Applies a schema to a part of the value, which stands at `place` within it.
bool fits_at(const std::string& place, const Json& part, std::size_t schema, const Schemas& schemas,
             Violations* violations) {
  if (violations == nullptr) return schemas.fits(schema, part, nullptr);
  Violations below;
  const bool fits = schemas.fits(schema, part, &below);
  for (SchemaViolation& violation : below) {
    violations->push_back({place + violation.pointer, std::move(violation.message)});
  }
  return fits;
}

/// Goes on behind the first failure, if its violations are wanted.
template <class Range, class Holds>
bool all_of(const Range& range, const Violations* violations, Holds&& holds) {
  bool all = true;
  for (const auto& element : range) {
    if (!holds(element)) all = false;
    if (!all && violations == nullptr) break;
  }
  return all;
}

// --- Names --------------------------------------------------------------------------------------

Rule required(const Json& operand, const Schemas& /*schemas*/) {
  return
      [names = operand.get<std::vector<std::string>>()](const Json& value, Violations* violations) {
        return !value.is_object() || all_of(names, violations, [&](const std::string& name) {
          return value.contains(name) ||
                 fail(violations, "", "the property " + excerpt(name) + " is missing");
        });
      };
}

Rule dependencies(const Json& operand, const Schemas& /*schemas*/) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, others] : operand.items()) {
    for (const Json& other : others) pairs.emplace_back(name, other.get<std::string>());
  }
  return [pairs](const Json& value, Violations* violations) {
    return !value.is_object() || all_of(pairs, violations, [&](const auto& pair) {
      const auto& [name, other] = pair;
      return !value.contains(name) || value.contains(other) ||
             fail(violations, "",
                  "the property " + excerpt(other) + " is missing, which " + excerpt(name) +
                      " asks for");
    });
  };
}

Rule property_names(const Json& operand, const Schemas& schemas) {
  return [schema = operand.get<std::size_t>(), &schemas](const Json& value,
                                                         Violations* violations) {
    return !value.is_object() || all_of(value.items(), violations, [&](const auto& member) {
      Violations of_name;
      if (schemas.fits(schema, Json(member.key()), violations == nullptr ? nullptr : &of_name)) {
        return true;
      }
      for (const SchemaViolation& violation : of_name) {
        fail(violations, token(member.key()), "the property's name: " + violation.message);
      }
      return false;
    });
  };
}

// --- Parts --------------------------------------------------------------------------------------

/// The schema `false`.
Rule never(const Json& /*operand*/, const Schemas& /*schemas*/) {
  return [](const Json& /*value*/, Violations* violations) {
    return fail(violations, "", "is not allowed here");
  };
}

/// "patternProperties", and "additionalProperties" beside it.
class PatternProperties {
 public:
  PatternProperties(const Json& operand, const Schemas& schemas) : schemas_(schemas) {
    for (const auto& [source, schema] : operand["patterns"].items()) {
      patterns_.push_back({std::make_shared<const Pattern>(source), source, schema});
    }
    names_ = operand["names"].get<std::set<std::string>>();
    additional_ = operand["additional"].get<Indices>();
  }

  bool operator()(const Json& value, Violations* violations) const {
    return !value.is_object() || all_of(value.items(), violations, [&](const auto& member) {
      return fits(member.key(), member.value(), violations);
    });
  }

 private:
  struct ByPattern {
    std::shared_ptr<const Pattern> pattern;
    std::string source;
    std::size_t schema;
  };

  bool fits(const std::string& name, const Json& value, Violations* violations) const {
    if (Pattern::too_long(name)) {
      return fail(violations, token(name), "too long a name to be matched against patterns");
    }
    Indices schemas;
    for (const ByPattern& by : patterns_) {
      if (by.pattern->matches(name)) schemas.push_back(by.schema);
    }
    if (schemas.empty() && names_.count(name) == 0) schemas = additional_;
    return all_of(schemas, violations, [&](std::size_t schema) {
      return fits_at(token(name), value, schema, schemas_, violations);
    });
  }

  const Schemas& schemas_;
  std::vector<ByPattern> patterns_;
  std::set<std::string> names_;
  Indices additional_;  ///< none or one
};

Rule pattern_properties(const Json& operand, const Schemas& schemas) {
  return PatternProperties(operand, schemas);
}

/// "items" with a schema for each place, and "additionalItems" beside it.
Rule items(const Json& operand, const Schemas& schemas) {
  const auto places = operand["places"].get<Indices>();
  const auto additional = operand["additional"].get<Indices>();  // none or one
  return [=, &schemas](const Json& value, Violations* violations) {
    if (!value.is_array()) return true;
    bool all = true;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i >= places.size() && additional.empty()) break;
      const std::size_t schema = i < places.size() ? places[i] : additional[0];
      if (!fits_at(token(std::to_string(i)), value[i], schema, schemas, violations)) all = false;
      if (!all && violations == nullptr) break;
    }
    return all;
  };
}

// --- Combinations -------------------------------------------------------------------------------

Rule reference(const Json& operand, const Schemas& schemas) {
  return
      [schema = operand.get<std::size_t>(), &schemas](const Json& value, Violations* violations) {
        return schemas.fits(schema, value, violations);
      };
}

Rule all(const Json& operand, const Schemas& schemas) {
  return [indices = operand.get<Indices>(), &schemas](const Json& value, Violations* violations) {
    return all_of(indices, violations,
                  [&](std::size_t schema) { return schemas.fits(schema, value, violations); });
  };
}

/// The first violation, which says enough as a rule.
std::string summary(const Violations& violations) {
  constexpr std::size_t longest = 200;
  const SchemaViolation& first = violations.front();
  std::string text = first.pointer.empty() ? "" : "at " + excerpt(first.pointer) + " ";
  text = cut_off(text + first.message, longest);
  if (violations.size() > 1) text += " (and " + std::to_string(violations.size() - 1) + " more)";
  return text;
}

/// "anyOf" and "oneOf", tried in their order.
class Alternatives {
 public:
  Alternatives(const Json& operand, const Schemas& schemas)
      : indices_(operand.get<Indices>()), schemas_(schemas) {}

  /// \param most  how many to look for
  /// \param reasons  if not null, takes why each that does not fit does not
  /// \return which fit, counted from 1
  Indices fitting(const Json& value, std::size_t most, std::vector<std::string>* reasons) const {
    Indices fitting;
    for (std::size_t i = 0; i < indices_.size() && fitting.size() < most; ++i) {
      Violations violations;
      if (schemas_.fits(indices_[i], value, reasons == nullptr ? nullptr : &violations)) {
        fitting.push_back(i + 1);
      } else if (reasons != nullptr) {
        reasons->push_back(std::to_string(i + 1) + ": " + summary(violations));
      }
    }
    return fitting;
  }

 private:
  Indices indices_;
  const Schemas& schemas_;
};

std::string fits_none(const char* keyword, const std::vector<std::string>& reasons) {
  std::string text = "fits none of the alternatives (" + std::string(keyword) + "):";
  for (const std::string& reason : reasons) text += (&reason == &reasons[0] ? " " : "; ") + reason;
  return text;
}

Rule any(const Json& operand, const Schemas& schemas) {
  return
      [alternatives = Alternatives(operand, schemas)](const Json& value, Violations* violations) {
        std::vector<std::string> reasons;
        const bool fits =
            !alternatives.fitting(value, 1, violations == nullptr ? nullptr : &reasons).empty();
        return fits || (violations != nullptr && fail(violations, "", fits_none("anyOf", reasons)));
      };
}

Rule one(const Json& operand, const Schemas& schemas) {
  return
      [alternatives = Alternatives(operand, schemas)](const Json& value, Violations* violations) {
        std::vector<std::string> reasons;
        const Indices fitting =
            alternatives.fitting(value, 2, violations == nullptr ? nullptr : &reasons);
        if (fitting.size() == 1 || violations == nullptr) return fitting.size() == 1;
        if (fitting.empty()) return fail(violations, "", fits_none("oneOf", reasons));
        return fail(violations, "",
                    "fits the alternatives " + std::to_string(fitting[0]) + " and " +
                        std::to_string(fitting[1]) + ", of which one is allowed (oneOf)");
      };
}

MakeRule from(MakeAssertion make) {
  return [make](const Json& operand, const Schemas& /*schemas*/) -> Rule {
    return [assertion = make(operand)](const Json& value, Violations* violations) {
      if (assertion.holds(value)) return true;
      return violations != nullptr && fail(violations, "", assertion.complaint(value));
    };
  };
}

// --- Translation --------------------------------------------------------------------------------

/// No keyword of valijson's.
std::string ours(const std::string& keyword) { return "castore:" + keyword; }

class Translation {
 public:
  Translation(const Json& schema, const SchemaDocument& document)
      : schema_(schema), document_(document) {}

  Json run() {
    for (const auto& [keyword, operand] : schema_.items()) {
      if (assertions().count(keyword) > 0) out_[ours(keyword)] = operand;
    }
    for (const char* keyword : {"not", "if", "then", "else", "contains"}) native(keyword);
    for (const char* keyword : {"allOf", "anyOf", "oneOf"}) combination(keyword);
    if (const Json* operand = find("required")) out_[ours("required")] = *operand;
    if (const Json* operand = find("propertyNames")) out_[ours("propertyNames")] = index(*operand);
    items();
    properties();
    dependencies();
    return std::move(out_);
  }

 private:
  [[nodiscard]] const Json* find(const char* keyword) const {
    const auto found = schema_.find(keyword);
    return found == schema_.end() ? nullptr : &*found;
  }

  [[nodiscard]] std::size_t index(const Json& schema) const { return document_.index_of(schema); }

  /// valijson's parser goes down into what it has not met yet. So that no long cycle of schemas
  /// takes it deep, it is shown only those that stand before this one.
  [[nodiscard]] Json reference(const Json& schema) const {
    const std::size_t to = index(schema);
    if (to >= index(schema_)) return {{ours("$ref"), to}};
    return {{"$ref", "#/schemas/" + std::to_string(to)}};
  }

  void native(const char* keyword) {
    if (const Json* operand = find(keyword)) out_[keyword] = reference(*operand);
  }

  void combination(const char* keyword) {
    const Json* operand = find(keyword);
    if (operand == nullptr) return;
    for (const Json& schema : *operand) out_[ours(keyword)].push_back(index(schema));
  }

  /// None or one.
  [[nodiscard]] Json indices_of(const char* keyword) const {
    Json indices = Json::array();
    if (const Json* schema = find(keyword)) indices.push_back(index(*schema));
    return indices;
  }

  void items() {
    const Json* items = find("items");
    if (items == nullptr) return;
    if (!items->is_array()) return native("items");
    Json places = Json::array();
    for (const Json& schema : *items) places.push_back(index(schema));
    out_[ours("items")] = {{"places", places}, {"additional", indices_of("additionalItems")}};
  }

  void properties() {
    Json names = Json::array();
    if (const Json* by_name = find("properties")) {
      for (const auto& [name, schema] : by_name->items()) {
        names.push_back(name);
        out_["properties"][name] = reference(schema);
      }
    }
    const Json* by_pattern = find("patternProperties");
    if (by_pattern == nullptr) return native("additionalProperties");
    Json patterns = Json::object();
    for (const auto& [source, schema] : by_pattern->items()) patterns[source] = index(schema);
    out_[ours("patternProperties")] = {{"names", names},
                                       {"patterns", patterns},
                                       {"additional", indices_of("additionalProperties")}};
  }

  void dependencies() {
    const Json* operand = find("dependencies");
    if (operand == nullptr) return;
    for (const auto& [name, what] : operand->items()) {
      if (what.is_array()) {
        out_[ours("dependencies")][name] = what;
      } else {
        out_["dependencies"][name] = reference(what);
      }
    }
  }

  const Json& schema_;
  const SchemaDocument& document_;
  Json out_ = Json::object();
};

std::map<std::string, MakeRule> rules_and_assertions() {
  std::map<std::string, MakeRule> table = {
      {ours("$ref"), reference},
      {ours("required"), required},
      {ours("dependencies"), dependencies},
      {ours("propertyNames"), property_names},
      {ours("patternProperties"), pattern_properties},
      {ours("items"), items},
      {ours("allOf"), all},
      {ours("anyOf"), any},
      {ours("oneOf"), one},
      {ours("never"), never},
  };
  for (const auto& [keyword, make] : assertions()) table.emplace(ours(keyword), from(make));
  return table;
}

}  // namespace

const std::map<std::string, MakeRule>& rules() {
  static const std::map<std::string, MakeRule> table = rules_and_assertions();
  return table;
}

Json translate(const Json& schema, const SchemaDocument& document) {
  if (!schema.is_boolean()) return Translation(schema, document).run();
  if (schema.get<bool>()) return Json::object();
  return {{ours("never"), true}};
}

}  // namespace castore::json_schema
