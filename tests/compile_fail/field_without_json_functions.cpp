// expect: this type (of a payload, metadata or a field) has no JSON functions
// expect: Ribbon
#include <castore/json/values.hpp>

struct Ribbon {
  std::string color;
};

struct RibbonWon {
  Ribbon ribbon;
  static constexpr auto fields = castore::fields("ribbon", &RibbonWon::ribbon);
};

std::string write(const RibbonWon& won) { return castore::write_json(won); }
