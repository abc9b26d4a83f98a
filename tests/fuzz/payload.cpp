/// \file
/// Any text is a payload of the type or a MalformedEventError, and what is read is written so that
/// it means the same again. A struct that lists its fields and its twin with nlohmann_json's macro
/// read and write the same.

#include <algorithm>
#include <array>
#include <castore/event_type.hpp>
#include <castore/json/text.hpp>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "fuzz.hpp"
#include "nlohmann.hpp"

template <class T>
concept Number = std::is_arithmetic_v<T>;

template <Number T>
struct nlohmann::adl_serializer<std::optional<T>> {
  static void to_json(nlohmann::json& json, const std::optional<T>& value) {
    if (value) {
      json = *value;
    } else {
      json = nullptr;
    }
  }
  static void from_json(const nlohmann::json& json, std::optional<T>& value) {
    value = json.is_null() ? std::nullopt : std::optional<T>(json.get<T>());
  }
};

namespace castore::fuzz {
namespace {

/// Every member has to be there.
struct Small {
  static constexpr std::string_view type = "SMALL";
  std::string name;
  int level = 0;
  friend bool operator==(const Small&, const Small&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Small, name, level)

/// Members of every kind, any of which may be missing.
struct Large {
  static constexpr std::string_view type = "LARGE";
  std::string text;
  std::int8_t tiny = 0;
  std::int64_t number = 0;
  std::uint64_t natural = 0;
  double real = 0;
  bool flag = false;
  std::optional<std::int64_t> maybe;
  Small small;
  std::vector<std::string> list;
  std::vector<Small> smalls;
  std::map<std::string, std::optional<double>> named;
  friend bool operator==(const Large&, const Large&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Large, text, tiny, number, natural, real, flag,
                                                maybe, small, list, smalls, named)

struct ListedSmall {
  static constexpr std::string_view type = "SMALL";
  std::string name;
  int level = 0;
  static constexpr auto fields =
      castore::fields("name", &ListedSmall::name, "level", &ListedSmall::level);
  friend bool operator==(const ListedSmall&, const ListedSmall&) = default;
};

struct ListedLarge {
  static constexpr std::string_view type = "LARGE";
  std::string text;
  std::int8_t tiny = 0;
  std::int64_t number = 0;
  std::uint64_t natural = 0;
  double real = 0;
  bool flag = false;
  std::optional<std::int64_t> maybe;
  ListedSmall small;
  std::vector<std::string> list;
  std::vector<ListedSmall> smalls;
  std::map<std::string, std::optional<double>> named;
  static constexpr auto fields = castore::fields(
      or_default("text"), &ListedLarge::text, or_default("tiny"), &ListedLarge::tiny,
      or_default("number"), &ListedLarge::number, or_default("natural"), &ListedLarge::natural,
      or_default("real"), &ListedLarge::real, or_default("flag"), &ListedLarge::flag,
      or_default("maybe"), &ListedLarge::maybe, or_default("small"), &ListedLarge::small,
      or_default("list"), &ListedLarge::list, or_default("smalls"), &ListedLarge::smalls,
      or_default("named"), &ListedLarge::named);
  friend bool operator==(const ListedLarge&, const ListedLarge&) = default;
};

enum class Color { red, green };

struct Named {
  std::string value;
  static constexpr auto fields = castore::transparent(&Named::value);
  friend auto operator<=>(const Named&, const Named&) = default;
};

using Choice = std::variant<std::monostate, ListedSmall>;

}  // namespace
}  // namespace castore::fuzz

template <>
inline constexpr auto castore::enum_names<castore::fuzz::Color> =
    castore::names("red", castore::fuzz::Color::red, "green", castore::fuzz::Color::green);
template <>
inline constexpr auto castore::variant_tags<castore::fuzz::Choice> =
    castore::tags("kind", castore::tag<std::monostate>("none"),
                  castore::tag<castore::fuzz::ListedSmall>("small"));

namespace castore::fuzz {
namespace {

/// Members of all kinds that nlohmann_json does not have, or has otherwise.
struct Kinds {
  static constexpr std::string_view type = "KINDS";
  Color color = Color::red;
  std::optional<std::optional<std::int32_t>> twice;
  std::optional<RawJson> raw;
  std::vector<Choice> choices;
  std::array<std::uint16_t, 2> pair{};
  std::set<std::string> tags;
  std::map<Named, std::tuple<bool, float>> named;
  std::map<Color, std::int8_t> colored;
  std::map<int, std::string> numbered;
  Timestamp time{};
  std::chrono::milliseconds duration{};
  std::chrono::year_month_day day{std::chrono::year{1970} / 1 / 1};
  std::vector<std::byte> bytes;
  static constexpr auto fields = castore::fields(
      or_default(renamed("color", "colour")), &Kinds::color, "twice", &Kinds::twice, "raw",
      &Kinds::raw, or_default("choices"), &Kinds::choices, or_default("pair"), &Kinds::pair,
      or_default("tags"), &Kinds::tags, or_default("named"), &Kinds::named, or_default("colored"),
      &Kinds::colored, or_default("numbered"), &Kinds::numbered, or_default("time"), &Kinds::time,
      or_default("duration"), &Kinds::duration, or_default("day"), &Kinds::day, or_default("bytes"),
      &Kinds::bytes);
  friend bool operator==(const Kinds&, const Kinds&) = default;
};

template <class P>
std::optional<P> decoded(std::string_view json) {
  try {
    return decode<P>("STORE", {.aggregate_id = "pikachu",
                               .version = 1,
                               .type = P::type,
                               .timestamp = min_timestamp,
                               .payload = json,
                               .metadata = std::nullopt})
        .payload;
  } catch (const MalformedEventError&) {
    return std::nullopt;
  }
}

template <class P>
std::string written(const P& payload) {
  return encode(payload, {}).payload.value();
}

template <class P>
std::optional<P> check_payload(std::string_view json) {
  std::optional<P> payload = decoded<P>(json);
  if (!payload) return payload;
  const std::string text = written(*payload);
  require(check_json(text).empty(), "a payload is written as JSON");
  const std::optional<P> again = decoded<P>(text);
  require(again == payload, "a payload is read as it was written");
  require(written(*again) == text, "a payload is always written alike");
  return payload;
}

/// Whether a member that was read as `kept` lost nothing of what was `given`. What is given as a
/// floating-point number may be refused as an integer where doubles have gaps.
bool kept_whole(const nlohmann::json& kept, const nlohmann::json& given) {
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (kept.is_object() && given.is_object()) {
    for (const auto& [name, member] : kept.items()) {
      if (given.contains(name) && !kept_whole(member, given[name])) return false;
    }
    return true;
  }
  if (kept.is_array() && given.is_array()) {
    return std::equal(kept.begin(), kept.end(), given.begin(), given.end(), kept_whole);
  }
  if (kept.is_number_float() && given.is_number()) return true;
  if (kept.is_number_integer() && given.is_number_float()) {
    return std::abs(given.get<double>()) < exact && kept.get<double>() == given.get<double>();
  }
  // -1 into a natural is cut off.
  if (kept.is_number_unsigned() && !given.is_number_unsigned() && given.get<std::int64_t>() < 0) {
    return false;
  }
  return kept.dump() == given.dump();  // to ==, -1 is the largest natural
}

bool has_long_number(std::string_view json) {
  std::size_t digits = 0;
  return std::any_of(json.begin(), json.end(), [&](char c) {
    digits = (c >= '0' && c <= '9') || c == '.' ? digits + 1 : 0;
    return digits > 15;
  });
}

/// Some object has two members of one name.
bool has_twins(std::string_view json) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> names;
  bool found = false;
  const auto look = [&](int, Event event, const nlohmann::json& value) {
    if (event == Event::object_start) names.emplace_back();
    if (event == Event::key) found |= !names.back().insert(value.get<std::string>()).second;
    if (event == Event::object_end) names.pop_back();
    return true;
  };
  const auto parsed = nlohmann::json::parse(json, look);
  return found;
}

/// As nlohmann_json has it, and the absent optional as the null that the macro writes.
nlohmann::json meaning_of(const std::string& text, bool large) {
  nlohmann::json json = nlohmann::json::parse(text);
  if (large) json.emplace("maybe", nullptr);
  return json;
}

template <class Listed, class Macro>
void check_both_ways(std::string_view json) {
  constexpr bool large = std::is_same_v<Macro, Large>;
  const std::optional<Listed> listed = check_payload<Listed>(json);
  const std::optional<Macro> macro = check_payload<Macro>(json);
  if (!check_json(json).empty()) {
    require(!listed, "what is not JSON is no payload");
    return;
  }
  const Opinion opinion = nlohmann_on(json);
  if (!opinion.value) return;  // 1e400: in a member that is skipped, the listed way does not mind
  if (listed) {
    require(macro.has_value(), "what the listed way takes the macro takes");
    const std::string text = written(*listed);
    require(meaning_of(text, large) == meaning_of(written(*macro), large),
            "both ways read and write the same");
    require(decoded<Macro>(text) == macro, "the macro reads what the listed way has written");
    require(decoded<Listed>(written(*macro)) == listed,
            "the listed way reads what the macro has written");
  } else if (macro && kept_whole(nlohmann::json(*macro), *opinion.value)) {
    // Of two members of one name, the listed way wants the first to fit as well; and it sees more
    // digits than a double has.
    require(has_twins(json) || has_long_number(json),
            "the listed way takes what the macro takes without loss");
  }
}

void check(std::string_view input) {
  check_both_ways<ListedSmall, Small>(input);
  check_both_ways<ListedLarge, Large>(input);
  check_payload<Kinds>(input);
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
