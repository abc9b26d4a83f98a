// expect: two_enumerators_have_one_name
#include <castore/json/enum_names.hpp>

enum class Currency { eur, usd };
template <>
inline constexpr auto castore::enum_names<Currency> = castore::names("EUR", Currency::eur, "EUR",
                                                                     Currency::usd);
