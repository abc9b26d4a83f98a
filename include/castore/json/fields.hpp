#pragma once

/// \file
/// A struct that lists its fields is read from JSON text and written to it directly, several times
/// faster than through nlohmann_json's tree:
///
///     struct PokemonAppeared {
///       static constexpr std::string_view type = "POKEMON_APPEARED";
///       std::string name;
///       int level = 0;
///       std::optional<std::string> trigger;
///
///       static constexpr auto fields = castore::fields("name", &PokemonAppeared::name,
///                                                      "level", &PokemonAppeared::level,
///                                                      "trigger", &PokemonAppeared::trigger);
///     };
///
/// The names are those in JSON: renaming a member does not change what is stored. It means the same
/// as `NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PokemonAppeared, name, level)`: one can be replaced by
/// the other, and what one has written the other reads. Members that JSON has and the list has not
/// are skipped; a listed one that is missing is an error, but for a `std::optional` and for what
/// `or_default` names.
///
/// A field is a bool, a number, a `std::string`, another struct that lists its fields, `RawJson`,
/// or a `std::optional`, `std::vector`, `std::map` or `std::unordered_map` (by `std::string`) of
/// these. Any other type is read and written by its nlohmann functions. The other way round, a
/// struct that lists its fields can stand wherever nlohmann_json wants `to_json` and `from_json`.
///
/// A field owns what it holds. A `std::string_view`, a `std::span`, a pointer, a
/// `std::reference_wrapper` or a `std::initializer_list`, also inside of a container, does not
/// compile: the JSON it would look into is gone when the reading is over.
///
/// What does not fit is an error, where nlohmann_json would round, cut off or write `null`: 300
/// into a `std::uint8_t`, 1.5 or `true` into an `int`, NaN into text. Of a member given twice both
/// have to fit, and the last counts. What is skipped has to be JSON, but its numbers may be of any
/// size.

#include <array>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <limits>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

namespace castore {

/// JSON kept as its text: a field, or a `Metadata`, that the application does not look into. Empty
/// text is not JSON and is refused when it is pushed.
struct RawJson {
  std::string text;

  friend bool operator==(const RawJson&, const RawJson&) = default;
};

namespace detail {

// Not constexpr: the compiler names the one that a list of fields would have to call.
void a_field_has_a_name_that_json_would_escape();
void two_fields_have_one_name();

}  // namespace detail

/// What a field is called in JSON; made of a string literal.
class FieldName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is a name
  constexpr FieldName(const char* text, bool required = true) : text_(text), required_(required) {
    for (const char c : text_) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') {
        detail::a_field_has_a_name_that_json_would_escape();
      }
    }
  }

  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }
  [[nodiscard]] constexpr bool required() const noexcept { return required_; }

 private:
  std::string_view text_;
  bool required_;
};

/// In the place of a name: where JSON lacks it the field keeps the value that the struct gives it.
/// For fields that older events do not have.
[[nodiscard]] consteval FieldName or_default(const char* name) { return {name, false}; }

template <class Class, class Member>
struct Field {
  using Type = Member;
  FieldName name;
  Member Class::*member;
};

/// Made by `fields`.
template <class... Field>
struct Fields {
  static constexpr std::size_t size = sizeof...(Field);
  std::tuple<Field...> list;
};

namespace detail {

template <template <class...> class, template <class...> class>
inline constexpr bool same_template = false;
template <template <class...> class T>
inline constexpr bool same_template<T, T> = true;
template <template <class...> class T, template <class...> class... Any>
inline constexpr bool one_template_of = (same_template<T, Any> || ...);

/// How many of the arguments of a template of the standard library it holds values of.
template <template <class...> class T>
inline constexpr std::size_t held_arguments =
    one_template_of<T, std::tuple, std::variant> ? std::numeric_limits<std::size_t>::max()
    : one_template_of<T, std::pair, std::map, std::multimap, std::unordered_map,
                      std::unordered_multimap>
        ? 2
    : one_template_of<T, std::optional, std::vector, std::deque, std::list, std::forward_list,
                      std::set, std::multiset, std::unordered_set, std::unordered_multiset,
                      std::valarray>
        ? 1
        : 0;

/// Whether a value keeps alive what it shows. What is inside of a type of the application's is its
/// own business.
template <class T>
inline constexpr bool owns_what_it_holds = !std::is_pointer_v<T>;
template <class T>
inline constexpr bool owns_what_it_holds<const T> = owns_what_it_holds<T>;
template <class T, std::size_t size>
inline constexpr bool owns_what_it_holds<T[size]> = owns_what_it_holds<T>;
template <class T, std::size_t size>
inline constexpr bool owns_what_it_holds<const T[size]> = owns_what_it_holds<T>;
template <class T, std::size_t size>
inline constexpr bool owns_what_it_holds<std::array<T, size>> = owns_what_it_holds<T>;
template <class T, std::size_t size>
inline constexpr bool owns_what_it_holds<std::span<T, size>> = false;

template <class... Argument>
consteval bool first_own([[maybe_unused]] std::size_t count) {
  return ((count == 0 || (--count, owns_what_it_holds<Argument>)) && ...);
}
template <template <class...> class T, class... Argument>
inline constexpr bool owns_what_it_holds<T<Argument...>> =
    !one_template_of<T, std::basic_string_view, std::reference_wrapper, std::initializer_list> &&
    first_own<Argument...>(held_arguments<T>);

template <class Class, class Member>
consteval Field<Class, Member> make_field(FieldName name, Member Class::*member) {
  static_assert(owns_what_it_holds<Member>,
                "a field's type does not own its text or its elements: what is read from JSON "
                "would dangle; use std::string, std::vector, or another type that owns");
  return {name, member};
}

template <class... Field>
consteval Fields<Field...> make_fields(Field... field) {
  const std::array<std::string_view, sizeof...(Field)> names{field.name.text()...};
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t k = i + 1; k < names.size(); ++k) {
      if (names[i] == names[k]) two_fields_have_one_name();
    }
  }
  return {{field...}};
}

template <class Arguments, std::size_t... I>
consteval auto pair_up(const Arguments& arguments, std::index_sequence<I...>) {
  return make_fields(make_field(std::get<2 * I>(arguments), std::get<2 * I + 1>(arguments))...);
}

}  // namespace detail

/// Names and members in turn, in the order they are to be written.
template <class... NameOrMember>
[[nodiscard]] consteval auto fields(NameOrMember... arguments) {
  static_assert(sizeof...(NameOrMember) % 2 == 0,
                "fields are listed in pairs: a name, then a pointer to the member");
  return detail::pair_up(std::tuple<NameOrMember...>(arguments...),
                         std::make_index_sequence<sizeof...(NameOrMember) / 2>{});
}

/// The list of a struct; specialise it, with a `value`, for a struct that you cannot change.
template <class T>
struct FieldsOf {};

namespace detail {

template <class T>
inline constexpr bool is_fields = false;
template <class... Field>
inline constexpr bool is_fields<Fields<Field...>> = true;

}  // namespace detail

template <class T>
requires detail::is_fields<std::remove_cv_t<decltype(T::fields)>>
struct FieldsOf<T> {
  static constexpr auto value = T::fields;
};

/// A struct whose fields are listed.
template <class T>
concept ListsFields = detail::is_fields<std::remove_cv_t<decltype(FieldsOf<T>::value)>>;

namespace detail {

/// The list by value, and only while compiling: GCC makes of a static member that is used at run
/// time a symbol that is one for the whole process, and so the list of whoever was loaded first.
template <ListsFields T>
[[nodiscard]] consteval auto fields_of() {
  return FieldsOf<T>::value;
}

template <ListsFields T>
inline constexpr std::size_t field_count = decltype(fields_of<T>())::size;

}  // namespace detail

/// JSON that does not fit a struct.
class FieldError : public std::invalid_argument {
 public:
  FieldError(const std::string& message, std::string path)
      : std::invalid_argument(message), path_(std::move(path)) {}

  /// The member at fault, as in "level" or "moves[1].name"; empty where it is the JSON as a whole,
  /// or is not known.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Appends `value` as JSON. \throws std::exception  a number or string that JSON cannot hold
template <class T>
void append_value(std::string& out, const T& value);

/// Reads the value that comes next over `value`, of which nothing is left but its memory. After an
/// error it is anything. \throws JsonSyntaxError, std::exception  it does not fit
template <class T>
void read_value(JsonScanner& json, T& value, int depth);

template <ListsFields T>
[[nodiscard]] std::string write_fields(const T& value) {
  constexpr std::size_t usual_size = 256;
  std::string json;
  json.reserve(usual_size);
  append_value(json, value);
  return json;
}

namespace detail {

/// Makes a `FieldError` of an error of reading `json`. Called in a catch clause; what is none of
/// ours stays as it is. \param name  the one read last
[[noreturn]] void throw_unreadable(std::string_view json, std::string_view name);
/// \param end  of the object that lacks it
[[noreturn]] void throw_missing(std::string_view name, std::size_t end);
void append_text(std::string& out, std::string_view text);
void append_floating(std::string& out, double value);

}  // namespace detail

/// Reads `json` over `value`, as `read_value` does.
/// \throws FieldError      `json` is not JSON, or does not fit; it says where and why
/// \throws std::exception  what the JSON functions of a field's type throw
template <ListsFields T>
void read_fields(std::string_view json, T& value) {
  JsonScanner scanner(json);
  try {
    read_value(scanner, value, max_json_depth);
    scanner.expect_end();
  } catch (...) {
    detail::throw_unreadable(json, scanner.last_name());
  }
}

template <ListsFields T>
[[nodiscard]] T read_fields(std::string_view json) {
  T value{};
  read_fields(json, value);
  return value;
}

// ---------------------------------------------------------------------------------------------

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

/// What lists its fields is JSON for nlohmann_json, too.
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
