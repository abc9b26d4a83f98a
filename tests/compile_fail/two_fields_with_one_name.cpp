// expect: two_fields_have_one_name
#include <castore/json/values.hpp>

struct PokemonRenamed {
  std::string from;
  std::string to;
  static constexpr auto fields =
      castore::fields("name", &PokemonRenamed::from, "name", &PokemonRenamed::to);
};
