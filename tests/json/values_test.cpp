#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <array>
#include <castore/event_type.hpp>
#include <castore/json/values.hpp>
#include <castore/timestamp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::testing {
namespace {

template <class T>
struct One {
  T value{};
  static constexpr auto fields = castore::fields("value", &One::value);
  friend bool operator==(const One&, const One&) = default;
};

/// The JSON of a member.
template <class T>
std::string written(T value) {
  const std::string json = write_json(One<T>{std::move(value)});
  if (json == "{}") return "";
  constexpr std::string_view begin = R"({"value":)";
  REQUIRE(json.starts_with(begin));
  return json.substr(begin.size(), json.size() - begin.size() - 1);
}

template <class T>
T read(const std::string& json) {
  return read_json<One<T>>(json.empty() ? "{}" : "{\"value\":" + json + '}').value;
}

/// What is wrong with a member, as in "/value/1: expected a string, found 7".
template <class T>
std::string refused(const std::string& json) {
  const auto error = thrown<FieldError>([&] { static_cast<void>(read<T>(json)); });
  return error ? error->pointer() + ": " + error->what() : "accepted";
}
template <class T>
std::string unwritable(const T& value) {
  const auto error = thrown<FieldError>([&] { static_cast<void>(write_json(One<T>{value})); });
  return error ? error->pointer() + ": " + error->what() : "accepted";
}

template <class T>
void check_both_ways(const T& value, const std::string& json) {
  CHECK(written(value) == json);
  CHECK((read<T>(json) == value));
}

// --- Enumerations --------------------------------------------------------------------------------

enum class Currency { eur, usd };
enum class Ball : std::uint8_t { poke, great, unknown };
enum Plain { first, second };

}  // namespace
}  // namespace castore::testing

template <>
inline constexpr auto castore::enum_names<castore::testing::Currency> =
    castore::names("EUR", castore::testing::Currency::eur, "USD", castore::testing::Currency::usd);
template <>
inline constexpr auto castore::enum_names<castore::testing::Ball> =
    castore::names("POKE", castore::testing::Ball::poke, "GREAT", castore::testing::Ball::great,
                   castore::fallback(castore::testing::Ball::unknown));
template <>
inline constexpr auto castore::enum_names<castore::testing::Plain> =
    castore::names("FIRST", castore::testing::first, "SECOND", castore::testing::second);

namespace castore::testing {
namespace {

TEST_CASE("an enumeration is text") {
  check_both_ways(Currency::usd, R"("USD")");
  check_both_ways(second, R"("SECOND")");
  CHECK(read<Currency>("\"\\u0055SD\"") == Currency::usd);
  CHECK(nlohmann::json(Currency::eur).dump() == R"("EUR")");
  CHECK(nlohmann::json("USD").get<Currency>() == Currency::usd);
}

TEST_CASE("a text that is no name of an enumeration is an error that says which there are") {
  CHECK(refused<Currency>(R"("GBP")") == R"(/value: expected one of "EUR", "USD", found "GBP")");
  CHECK(refused<Currency>("1") == "/value: expected a string, found 1");
  CHECK(refused<Currency>("4294967297") == "/value: expected a string, found 4294967297");
  CHECK(unwritable(static_cast<Currency>(7)) == "/value: JSON has no enumerator without a name, 7");
}

TEST_CASE("a text that is no name is the fallback where there is one") {
  CHECK(read<Ball>(R"("MASTER")") == Ball::unknown);
  CHECK(read<Ball>(R"("GREAT")") == Ball::great);
  CHECK(refused<Ball>("null") == "/value: expected a string, found null");
  CHECK(unwritable(Ball::unknown) == "/value: JSON has no enumerator without a name, 2");
}

// --- Absent, null, and values --------------------------------------------------------------------

TEST_CASE("a member that is null is not one that is absent") {
  using Twice = std::optional<std::optional<int>>;
  check_both_ways(Twice{}, "");
  check_both_ways(Twice{std::optional<int>{}}, "null");
  check_both_ways(Twice{1}, "1");
  using Raw = std::optional<RawJson>;
  check_both_ways(Raw{}, "");
  check_both_ways(Raw{RawJson{"null"}}, "null");
  check_both_ways(Raw{RawJson{"[1.0]"}}, "[1.0]");
  using Any = std::optional<nlohmann::json>;
  check_both_ways(Any{}, "");
  check_both_ways(Any{nlohmann::json(nullptr)}, "null");
  using Pointer = std::optional<std::shared_ptr<int>>;
  check_both_ways(Pointer{}, "");
  check_both_ways(Pointer{std::shared_ptr<int>()}, "null");
}

/// Written as null by its own functions.
struct Moody {
  int mood = 0;
  friend void to_json(nlohmann::json& json, const Moody& value) {
    json = value.mood == 0 ? nlohmann::json(nullptr) : nlohmann::json(value.mood);
  }
  friend void from_json(const nlohmann::json& json, Moody& value) {
    value.mood = json.is_null() ? 0 : json.get<int>();
  }
  friend bool operator==(const Moody&, const Moody&) = default;
};

TEST_CASE("an optional of what a foreign type writes as null is refused, not lost") {
  check_both_ways(Moody{0}, "null");
  check_both_ways(std::optional<Moody>{Moody{5}}, "5");
  CHECK(unwritable(std::optional<Moody>{Moody{0}}) ==
        "/value: JSON has no value that is written as null, and would be read as none");
  CHECK(unwritable(std::vector<std::optional<Moody>>{Moody{1}, Moody{0}}).starts_with("/value/1:"));
  CHECK(unwritable(std::make_shared<Moody>()).starts_with("/value: "));
}

TEST_CASE("a pointer is null or a value") {
  CHECK(written(std::make_shared<std::string>("a")) == R"("a")");
  CHECK(written(std::shared_ptr<std::string>()) == "null");
  CHECK(*read<std::shared_ptr<std::string>>(R"("a")") == "a");
  CHECK(read<std::shared_ptr<std::string>>("null") == nullptr);
  CHECK(*read<std::shared_ptr<const int>>("1") == 1);
  CHECK(*read<std::unique_ptr<int>>("1") == 1);
  CHECK(refused<std::unique_ptr<int>>("") == "/value: it is missing");
}

TEST_CASE("what is read over a shared value leaves it to the others") {
  One<std::shared_ptr<int>> one{std::make_shared<int>(1)};
  const auto other = one.value;
  read_json(R"({"value":2})", one);
  CHECK(*one.value == 2);
  CHECK(*other == 1);
}

TEST_CASE("raw JSON is one value") {
  CHECK(unwritable(RawJson{R"({},"approved":true)"})
            .starts_with("/value: expected one JSON value, found text that is not valid JSON at"));
  CHECK(unwritable(std::vector<RawJson>{{"1"}, {"2,3"}}).starts_with("/value/1: expected one"));
  CHECK(unwritable(RawJson{""}).starts_with("/value: "));
  CHECK(unwritable(RawJson{"\"\xFF\""}).starts_with("/value: "));
  CHECK(written(RawJson{" [1 , 2] "}) == " [1 , 2] ");
}

// --- Containers ----------------------------------------------------------------------------------

struct TrainerId {
  std::string value;
  static constexpr auto fields = castore::transparent(&TrainerId::value);
  friend auto operator<=>(const TrainerId&, const TrainerId&) = default;
};

TEST_CASE("sequences and sets are arrays") {
  check_both_ways(std::vector<bool>{true, false}, "[true,false]");
  check_both_ways(std::deque<int>{1, 2}, "[1,2]");
  check_both_ways(std::list<std::string>{"a", ""}, R"(["a",""])");
  check_both_ways(std::set<int>{3, 1, 2}, "[1,2,3]");
  check_both_ways(std::multiset<int>{2, 1, 2}, "[1,2,2]");
  check_both_ways(std::unordered_set<int>{7}, "[7]");
  check_both_ways(std::unordered_multiset<int>{7, 7}, "[7,7]");
  check_both_ways(std::set<Currency>{Currency::usd}, R"(["USD"])");
  CHECK(refused<std::set<int>>("[1,2,1]") ==
        "/value/2: expected an element that was not there before, found 1");
  CHECK(refused<std::vector<int>>(R"([1,"2"])") == R"(/value/1: expected a number, found "2")");
  CHECK(refused<std::deque<int>>("{}") == "/value: expected an array, found an object");
}

TEST_CASE("what has a number of elements has just so many") {
  using Three = std::array<int, 3>;
  check_both_ways(Three{1, 2, 3}, "[1,2,3]");
  check_both_ways(std::array<int, 0>{}, "[]");
  check_both_ways(std::pair<int, std::string>{1, "a"}, R"([1,"a"])");
  check_both_ways(std::tuple<int, bool, std::optional<int>>{1, true, {}}, "[1,true,null]");
  check_both_ways(std::tuple<>{}, "[]");
  CHECK(refused<Three>("[1,2]") == "/value: expected an array of 3 elements, found an array");
  CHECK(refused<Three>("[1,2,3,4]") == "/value: expected an array of 3 elements, found an array");
  CHECK(refused<std::pair<int, int>>("[]") ==
        "/value: expected an array of 2 elements, found an empty array");
  CHECK(refused<std::pair<int, int>>(R"([1,"a"])") == R"(/value/1: expected a number, found "a")");
}

TEST_CASE("maps by text are objects and others are arrays of pairs") {
  check_both_ways(std::map<std::string, int>{{"a", 1}, {"", 2}}, R"({"":2,"a":1})");
  check_both_ways(std::map<Currency, int>{{Currency::usd, 1}}, R"({"USD":1})");
  check_both_ways(std::map<TrainerId, int>{{TrainerId{"ash"}, 1}}, R"({"ash":1})");
  check_both_ways(std::map<int, std::string>{{1, "a"}, {-1, "b"}}, R"([[-1,"b"],[1,"a"]])");
  check_both_ways(std::unordered_map<int, bool>{{1, true}}, "[[1,true]]");
  CHECK(refused<std::map<Currency, int>>(R"({"GBP":1})") ==
        R"(/value/GBP: expected one of "EUR", "USD" as the name, found "GBP")");
  CHECK(refused<std::map<int, int>>("[[1,2],[1,3]]") ==
        "/value/1: expected a key that was not there before, found an array");
  CHECK(read<std::map<std::string, int>>(R"({"a":1,"a":2})").at("a") == 2);
  CHECK(unwritable(std::map<std::string, int>{{"\xFF", 1}}) ==
        "/value: expected UTF-8, found other bytes");
  CHECK(unwritable(std::map<std::string, std::string>{{"a/b~", "\xFF"}}) ==
        "/value/a~1b~0: expected UTF-8, found other bytes");
}

TEST_CASE("a map is written as nlohmann_json writes it") {
  const std::map<int, std::vector<int>> map{{1, {2}}, {3, {}}};
  CHECK(written(map) == nlohmann::json(map).dump());
  CHECK(nlohmann::json::parse(written(map)).get<std::map<int, std::vector<int>>>() == map);
}

TEST_CASE("bytes are a string in base64") {
  const auto bytes = [](const std::string& text) {
    std::vector<std::byte> made;
    for (const char c : text) made.push_back(static_cast<std::byte>(c));
    return made;
  };
  // RFC 4648, section 10.
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [text, base64] : vectors) check_both_ways(bytes(text), '"' + base64 + '"');
  check_both_ways(std::array<std::byte, 2>{std::byte{0xFF}, std::byte{0}}, R"("/wA=")");
  for (const std::string wrong :
       {"Zg", "Zg=", "Zh==", "Z===", "Zg==Zg==", "Zm9v\n", "Zm-_", "===="}) {
    CAPTURE(wrong);
    CHECK(refused<std::vector<std::byte>>(nlohmann::json(wrong).dump())
              .starts_with("/value: expected bytes in base64, found "));
  }
  CHECK(refused<std::array<std::byte, 2>>(R"("Zg==")") ==
        R"(/value: expected 2 bytes in base64, found "Zg==")");
}

// --- Strong types, names, and members left out ---------------------------------------------------

struct Level {
  std::uint8_t value = 0;
  static constexpr auto fields = castore::transparent(&Level::value);
  friend bool operator==(const Level&, const Level&) = default;
};

TEST_CASE("a transparent struct is its member") {
  check_both_ways(TrainerId{"ash"}, R"("ash")");
  check_both_ways(std::vector<Level>{{1}, {255}}, "[1,255]");
  check_both_ways(std::optional<Level>{Level{3}}, "3");
  CHECK(refused<std::vector<Level>>("[1,256]") ==
        "/value/1: expected an integer from 0 to 255, found 256");
  CHECK(nlohmann::json(TrainerId{"ash"}).dump() == R"("ash")");
  CHECK(nlohmann::json(7).get<Level>() == Level{7});
}

struct Renamed {
  int level = 0;
  std::optional<std::string> trainer = {};
  int new_field = 7;
  int cache = 5;

  static constexpr auto fields =
      castore::fields(castore::renamed("level", "lvl", "niveau"), &Renamed::level,
                      castore::renamed("trainer", "owner"), &Renamed::trainer,
                      castore::or_default(castore::renamed("new", "fresh")), &Renamed::new_field,
                      castore::ignored(&Renamed::cache));
  friend bool operator==(const Renamed&, const Renamed&) = default;
};

TEST_CASE("a renamed field is read under any of its names and written under the first") {
  const Renamed whole{.level = 1, .trainer = "ash", .new_field = 2};
  CHECK(write_json(whole) == R"({"level":1,"trainer":"ash","new":2})");
  for (const std::string json :
       {R"({"level":1,"trainer":"ash","new":2})", R"({"lvl":1,"owner":"ash","fresh":2})",
        R"({"fresh":2,"niveau":1,"owner":"ash"})",
        R"({ "lvl" : 1, "trainer":"ash", "fresh":2 })"}) {
    CAPTURE(json);
    CHECK(read_json<Renamed>(json) == whole);
  }
  CHECK(read_json<Renamed>(R"({"lvl":1})") == Renamed{.level = 1});
  CHECK(read_json<Renamed>(R"({"lvl":1,"level":2,"niveau":3})").level == 3);
  const auto error = thrown<FieldError>([] { static_cast<void>(read_json<Renamed>("{}")); });
  REQUIRE(error);
  CHECK(error->pointer() == "/level");
}

TEST_CASE("an ignored member is not in the JSON and not read") {
  CHECK(read_json<Renamed>(R"({"level":1,"cache":9})").cache == 5);
}

// --- Variants ------------------------------------------------------------------------------------

struct Card {
  std::string number;
  std::optional<int> code;
  static constexpr auto fields = castore::fields("number", &Card::number, "code", &Card::code);
  friend bool operator==(const Card&, const Card&) = default;
};
struct Transfer {
  std::string iban;
  static constexpr auto fields = castore::fields("iban", &Transfer::iban);
  friend bool operator==(const Transfer&, const Transfer&) = default;
};
using Payment = std::variant<std::monostate, Card, Transfer>;

}  // namespace
}  // namespace castore::testing

template <>
inline constexpr auto castore::variant_tags<castore::testing::Payment> = castore::tags(
    "method", castore::tag<castore::testing::Transfer>("TRANSFER"),
    castore::tag<castore::testing::Card>("CARD"), castore::tag<std::monostate>("CASH"));

namespace castore::testing {
namespace {

TEST_CASE("a variant is an object with a tag") {
  check_both_ways(Payment{}, R"({"method":"CASH"})");
  check_both_ways(Payment{Card{"4711", 7}}, R"({"method":"CARD","number":"4711","code":7})");
  check_both_ways(Payment{Card{"4711", {}}}, R"({"method":"CARD","number":"4711"})");
  check_both_ways(std::vector<Payment>{Transfer{"DE"}, {}},
                  R"([{"method":"TRANSFER","iban":"DE"},{"method":"CASH"}])");
  CHECK(written(std::optional<Payment>{}).empty());
}

TEST_CASE("the tag of a variant may stand anywhere and once") {
  const Payment card{Card{"4711", 7}};
  for (const std::string json :
       {R"({"number":"4711","method":"CARD","code":7})",
        R"({ "code":7 , "number":"4711","method" : "CARD"})",
        R"({"x":{"method":1},"number":"4711","code":7,"\u006dethod":"CARD"})"}) {
    CAPTURE(json);
    CHECK(read<Payment>(json) == card);
  }
  CHECK(read<Payment>(R"({"x":[],"method":"CASH"})") == Payment{});
  for (const std::string twice :
       {R"({"method":"CARD","number":"1","method":"CARD"})", R"({"method":"CASH","method":"CARD"})",
        R"({"number":"1","method":"CARD","method":"CASH"})"}) {
    CAPTURE(twice);
    CHECK(refused<Payment>(twice).find("given twice") != std::string::npos);
  }
}

TEST_CASE("an unknown tag is an error that says which there are") {
  CHECK(refused<Payment>(R"({"method":"BARTER"})") ==
        R"(/value/method: expected one of "TRANSFER", "CARD", "CASH", found "BARTER")");
  CHECK(refused<Payment>(R"({"number":"4711"})") == "/value/method: it is missing");
  CHECK(refused<Payment>("{}") == "/value/method: it is missing");
  CHECK(refused<Payment>(R"({"method":7})") == "/value/method: expected a string, found 7");
  CHECK(refused<Payment>("[]") == "/value: expected an object, found an empty array");
  CHECK(refused<Payment>(R"({"method":"CARD"})") == "/value/number: it is missing");
  CHECK(refused<Payment>(R"({"method":"CARD","number":1})") ==
        "/value/number: expected a string, found 1");
  CHECK(refused<Payment>(R"({"method":"CASH",})").find("not valid JSON") != std::string::npos);
}

TEST_CASE("a variant that is read over another keeps nothing of it") {
  One<Payment> one{Card{"4711", 7}};
  read_json(R"({"value":{"method":"CARD","number":"1"}})", one);
  CHECK(one.value == Payment{Card{"1", {}}});
  read_json(R"({"value":{"method":"TRANSFER","iban":"DE"}})", one);
  CHECK(one.value == Payment{Transfer{"DE"}});
}

// --- Times ---------------------------------------------------------------------------------------

TEST_CASE("a timestamp is text") {
  check_both_ways(at("2022-01-01T00:00:00.000Z"), R"("2022-01-01T00:00:00.000Z")");
  CHECK(read<Timestamp>(R"("2022-01-01T02:00:00+02:00")") == at("2022-01-01T00:00:00.000Z"));
  CHECK(refused<Timestamp>(R"("2022-01-01")") ==
        R"(/value: expected a timestamp as 2022-01-01T00:00:00.000Z, found "2022-01-01")");
  CHECK(refused<Timestamp>("0") == "/value: expected a string, found 0");
  CHECK(unwritable(max_timestamp + std::chrono::microseconds{1}).starts_with("/value: "));
}

TEST_CASE("a duration is a whole number of its unit") {
  check_both_ways(std::chrono::milliseconds{-1500}, "-1500");
  check_both_ways(std::chrono::weeks{2}, "2");
  CHECK(refused<std::chrono::seconds>("1.5") == "/value: expected an integer, found 1.5");
}

TEST_CASE("a day is text") {
  using std::chrono::year_month_day;
  using namespace std::literals;
  check_both_ways(year_month_day{2024y / 2 / 29}, R"("2024-02-29")");
  check_both_ways(year_month_day{std::chrono::year{0} / 1 / 1}, R"("0000-01-01")");
  for (const std::string wrong :
       {"2023-02-29", "2024-2-29", "2024-02-29T", "24-02-29", "2024/02/29", ""}) {
    CAPTURE(wrong);
    CHECK(refused<year_month_day>('"' + wrong + '"') ==
          "/value: expected a day as 2022-01-31, found \"" + wrong + '"');
  }
  CHECK(unwritable(year_month_day{2023y / 2 / 29}) ==
        "/value: expected a day of the years 0000 to 9999");
  CHECK(unwritable(year_month_day{10000y / 2 / 28}).starts_with("/value: "));
}

// --- Errors --------------------------------------------------------------------------------------

TEST_CASE("an error says what was found and what was expected") {
  CHECK(refused<std::int8_t>("-129") == "/value: expected an integer from -128 to 127, found -129");
  CHECK(refused<std::uint64_t>("-1") ==
        "/value: expected an integer from 0 to 18446744073709551615, found -1");
  CHECK(refused<std::int64_t>("9007199254740993.0") ==
        "/value: expected an integer without point and exponent, found 9007199254740993.0");
  CHECK(refused<double>("1e999") ==
        "/value: expected a number within the range of doubles, found 1e999");
  CHECK(refused<float>("-1e39") ==
        "/value: expected a number within the range of floats, found -1e39");
  CHECK(refused<bool>("null") == "/value: expected true or false, found null");
  CHECK(refused<One<int>>("7") == "/value: expected an object, found 7");
  CHECK(refused<std::map<std::string, int>>("[7]") == "/value: expected an object, found an array");
  CHECK(refused<int>('"' + std::string(100, 'x') + '"') ==
        "/value: expected a number, found \"" + std::string(63, 'x') + "…");
  CHECK(refused<int>("tru") == ": it is not valid JSON at byte 9: expected a value");
  CHECK(unwritable(std::string("\xFF")) == "/value: expected UTF-8, found other bytes");
  CHECK(unwritable(std::vector<One<double>>{{0}, {std::numeric_limits<double>::infinity()}}) ==
        "/value/1/value: JSON has no NaN and no infinity");
}

TEST_CASE("a type that nlohmann_json reads is named where it stands") {
  CHECK(refused<std::vector<Moody>>(R"([1,"a"])").starts_with("/value/1: "));
  CHECK(unwritable(std::vector<nlohmann::json>{1, "\xFF"}).starts_with("/value/1: "));
}

// --- Everything at once --------------------------------------------------------------------------

struct Everything {
  static constexpr std::string_view type = "EVERYTHING";
  std::array<std::int16_t, 2> pair{};
  std::set<std::string> tags;
  std::unordered_map<int, std::string> numbered;
  std::map<TrainerId, Level> levels;
  std::tuple<bool, std::uint32_t, float> tuple;
  std::optional<std::optional<std::string>> twice;
  std::vector<Payment> payments;
  std::shared_ptr<std::string> shared;
  Currency currency = Currency::eur;
  std::chrono::microseconds duration{};
  Timestamp time{};
  std::chrono::year_month_day day{std::chrono::year{1970} / 1 / 1};
  std::vector<std::byte> bytes;
  std::optional<RawJson> raw;

  static constexpr auto fields = castore::fields(
      "pair", &Everything::pair, "tags", &Everything::tags, "numbered", &Everything::numbered,
      "levels", &Everything::levels, "tuple", &Everything::tuple, "twice", &Everything::twice,
      "payments", &Everything::payments, "shared", &Everything::shared, "currency",
      &Everything::currency, "duration", &Everything::duration, "time", &Everything::time, "day",
      &Everything::day, "bytes", &Everything::bytes, "raw", &Everything::raw);

  friend bool operator==(const Everything& a, const Everything& b) {
    const bool same_shared = (a.shared == nullptr) == (b.shared == nullptr) &&
                             (a.shared == nullptr || *a.shared == *b.shared);
    const auto members = [](const Everything& value) {
      return std::tie(value.pair, value.tags, value.numbered, value.levels, value.tuple,
                      value.twice, value.payments, value.currency, value.duration, value.time,
                      value.day, value.bytes, value.raw);
    };
    return same_shared && members(a) == members(b);
  }
};

Everything anything() {
  const auto text = [] { return *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)); };
  const auto times = [] { return *rc::gen::inRange(0, 4); };
  Everything value;
  value.pair = {*rc::gen::arbitrary<std::int16_t>(), *rc::gen::arbitrary<std::int16_t>()};
  for (int i = times(); i > 0; --i) {
    value.tags.insert(text());
    value.numbered[*rc::gen::arbitrary<int>()] = text();
    value.levels[{text()}] = {*rc::gen::arbitrary<std::uint8_t>()};
    value.payments.push_back(*rc::gen::element<Payment>(
        Payment{}, Card{text(), {}}, Card{text(), *rc::gen::arbitrary<int>()}, Transfer{text()}));
    value.bytes.push_back(static_cast<std::byte>(*rc::gen::inRange(0, 256)));
  }
  value.tuple = {*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<std::uint32_t>(), 0.5F};
  value.twice = *rc::gen::element<std::optional<std::optional<std::string>>>(
      std::nullopt, std::optional<std::string>(), text());
  if (*rc::gen::arbitrary<bool>()) value.shared = std::make_shared<std::string>(text());
  value.currency = *rc::gen::element(Currency::eur, Currency::usd);
  value.duration = std::chrono::microseconds(*rc::gen::arbitrary<std::int64_t>());
  value.time = Timestamp(std::chrono::microseconds(*rc::gen::inRange<std::int64_t>(
      min_timestamp.time_since_epoch().count(), max_timestamp.time_since_epoch().count())));
  value.day = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(value.time));
  value.raw = *rc::gen::element<std::optional<RawJson>>(std::nullopt, RawJson{"null"},
                                                        RawJson{R"({"a":[1.10]})"});
  return value;
}

TEST_CASE("everything is read as it was written") {
  CHECK(rc::check([] {
    const Everything value = anything();
    const std::string json = write_json(value);
    RC_ASSERT(read_json<Everything>(json) == value);
    Everything over = anything();
    read_json(json, over);
    RC_ASSERT(over == value);
  }));
}

TEST_CASE("everything is read whatever the order and the white space") {
  CHECK(rc::check([] {
    const Everything value = anything();
    const auto json = nlohmann::json::parse(write_json(value));  // in the order of the names
    RC_ASSERT(read_json<Everything>(json.dump(*rc::gen::inRange(-1, 3))).payments ==
              value.payments);
    RC_ASSERT(read_json<Everything>(json.dump(*rc::gen::inRange(-1, 3))).levels == value.levels);
  }));
}

TEST_CASE("damaged JSON is read as something that is written alike or refused") {
  int refusals = 0;
  CHECK(rc::check([&] {
    std::string json = write_json(anything());
    json[*rc::gen::inRange<std::size_t>(0, json.size())] =
        *rc::gen::element('0', '"', ',', ':', '}', ']', '{', '[', 'x', ' ', '\\', '-');
    std::optional<Everything> value;
    try {
      value = read_json<Everything>(json);
    } catch (const FieldError&) {
      ++refusals;
      return;
    }
    RC_ASSERT(read_json<Everything>(write_json(*value)) == *value);
  }));
  CHECK(refusals > 0);
}

}  // namespace
}  // namespace castore::testing
