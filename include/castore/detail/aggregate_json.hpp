#pragma once

/// \file
/// Aggregates as JSON text, as tools and messages show them.

#include <castore/event_type.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace castore::detail {

/// Whether an aggregate lists a field of that name, of whichever member; it may be empty, and not
/// in the JSON. Of one with nlohmann's functions only its JSON tells.
template <class A>
consteval bool lists_field(std::string_view name) {
  if constexpr (ListsFields<A>) {
    constexpr auto fields = fields_of<A>();
    return std::apply([&](const auto&... field) { return ((field.name.text() == name) || ...); },
                      fields.list);
  } else {
    return false;
  }
}

/// Whether `aggregate_id` in its JSON, if it is there, is the aggregate's id and no other member.
template <class A>
consteval bool names_its_id() {
  if constexpr (ListsFields<A>) {
    constexpr auto fields = fields_of<A>();
    const auto is_id = [](const auto& field) {
      if constexpr (std::is_same_v<decltype(field.member), std::string A::*> ||
                    std::is_same_v<decltype(field.member), std::string A::*const>) {
        return field.name.text() == "aggregate_id" && field.member == &A::aggregate_id;
      } else {
        return false;
      }
    };
    return std::apply([&](const auto&... field) { return (is_id(field) || ...); }, fields.list);
  } else {
    return true;
  }
}

/// The aggregate as JSON text, with the members `aggregateId` and `version`, but where the
/// application calls something else so: what it lists stays as it is.
template <class A>
std::string write_aggregate(const A& aggregate) {
  static_assert(WrittenAsJson<A>,
                "this aggregate has no to_json: tools and messages show aggregates as JSON, so "
                "list its fields, or add one, for instance "
                "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Aggregate, aggregate_id, version, ...)");
  nlohmann::json json = aggregate;
  if (json.is_object()) {
    const bool is_taken = lists_field<A>("aggregateId") || json.contains("aggregateId");
    const auto id = json.find("aggregate_id");
    if (!is_taken && names_its_id<A>() && id != json.end() && *id == aggregate.aggregate_id) {
      json.erase(id);  // under its other name
    }
    if (!is_taken) json["aggregateId"] = aggregate.aggregate_id;
    if (!lists_field<A>("version")) json.emplace("version", aggregate.version);
  }
  return json.dump();
}

/// Reads text of `write_aggregate`, as far as the application's functions do. Throws whatever they
/// throw.
template <class A>
A read_aggregate(std::string_view text) {
  static_assert(ReadFromJson<A>,
                "this aggregate has no from_json: a state-carrying message brings aggregates as "
                "JSON, so list its fields, or add one");
  nlohmann::json json = nlohmann::json::parse(text);
  if (names_its_id<A>() && !lists_field<A>("aggregateId") && json.is_object() &&
      json.contains("aggregateId") && !json.contains("aggregate_id")) {
    json["aggregate_id"] = json["aggregateId"];
  }
  return json.get<A>();
}

}  // namespace castore::detail
