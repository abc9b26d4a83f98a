// expect: a_member_is_listed_twice
#include <castore/json/fields.hpp>

struct Moved {
  int from = 0;
  static constexpr auto fields =
      castore::fields("from", &Moved::from, castore::ignored(&Moved::from));
};
