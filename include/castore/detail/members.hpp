#pragma once

/// \file
/// The number of members of a struct, as far as the compiler can tell.

#include <cstddef>
#include <type_traits>
#include <utility>

namespace castore::detail {

/// A value for a member of any type.
struct AnyMember {
  template <class T>
  operator T() const;  // NOLINT(google-explicit-constructor): it stands for a value
};

/// A value for a base class of `Whole`.
template <class Whole>
struct AnyBase {
  template <class T>
  requires(std::is_base_of_v<T, Whole> && !std::is_same_v<T, Whole>) operator T()
      const;  // NOLINT(google-explicit-constructor)
};

/// A value for a member that takes everything, such as a `std::any`, and for no other.
struct NoMember {};

template <std::size_t>
using MemberAt = AnyMember;

template <class T, class Indices>
inline constexpr bool takes_members = false;
template <class T, std::size_t... I>
requires requires { T{MemberAt<I>{}...}; }
inline constexpr bool takes_members<T, std::index_sequence<I...>> = true;

/// Whether `T{m1, …, mn}` compiles: an array counts as its elements, a base class as one.
template <class T, std::size_t n>
inline constexpr bool has_members = takes_members<T, std::make_index_sequence<n>>;

template <class T>
inline constexpr bool has_base = requires {
  T{AnyBase<T>{}};
}
&&!requires { T{NoMember{}}; };

/// The members that a `Member` counts as in `has_members`.
template <class Member>
inline constexpr std::size_t member_slots = 1;
template <class Element, std::size_t size>
inline constexpr std::size_t member_slots<Element[size]> = size* member_slots<Element>;

/// The number of members of `T` beyond `listed`; 0 where it cannot be told, of a class with a
/// constructor, a private member or a base class.
template <class T, std::size_t listed>
consteval std::size_t members_beyond() {
  if constexpr (!std::is_aggregate_v<T>) {
    return 0;
  } else if constexpr (!has_members<T, listed + 1>) {
    return 0;
  } else if constexpr (has_base<T>) {
    return 0;
  } else {
    return 1 + members_beyond<T, listed + 1>();
  }
}

}  // namespace castore::detail
