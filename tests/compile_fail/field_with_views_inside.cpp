// expect: a field's type does not own its text or its elements
// expect: InOptional
// expect: InVector
// expect: InArray
// expect: InMap
// expect: AsKey
// expect: InPair
// expect: InTuple
// expect: InVariant
// expect: InSet
// expect: DeepInside
#include <array>
#include <castore/json/values.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

struct InOptional {
  std::optional<std::string_view> names;
  static constexpr auto fields = castore::fields("names", &InOptional::names);
};

struct InVector {
  std::vector<const char*> names;
  static constexpr auto fields = castore::fields("names", &InVector::names);
};

struct InArray {
  std::array<std::string_view, 2> names;
  static constexpr auto fields = castore::fields("names", &InArray::names);
};

struct InMap {
  std::map<std::string, std::string_view> names;
  static constexpr auto fields = castore::fields("names", &InMap::names);
};

struct AsKey {
  std::unordered_map<std::string_view, int> names;
  static constexpr auto fields = castore::fields("names", &AsKey::names);
};

struct InPair {
  std::pair<int, std::string_view> names;
  static constexpr auto fields = castore::fields("names", &InPair::names);
};

struct InTuple {
  std::tuple<int, bool, std::string_view> names;
  static constexpr auto fields = castore::fields("names", &InTuple::names);
};

struct InVariant {
  std::variant<int, std::string_view> names;
  static constexpr auto fields = castore::fields("names", &InVariant::names);
};

struct InSet {
  std::set<std::string_view> names;
  static constexpr auto fields = castore::fields("names", &InSet::names);
};

struct DeepInside {
  std::map<std::string, std::vector<std::optional<std::pair<int, const char*>>>> names;
  static constexpr auto fields = castore::fields("names", &DeepInside::names);
};
