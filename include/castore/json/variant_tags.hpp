#pragma once

/// \file
/// A `std::variant` is an object in JSON with a tag, which tells the alternative. Name and tags are
/// listed beside it:
///
///     using Payment = std::variant<Card, Cash>;
///     template <>
///     inline constexpr auto castore::variant_tags<Payment> =
///         castore::tags("method", castore::tag<Card>("CARD"), castore::tag<Cash>("CASH"));
///
/// `{"method":"CARD","number":"4711"}` is a `Card` with the field `number`. An alternative is a
/// struct that lists its fields, or an empty one, such as `std::monostate`. Every alternative has a
/// tag; an unknown one is an error that says which there are.

#include <array>
#include <castore/json/fields.hpp>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <variant>

namespace castore {

template <class Alternative>
struct VariantTag {
  std::string_view text;
};
/// The tag of one alternative; made of a string literal.
template <class Alternative>
[[nodiscard]] consteval VariantTag<Alternative> tag(const char* text) {
  detail::check_plain_name(text);
  return {text};
}

/// Made by `tags`, in the order in which they are listed.
template <class... Alternative>
struct VariantTags {
  std::string_view name;
  std::array<std::string_view, sizeof...(Alternative)> texts;
};

namespace detail {

// Not constexpr: the compiler names the one that a list would have to call.
void two_alternatives_have_one_tag();

}  // namespace detail

/// \param name  of the member that holds the tag; made of a string literal
template <class... Alternative>
[[nodiscard]] consteval VariantTags<Alternative...> tags(const char* name,
                                                         VariantTag<Alternative>... tag) {
  detail::check_plain_name(name);
  const VariantTags<Alternative...> made{name, {tag.text...}};
  for (std::size_t i = 0; i < made.texts.size(); ++i) {
    for (std::size_t k = i + 1; k < made.texts.size(); ++k) {
      if (made.texts[i] == made.texts[k]) detail::two_alternatives_have_one_tag();
    }
  }
  return made;
}

/// The tags of a variant; specialise it for yours.
template <class Variant>
inline constexpr auto variant_tags = nullptr;

namespace detail {

template <class Alternative, class... Tagged>
inline constexpr std::size_t times_tagged = (0 + ... +
                                             std::size_t{std::is_same_v<Alternative, Tagged>});

/// Whether each alternative is listed once, and nothing else.
template <class Variant, class Tags>
inline constexpr bool are_tags_of = false;
template <class... Alternative, class... Tagged>
inline constexpr bool are_tags_of<std::variant<Alternative...>, VariantTags<Tagged...>> =
    sizeof...(Alternative) == sizeof...(Tagged) &&
    ((times_tagged<Alternative, Tagged...> == 1) && ...);

/// The place of an alternative in the list.
template <class Alternative, class... Tagged>
consteval std::size_t place_of_tag(const VariantTags<Tagged...>&) {
  std::size_t place = 0;
  static_cast<void>(((std::is_same_v<Alternative, Tagged> || (++place, false)) || ...));
  return place;
}

}  // namespace detail
}  // namespace castore
