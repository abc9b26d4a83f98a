#include "engine.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using conformance::check;
using conformance::run_scenario;
using conformance::Verdict;
using nlohmann::json;

namespace {

const json plain_step = {{"op", "getEvents"}};

bool matches(const json& expected, const json& actual) {
  return check(plain_step, {{"result", expected}}, {{"result", actual}}, {{"t", "saved"}}).empty();
}

bool error_matches(const json& expected, const json& actual) {
  return check(plain_step, {{"error", expected}}, {{"error", actual}}, {}).empty();
}

json scenario_of(const std::vector<json>& steps) { return {{"steps", steps}}; }

/// Answers every step with its own arguments.
json echo(std::string_view, const json& args) { return {{"result", args}}; }

Verdict::Kind verdict(const json& scenario, const json& difference = nullptr) {
  return run_scenario(scenario, difference, echo).kind;
}

}  // namespace

TEST_CASE("a result matches exactly and in any order of members") {
  CHECK(matches({{"a", 1}, {"b", {1, 2}}}, {{"b", {1, 2}}, {"a", 1}}));
  CHECK(matches({{"a", 1}}, {{"a", 1.0}}));
  CHECK_FALSE(matches({{"a", 1}}, {{"a", 2}}));
  CHECK_FALSE(matches({{"a", 1}}, {{"a", "1"}}));
  CHECK_FALSE(matches({{"a", 1}}, {{"a", 1}, {"b", 2}}));
  CHECK_FALSE(matches({{"a", 1}, {"b", 2}}, {{"a", 1}}));
  CHECK_FALSE(matches({{"a", {1, 2}}}, {{"a", {1}}}));
  CHECK_FALSE(matches({{"a", {1, 2}}}, {{"a", {2, 1}}}));
}

TEST_CASE("absent is not null but for the optional members of a result") {
  CHECK_FALSE(matches({{"event", {{"payload", nullptr}}}}, {{"event", json::object()}}));
  CHECK_FALSE(matches({{"event", json::object()}}, {{"event", {{"payload", nullptr}}}}));
  CHECK_FALSE(matches({{"a", 1}}, {{"a", 1}, {"b", nullptr}}));
  CHECK(matches({{"a", 1}}, {{"a", 1}, {"nextAggregate", nullptr}}));
  CHECK(matches({{"eventGroup", {{{"a", 1}}}}},
                {{"eventGroup", {{{"a", 1}, {"nextAggregate", nullptr}}}}}));
}

TEST_CASE("matchers accept what they say and nothing else") {
  const json iso = {{"a", {{"$iso", true}}}};
  CHECK(matches(iso, {{"a", "2022-02-28T23:59:59.999Z"}}));
  CHECK_FALSE(matches(iso, {{"a", "2022-02-29T00:00:00.000Z"}}));
  CHECK_FALSE(matches(iso, {{"a", "2022-02-28T24:00:00.000Z"}}));
  CHECK_FALSE(matches(iso, {{"a", "2022-02-28T00:00:00.000000Z"}}));
  CHECK_FALSE(matches(iso, {{"a", "2022-02-28T00:00:00Z"}}));
  CHECK_FALSE(matches(iso, json::object()));

  const json present = {{"a", {{"$present", true}}}};
  CHECK(matches(present, {{"a", 0}}));
  CHECK_FALSE(matches(present, {{"a", ""}}));
  CHECK_FALSE(matches(present, {{"a", nullptr}}));
  CHECK_FALSE(matches(present, json::object()));

  const json between = {{"a", {{"$between", {1, 3}}}}};
  CHECK(matches(between, {{"a", 3}}));
  CHECK_FALSE(matches(between, {{"a", 3.5}}));
  CHECK_FALSE(matches(between, {{"a", "2"}}));

  CHECK(matches({{"a", {{"$any", true}}}}, json::object()));
  CHECK(matches({{"a", {{"$var", "t"}}}}, {{"a", "saved"}}));
  CHECK_FALSE(matches({{"a", {{"$var", "t"}}}}, {{"a", "other"}}));
  CHECK_FALSE(matches({{"a", {{"$var", "unknown"}}}}, {{"a", "saved"}}));
}

TEST_CASE("errors are compared by what the original promises of their kind") {
  CHECK(error_matches({{"kind", "ReducerError"}}, {{"kind", "ReducerError"}, {"message", "x"}}));
  CHECK_FALSE(error_matches({{"kind", "ReducerError"}}, {{"kind", "Other"}}));
  CHECK_FALSE(error_matches({{"kind", "InvalidPageToken"}, {"message", "x"}},
                            {{"kind", "InvalidPageToken"}, {"message", "y"}}));
  const json taken = {
      {"kind", "EventAlreadyExists"}, {"message", "x"}, {"aggregateId", "a"}, {"version", 1}};
  json other_version = taken;
  other_version["version"] = 2;
  CHECK(error_matches(taken, taken));
  CHECK_FALSE(error_matches(taken, other_version));
}

TEST_CASE("a result is no error and an accident is not any error") {
  const json result = {{"result", json::object()}};
  const json refused = {{"error", {{"kind", "InvalidArgument"}}}};
  const json accident = {{"error", {{"kind", "Other"}}}};
  const json any_error = {{"anyError", true}};
  CHECK(check(plain_step, any_error, refused, {}).empty());
  CHECK_FALSE(check(plain_step, any_error, accident, {}).empty());
  CHECK_FALSE(check(plain_step, any_error, result, {}).empty());
  CHECK_FALSE(check(plain_step, result, refused, {}).empty());
  CHECK_FALSE(check(plain_step, refused, result, {}).empty());
  CHECK_FALSE(check(plain_step, result, {{"unsupported", true}}, {}).empty());
}

TEST_CASE("aggregates of one moment may be listed in any order where a step says so") {
  const auto listed = [](const char* id, const char* timestamp) {
    return json{{"aggregateId", id}, {"initialEventTimestamp", timestamp}};
  };
  const json expected = {{"aggregateIds", {listed("a", "1"), listed("b", "1"), listed("c", "2")}}};
  const json swapped = {{"aggregateIds", {listed("b", "1"), listed("a", "1"), listed("c", "2")}}};
  const json wrong = {{"aggregateIds", {listed("a", "1"), listed("c", "2"), listed("b", "1")}}};
  const json ties = {{"op", "listAggregateIds"}, {"compare", "ties"}};
  CHECK(check(ties, {{"result", expected}}, {{"result", swapped}}, {}).empty());
  CHECK_FALSE(check(plain_step, {{"result", expected}}, {{"result", swapped}}, {}).empty());
  CHECK_FALSE(check(ties, {{"result", expected}}, {{"result", wrong}}, {}).empty());
}

TEST_CASE("what one step saves is there in the next") {
  const json first = {{"op", "x"},
                      {"args", {{"list", {{{"id", 7}}}}}},
                      {"save", {{"id", "list.0.id"}}},
                      {"expect", {{"any", true}}}};
  json second = {{"op", "x"},
                 {"args", {{"nested", {{"id", {{"$var", "id"}}}}}}},
                 {"expect", {{"result", {{"nested", {{"id", 7}}}}}}}};
  CHECK(verdict(scenario_of({first, second})) == Verdict::Kind::passed);
  CHECK(verdict(scenario_of({second})) == Verdict::Kind::failed);
  second["expect"]["result"]["nested"]["id"] = 8;
  CHECK(verdict(scenario_of({first, second})) == Verdict::Kind::failed);
}

TEST_CASE("where the original leaves a step open the advice counts") {
  json step = {{"op", "x"}, {"args", {{"a", 1}}}, {"expect", {{"any", true}}}};
  CHECK(verdict(scenario_of({step})) == Verdict::Kind::passed);
  step["recommend"] = {{"result", {{"a", 2}}}};
  CHECK(verdict(scenario_of({step})) == Verdict::Kind::failed);
}

TEST_CASE("a listed difference has to exist and to be as listed") {
  const json same = {{"op", "x"}, {"args", {{"a", 1}}}, {"expect", {{"result", {{"a", 1}}}}}};
  const json differs = {{"op", "x"}, {"args", {{"a", 1}}}, {"expect", {{"result", {{"a", 2}}}}}};
  const auto at = [](const char* step, const json& answer) {
    return json{{"reason", "on purpose"}, {"steps", {{step, {{"result", answer}}}}}};
  };
  const json scenario = scenario_of({same, differs});
  CHECK(verdict(scenario) == Verdict::Kind::failed);
  CHECK(verdict(scenario, at("1", {{"a", 1}})) == Verdict::Kind::listed);
  CHECK(verdict(scenario, at("1", {{"a", 3}})) == Verdict::Kind::failed);
  CHECK(verdict(scenario, at("0", {{"a", 1}})) == Verdict::Kind::failed);
  CHECK(verdict(scenario, at("2", {{"a", 1}})) == Verdict::Kind::failed);
  CHECK(verdict(scenario_of({same}), at("0", {{"a", 1}})) == Verdict::Kind::failed);
  CHECK(verdict(scenario_of({same}), {{"reason", "on purpose"}}) == Verdict::Kind::failed);
}
