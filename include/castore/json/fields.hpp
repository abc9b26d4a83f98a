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
/// JSON that does not fit is an error, where nlohmann_json would round, cut off or write `null`:
/// 300 into a `std::uint8_t`, 1.5 or `true` into an `int`, NaN into text. Of a member given twice
/// both have to fit, and the last counts. What is skipped has to be JSON, but its numbers may be of
/// any size.

#include <array>
#include <castore/detail/ownership.hpp>
#include <castore/detail/shared.hpp>
#include <castore/json/scanner.hpp>
#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

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

/// The name of a field in JSON; made of a string literal.
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
  [[nodiscard]] const std::string& path() const noexcept { return *path_; }

 private:
  detail::Shared<std::string> path_;
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

}  // namespace castore

#include <castore/impl/json/fields.hpp>  // IWYU pragma: export
