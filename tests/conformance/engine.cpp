#include "engine.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace conformance {
namespace {

using nlohmann::json;

/// Where null is as good as absent, at the top of a result.
constexpr std::array<std::string_view, 9> optional_members{"aggregate",
                                                           "lastEvent",
                                                           "nextAggregate",
                                                           "nextPageToken",
                                                           "output",
                                                           "firstScannedAggregate",
                                                           "lastScannedAggregate",
                                                           "firstPouredEvent",
                                                           "lastPouredEvent"};

/// The errors whose message is part of what the original promises.
constexpr std::array<std::string_view, 11> kinds_with_message{"EventAlreadyExists",
                                                              "AggregateNotFound",
                                                              "UndefinedEventStorageAdapter",
                                                              "UndefinedMessageChannelAdapter",
                                                              "MessageChannelEventStoreNotFound",
                                                              "InvalidPageToken",
                                                              "ReservedEventType",
                                                              "InvalidRetryPolicy",
                                                              "CommandHandlerFailed",
                                                              "CommandRejected",
                                                              "HandlerFailure"};

template <class Range>
bool contains(const Range& range, std::string_view value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

/// For messages: long answers are cut.
std::string text_of(const json* value) {
  constexpr std::size_t longest = 300;
  if (value == nullptr) return "nothing";
  std::string text = value->dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text;
}

std::string text_of(const json& value) { return text_of(&value); }

const json* find(const json& object, const std::string& name) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(name);
  return member == object.end() ? nullptr : &*member;
}

/// A member by its path, `eventGroup.0.event`; nullptr where there is none.
const json* at_path(const json& value, std::string_view path) {
  const json* found = &value;
  while (found != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string name(path.substr(0, dot));
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
    if (found->is_array()) {
      const std::size_t index = std::stoul(name);
      found = index < found->size() ? &(*found)[index] : nullptr;
    } else {
      found = find(*found, name);
    }
  }
  return found;
}

// --- variables
// ------------------------------------------------------------------------------------

struct MissingVariable {
  std::string name;
};

const std::string* variable_name(const json& value) {
  const json* name = find(value, "$var");
  return name == nullptr ? nullptr : name->get_ptr<const std::string*>();
}

json substitute(json value, const Variables& variables) {
  if (const std::string* name = variable_name(value)) {
    const auto variable = variables.find(*name);
    if (variable == variables.end()) throw MissingVariable{*name};
    return variable->second;
  }
  if (value.is_structured()) {
    for (json& member : value) member = substitute(std::move(member), variables);
  }
  return value;
}

void save(const json& step, const json& outcome, Variables& variables) {
  const json* saves = find(step, "save");
  if (saves == nullptr) return;
  const json* result = find(outcome, "result");
  for (const auto& [name, path] : saves->items()) {
    const json* value = result == nullptr ? nullptr : at_path(*result, path.get<std::string>());
    if (value != nullptr && !value->is_null()) {
      variables[name] = *value;
    } else {
      variables.erase(name);
    }
  }
}

// --- comparable forms
// -------------------------------------------------------------------------------

json without_optional_nulls(json result) {
  if (!result.is_object()) return result;
  for (const std::string_view name : optional_members) {
    const auto member = result.find(name);
    if (member != result.end() && member->is_null()) result.erase(member);
  }
  const auto group = result.find("eventGroup");
  if (group != result.end() && group->is_array()) {
    for (json& answer : *group) answer = without_optional_nulls(std::move(answer));
  }
  return result;
}

/// Among aggregates of one moment the original promises no order.
void sort_ties(json& aggregate_ids) {
  const auto moment = [](const json& listed) { return listed.at("initialEventTimestamp"); };
  for (auto tie = aggregate_ids.begin(); tie != aggregate_ids.end();) {
    const auto end = std::find_if(tie, aggregate_ids.end(), [&](const json& listed) {
      return moment(listed) != moment(*tie);
    });
    std::sort(tie, end, [](const json& a, const json& b) {
      return a.at("aggregateId").get<std::string>() < b.at("aggregateId").get<std::string>();
    });
    tie = end;
  }
}

json comparable_result(const json& step, const json& result) {
  json comparable = without_optional_nulls(result);
  if (const json* ignored = find(step, "ignore")) {
    for (const json& name : *ignored) comparable.erase(name.get<std::string>());
  }
  if (step.value("compare", "") == "ties") {
    const auto ids = comparable.find("aggregateIds");
    if (ids != comparable.end()) sort_ties(*ids);
  }
  return comparable;
}

json comparable_error(const json& error) {
  const auto kind = error.at("kind").get<std::string>();
  json comparable = {{"kind", kind}};
  const auto copy = [&](const char* name) {
    if (const json* value = find(error, name)) comparable[name] = *value;
  };
  if (contains(kinds_with_message, kind)) copy("message");
  if (kind == "EventAlreadyExists") {
    comparable["eventStoreId"] = nullptr;
    for (const char* name : {"eventStoreId", "aggregateId", "version"}) copy(name);
  }
  return comparable;
}

// --- matching
// ---------------------------------------------------------------------------------------

/// `YYYY-MM-DDTHH:MM:SS.mmmZ`, and a real moment.
bool is_iso_timestamp(const std::string& text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd.dddZ";
  const auto fits = [](char c, char wanted) {
    return wanted == 'd' ? std::isdigit(static_cast<unsigned char>(c)) != 0 : c == wanted;
  };
  if (!std::equal(text.begin(), text.end(), shape.begin(), shape.end(), fits)) return false;
  const auto number = [&](std::size_t at, std::size_t size) {
    return std::stoi(text.substr(at, size));
  };
  const std::chrono::year_month_day day{std::chrono::year{number(0, 4)},
                                        std::chrono::month{static_cast<unsigned>(number(5, 2))},
                                        std::chrono::day{static_cast<unsigned>(number(8, 2))}};
  return day.ok() && number(11, 2) < 24 && number(14, 2) < 60 && number(17, 2) < 60;
}

std::string diff(const json& expected, const json* actual, const Variables& variables,
                 const std::string& path);

std::string diff_matcher(const std::string& matcher, const json& operand, const json* actual,
                         const Variables& variables, const std::string& path) {
  if (matcher == "$any") return {};
  if (matcher == "$iso") {
    if (actual != nullptr && actual->is_string() && is_iso_timestamp(*actual)) return {};
    return path + ": no timestamp in UTC with milliseconds: " + text_of(actual);
  }
  if (matcher == "$present") {
    if (actual != nullptr && !actual->is_null() && *actual != "") return {};
    return path + ": absent";
  }
  if (matcher == "$between") {
    if (actual != nullptr && actual->is_number() && *actual >= operand.at(0) &&
        *actual <= operand.at(1)) {
      return {};
    }
    return path + ": " + text_of(actual) + " is not in " + text_of(operand);
  }
  if (matcher == "$var") {
    const auto variable = variables.find(operand.get<std::string>());
    if (variable == variables.end()) return path + ": the variable was never set";
    return diff(variable->second, actual, variables, path);
  }
  throw std::invalid_argument("unknown matcher " + matcher);
}

std::string diff_array(const json& expected, const json& actual, const Variables& variables,
                       const std::string& path) {
  if (actual.size() != expected.size()) {
    return path + ": expected " + std::to_string(expected.size()) + " items, got " +
           std::to_string(actual.size()) + ": " + text_of(actual);
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    std::string difference =
        diff(expected[i], &actual[i], variables, path + "[" + std::to_string(i) + "]");
    if (!difference.empty()) return difference;
  }
  return {};
}

std::string diff_object(const json& expected, const json& actual, const Variables& variables,
                        const std::string& path) {
  for (const auto& [name, value] : expected.items()) {
    std::string difference = diff(value, find(actual, name), variables, path + "." + name);
    if (!difference.empty()) return difference;
  }
  for (const auto& [name, value] : actual.items()) {
    if (!expected.contains(name)) return path + "." + name + ": unexpected " + text_of(value);
  }
  return {};
}

/// The first difference, or an empty string. `actual` is nullptr where it is absent.
std::string diff(const json& expected, const json* actual, const Variables& variables,
                 const std::string& path) {
  if (expected.is_object() && expected.size() == 1 && expected.begin().key().starts_with('$')) {
    return diff_matcher(expected.begin().key(), expected.begin().value(), actual, variables, path);
  }
  if (actual != nullptr && expected.is_array() && actual->is_array()) {
    return diff_array(expected, *actual, variables, path);
  }
  if (actual != nullptr && expected.is_object() && actual->is_object()) {
    return diff_object(expected, *actual, variables, path);
  }
  // 1 and 1.0 are equal here, as they are in JSON
  if (actual != nullptr && expected == *actual) return {};
  return path + ": expected " + text_of(expected) + ", got " + text_of(actual);
}

/// What the original does is left open where it is wrong or undefined; then the advice counts.
const json& expected_of(const json& step) {
  const json& expected = step.at("expect");
  const json* recommended = find(step, "recommend");
  return expected.contains("any") && recommended != nullptr ? *recommended : expected;
}

std::string run_step(const json& step, const json* instead, const Execute& execute,
                     Variables& variables) {
  const json* args = find(step, "args");
  json outcome;
  try {
    outcome = execute(step.at("op").get<std::string>(),
                      args == nullptr ? json::object() : substitute(*args, variables));
  } catch (const MissingVariable& missing) {
    return "the variable " + missing.name + " was never set";
  }
  save(step, outcome, variables);
  if (instead == nullptr) return check(step, expected_of(step), outcome, variables);
  if (check(step, expected_of(step), outcome, variables).empty()) {
    return "a difference is listed, but there is none";
  }
  std::string wrong = check(step, *instead, outcome, variables);
  return wrong.empty() ? wrong : "the listed difference is another one: " + wrong;
}

}  // namespace

std::string check(const json& step, const json& expected, const json& outcome,
                  const Variables& variables) {
  if (expected.contains("any")) return {};
  if (expected.contains("unsupported") || outcome.contains("unsupported")) {
    return diff(expected, &outcome, variables, "outcome");
  }
  const json* error = find(outcome, "error");
  if (expected.contains("anyError")) {
    // stricter than the corpus: "Other" is an accident
    if (error != nullptr && error->at("kind") != "Other") return {};
    return "expected an error, got " + text_of(outcome);
  }
  if (const json* expected_error = find(expected, "error")) {
    if (error == nullptr) {
      return "expected the error " + text_of(*expected_error) + ", got " + text_of(outcome);
    }
    const json got = comparable_error(*error);
    return diff(comparable_error(*expected_error), &got, variables, "error");
  }
  if (error != nullptr) return "expected a result, got " + text_of(outcome);
  const json got = comparable_result(step, outcome.at("result"));
  return diff(expected.at("result"), &got, variables, "result");
}

Verdict run_scenario(const json& scenario, const json& difference, const Execute& execute) {
  const json none = json::object();
  const json* listed = find(difference, "steps");
  const json& instead = listed == nullptr ? none : *listed;
  const json& steps = scenario.at("steps");
  Verdict verdict;
  if (!difference.is_null()) {
    verdict.kind = Verdict::Kind::listed;
    if (instead.empty()) return {Verdict::Kind::failed, "a difference without steps", 0};
  }
  for (const auto& [index, expected] : instead.items()) {
    if (std::stoul(index) >= steps.size()) {
      return {Verdict::Kind::failed, "a difference is listed at step " + index + ", beyond the end",
              0};
    }
  }
  Variables variables;
  for (const json& step : steps) {
    const std::string index = std::to_string(verdict.steps);
    const std::string wrong = run_step(step, find(instead, index), execute, variables);
    ++verdict.steps;
    if (!wrong.empty()) {
      verdict.kind = Verdict::Kind::failed;
      verdict.message = "step " + index + " " + step.at("op").get<std::string>() + " " +
                        text_of(find(step, "args")) + "\n      " + wrong;
      return verdict;
    }
  }
  return verdict;
}

}  // namespace conformance
