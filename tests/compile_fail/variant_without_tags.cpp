// expect: this std::variant has no tags, or not one for each alternative
#include <castore/json/values.hpp>
#include <string>
#include <variant>

struct Cash {};
struct Paid {
  std::variant<std::monostate, Cash> method;
  static constexpr auto fields = castore::fields("method", &Paid::method);
};

std::string write(const Paid& paid) { return castore::write_json(paid); }
