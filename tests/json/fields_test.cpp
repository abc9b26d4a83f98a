#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <castore/event_type.hpp>
#include <castore/json/values.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::testing {
namespace {

// --- One payload, twice: by a list of its fields, and by nlohmann_json's macro ------------------

enum class Color { red, green };

}  // namespace
}  // namespace castore::testing

template <>
inline constexpr auto castore::enum_names<castore::testing::Color> =
    castore::names("red", castore::testing::Color::red, "green", castore::testing::Color::green);

namespace castore::testing {
namespace {

struct Move {
  std::string name;
  int power = 0;
  friend bool operator==(const Move&, const Move&) = default;

  static constexpr auto fields = castore::fields("name", &Move::name, "power", &Move::power);
};

struct Listed {
  static constexpr std::string_view type = "LISTED";
  std::string text;
  std::int64_t wide = 0;
  std::uint64_t natural = 0;
  std::int8_t narrow = 0;
  double real = 0;
  float small_real = 0;
  bool flag = false;
  std::optional<std::string> maybe;
  Move move;
  std::vector<Move> moves;
  std::map<std::string, std::vector<int>> ranks;
  std::unordered_map<std::string, bool> flags;
  Color color = Color::red;
  std::list<int> other;

  static constexpr auto fields =
      castore::fields("text", &Listed::text, "wide", &Listed::wide, "natural", &Listed::natural,
                      "narrow", &Listed::narrow, "real", &Listed::real, "small_real",
                      &Listed::small_real, "flag", &Listed::flag, "maybe", &Listed::maybe, "move",
                      &Listed::move, "moves", &Listed::moves, "ranks", &Listed::ranks, "flags",
                      &Listed::flags, "color", &Listed::color, "other", &Listed::other);
  friend bool operator==(const Listed&, const Listed&) = default;
};

struct MacroMove {
  std::string name;
  int power = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MacroMove, name, power)

struct MacroTwin {
  std::string text;
  std::int64_t wide = 0;
  std::uint64_t natural = 0;
  std::int8_t narrow = 0;
  double real = 0;
  float small_real = 0;
  bool flag = false;
  std::optional<std::string> maybe;
  MacroMove move;
  std::vector<MacroMove> moves;
  std::map<std::string, std::vector<int>> ranks;
  std::unordered_map<std::string, bool> flags;
  Color color = Color::red;
  std::list<int> other;
};

}  // namespace
}  // namespace castore::testing

template <>
struct nlohmann::adl_serializer<std::optional<std::string>> {
  static void to_json(json& out, const std::optional<std::string>& value) {
    out = value ? json(*value) : json(nullptr);
  }
  static void from_json(const json& in, std::optional<std::string>& value) {
    value = in.is_null() ? std::nullopt : std::optional(in.get<std::string>());
  }
};

namespace castore::testing {
namespace {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MacroTwin, text, wide, natural, narrow, real, small_real, flag,
                                   maybe, move, moves, ranks, flags, color, other)

/// The same by assignment: nothing of JSON is in it.
Listed listed_of(const MacroTwin& twin) {
  Listed listed{.text = twin.text,
                .wide = twin.wide,
                .natural = twin.natural,
                .narrow = twin.narrow,
                .real = twin.real,
                .small_real = twin.small_real,
                .flag = twin.flag,
                .maybe = twin.maybe,
                .move = {twin.move.name, twin.move.power},
                .moves = {},
                .ranks = twin.ranks,
                .flags = twin.flags,
                .color = twin.color,
                .other = twin.other};
  for (const MacroMove& move : twin.moves) listed.moves.push_back({move.name, move.power});
  return listed;
}

// --- Generators ---------------------------------------------------------------------------------

rc::Gen<std::string> any_text() {
  const auto piece = rc::gen::weightedOneOf<std::string>(
      {{8, rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'))},
       {4, rc::gen::elementOf(std::vector<std::string>{
               "\"", "\\", "/", "\b\f\n\r\t", std::string(1, '\0'), "\x1f\x7f", "é", "ツ",
               "\U0001F600", "\u2028", "\uFFFD", "\\u0041", "\xEF\xBF\xBF"})}});
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string text;
                        for (const std::string& p : pieces) text += p;
                        return text;
                      });
}

template <class Integer>
rc::Gen<Integer> any_integer() {
  using Limits = std::numeric_limits<Integer>;
  return rc::gen::weightedOneOf<Integer>(
      {{2, rc::gen::arbitrary<Integer>()},
       {1, rc::gen::element<Integer>(Limits::min(), Limits::max(), Limits::min() + 1,
                                     Limits::max() - 1, Integer{0})}});
}

template <class Floating>
rc::Gen<Floating> any_floating() {
  using Limits = std::numeric_limits<Floating>;
  return rc::gen::weightedOneOf<Floating>(
      {{3, rc::gen::suchThat(rc::gen::arbitrary<Floating>(),
                             [](Floating value) { return std::isfinite(value); })},
       {1, rc::gen::element<Floating>(Limits::max(), Limits::lowest(), Limits::min(),
                                      Limits::denorm_min(), Limits::epsilon(), Floating{-0.0},
                                      Floating(0.1), Floating(1e15), Floating(1e16),
                                      Floating(123456789012345678.0))}});
}

MacroTwin any_twin() {
  const auto move = [] { return MacroMove{*any_text(), *any_integer<int>()}; };
  MacroTwin twin{.text = *any_text(),
                 .wide = *any_integer<std::int64_t>(),
                 .natural = *any_integer<std::uint64_t>(),
                 .narrow = *any_integer<std::int8_t>(),
                 .real = *any_floating<double>(),
                 .small_real = *any_floating<float>(),
                 .flag = *rc::gen::arbitrary<bool>(),
                 .maybe = *rc::gen::arbitrary<bool>() ? std::optional(*any_text()) : std::nullopt,
                 .move = move(),
                 .moves = {},
                 .ranks = {},
                 .flags = {},
                 .color = *rc::gen::element(Color::red, Color::green),
                 .other = *rc::gen::arbitrary<std::list<int>>()};
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    twin.moves.push_back(move());
    twin.ranks[*any_text()] = *rc::gen::arbitrary<std::vector<int>>();
    twin.flags[*any_text()] = *rc::gen::arbitrary<bool>();
  }
  return twin;
}

template <class Law>
void holds(Law law) {
  CHECK(rc::check(law));
}

TEST_CASE("what the macro has written is read by the list of fields") {
  holds([] {
    const MacroTwin twin = any_twin();
    RC_ASSERT(read_json<Listed>(nlohmann::json(twin).dump()) == listed_of(twin));
  });
}

TEST_CASE("what the list of fields has written is read by the macro") {
  holds([] {
    const MacroTwin twin = any_twin();
    auto json = nlohmann::json::parse(write_json(listed_of(twin)));
    json.emplace("maybe", nullptr);  // absent where it is nothing: the macro wants it to be there
    RC_ASSERT(listed_of(json.get<MacroTwin>()) == listed_of(twin));
  });
}

TEST_CASE("the list of fields writes the same JSON as the macro but for optionals") {
  holds([] {
    const MacroTwin twin = any_twin();
    nlohmann::json by_macro = twin;
    if (!twin.maybe) by_macro.erase("maybe");
    RC_ASSERT(nlohmann::json::parse(write_json(listed_of(twin))) == by_macro);
    RC_ASSERT(nlohmann::json(listed_of(twin)) == by_macro);
  });
}

TEST_CASE("white space and order and unknown members and escapes do not matter to either") {
  holds([] {
    const MacroTwin twin = any_twin();
    nlohmann::json json = twin;
    json[*rc::gen::suchThat(any_text(), [&](const auto& name) { return !json.contains(name); })] = {
        {"unknown", {1, "]}", nullptr}}};
    const std::string text =
        json.dump(*rc::gen::inRange(-1, 3), ' ', /*ensure_ascii=*/*rc::gen::arbitrary<bool>());
    RC_ASSERT(read_json<Listed>(text) == listed_of(twin));
    RC_ASSERT(listed_of(nlohmann::json::parse(text).get<MacroTwin>()) == listed_of(twin));
  });
}

TEST_CASE("what the list of fields accepts of damaged JSON the macro reads alike") {
  int accepted = 0;
  holds([&] {
    std::string text = nlohmann::json(any_twin()).dump();
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = *rc::gen::element('0', '9', '"', '.', 'e', '-', ',', ':', '}', ']', 'x', ' ', '\\');
    std::optional<Listed> read;
    try {
      read = read_json<Listed>(text);
    } catch (const std::exception&) {
    }
    if (!read) return;
    ++accepted;
    auto json = nlohmann::json::parse(text);
    json.emplace("maybe", nullptr);
    RC_ASSERT(listed_of(json.get<MacroTwin>()) == *read);
  });
  CHECK(accepted > 0);
}

TEST_CASE("the list of fields accepts no JSON that lacks a member") {
  const nlohmann::json whole = MacroTwin{};
  for (const auto& member : whole.items()) {
    const std::string& name = member.key();
    CAPTURE(name);
    nlohmann::json part = whole;
    part.erase(name);
    const auto read = [&] { static_cast<void>(read_json<Listed>(part.dump())); };
    if (name == "maybe") {
      CHECK_NOTHROW(read());
    } else {
      const auto error = thrown<FieldError>(read);
      REQUIRE(error);
      CHECK(error->what() == std::string_view("it is missing"));
      CHECK(error->pointer() == '/' + name);
    }
  }
}

/// Read by nlohmann_json, which knows nothing of paths.
struct Wrapped {
  Move move;
  friend void to_json(nlohmann::json& json, const Wrapped& value) { json = value.move; }
  friend void from_json(const nlohmann::json& json, Wrapped& value) { json.get_to(value.move); }
};

struct Trained {
  std::vector<Move> moves;
  std::map<std::string, std::vector<std::uint8_t>> stats;
  std::optional<Wrapped> wrapped;
  static constexpr auto fields = castore::fields("moves", &Trained::moves, "stats", &Trained::stats,
                                                 "wrapped", &Trained::wrapped);
};

std::string pointer_at_fault(const std::string& json) {
  const auto error = thrown<FieldError>([&] { static_cast<void>(read_json<Trained>(json)); });
  return error ? error->pointer() : "none";
}

TEST_CASE("what does not fit is named by its JSON pointer") {
  const auto with_moves = [](const std::string& moves) {
    return R"({ "moves" : )" + moves + R"(, "stats":{}})";
  };
  CHECK(pointer_at_fault(with_moves("[]")) == "none");
  CHECK(pointer_at_fault(with_moves("{}")) == "/moves");
  CHECK(pointer_at_fault(with_moves("[[]]")) == "/moves/0");
  CHECK(pointer_at_fault(with_moves(R"([{"name":"a","power":1}, {"power":2}])")) ==
        "/moves/1/name");
  CHECK(pointer_at_fault(with_moves(R"([{"name":"a","power":1}, {"name":"b","power":"c"}])")) ==
        "/moves/1/power");
  CHECK(pointer_at_fault(R"({"moves":[{"name":"a","power":99999999999}],"stats":{}})") ==
        "/moves/0/power");
  CHECK(pointer_at_fault(R"({"moves":[],"stats":{"\u0061":[1,256,3]}})") == "/stats/a/1");
  CHECK(pointer_at_fault(R"({"stats":{}})") == "/moves");
  SUBCASE("as far as that is known") {
    CHECK(pointer_at_fault("[]") == "");
    CHECK(pointer_at_fault("") == "");
    CHECK(pointer_at_fault(R"({"moves":[],"stats":{"a":[1,)") == "");
    CHECK(pointer_at_fault(R"({"moves":[],"stats":{},"wrapped":{"name":"a"}})") == "/wrapped");
  }
}

// --- What fits, and what does not
// -----------------------------------------------------------------

template <class T>
struct One {
  T value{};
  static constexpr auto fields = castore::fields("value", &One::value);
};

template <class T>
T read_one(const std::string& json) {
  return read_json<One<T>>("{\"value\":" + json + '}').value;
}

template <class T>
bool fits(const std::string& json) {
  try {
    static_cast<void>(read_one<T>(json));
  } catch (const std::invalid_argument&) {
    return false;
  }
  return true;
}

TEST_CASE("an integer is read only if its type holds it") {
  CHECK(read_one<int>("-0") == 0);
  CHECK(read_one<int>("1.0") == 1);
  CHECK(read_one<int>("-12e2") == -1200);
  CHECK(read_one<std::uint8_t>("255") == 255);
  CHECK(read_one<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(read_one<std::uint64_t>("18446744073709551615") ==
        std::numeric_limits<std::uint64_t>::max());
  for (const std::string json : {"1.5", "1e-1", "true", "\"1\"", "null", "2147483648",
                                 "-2147483649", "1e10", "1e400", "99999999999999999999"}) {
    CAPTURE(json);
    CHECK_FALSE(fits<int>(json));
  }
  CHECK_FALSE(fits<std::uint8_t>("256"));
  CHECK_FALSE(fits<std::uint64_t>("-1"));
  CHECK_FALSE(fits<std::uint64_t>("-1.0"));
  CHECK_FALSE(fits<std::uint64_t>("18446744073709551616"));
  CHECK_FALSE(fits<std::int64_t>("9223372036854775808"));
  CHECK(read_one<std::uint64_t>("-0") == 0);
  CHECK(read_one<std::uint64_t>("-0.0e5") == 0);
  CHECK(read_one<std::int64_t>("0e99999999999999999999") == 0);
  CHECK(read_one<std::int64_t>("0.000009007199254740991e21") == 9007199254740991);
  CHECK(read_one<std::int64_t>("-90071992547409910e-1") == -9007199254740991);
  // Others would read them as doubles, and so as their neighbours.
  CHECK_FALSE(fits<std::int64_t>("9007199254740993.0"));
  CHECK_FALSE(fits<std::int64_t>("-9007199254740992.0"));
  CHECK_FALSE(fits<std::uint64_t>("1e19"));
  CHECK_FALSE(fits<std::uint64_t>("1e20"));
  CHECK_FALSE(fits<std::int64_t>("9007199254740991.4"));
  CHECK_FALSE(fits<std::int64_t>("1.00000000000000000001"));
}

TEST_CASE("a double is the nearest one") {
  CHECK(read_one<double>("0.1") == 0.1);
  CHECK(read_one<double>("1") == 1.0);
  CHECK(read_one<double>("18446744073709551616") == 18446744073709551616.0);
  CHECK(read_one<double>("1e-400") == 0.0);
  CHECK(std::signbit(read_one<double>("-0.0001e-400")));
  CHECK(read_one<double>("0." + std::string(99, '0') + "1e200") == 1e100);
  CHECK_FALSE(fits<double>("0." + std::string(99, '0') + "1e500"));
  CHECK(read_one<double>("1" + std::string(99, '0') + "e-500") == 0.0);
  CHECK(read_one<double>("4.9e-324") == std::numeric_limits<double>::denorm_min());
  CHECK(read_one<double>("1e-99999999999999999999") == 0.0);
  CHECK_FALSE(fits<double>("1e400"));
  CHECK_FALSE(fits<double>("1e99999999999999999999"));
  CHECK_FALSE(fits<double>("null"));
  CHECK_FALSE(fits<double>("true"));
  CHECK_FALSE(fits<float>("1e39"));
}

TEST_CASE("a double is written so that it is seen to be one") {
  CHECK(write_json(One<double>{1}) == R"({"value":1.0})");
  CHECK(write_json(One<double>{-0.0}) == R"({"value":-0.0})");
  CHECK(write_json(One<double>{0.1}) == R"({"value":0.1})");
  CHECK_THROWS_AS(static_cast<void>(write_json(One<double>{std::nan("")})), FieldError);
  CHECK_THROWS_AS(static_cast<void>(write_json(One<double>{INFINITY})), FieldError);
}

TEST_CASE("an optional is absent where it is nothing and read from null as well") {
  using Maybe = std::optional<int>;
  CHECK(write_json(One<Maybe>{}) == "{}");
  CHECK(write_json(One<Maybe>{1}) == R"({"value":1})");
  CHECK(read_one<Maybe>("null") == std::nullopt);
  CHECK(read_json<One<Maybe>>("{}").value == std::nullopt);
  CHECK(write_json(One<std::vector<Maybe>>{{1, std::nullopt}}) == R"({"value":[1,null]})");
  CHECK(read_one<std::vector<Maybe>>("[1,null]") == std::vector<Maybe>{1, std::nullopt});
}

TEST_CASE("raw JSON is kept byte for byte") {
  CHECK(read_one<RawJson>(R"(  {"a" : 1.10} )").text == R"({"a" : 1.10})");
  CHECK(write_json(One<RawJson>{{R"({"a" : 1.10})"}}) == R"({"value":{"a" : 1.10}})");
}

TEST_CASE("of a member given twice the last counts as a whole") {
  CHECK(read_json<One<int>>(R"({"value":1,"value":2})").value == 2);
  CHECK(read_json<One<std::vector<int>>>(R"({"value":[1],"value":[2]})").value ==
        std::vector<int>{2});
  using Nested = One<One<std::optional<int>>>;
  CHECK(read_json<Nested>(R"({"value":{"value":1},"value":{}})").value.value == std::nullopt);
}

struct Grown {
  int old_field = 0;
  int new_field = 7;
  static constexpr auto fields =
      castore::fields("old_field", &Grown::old_field, or_default("new_field"), &Grown::new_field);
};

TEST_CASE("a field with a default may be missing in older events") {
  CHECK(read_json<Grown>(R"({"old_field":1})").new_field == 7);
  CHECK(read_json<Grown>(R"({"old_field":1,"new_field":2})").new_field == 2);
  CHECK_THROWS(static_cast<void>(read_json<Grown>(R"({"new_field":2})")));
}

struct Tree {
  int value = 0;
  std::vector<Tree> children;
  static constexpr auto fields =
      castore::fields("value", &Tree::value, "children", &Tree::children);
};

TEST_CASE("a tree is read as deep as a payload may be and no deeper") {
  const auto nested = [](int depth) {
    std::string json = R"({"value":1,"children":[]})";
    for (int i = 0; i < depth; ++i) json = R"({"value":1,"children":[)" + json + "]}";
    return json;
  };
  CHECK(write_json(read_json<Tree>(nested(255))) == nested(255));
  CHECK_THROWS_AS(static_cast<void>(read_json<Tree>(nested(256))), std::invalid_argument);
}

struct Foreign {
  int x = 0;
};

class Secret {
 public:
  Secret() = default;
  explicit Secret(int value) : value_(value) {}
  [[nodiscard]] int value() const { return value_; }

 private:
  int value_ = 0;

 public:
  static constexpr auto fields = castore::fields("value", &Secret::value_);
};

}  // namespace
}  // namespace castore::testing

template <>
struct castore::FieldsOf<castore::testing::Foreign> {
  static constexpr auto value = castore::fields("x", &castore::testing::Foreign::x);
};

namespace castore::testing {
namespace {

TEST_CASE("the fields of a struct that cannot be changed are listed beside it") {
  CHECK(write_json(Foreign{3}) == R"({"x":3})");
  CHECK(read_json<Foreign>(R"({"x":3})").x == 3);
}

TEST_CASE("private members are listed inside the class") {
  CHECK(read_json<Secret>(write_json(Secret(3))).value() == 3);
}

struct WithListedMember {
  Move move;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WithListedMember, move)

TEST_CASE("a struct with listed fields may be a member of one with the macro") {
  const nlohmann::json json = WithListedMember{{"thunder", 110}};
  CHECK(json.dump() == R"({"move":{"name":"thunder","power":110}})");
  CHECK(json.get<WithListedMember>().move == Move{"thunder", 110});
}

struct HasMemberCalledFields {
  std::vector<std::string> fields;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(HasMemberCalledFields, fields)

TEST_CASE("a member that happens to be called fields is none of ours") {
  static_assert(!ListsFields<HasMemberCalledFields>);
  CHECK(JsonCodec<HasMemberCalledFields>::encode({{"a"}}) == R"({"fields":["a"]})");
  CHECK(JsonCodec<HasMemberCalledFields>::decode(R"({"fields":["a"]})").fields.size() == 1);
}

// --- As payloads
// ----------------------------------------------------------------------------------

TEST_CASE("an event whose payload does not fit says where") {
  const EventView event{.aggregate_id = "x",
                        .version = 7,
                        .type = "LISTED",
                        .timestamp = at("2022-01-01T00:00:00.000Z"),
                        .payload = R"({"text":"a","wide":"b"})",
                        .metadata = std::nullopt};
  const auto error =
      thrown<MalformedEventError>([&] { static_cast<void>(decode<Listed>("STORE", event)); });
  REQUIRE(error);
  CHECK(std::string_view(error->what())
            .find("payload/wide cannot be read: expected a number, found \"b\"") !=
        std::string_view::npos);
}

TEST_CASE("a payload that JSON cannot hold is refused") {
  Listed listed;
  listed.real = std::nan("");
  const auto error =
      thrown<InvalidEventError>([&] { static_cast<void>(encode(listed, std::nullopt)); });
  REQUIRE(error);
  CHECK(error->path() == "payload");
  CHECK(error->pointer() == "/real");
}

}  // namespace
}  // namespace castore::testing
