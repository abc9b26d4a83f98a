// expect: two_fields_have_one_name
#include <castore/json/fields.hpp>

struct Moved {
  int from = 0;
  int to = 0;
  static constexpr auto fields =
      castore::fields("from", &Moved::from, castore::renamed("to", "from"), &Moved::to);
};
