// expect: a field's type does not own its text or its elements
// expect: OfText
// expect: OfWideText
// expect: OfElements
// expect: OfReference
// expect: OfList
#include <castore/json/values.hpp>
#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>

struct OfText {
  std::string_view name;
  static constexpr auto fields = castore::fields("name", &OfText::name);
};

struct OfWideText {
  const std::u16string_view name;
  static constexpr auto fields = castore::fields("name", &OfWideText::name);
};

struct OfElements {
  std::span<const int> levels;
  static constexpr auto fields = castore::fields("levels", &OfElements::levels);
};

struct OfReference {
  std::reference_wrapper<int> level;
  static constexpr auto fields = castore::fields("level", &OfReference::level);
};

struct OfList {
  std::initializer_list<int> levels;
  static constexpr auto fields = castore::fields("levels", &OfList::levels);
};
