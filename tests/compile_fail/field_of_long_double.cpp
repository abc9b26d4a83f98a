// expect: JSON has no place for all digits of this number
// expect: long double
#include <castore/json/values.hpp>
#include <string>

struct Weighed {
  long double weight = 0;
  static constexpr auto fields = castore::fields("weight", &Weighed::weight);
};

std::string write(const Weighed& weighed) { return castore::write_json(weighed); }
