// expect: a multimap would lose the elements of a key but one
#include <castore/json/values.hpp>
#include <map>
#include <string>

struct Ranked {
  std::multimap<std::string, int> ranks;
  static constexpr auto fields = castore::fields("ranks", &Ranked::ranks);
};

std::string write(const Ranked& ranked) { return castore::write_json(ranked); }
