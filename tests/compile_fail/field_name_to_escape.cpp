// expect: a_name_has_a_character_that_json_would_escape
#include <castore/json/values.hpp>

struct PokemonNicknamed {
  std::string nickname;
  static constexpr auto fields = castore::fields("nick\"name\"", &PokemonNicknamed::nickname);
};
