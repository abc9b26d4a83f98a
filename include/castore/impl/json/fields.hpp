#pragma once

/// \file
/// The bodies of fields; included by their header.

#include <array>
#include <castore/json/fields.hpp>
#include <charconv>
#include <concepts>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

namespace castore {
namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T, class Allocator>
inline constexpr bool is_vector<std::vector<T, Allocator>> = true;

template <class T>
inline constexpr bool is_string_map = false;
template <class T, class... Rest>
inline constexpr bool is_string_map<std::map<std::string, T, Rest...>> = true;
template <class T, class... Rest>
inline constexpr bool is_string_map<std::unordered_map<std::string, T, Rest...>> = true;

template <std::integral T>
void append_integer(std::string& out, T value) {
  std::array<char, std::numeric_limits<T>::digits10 + 3> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

template <std::floating_point T>
T read_floating(JsonScanner& json) {
  const double value = json.floating();
  if constexpr (sizeof(T) < sizeof(double)) {
    constexpr double largest = std::numeric_limits<T>::max();
    if (value > largest || value < -largest) json.fail("the number is out of range");
  }
  return static_cast<T>(value);
}

template <class Member>
void append_field(std::string& out, std::string_view name, const Member& member) {
  if constexpr (is_optional<Member>) {
    if (!member) return;
  }
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":";
  append_value(out, member);
}

template <class T>
void append_object(std::string& out, const T& value) {
  constexpr auto fields = fields_of<T>();
  out += '{';
  std::apply(
      [&](const auto&... field) {
        (append_field(out, field.name.text(), value.*field.member), ...);
      },
      fields.list);
  out += '}';
}

/// The member of that name is read, if it is the `I`th of the list.
template <std::size_t I, class T, class Seen>
bool read_field(JsonScanner& json, std::string_view name, T& value, Seen& seen, int depth) {
  constexpr auto field = std::get<I>(fields_of<T>().list);
  if (name != field.name.text()) return false;
  seen[I] = true;
  read_value(json, value.*field.member, depth);  // given twice: the last counts, as a whole
  return true;
}

template <std::size_t I, class T>
void read_missing_field(const JsonScanner& json, T& value) {
  constexpr auto field = std::get<I>(fields_of<T>().list);
  if constexpr (!field.name.required()) {
    value.*field.member = std::move(T{}.*field.member);
  } else if constexpr (is_optional<typename decltype(field)::Type>) {
    (value.*field.member).reset();
  } else {
    throw_missing(field.name.text(), json.position());
  }
}

/// Reads the `I`th field if it comes next, and the comma behind it.
/// \returns whether the next of the list may come now; `ended`: no member comes any more
template <std::size_t I, class T, class Seen>
bool read_next_field(JsonScanner& json, T& value, Seen& seen, int depth, bool& ended) {
  constexpr auto field = std::get<I>(fields_of<T>().list);
  if (!json.skip_name(field.name.text())) {
    return !field.name.required() || is_optional<typename decltype(field)::Type>;
  }
  seen[I] = true;
  read_value(json, value.*field.member, depth);
  ended = !json.skip(',');
  return !ended;
}

template <class T, std::size_t... I>
void read_object(JsonScanner& json, T& value, int depth, std::index_sequence<I...>) {
  if (depth <= 0) json.fail("nested too deeply");
  std::array<bool, sizeof...(I)> seen{};
  json.expect('{', "expected an object");
  bool ended = json.peek() == '}';
  // As we write it: in the order of the list, without white space.
  if (!ended) static_cast<void>((read_next_field<I>(json, value, seen, depth - 1, ended) && ...));
  while (!ended) {
    const std::string_view name = json.name();
    if (!(read_field<I>(json, name, value, seen, depth - 1) || ...)) json.value(depth - 1);
    ended = !json.skip(',');
  }
  json.expect('}', "expected ',' or '}'");
  ((seen[I] ? void() : read_missing_field<I>(json, value)), ...);
}

}  // namespace detail

template <class T>
void append_value(std::string& out, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::integral<T>) {
    detail::append_integer(out, value);
  } else if constexpr (std::floating_point<T>) {
    detail::append_floating(out, static_cast<double>(value));
  } else if constexpr (std::same_as<T, std::string>) {
    detail::append_text(out, value);
  } else if constexpr (std::same_as<T, RawJson>) {
    out += value.text;
  } else if constexpr (detail::is_optional<T>) {
    if (value) {
      append_value(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (detail::is_vector<T>) {
    out += '[';
    for (const typename T::value_type& element : value) {
      if (out.back() != '[') out += ',';
      append_value(out, element);
    }
    out += ']';
  } else if constexpr (detail::is_string_map<T>) {
    out += '{';
    for (const auto& [name, mapped] : value) {
      if (out.back() != '{') out += ',';
      detail::append_text(out, name);
      out += ':';
      append_value(out, mapped);
    }
    out += '}';
  } else if constexpr (ListsFields<T>) {
    detail::append_object(out, value);
  } else {
    static_assert(std::is_constructible_v<nlohmann::json, const T&>,
                  "a field's type has no JSON functions: list its own fields, or give it to_json "
                  "and from_json");
    out += nlohmann::json(value).dump();
  }
}

template <class T>
void read_value(JsonScanner& json, T& value, int depth) {
  if constexpr (std::same_as<T, bool>) {
    value = json.boolean();
  } else if constexpr (std::signed_integral<T>) {
    value =
        static_cast<T>(json.integer(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  } else if constexpr (std::unsigned_integral<T>) {
    value = static_cast<T>(json.unsigned_integer(std::numeric_limits<T>::max()));
  } else if constexpr (std::floating_point<T>) {
    value = detail::read_floating<T>(json);
  } else if constexpr (std::same_as<T, std::string>) {
    json.string(value);
  } else if constexpr (std::same_as<T, RawJson>) {
    value.text = json.value(depth);
  } else if constexpr (detail::is_optional<T>) {
    if (json.null()) {
      value.reset();
    } else {
      if (!value) value.emplace();
      read_value(json, *value, depth);
    }
  } else if constexpr (detail::is_vector<T>) {
    value.clear();
    json.array(depth, [&] {
      typename T::value_type element{};
      read_value(json, element, depth - 1);
      value.push_back(std::move(element));
    });
  } else if constexpr (detail::is_string_map<T>) {
    value.clear();
    json.object(depth, [&](std::string_view name) {
      read_value(json, value[std::string(name)], depth - 1);
    });
  } else if constexpr (ListsFields<T>) {
    detail::read_object(json, value, depth, std::make_index_sequence<detail::field_count<T>>{});
  } else {
    value = nlohmann::json::parse(json.value(depth)).template get<T>();
  }
}

}  // namespace castore

/// A struct that lists its fields is JSON for nlohmann_json, too.
template <castore::ListsFields T>
struct nlohmann::adl_serializer<T, void> {
  template <class Json>
  static void to_json(Json& json, const T& value) {
    json = Json::parse(castore::write_fields(value));
  }
  template <class Json>
  static void from_json(const Json& json, T& value) {
    value = castore::read_fields<T>(json.dump());
  }
};
