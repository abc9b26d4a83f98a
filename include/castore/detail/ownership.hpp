#pragma once

/// \file
/// Whether a value keeps alive what it shows.

#include <array>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

namespace castore::detail {

template <template <class...> class, template <class...> class>
inline constexpr bool same_template = false;
template <template <class...> class T>
inline constexpr bool same_template<T, T> = true;
template <template <class...> class T, template <class...> class... Any>
inline constexpr bool one_template_of = (same_template<T, Any> || ...);

/// The number of arguments of a template of the standard library that it holds values of.
template <template <class...> class T>
inline constexpr std::size_t held_arguments =
    one_template_of<T, std::tuple, std::variant> ? std::numeric_limits<std::size_t>::max()
    : one_template_of<T, std::pair, std::map, std::multimap, std::unordered_map,
                      std::unordered_multimap>
        ? 2
    : one_template_of<T, std::optional, std::vector, std::deque, std::list, std::forward_list,
                      std::set, std::multiset, std::unordered_set, std::unordered_multiset,
                      std::valarray, std::unique_ptr, std::shared_ptr>
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

}  // namespace castore::detail
