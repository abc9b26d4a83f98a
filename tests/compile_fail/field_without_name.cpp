// expect: fields are listed in pairs: a name, then a pointer to the member
#include <castore/json/values.hpp>

struct PokemonNicknamed {
  std::string nickname;
  static constexpr auto fields = castore::fields(&PokemonNicknamed::nickname);
};
