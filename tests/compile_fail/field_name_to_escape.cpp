// expect: a_field_has_a_name_that_json_would_escape
#include <castore/json/fields.hpp>

struct PokemonNicknamed {
  std::string nickname;
  static constexpr auto fields = castore::fields("nick\"name\"", &PokemonNicknamed::nickname);
};
