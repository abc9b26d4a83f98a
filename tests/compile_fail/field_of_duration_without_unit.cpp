// expect: a duration is a whole number of a unit with a name in JSON
#include <castore/json/values.hpp>
#include <chrono>
#include <string>

struct Slept {
  std::chrono::duration<double> time{};
  static constexpr auto fields = castore::fields("time", &Slept::time);
};

std::string write(const Slept& slept) { return castore::write_json(slept); }
