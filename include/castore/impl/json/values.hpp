#pragma once

/// \file
/// The bodies of values; included by their header.

#include <array>
#include <castore/json/values.hpp>
#include <castore/timestamp.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace castore::detail {

// Called in a catch clause.
/// Makes a `FieldError` of an error of writing, which got as far as `written`.
[[noreturn]] void throw_unwritable(std::string_view written);
/// Makes a `FieldError` of an error of reading `json`, which got as far as `position`.
[[noreturn]] void throw_unreadable(std::string_view json, std::size_t position);

/// \param byte  where the value begins that is another
[[noreturn]] void throw_unexpected(std::size_t byte, const std::string& expected);
/// \param end  of the object that lacks it
[[noreturn]] void throw_missing(std::string_view name, std::size_t end);
/// \param what  cannot be written, such as "NaN"
[[noreturn]] void throw_no_json(const std::string& what);

void append_text(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t value);
void append_unsigned(std::string& out, std::uint64_t value);
void append_floating(std::string& out, double value);
void append_raw(std::string& out, std::string_view json);
void append_bytes(std::string& out, std::span<const std::byte> bytes);
void append_date(std::string& out, std::chrono::year_month_day date);

[[nodiscard]] float read_float(JsonScanner& json);
[[nodiscard]] std::vector<std::byte> read_bytes(JsonScanner& json);
void read_bytes(JsonScanner& json, std::span<std::byte> bytes);
[[nodiscard]] Timestamp read_timestamp(JsonScanner& json);
[[nodiscard]] std::chrono::year_month_day read_date(JsonScanner& json);
/// Reads a string. \returns its place in `texts`, or their number if it is none of them
[[nodiscard]] std::size_t read_choice(JsonScanner& json, std::span<const std::string_view> texts);
[[nodiscard]] std::size_t choice(std::string_view text, std::span<const std::string_view> texts);
[[noreturn]] void throw_no_choice(std::size_t byte, std::span<const std::string_view> texts);
/// \param byte  of the value that has the name
[[noreturn]] void throw_no_name(std::size_t byte, std::string_view name,
                                std::span<const std::string_view> names);
/// The tag of a variant's object. Where it was the first member, the next one comes now, and it may
/// not come again; else all members come now.
struct Tag {
  std::size_t place;  ///< in the list
  bool first;
  bool ended;  ///< no member comes any more
};
/// Reads the tag of an object whose `{` is taken.
[[nodiscard]] Tag read_tag(JsonScanner& json, std::string_view name, int depth,
                           std::span<const std::string_view> texts);

/// The beginning of the value that comes next.
[[nodiscard]] inline std::size_t begin_of_value(JsonScanner& json) {
  static_cast<void>(json.peek());
  return json.position();
}

/// The way a type is written and read. This one is for scalars, structs and foreign types;
/// others have a specialisation.
template <class T>
struct ValueCodec {
  struct Primary;
  static void append(std::string& out, const T& value);
  static void read(JsonScanner& json, T& value, int depth);
};

template <class T>
inline constexpr bool has_own_codec = !requires {
  typename ValueCodec<T>::Primary;
};

/// A type that nlohmann_json knows and castore does not.
template <class T>
inline constexpr bool is_foreign = !has_own_codec<T> && !std::is_arithmetic_v<T> &&
                                   !std::is_enum_v<T> && !ListsFields<T> && !IsTransparent<T>;

/// A type that castore or nlohmann_json writes and reads.
template <class T>
concept JsonValue = has_own_codec<T> || !is_foreign<T> || (WrittenAsJson<T> && ReadFromJson<T>);

/// Types some of whose values are `null`.
template <class T>
inline constexpr bool may_be_null = false;
template <>
inline constexpr bool may_be_null<RawJson> = true;
template <class T>
inline constexpr bool may_be_null<std::optional<T>> = true;
template <class T, class Deleter>
inline constexpr bool may_be_null<std::unique_ptr<T, Deleter>> = true;
template <class T>
inline constexpr bool may_be_null<std::shared_ptr<T>> = true;
template <class T>
requires requires {
  typename T::json_pointer;  // a nlohmann::basic_json
}
inline constexpr bool may_be_null<T> = true;
template <IsTransparent T>
inline constexpr bool may_be_null<T> =
    may_be_null<typename std::remove_cv_t<decltype(FieldsOf<T>::value)>::Type>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Appends what an optional or a pointer holds, which must not look as if it held nothing.
template <class T>
void append_held(std::string& out, const T& value) {
  const std::size_t begin = out.size();
  append_value(out, value);
  if constexpr (is_foreign<T> && !may_be_null<T>) {
    if (std::string_view(out).substr(begin) == "null") {
      out.resize(begin);
      throw_no_json("value that is written as null, and would be read as none");
    }
  }
}

// --- Structs -------------------------------------------------------------------------------------

template <class Member>
void append_field(std::string& out, std::string_view name, const Member& member) {
  if constexpr (is_optional<Member>) {
    if (!member) return;
  }
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":";
  if constexpr (is_optional<Member>) {
    append_held(out, *member);
  } else {
    append_value(out, member);
  }
}

template <class T>
void append_fields(std::string& out, const T& value) {
  constexpr auto fields = fields_of<T>();
  std::apply(
      [&](const auto&... field) {
        (append_field(out, field.name.text(), value.*field.member), ...);
      },
      fields.list);
}

/// Of an optional, `null` is a value where that can be.
template <class Member>
void read_member(JsonScanner& json, Member& member, int depth) {
  if constexpr (is_optional<Member>) {
    if (!may_be_null<typename Member::value_type> && json.null()) {
      member.reset();
    } else {
      if (!member) member.emplace();
      read_value(json, *member, depth);
    }
  } else {
    read_value(json, member, depth);
  }
}

/// The member of that name is read, if it is the `I`th of the list.
template <std::size_t I, class T, class Seen>
bool read_field(JsonScanner& json, std::string_view name, T& value, Seen& seen, int depth) {
  constexpr auto field = std::get<I>(fields_of<T>().list);
  constexpr auto names = field.name.all();
  const auto is_name = [&]<std::size_t... N>(std::index_sequence<N...>) {
    return ((name == names[N]) || ...);
  };
  if (!is_name(std::make_index_sequence<names.size()>{})) return false;
  seen[I] = true;
  read_member(json, value.*field.member, depth);  // given twice: the last counts, as a whole
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
  constexpr auto names = field.name.all();
  const auto skip_name = [&]<std::size_t... N>(std::index_sequence<N...>) {
    return (json.skip_name(names[N]) || ...);
  };
  if (!skip_name(std::make_index_sequence<names.size()>{})) {
    return !field.name.required() || is_optional<typename decltype(field)::Type>;
  }
  seen[I] = true;
  read_member(json, value.*field.member, depth);
  ended = !json.skip(',');
  return !ended;
}

/// Skips a member that no list has. \param tag  null, or the name of one that must not come again
inline void skip_member(JsonScanner& json, std::string_view name, int depth,
                        const std::string_view* tag) {
  if (tag != nullptr && name == *tag) json.fail("the tag is given twice");
  json.value(depth);
}

/// Reads the members of an object and its end. \param ended  no member comes any more
template <class T, std::size_t... I>
void read_fields(JsonScanner& json, T& value, int depth, bool ended, const std::string_view* tag,
                 std::index_sequence<I...>) {
  std::array<bool, sizeof...(I)> seen{};
  // As we write it: in the order of the list, without white space.
  if (!ended) static_cast<void>((read_next_field<I>(json, value, seen, depth, ended) && ...));
  while (!ended) {
    const std::string_view name = json.name();
    if (!(read_field<I>(json, name, value, seen, depth) || ...)) {
      skip_member(json, name, depth, tag);
    }
    ended = !json.skip(',');
  }
  json.expect('}', "expected ',' or '}'");
  ((seen[I] ? void() : read_missing_field<I>(json, value)), ...);
}

/// The same for a struct with or without a list.
template <class T>
void read_fields(JsonScanner& json, [[maybe_unused]] T& value, int depth, bool ended,
                 const std::string_view* tag = nullptr) {
  if constexpr (ListsFields<T>) {
    read_fields(json, value, depth, ended, tag, std::make_index_sequence<field_count<T>>{});
  } else {
    for (; !ended; ended = !json.skip(',')) skip_member(json, json.name(), depth, tag);
    json.expect('}', "expected ',' or '}'");
  }
}

inline void begin_object(JsonScanner& json, int depth) {
  if (depth <= 0) json.fail("nested too deeply");
  json.expect_object();
}

// --- Enumerations --------------------------------------------------------------------------------

template <class Enum>
[[nodiscard]] std::string_view enumerator_name(Enum value) {
  constexpr auto list = names_of<Enum>();
  for (std::size_t i = 0; i < list.names.size(); ++i) {
    // The text is constant; the array of the views is gone with this call.
    if (list.enumerators[i] == value) return list.names[i];
  }
  throw_no_json("enumerator without a name, " +
                std::to_string(static_cast<std::underlying_type_t<Enum>>(value)));
}

template <class Enum>
void append_enumerator(std::string& out, Enum value) {
  const std::string_view name = enumerator_name(value);
  out += '"';
  out += name;
  out += '"';
}

/// \param place  as `choice` returns it \param fail  is called if that is none
template <class Enum, class Fail>
[[nodiscard]] Enum enumerator_at(std::size_t place, Fail&& fail) {
  constexpr auto list = names_of<Enum>();
  if (place < list.names.size()) return list.enumerators[place];
  if constexpr (!list.fallback.has_value()) fail(list.names);
  return list.fallback.value_or(Enum{});
}

template <class Enum>
void read_enumerator(JsonScanner& json, Enum& value) {
  constexpr auto list = names_of<Enum>();
  const std::size_t begin = begin_of_value(json);
  value = enumerator_at<Enum>(read_choice(json, list.names),
                              [&](const auto& names) { throw_no_choice(begin, names); });
}

// --- Scalars, structs, and foreign types ---------------------------------------------------------

/// The compiler prints the first of these that does not hold, and the type.
template <class T>
struct CheckedValue {
  static_assert(
      !std::is_enum_v<T> || has_names<T>,
      "this enumeration has no names: JSON has them as text, so list them, as `template <> "
      "inline constexpr auto castore::enum_names<Enum> = castore::names(\"EUR\", Enum::eur, "
      "...)`");
  static_assert(!std::is_arithmetic_v<T> || sizeof(T) <= sizeof(std::int64_t),
                "JSON has no place for all digits of this number: use one of at most 64 bits");
  static_assert(!is_foreign<T> || WrittenAsJson<T> || ReadFromJson<T>,
                "this type (of a payload, metadata or a field) has no JSON functions: list its "
                "fields, as `static constexpr auto fields = castore::fields(\"name\", "
                "&Type::name);`, or give it to_json and from_json");
};

template <class T>
void ValueCodec<T>::append(std::string& out, const T& value) {
  static_cast<void>(CheckedValue<T>{});
  if constexpr (std::same_as<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::signed_integral<T>) {
    append_integer(out, value);
  } else if constexpr (std::unsigned_integral<T>) {
    append_unsigned(out, value);
  } else if constexpr (std::floating_point<T>) {
    append_floating(out, static_cast<double>(value));
  } else if constexpr (std::is_enum_v<T>) {
    if constexpr (has_names<T>) append_enumerator(out, value);
  } else if constexpr (ListsFields<T>) {
    out += '{';
    append_fields(out, value);
    out += '}';
  } else if constexpr (IsTransparent<T>) {
    constexpr auto transparent = fields_of<T>();
    append_value(out, value.*transparent.member);
  } else if constexpr (WrittenAsJson<T>) {
    out += nlohmann::json(value).dump();
  } else {
    static_assert(!ReadFromJson<T>, "this type has from_json, and lacks to_json");
  }
}

template <class T>
void ValueCodec<T>::read(JsonScanner& json, T& value, int depth) {
  static_cast<void>(CheckedValue<T>{});
  using Limits = std::numeric_limits<T>;
  if constexpr (std::same_as<T, bool>) {
    value = json.boolean();
  } else if constexpr (std::signed_integral<T>) {
    value = static_cast<T>(json.integer(Limits::min(), Limits::max()));
  } else if constexpr (std::unsigned_integral<T>) {
    value = static_cast<T>(json.unsigned_integer(Limits::max()));
  } else if constexpr (std::same_as<T, float>) {
    value = read_float(json);
  } else if constexpr (std::floating_point<T>) {
    value = json.floating();
  } else if constexpr (std::is_enum_v<T>) {
    if constexpr (has_names<T>) read_enumerator(json, value);
  } else if constexpr (ListsFields<T>) {
    begin_object(json, depth);
    read_fields(json, value, depth - 1, json.peek() == '}');
  } else if constexpr (IsTransparent<T>) {
    constexpr auto transparent = fields_of<T>();
    read_value(json, value.*transparent.member, depth);
  } else if constexpr (ReadFromJson<T>) {
    value = nlohmann::json::parse(json.value(depth)).template get<T>();
  } else {
    static_assert(!WrittenAsJson<T>, "this type has to_json, and lacks from_json");
  }
}

template <>
struct ValueCodec<std::string> {
  static void append(std::string& out, const std::string& value) { append_text(out, value); }
  static void read(JsonScanner& json, std::string& value, int) { json.string(value); }
};

template <>
struct ValueCodec<RawJson> {
  static void append(std::string& out, const RawJson& value) { append_raw(out, value.text); }
  static void read(JsonScanner& json, RawJson& value, int depth) { value.text = json.value(depth); }
};

// --- Optionals and pointers ----------------------------------------------------------------------

/// The compiler prints the type.
template <class T>
struct CheckedOptional {
  static_assert(!may_be_null<T>,
                "an optional (or a pointer) of something that can be null itself: JSON could not "
                "tell nothing from null; as the member of a struct it can");
};

template <class T>
struct ValueCodec<std::optional<T>> {
  static void append(std::string& out, const std::optional<T>& value) {
    static_cast<void>(CheckedOptional<T>{});
    if (value) {
      append_held(out, *value);
    } else {
      out += "null";
    }
  }
  static void read(JsonScanner& json, std::optional<T>& value, int depth) {
    static_cast<void>(CheckedOptional<T>{});
    read_member(json, value, depth);
  }
};

/// A pointer that owns. What is read is a value of its own: others may share the one before.
template <class Pointer>
struct PointerCodec {
  using Value = std::remove_cv_t<typename Pointer::element_type>;
  static void append(std::string& out, const Pointer& value) {
    static_cast<void>(CheckedOptional<Value>{});
    if (value) {
      append_held(out, *value);
    } else {
      out += "null";
    }
  }
  static void read(JsonScanner& json, Pointer& value, int depth) {
    static_cast<void>(CheckedOptional<Value>{});
    value.reset();
    if (json.null()) return;
    auto read = std::make_unique<Value>();
    read_value(json, *read, depth);
    value = std::move(read);
  }
};
template <class T>
struct ValueCodec<std::unique_ptr<T>> : PointerCodec<std::unique_ptr<T>> {};
template <class T>
struct ValueCodec<std::shared_ptr<T>> : PointerCodec<std::shared_ptr<T>> {};

// --- Arrays --------------------------------------------------------------------------------------

template <class Elements>
struct ElementsCodec {
  static void append(std::string& out, const Elements& value) {
    out += '[';
    for (const typename Elements::value_type& element : value) {
      if (out.back() != '[') out += ',';
      append_value(out, element);
    }
    out += ']';
  }
  static void read(JsonScanner& json, Elements& value, int depth) {
    value.clear();
    json.array(depth, [&] {
      const std::size_t begin = begin_of_value(json);
      typename Elements::value_type element{};
      read_value(json, element, depth - 1);
      const std::size_t size = value.size();
      value.insert(value.end(), std::move(element));
      if (value.size() == size) throw_unexpected(begin, "an element that was not there before");
    });
  }
};
template <class T, class... Rest>
struct ValueCodec<std::vector<T, Rest...>> : ElementsCodec<std::vector<T, Rest...>> {};
template <class T, class... Rest>
struct ValueCodec<std::deque<T, Rest...>> : ElementsCodec<std::deque<T, Rest...>> {};
template <class T, class... Rest>
struct ValueCodec<std::list<T, Rest...>> : ElementsCodec<std::list<T, Rest...>> {};
template <class T, class... Rest>
struct ValueCodec<std::set<T, Rest...>> : ElementsCodec<std::set<T, Rest...>> {};
template <class T, class... Rest>
struct ValueCodec<std::multiset<T, Rest...>> : ElementsCodec<std::multiset<T, Rest...>> {};
template <class T, class... Rest>
struct ValueCodec<std::unordered_set<T, Rest...>> : ElementsCodec<std::unordered_set<T, Rest...>> {
};
template <class T, class... Rest>
struct ValueCodec<std::unordered_multiset<T, Rest...>>
    : ElementsCodec<std::unordered_multiset<T, Rest...>> {};

/// Reads an array of just so many elements; `read(i)` reads one.
template <class Read>
void read_elements(JsonScanner& json, int depth, std::size_t size, Read&& read) {
  const auto fail = [&, begin = begin_of_value(json)] {
    throw_unexpected(begin, "an array of " + std::to_string(size) + " elements");
  };
  std::size_t count = 0;
  json.array(depth, [&] {
    if (count == size) fail();
    read(count++);
  });
  if (count != size) fail();
}

template <class T, std::size_t size>
struct ValueCodec<std::array<T, size>> {
  static void append(std::string& out, const std::array<T, size>& value) {
    out += '[';
    for (const T& element : value) {
      if (out.back() != '[') out += ',';
      append_value(out, element);
    }
    out += ']';
  }
  static void read(JsonScanner& json, std::array<T, size>& value, int depth) {
    read_elements(json, depth, size, [&](std::size_t i) { read_value(json, value[i], depth - 1); });
  }
};

/// A pair or a tuple.
template <class Tuple>
struct TupleCodec {
  static constexpr std::size_t size = std::tuple_size_v<Tuple>;
  static void append(std::string& out, const Tuple& value) {
    out += '[';
    const auto append_one = [&](const auto& element) {
      if (out.back() != '[') out += ',';
      append_value(out, element);
    };
    std::apply([&](const auto&... element) { (append_one(element), ...); }, value);
    out += ']';
  }
  static void read(JsonScanner& json, Tuple& value, int depth) {
    read_elements(json, depth, size, [&](std::size_t i) {
      std::size_t place = 0;
      std::apply(
          [&](auto&... element) {
            ((place++ == i ? read_value(json, element, depth - 1) : void()), ...);
          },
          value);
    });
  }
};
template <class A, class B>
struct ValueCodec<std::pair<A, B>> : TupleCodec<std::pair<A, B>> {};
template <class... T>
struct ValueCodec<std::tuple<T...>> : TupleCodec<std::tuple<T...>> {};

template <>
struct ValueCodec<std::vector<std::byte>> {
  static void append(std::string& out, const std::vector<std::byte>& value) {
    append_bytes(out, value);
  }
  static void read(JsonScanner& json, std::vector<std::byte>& value, int) {
    value = read_bytes(json);
  }
};
template <std::size_t size>
struct ValueCodec<std::array<std::byte, size>> {
  static void append(std::string& out, const std::array<std::byte, size>& value) {
    append_bytes(out, value);
  }
  static void read(JsonScanner& json, std::array<std::byte, size>& value, int) {
    read_bytes(json, value);
  }
};

// --- Maps ----------------------------------------------------------------------------------------

template <class Key>
inline constexpr bool is_text = std::same_as<Key, std::string> ||
                                (std::is_enum_v<Key> && has_names<Key>);
template <IsTransparent Key>
inline constexpr bool is_text<Key> =
    is_text<typename std::remove_cv_t<decltype(FieldsOf<Key>::value)>::Type>;

template <class Key>
[[nodiscard]] std::string_view text_of_key(const Key& key) {
  if constexpr (std::is_enum_v<Key>) {
    return enumerator_name(key);
  } else if constexpr (IsTransparent<Key>) {
    constexpr auto transparent = fields_of<Key>();
    return text_of_key(key.*transparent.member);
  } else {
    return key;
  }
}

/// \param byte  of the value that has it
template <class Key>
void read_key(std::string_view text, Key& key, std::size_t byte) {
  if constexpr (std::is_enum_v<Key>) {
    constexpr auto list = names_of<Key>();
    key = enumerator_at<Key>(choice(text, list.names),
                             [&](const auto& names) { throw_no_name(byte, text, names); });
  } else if constexpr (IsTransparent<Key>) {
    constexpr auto transparent = fields_of<Key>();
    read_key(text, key.*transparent.member, byte);
  } else {
    key = text;
  }
}

template <class Map>
struct MapCodec {
  using Key = typename Map::key_type;
  static void append(std::string& out, const Map& value) {
    if constexpr (is_text<Key>) {
      out += '{';
      for (const auto& [key, mapped] : value) {
        if (out.back() != '{') out += ',';
        append_text(out, text_of_key(key));
        out += ':';
        append_value(out, mapped);
      }
      out += '}';
    } else {
      out += '[';
      for (const auto& [key, mapped] : value) {
        out += out.back() != '[' ? ",[" : "[";
        append_value(out, key);
        out += ',';
        append_value(out, mapped);
        out += ']';
      }
      out += ']';
    }
  }
  static void read(JsonScanner& json, Map& value, int depth) {
    value.clear();
    if constexpr (is_text<Key>) {
      json.object(depth, [&](std::string_view name) {
        Key key{};
        read_key(name, key, json.position());
        read_value(json, value[std::move(key)], depth - 1);
      });
    } else {
      json.array(depth, [&] {
        const std::size_t begin = begin_of_value(json);
        std::pair<Key, typename Map::mapped_type> entry{};
        read_value(json, entry, depth - 1);
        if (!value.insert(std::move(entry)).second) {
          throw_unexpected(begin, "a key that was not there before");
        }
      });
    }
  }
};
template <class Key, class T, class... Rest>
struct ValueCodec<std::map<Key, T, Rest...>> : MapCodec<std::map<Key, T, Rest...>> {};
template <class Key, class T, class... Rest>
struct ValueCodec<std::unordered_map<Key, T, Rest...>>
    : MapCodec<std::unordered_map<Key, T, Rest...>> {};

/// The compiler prints the type.
template <class Map>
struct MultimapCodec {
  template <class>
  static constexpr bool keeps_all = false;
  template <class T>
  static void append(std::string&, const T&) {
    static_assert(keeps_all<T>,
                  "a multimap would lose the elements of a key but one: use a map to vectors, or a "
                  "vector of pairs");
  }
  template <class T>
  static void read(JsonScanner&, T& value, int) {
    append(std::declval<std::string&>(), value);
  }
};
template <class... T>
struct ValueCodec<std::multimap<T...>> : MultimapCodec<std::multimap<T...>> {};
template <class... T>
struct ValueCodec<std::unordered_multimap<T...>> : MultimapCodec<std::unordered_multimap<T...>> {};

// --- Variants ------------------------------------------------------------------------------------

template <class Variant, class Alternative>
consteval bool is_alternative_struct() {
  constexpr auto tags = variant_tags<Variant>;
  if constexpr (ListsFields<Alternative>) {
    constexpr auto fields = fields_of<Alternative>();
    return std::apply(
        [&](const auto&... field) {
          const auto has_tag = [&](const auto& names) {
            for (const std::string_view name : names) {
              if (name == tags.name) return true;
            }
            return false;
          };
          return !(has_tag(field.name.all()) || ...);
        },
        fields.list);
  } else {
    return std::is_empty_v<Alternative>;
  }
}

/// The compiler prints the type.
template <class Variant>
struct CheckedVariant;
template <class... Alternative>
struct CheckedVariant<std::variant<Alternative...>> {
  using Variant = std::variant<Alternative...>;
  static constexpr bool tagged =
      are_tags_of<Variant, std::remove_cv_t<decltype(variant_tags<Variant>)>>;
  static_assert(tagged,
                "this std::variant has no tags, or not one for each alternative: list them, as "
                "`template <> inline constexpr auto castore::variant_tags<Variant> = "
                "castore::tags(\"kind\", castore::tag<First>(\"FIRST\"), ...)`");
  static constexpr bool fits() {
    if constexpr (tagged) {
      return (is_alternative_struct<Variant, Alternative>() && ...);
    } else {
      return true;
    }
  }
  static_assert(fits(),
                "an alternative of this std::variant is no struct that lists its fields, or has a "
                "field of the tag's name");
};

template <class... Alternative>
struct ValueCodec<std::variant<Alternative...>> {
  using Variant = std::variant<Alternative...>;

  static void append(std::string& out, const Variant& value) {
    if constexpr (CheckedVariant<Variant>::tagged) {
      constexpr auto tags = variant_tags<Variant>;
      if (value.valueless_by_exception()) throw_no_json("variant without a value");
      const auto append_tagged = [&]<class T>(const T& alternative) {
        out += "{\"";
        out += tags.name;
        out += "\":\"";
        out += tags.texts[place_of_tag<T>(tags)];
        out += '"';
        if constexpr (ListsFields<T>) append_fields(out, alternative);
        out += '}';
      };
      std::visit(append_tagged, value);
    }
  }

  static void read(JsonScanner& json, Variant& value, int depth) {
    if constexpr (CheckedVariant<Variant>::tagged) {
      constexpr auto tags = variant_tags<Variant>;
      begin_object(json, depth);
      const Tag tag = read_tag(json, tags.name, depth - 1, tags.texts);
      static_cast<void>((read_alternative<Alternative>(json, value, depth - 1, tag) || ...));
    }
  }

 private:
  template <class T>
  static bool read_alternative(JsonScanner& json, Variant& value, int depth, const Tag& tag) {
    constexpr auto tags = variant_tags<Variant>;
    if (place_of_tag<T>(tags) != tag.place) return false;
    if (!std::holds_alternative<T>(value)) value.template emplace<T>();
    read_fields(json, std::get<T>(value), depth, tag.ended, tag.first ? &tags.name : nullptr);
    return true;
  }
};

// --- Times ---------------------------------------------------------------------------------------

template <>
struct ValueCodec<Timestamp> {
  static void append(std::string& out, Timestamp value) {
    out += '"';
    append_timestamp(out, value);
    out += '"';
  }
  static void read(JsonScanner& json, Timestamp& value, int) { value = read_timestamp(json); }
};

template <>
struct ValueCodec<std::chrono::year_month_day> {
  static void append(std::string& out, std::chrono::year_month_day value) {
    append_date(out, value);
  }
  static void read(JsonScanner& json, std::chrono::year_month_day& value, int) {
    value = read_date(json);
  }
};

template <class Period, class... Named>
inline constexpr bool one_period_of = (std::ratio_equal_v<Period, Named> || ...);

/// The compiler prints the type.
template <class Rep, class Period>
struct CheckedDuration {
  static_assert(
      std::integral<Rep> &&
          one_period_of<Period, std::nano, std::micro, std::milli, std::ratio<1>, std::ratio<60>,
                        std::ratio<3600>, std::ratio<86400>, std::ratio<604800>>,
      "a duration is a whole number of a unit with a name in JSON: use "
      "std::chrono::milliseconds or another of nanoseconds to weeks");
};

template <class Rep, class Period>
struct ValueCodec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static void append(std::string& out, const Duration& value) {
    static_cast<void>(CheckedDuration<Rep, Period>{});
    append_value(out, value.count());
  }
  static void read(JsonScanner& json, Duration& value, int depth) {
    static_cast<void>(CheckedDuration<Rep, Period>{});
    Rep count{};
    read_value(json, count, depth);
    value = Duration(count);
  }
};

}  // namespace castore::detail

namespace castore {

template <class T>
void append_value(std::string& out, const T& value) {
  detail::ValueCodec<T>::append(out, value);
}

template <class T>
void read_value(JsonScanner& json, T& value, int depth) {
  detail::ValueCodec<T>::read(json, value, depth);
}

template <class T>
std::string write_json(const T& value) {
  constexpr std::size_t usual_size = 256;
  std::string json;
  json.reserve(usual_size);
  try {
    append_value(json, value);
  } catch (...) {
    detail::throw_unwritable(json);
  }
  return json;
}

template <class T>
void read_json(std::string_view json, T& value) {
  JsonScanner scanner(json);
  try {
    read_value(scanner, value, max_json_depth);
    scanner.expect_end();
  } catch (...) {
    detail::throw_unreadable(json, scanner.position());
  }
}

template <class T>
T read_json(std::string_view json) {
  T value{};
  read_json(json, value);
  return value;
}

}  // namespace castore

/// Types that list fields or names are JSON for nlohmann_json, too.
template <class T>
requires(castore::ListsFields<T> || castore::IsTransparent<T> ||
         (std::is_enum_v<T> &&
          castore::detail::has_names<T>)) struct nlohmann::adl_serializer<T, void> {
  template <class Json>
  static void to_json(Json& json, const T& value) {
    json = Json::parse(castore::write_json(value));
  }
  template <class Json>
  static void from_json(const Json& json, T& value) {
    castore::read_json(json.dump(), value);
  }
};
