// expect: so many members of this struct are missing in its list of fields
// expect: OrderPlaced, 2
#include <castore/json/values.hpp>
#include <string>

struct OrderPlaced {
  std::string customer;
  bool vip = false;
  int count[2] = {};
  std::string cache;
  static constexpr auto fields =
      castore::fields("customer", &OrderPlaced::customer, castore::ignored(&OrderPlaced::cache),
                      "vip", &OrderPlaced::vip);
};

std::string write(const OrderPlaced& placed) { return castore::write_json(placed); }
