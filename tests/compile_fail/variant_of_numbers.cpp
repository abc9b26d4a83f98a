// expect: an alternative of this std::variant is no struct that lists its fields
#include <castore/json/values.hpp>
#include <string>
#include <variant>

using Amount = std::variant<std::monostate, int>;
template <>
inline constexpr auto castore::variant_tags<Amount> =
    castore::tags("kind", castore::tag<int>("INT"), castore::tag<std::monostate>("NONE"));

std::string write(const Amount& amount) { return castore::write_json(amount); }
