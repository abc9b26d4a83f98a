#pragma once

/// \file
/// Enumerations are text in JSON, by names that are listed beside them:
///
///     enum class Currency { eur, usd };
///     template <>
///     inline constexpr auto castore::enum_names<Currency> =
///         castore::names("EUR", Currency::eur, "USD", Currency::usd);
///
/// Every enumerator has a name: where the compiler can tell the enumerators (GCC and Clang, of an
/// `enum class` or one with a fixed type, next to each other or up to 128 apart), a list that lacks
/// one does not compile. No name stands for two enumerators, and no enumerator has two names.
///
/// A text that is no name is an error that says which there are. A list may end with a `fallback`,
/// an enumerator that any other text is read as: for an enumeration that newer programs extend. The
/// text itself is lost then. A fallback that has no name of its own cannot be written.

#include <algorithm>
#include <array>
#include <castore/json/fields.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace castore {

template <class Enum>
struct Fallback {
  Enum enumerator;
};
/// At the end of `names`.
template <class Enum>
[[nodiscard]] consteval Fallback<Enum> fallback(Enum enumerator) {
  return {enumerator};
}

/// Made by `names`.
template <class Enum, std::size_t count>
struct EnumNames {
  std::array<std::string_view, count> names;
  std::array<Enum, count> enumerators;
  std::optional<Enum> fallback;
};

/// The names of an enumeration; specialise it for yours.
template <class Enum>
inline constexpr auto enum_names = nullptr;

namespace detail {

// Not constexpr: the compiler names the one that a list would have to call.
void two_enumerators_have_one_name();
void an_enumerator_is_named_twice();

template <class Enum, std::size_t count, class... Argument>
consteval EnumNames<Enum, count> make_names(const Argument&... argument) {
  EnumNames<Enum, count> made{};
  std::size_t named = 0;
  std::size_t listed = 0;
  const auto take = [&](const auto& value) {
    if constexpr (std::is_same_v<decltype(value), const Enum&>) {
      made.enumerators[listed++] = value;
    } else if constexpr (std::is_same_v<decltype(value), const Fallback<Enum>&>) {
      made.fallback = value.enumerator;
    } else {
      made.names[named++] = value;
    }
  };
  (take(argument), ...);
  for (std::size_t i = 0; i < count; ++i) {
    check_plain_name(made.names[i]);
    for (std::size_t k = i + 1; k < count; ++k) {
      if (made.names[i] == made.names[k]) two_enumerators_have_one_name();
      if (made.enumerators[i] == made.enumerators[k]) an_enumerator_is_named_twice();
    }
  }
  return made;
}

template <class Enum, class... Argument>
consteval bool are_names_of() {
  bool named = false;
  bool ended = false;
  bool fits = true;
  const auto take = [&]<class A>(std::type_identity<A>) {
    if constexpr (std::is_convertible_v<A, std::string_view>) {
      fits = fits && !named && !ended;
      named = true;
    } else if constexpr (std::is_same_v<A, Enum>) {
      fits = fits && named;
      named = false;
    } else {
      fits = fits && std::is_same_v<A, Fallback<Enum>> && !named && !ended;
      ended = true;
    }
  };
  (take(std::type_identity<Argument>{}), ...);
  return fits && !named;
}

}  // namespace detail

/// Names and enumerators in turn, and perhaps a `fallback`.
template <class Enum, class... Argument>
requires std::is_enum_v<Enum>
[[nodiscard]] consteval auto names(const char* name, Enum enumerator, Argument... argument) {
  constexpr bool fits = detail::are_names_of<Enum, Argument...>();
  static_assert(fits,
                "names are listed in pairs: a name, then its enumerator; castore::fallback comes "
                "last");
  if constexpr (fits) {
    constexpr std::size_t count =
        (1 + ... + (std::is_same_v<Argument, Enum> ? std::size_t{1} : std::size_t{0}));
    return detail::make_names<Enum, count>(name, enumerator, argument...);
  }
}

namespace detail {

/// Whether the value is an enumerator's: GCC and Clang spell that by its name, and any other value
/// as "(Currency)7".
template <auto value>
consteval bool is_enumerator() {
#if defined(__GNUC__)
  std::string_view spelled = __PRETTY_FUNCTION__;
  spelled.remove_suffix(1);  // ]
  return spelled[spelled.find_last_not_of("-0123456789")] != ')';
#else
  return false;
#endif
}

/// Any of its numbers can be asked for: one without a fixed type has but those that its enumerators
/// need.
template <class Enum>
concept HasFixedType = requires {
  Enum{0};
};

/// The number of enumerators from `first` on.
template <class Enum, std::underlying_type_t<Enum> first, std::size_t... I>
consteval std::size_t count_enumerators(std::index_sequence<I...>) {
  using Number = std::underlying_type_t<Enum>;
  return (0 + ... +
          std::size_t{is_enumerator<static_cast<Enum>(first + static_cast<Number>(I))>()});
}

template <class Enum>
consteval bool fallback_has_no_name() {
  constexpr auto list = enum_names<Enum>;
  return list.fallback && std::find(list.enumerators.begin(), list.enumerators.end(),
                                    *list.fallback) == list.enumerators.end();
}

/// The number of enumerators that a list lacks: as far as can be told, from the one before the
/// least that is listed to the one behind the greatest.
template <class Enum>
consteval std::size_t enumerators_missing() {
  using Number = std::underlying_type_t<Enum>;
  using Limits = std::numeric_limits<Number>;
  if constexpr (!HasFixedType<Enum>) {
    return 0;
  } else {
    constexpr auto ends = [] {
      Number least = Limits::max();
      Number greatest = Limits::min();
      const auto take = [&](Enum enumerator) {
        least = std::min(least, static_cast<Number>(enumerator));
        greatest = std::max(greatest, static_cast<Number>(enumerator));
      };
      for (const Enum enumerator : enum_names<Enum>.enumerators) take(enumerator);
      if (enum_names<Enum>.fallback) take(*enum_names<Enum>.fallback);
      return std::pair(least > Limits::min() ? static_cast<Number>(least - 1) : least,
                       greatest < Limits::max() ? static_cast<Number>(greatest + 1) : greatest);
    }();
    constexpr std::uint64_t most = 130;
    constexpr std::uint64_t distance =
        static_cast<std::uint64_t>(ends.second) - static_cast<std::uint64_t>(ends.first);
    if constexpr (distance > most) {
      return 0;
    } else {
      constexpr std::size_t found =
          count_enumerators<Enum, ends.first>(std::make_index_sequence<distance + 1>{});
      constexpr std::size_t listed =
          enum_names<Enum>.names.size() + std::size_t{fallback_has_no_name<Enum>()};
      return found > listed ? found - listed : 0;
    }
  }
}

/// The compiler prints its arguments.
template <class Enum, std::size_t enumerators_missing>
struct CheckedNames {
  static_assert(enumerators_missing == 0,
                "so many enumerators are missing in castore::enum_names of this enumeration");
};

template <class Enum>
inline constexpr bool has_names =
    !std::is_null_pointer_v<std::remove_cv_t<decltype(enum_names<Enum>)>>;

/// The list by value, and only while compiling, as `fields_of`.
template <class Enum>
consteval auto names_of() {
  static_cast<void>(CheckedNames<Enum, enumerators_missing<Enum>()>{});
  return enum_names<Enum>;
}

}  // namespace detail
}  // namespace castore
