// expect: so many members of this struct are missing in its list of fields
// expect: Pokemon, 1
#include <castore/json/values.hpp>
#include <string>

struct Pokemon {
  std::string aggregate_id;
  std::int64_t version = 0;
  std::string name;
  int level = 0;
  static constexpr auto fields =
      castore::fields("version", &Pokemon::version, "name", &Pokemon::name);
};

std::string write(const Pokemon& pokemon) { return castore::write_json(pokemon); }
