// expect: this enumeration has no names
// expect: Currency
#include <castore/json/values.hpp>
#include <string>

enum class Currency { eur, usd };

struct Paid {
  Currency currency{};
  static constexpr auto fields = castore::fields("currency", &Paid::currency);
};

std::string write(const Paid& paid) { return castore::write_json(paid); }
