// expect: a field's type does not own its text or its elements
// expect: OfText
// expect: OfTexts
// expect: OfObject
#include <castore/json/values.hpp>

struct OfText {
  const char* name;
  static constexpr auto fields = castore::fields("name", &OfText::name);
};

struct OfTexts {
  const char* names[2];
  static constexpr auto fields = castore::fields("names", &OfTexts::names);
};

struct OfObject {
  OfObject* next;
  static constexpr auto fields = castore::fields("next", &OfObject::next);
};
