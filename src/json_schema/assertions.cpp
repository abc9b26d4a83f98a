#include "json_schema/assertions.hpp"

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "json_schema/pattern.hpp"

namespace castore::json_schema {
namespace {

bool has_type(const Json& value, const std::string& type) {
  if (type == "integer") return value.is_number() && is_integer(value);
  if (type == "number") return value.is_number();
  return type == value.type_name();
}

std::string type_of(const Json& value) {
  return value.is_number() && is_integer(value) ? "integer" : value.type_name();
}

Assertion type(const Json& operand) {
  const std::vector<std::string> types = operand.is_array()
                                             ? operand.get<std::vector<std::string>>()
                                             : std::vector<std::string>{operand.get<std::string>()};
  return {
      [types](const Json& value) {
        for (const std::string& type : types) {
          if (has_type(value, type)) return true;
        }
        return false;
      },
      [types](const Json& value) {
        return "expected " + one_of(types) + ", found " + type_of(value);
      },
  };
}

// --- Equality -----------------------------------------------------------------------------------

Assertion equal(const Json& operand) {
  return {
      [text = canonical_text(operand)](const Json& value) { return canonical_text(value) == text; },
      [operand](const Json& value) {
        return "expected " + excerpt(operand) + ", found " + excerpt(value);
      },
  };
}

std::string list(const Json& values) {
  constexpr std::size_t most = 10;
  std::vector<std::string> texts;
  for (const Json& value : values) {
    texts.push_back(texts.size() < most ? excerpt(value) : "…");
    if (texts.size() > most) break;
  }
  return texts.empty() ? "nothing" : one_of(texts);
}

Assertion enumeration(const Json& operand) {
  std::unordered_set<std::string> texts;
  for (const Json& value : operand) texts.insert(canonical_text(value));
  return {
      [texts](const Json& value) { return texts.count(canonical_text(value)) > 0; },
      [expected = list(operand)](const Json& value) {
        return "expected " + expected + ", found " + excerpt(value);
      },
  };
}

/// The first two elements that are equal, or nothing.
std::vector<std::size_t> find_equal_elements(const Json& array) {
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < array.size(); ++i) {
    const auto [before, is_new] = seen.emplace(canonical_text(array[i]), i);
    if (!is_new) return {before->second, i};
  }
  return {};
}

Assertion unique_items(const Json& operand) {
  return {
      [wanted = operand.get<bool>()](const Json& value) {
        return !wanted || !value.is_array() || find_equal_elements(value).empty();
      },
      [](const Json& value) {
        const std::vector<std::size_t> equal = find_equal_elements(value);
        return "expected elements that differ, but " + std::to_string(equal[0]) + " and " +
               std::to_string(equal[1]) + " are equal";
      },
  };
}

// --- Numbers ------------------------------------------------------------------------------------

using Compare = bool (*)(const Json& value, const Json& operand);

Assertion number(const Json& operand, Compare holds, const char* expected) {
  return {
      [operand, holds](const Json& value) { return !value.is_number() || holds(value, operand); },
      [operand, expected](const Json& value) {
        return "expected a number " + std::string(expected) + " " + excerpt(operand) + ", found " +
               excerpt(value);
      },
  };
}

Assertion minimum(const Json& operand) {
  return number(
      operand, [](const Json& a, const Json& b) { return !is_less(a, b); }, "of at least");
}

Assertion maximum(const Json& operand) {
  return number(
      operand, [](const Json& a, const Json& b) { return !is_less(b, a); }, "of at most");
}

Assertion exclusive_minimum(const Json& operand) {
  return number(
      operand, [](const Json& a, const Json& b) { return is_less(b, a); }, "above");
}

Assertion exclusive_maximum(const Json& operand) {
  return number(
      operand, [](const Json& a, const Json& b) { return is_less(a, b); }, "below");
}

Assertion multiple_of(const Json& operand) {
  return number(operand, is_multiple, "that is a multiple of");
}

// --- Sizes --------------------------------------------------------------------------------------

struct Sized {
  bool (*applies)(const Json& value);
  std::size_t (*size)(const Json& value);
  const char* unit;
  const char* units;
};

constexpr Sized characters{
    [](const Json& value) { return value.is_string(); },
    [](const Json& value) { return length_in_code_points(value.get_ref<const std::string&>()); },
    " character", " characters"};
constexpr Sized elements{[](const Json& value) { return value.is_array(); },
                         [](const Json& value) { return value.size(); }, " element", " elements"};
constexpr Sized properties{[](const Json& value) { return value.is_object(); },
                           [](const Json& value) { return value.size(); }, " property",
                           " properties"};

std::function<std::string(const Json&)> complain_of_size(const Sized& sized, const char* expected,
                                                         std::size_t count) {
  return [=](const Json& value) {
    return std::string(expected) + std::to_string(count) + (count == 1 ? sized.unit : sized.units) +
           ", found " + std::to_string(sized.size(value));
  };
}

template <const Sized& sized>
Assertion at_least(const Json& operand) {
  const std::size_t count = count_of(operand);
  return {[=](const Json& value) { return !sized.applies(value) || sized.size(value) >= count; },
          complain_of_size(sized, "expected at least ", count)};
}

template <const Sized& sized>
Assertion at_most(const Json& operand) {
  const std::size_t count = count_of(operand);
  return {[=](const Json& value) { return !sized.applies(value) || sized.size(value) <= count; },
          complain_of_size(sized, "expected at most ", count)};
}

// --- Strings ------------------------------------------------------------------------------------

Assertion pattern(const Json& operand) {
  const auto source = operand.get<std::string>();
  return {
      [regex = std::make_shared<const Pattern>(source)](const Json& value) {
        if (!value.is_string()) return true;
        const auto& text = value.get_ref<const std::string&>();
        return !Pattern::too_long(text) && regex->matches(text);
      },
      [source](const Json& value) {
        const bool too_long = Pattern::too_long(value.get_ref<const std::string&>());
        return too_long ? "a string of more than " + std::to_string(Pattern::max_length) +
                              " characters is not matched against the pattern " + excerpt(source)
                        : "does not match the pattern " + excerpt(source);
      },
  };
}

}  // namespace

const std::map<std::string, MakeAssertion>& assertions() {
  static const std::map<std::string, MakeAssertion> table = {
      {"type", type},
      {"enum", enumeration},
      {"const", equal},
      {"multipleOf", multiple_of},
      {"maximum", maximum},
      {"exclusiveMaximum", exclusive_maximum},
      {"minimum", minimum},
      {"exclusiveMinimum", exclusive_minimum},
      {"maxLength", at_most<characters>},
      {"minLength", at_least<characters>},
      {"pattern", pattern},
      {"maxItems", at_most<elements>},
      {"minItems", at_least<elements>},
      {"uniqueItems", unique_items},
      {"maxProperties", at_most<properties>},
      {"minProperties", at_least<properties>},
  };
  return table;
}

}  // namespace castore::json_schema
