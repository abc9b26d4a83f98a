#pragma once

/// \file
/// Structs list their fields, and are read from JSON text and written to it directly, several times
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
/// The names are those in JSON: renaming a member does not change what is stored. A list names all
/// members of its struct. One that leaves a member out does not compile, as far as the compiler can
/// count them: in a struct without constructors, private members and base classes. Bit-fields and
/// references cannot be listed. An aggregate may leave out its `aggregate_id` and `version`, which
/// its event store knows.
///
/// The types of fields, and their JSON, are in `castore/json/values.hpp`.

#include <array>
#include <castore/detail/members.hpp>
#include <castore/detail/ownership.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace castore {
namespace detail {

// Not constexpr: the compiler names the one that a list would have to call.
void a_name_has_a_character_that_json_would_escape();
void two_fields_have_one_name();
void a_member_is_listed_twice();

consteval void check_plain_name(std::string_view name) {
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') {
      a_name_has_a_character_that_json_would_escape();
    }
  }
}

}  // namespace detail

/// The name of a field in JSON, made of a string literal, and its `former` names.
template <std::size_t former = 0>
class FieldName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is a name
  consteval FieldName(const char* text) requires(former == 0) : FieldName({text}, true) {}
  consteval FieldName(const std::array<std::string_view, former + 1>& names, bool required)
      : names_(names), required_(required) {
    for (const std::string_view name : names) detail::check_plain_name(name);
  }

  /// The name that is written.
  [[nodiscard]] constexpr std::string_view text() const noexcept { return names_[0]; }
  /// All names that are read, the one that is written first.
  [[nodiscard]] constexpr const std::array<std::string_view, former + 1>& all() const noexcept {
    return names_;
  }
  [[nodiscard]] constexpr bool required() const noexcept { return required_; }

 private:
  std::array<std::string_view, former + 1> names_;
  bool required_;
};

/// In the place of a name: where JSON lacks it the field keeps the value that the struct gives it.
/// For fields that older events do not have.
template <std::size_t former>
[[nodiscard]] consteval FieldName<former> or_default(const FieldName<former>& name) {
  return {name.all(), false};
}
[[nodiscard]] consteval FieldName<> or_default(const char* name) {
  return or_default(FieldName<>(name));
}

/// In the place of a name: the field is written under the first name, and read under any of them.
/// For fields that older events have under another name.
template <std::same_as<const char*>... Former>
[[nodiscard]] consteval auto renamed(const char* name, Former... former) {
  static_assert(sizeof...(Former) > 0, "a renamed field has a name, and those it had before");
  return FieldName<sizeof...(Former)>({name, former...}, true);
}

template <class Class, class Member, std::size_t former = 0>
struct Field {
  using Type = Member;
  FieldName<former> name;
  Member Class::*member;
};

/// In the place of a name and a member: the member is not in the JSON, on purpose.
template <class Class, class Member>
struct Ignored {
  Member Class::*member;
};
template <class Class, class Member>
[[nodiscard]] consteval Ignored<Class, Member> ignored(Member Class::*member) {
  return {member};
}

/// Made by `fields`.
template <std::size_t ignored_members, class... Field>
struct Fields {
  static constexpr std::size_t size = sizeof...(Field);
  std::tuple<Field...> list;
};

/// Made by `transparent`.
template <class Class, class Member>
struct Transparent {
  using Type = Member;
  Member Class::*member;
};

namespace detail {

template <class Argument>
inline constexpr bool is_field_name = std::is_convertible_v<Argument, const char*>;
template <std::size_t former>
inline constexpr bool is_field_name<FieldName<former>> = true;

template <class Argument>
inline constexpr std::size_t ignored_slots = 0;
template <class Class, class Member>
inline constexpr std::size_t ignored_slots<Ignored<Class, Member>> = member_slots<Member>;

/// The places of the names among the arguments of a list.
template <class... Argument>
consteval auto places_of_names() {
  std::array<std::size_t, (std::size_t{is_field_name<Argument>} + ... + 0)> places{};
  std::size_t place = 0;
  std::size_t found = 0;
  ((is_field_name<Argument> ? void(places[found++] = place) : void(), ++place), ...);
  return places;
}

/// Whether each name is followed by a member, and each member that is not ignored comes after one.
template <class... Argument>
consteval bool is_list_of_fields() {
  bool named = false;
  bool fits = true;
  const auto take = [&](bool name, bool member) {
    fits = fits && name != named && (name || member);
    named = name;
  };
  ((ignored_slots<Argument> > 0
        ? void(fits = fits && !named)
        : take(is_field_name<Argument>, std::is_member_object_pointer_v<Argument>)),
   ...);
  return fits && !named;
}

template <class Member, class Class>
consteval void check_owner() {
  static_assert(owns_what_it_holds<Member>,
                "a field's type does not own its text or its elements: what is read from JSON "
                "would dangle; use std::string, std::vector, or another type that owns");
}

template <std::size_t former, class Class, class Member>
consteval Field<Class, Member, former> make_field(const FieldName<former>& name,
                                                  Member Class::*member) {
  check_owner<Member, Class>();
  return {name, member};
}
template <class Class, class Member>
consteval Field<Class, Member> make_field(const char* name, Member Class::*member) {
  return make_field(FieldName<>(name), member);
}

struct NoPointer {};

/// The member that an argument of a list names, listed or ignored.
template <class Argument>
consteval auto member_of(const Argument& argument) {
  if constexpr (std::is_member_object_pointer_v<Argument>) {
    return argument;
  } else if constexpr (ignored_slots<Argument> > 0) {
    return argument.member;
  } else {
    return NoPointer{};
  }
}

template <class A, class B>
consteval void check_differ(A a, B b) {
  if constexpr (std::same_as<A, B> && !std::same_as<A, NoPointer>) {
    if (a == b) a_member_is_listed_twice();
  }
}

/// Checks that no two arguments name one member.
template <class First, class... Rest>
consteval void check_members_differ(const First& first, const Rest&... rest) {
  (check_differ(member_of(first), member_of(rest)), ...);
  if constexpr (sizeof...(Rest) > 1) check_members_differ(rest...);
}

template <class... Field>
consteval void check_names_differ(const Field&... field) {
  std::array<std::string_view,
             (0 + ... + std::tuple_size_v<std::remove_cvref_t<decltype(field.name.all())>>)>
      names{};
  std::size_t count = 0;
  const auto add = [&](const auto& all) {
    for (const std::string_view name : all) names[count++] = name;
  };
  (add(field.name.all()), ...);
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t k = i + 1; k < names.size(); ++k) {
      if (names[i] == names[k]) two_fields_have_one_name();
    }
  }
}

template <std::size_t ignored_members, class... Field>
consteval Fields<ignored_members, Field...> make_fields(Field... field) {
  check_names_differ(field...);
  return {{field...}};
}

template <class... Argument, std::size_t... I>
consteval auto pair_up(const std::tuple<Argument...>& arguments, std::index_sequence<I...>) {
  constexpr auto names = places_of_names<Argument...>();
  return make_fields<(ignored_slots<Argument> + ... + 0)>(
      make_field(std::get<names[I]>(arguments), std::get<names[I] + 1>(arguments))...);
}

}  // namespace detail

/// Names and members in turn, in the order they are to be written, and between them those that are
/// `ignored`.
template <class... Argument>
[[nodiscard]] consteval auto fields(Argument... argument) {
  constexpr bool is_list = detail::is_list_of_fields<Argument...>();
  static_assert(is_list,
                "fields are listed in pairs: a name, then a pointer to the member; "
                "castore::ignored(&Type::member) stands alone");
  if constexpr (is_list) {
    constexpr std::size_t size = detail::places_of_names<Argument...>().size();
    detail::check_members_differ(argument...);
    return detail::pair_up(std::tuple<Argument...>(argument...), std::make_index_sequence<size>{});
  }
}

/// In the place of a list, for a struct with one member: in JSON it is that member, without a name.
/// An id with a type of its own is
///
///     struct TrainerId {
///       std::string value;
///       static constexpr auto fields = castore::transparent(&TrainerId::value);
///     };
template <class Class, class Member>
[[nodiscard]] consteval Transparent<Class, Member> transparent(Member Class::*member) {
  detail::check_owner<Member, Class>();
  return {member};
}

/// The list of a struct; specialise it, with a `value`, for a struct that you cannot change.
template <class T>
struct FieldsOf {};

namespace detail {

template <class T>
inline constexpr bool is_fields = false;
template <std::size_t ignored_members, class... Field>
inline constexpr bool is_fields<Fields<ignored_members, Field...>> = true;

template <class T>
inline constexpr bool is_transparent = false;
template <class Class, class Member>
inline constexpr bool is_transparent<Transparent<Class, Member>> = true;

}  // namespace detail

template <class T>
requires(detail::is_fields<std::remove_cv_t<decltype(T::fields)>> ||
         detail::is_transparent<std::remove_cv_t<decltype(T::fields)>>) struct FieldsOf<T> {
  static constexpr auto value = T::fields;
};

/// A struct whose fields are listed.
template <class T>
concept ListsFields = detail::is_fields<std::remove_cv_t<decltype(FieldsOf<T>::value)>>;

/// A struct that is its one member in JSON.
template <class T>
concept IsTransparent = detail::is_transparent<std::remove_cv_t<decltype(FieldsOf<T>::value)>>;

namespace detail {

template <class List>
inline constexpr std::size_t listed_members = 0;
template <std::size_t ignored_members, class... Field>
inline constexpr std::size_t listed_members<Fields<ignored_members, Field...>> =
    (ignored_members + ... + member_slots<typename Field::Type>);
template <class Class, class Member>
inline constexpr std::size_t listed_members<Transparent<Class, Member>> = member_slots<Member>;

template <class A, class B>
constexpr bool are_one_member(A a, B b) {
  if constexpr (std::same_as<A, B>) {
    return a == b;
  } else {
    return false;
  }
}

template <class... Field, std::size_t ignored_members, class Member>
constexpr bool lists_member(const Fields<ignored_members, Field...>& fields, Member member) {
  return std::apply(
      [&](const auto&... field) { return (are_one_member(field.member, member) || ...); },
      fields.list);
}

/// The members that a list may leave out: of an aggregate, its `aggregate_id` and `version`, which
/// its event store knows.
template <class T>
consteval std::size_t members_left_to_event_store() {
  if constexpr (is_fields<std::remove_cv_t<decltype(FieldsOf<T>::value)>> && requires(T aggregate) {
                  { aggregate.aggregate_id } -> std::same_as<std::string&>;
                  { aggregate.version } -> std::same_as<std::int64_t&>;
                }) {
    constexpr auto fields = FieldsOf<T>::value;
    return std::size_t{!lists_member(fields, &T::aggregate_id)} +
           std::size_t{!lists_member(fields, &T::version)};
  } else {
    return 0;
  }
}

/// The compiler prints its arguments.
template <class Struct, std::size_t members_missing>
struct CheckedList {
  static_assert(members_missing == 0,
                "so many members of this struct are missing in its list of fields, and would be "
                "lost: list them, or castore::ignored(&Type::member) what is left out on purpose");
};

/// The list by value, and only while compiling: GCC makes of a static member that is used at run
/// time a symbol that is one for the whole process, and so the list of whoever was loaded first.
template <class T>
[[nodiscard]] consteval auto fields_of() {
  constexpr std::size_t listed = listed_members<std::remove_cv_t<decltype(FieldsOf<T>::value)>> +
                                 members_left_to_event_store<T>();
  static_cast<void>(CheckedList<T, members_beyond<T, listed>()>{});
  return FieldsOf<T>::value;
}

template <ListsFields T>
inline constexpr std::size_t field_count = decltype(fields_of<T>())::size;

}  // namespace detail
}  // namespace castore
