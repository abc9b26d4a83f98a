// expect: so many enumerators are missing in castore::enum_names
// expect: Currency, 2
#include <castore/json/values.hpp>
#include <string>

enum class Currency { eur, usd, gbp, chf };
template <>
inline constexpr auto castore::enum_names<Currency> = castore::names("EUR", Currency::eur, "GBP",
                                                                     Currency::gbp);

std::string write(Currency currency) { return castore::write_json(currency); }
