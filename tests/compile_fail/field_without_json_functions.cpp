// expect: a field's type has no JSON functions
// expect: Ribbon
#include <castore/json/fields.hpp>

struct Ribbon {
  std::string color;
};

struct RibbonWon {
  Ribbon ribbon;
  static constexpr auto fields = castore::fields("ribbon", &RibbonWon::ribbon);
};

std::string write(const RibbonWon& won) { return castore::write_fields(won); }
