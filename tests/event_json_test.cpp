#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <castore/event_json.hpp>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::testing {
namespace {

using namespace std::string_literals;

std::string json_of(const EventDetail& event) {
  std::string out;
  append_json(out, to_view(event));
  return out;
}

std::string compact(std::string_view json) {
  std::string out;
  append_compact_json(out, json);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string nested(int depth, std::string_view open, std::string_view close) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += "0";
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

/// The path of the error that reading `json` ends with.
std::string path_of(const std::string& json, std::string_view prefix = {}) {
  const auto error =
      thrown<InvalidEventError>([&] { static_cast<void>(parse_event(json, prefix)); });
  return error ? error->path() : "none";
}

const EventDetail caught{.aggregate_id = "pikachu",
                         .version = 2,
                         .type = "POKEMON_CAUGHT",
                         .timestamp = at("2022-01-01T00:00:00.000Z"),
                         .payload = R"({"b":1,"a":1.10})",
                         .metadata = "null"};

// --- Writing ----------------------------------------------------------------------------------

TEST_CASE("an event is written in the field names of the original") {
  CHECK(json_of(caught) ==
        R"({"aggregateId":"pikachu","version":2,"type":"POKEMON_CAUGHT",)"
        R"("timestamp":"2022-01-01T00:00:00.000Z","payload":{"b":1,"a":1.10},"metadata":null})");
}

TEST_CASE("absent payload and metadata are left out") {
  EventDetail event = caught;
  event.payload = std::nullopt;
  event.metadata = std::nullopt;
  CHECK(json_of(event) == R"({"aggregateId":"pikachu","version":2,"type":"POKEMON_CAUGHT",)"
                          R"("timestamp":"2022-01-01T00:00:00.000Z"})");
}

TEST_CASE("ids are escaped as JSON wants it") {
  CHECK(quoted("") == R"("")");
  CHECK(quoted("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(quoted("\n\r\t") == R"("\n\r\t")");
  CHECK(quoted("\x01\x1f\x7f") == "\"\\u0001\\u001f\x7f\"");
  CHECK(quoted("\u00e9\U0001F427") == "\"\u00e9\U0001F427\"");
}

TEST_CASE("white space between the tokens of a payload is dropped and nothing else") {
  CHECK(compact(" { \"a b\" :\t[ 1 ,\r\n2 ] } ") == R"({"a b":[1,2]})");
  CHECK(compact(R"( "\" \\" )") == R"("\" \\")");
  CHECK(compact(R"({"\\": " x "})") == R"({"\\":" x "})");
  CHECK(compact("1.10") == "1.10");
  CHECK(compact(" 1e400 ") == "1e400");
}

TEST_CASE("dropping white space keeps the meaning of any document") {
  const bool holds = rc::check([](const std::vector<std::string>& words) {
    nlohmann::json document = nlohmann::json::array();
    for (const std::string& word : words) {
      const std::string text =
          nlohmann::json(word).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      document.push_back({{"k " + std::to_string(document.size()), nlohmann::json::parse(text)}});
    }
    const std::string line = compact(document.dump(3));
    RC_ASSERT(line == document.dump());
    RC_ASSERT(line.find('\n') == std::string::npos);
  });
  CHECK(holds);
}

/// Checks on the way what `check_json` answers, and what is appended.
bool is_compacted_or_refused(std::string_view json) {
  std::string out = "before";
  const std::string problem = append_checked_json(out, json);
  if (problem != check_json(json)) return false;
  return out == (problem.empty() ? "before" + compact(json) : "before");
}

TEST_CASE("what may be no JSON is checked on its way out") {
  for (const std::string& text : {R"( { "a b" : [ 1 , { } , [ ] ] } )"s, R"("\" \\")"s, " null "s,
                                  nested(512, "[ ", "] "), nested(512, "{\"a\": ", "}")}) {
    CAPTURE(text);
    CHECK(check_json(text) == "");
    CHECK(is_compacted_or_refused(text));
  }
  for (const std::string& text :
       {""s, "{\"a\":"s, "1 2"s, "[1,]"s, "{1:2}"s, "{\"a\" 1}"s, "[1}"s, "\"\xff\""s, "\"\n\""s,
        "0}}\n{\"position\":1"s, nested(513, "[", "]"), nested(513, "{\"a\":", "}"),
        std::string(10000000, '[')}) {
    CHECK(check_json(text) != "");
    CHECK(is_compacted_or_refused(text));
  }
}

TEST_CASE("a stored event that is no JSON is malformed and nothing of it is written") {
  EventDetail stored = caught;
  const auto write = [&stored](std::string& out) {
    append_stored_json(out, "POKEMONS", to_view(stored));
  };
  std::string out = "before ";
  write(out);
  CHECK(out == "before " + json_of(caught));
  out = "before ";
  SUBCASE("in its payload") {
    stored.payload = R"({"a":1}},{"b":)";
    const auto error = thrown<MalformedEventError>([&] { write(out); });
    REQUIRE(error);
    CHECK(error->event_store_id() == "POKEMONS");
    CHECK(error->aggregate_id() == "pikachu");
    CHECK(error->version() == 2);
    CHECK(error->type() == "POKEMON_CAUGHT");
    CHECK(std::string(error->what()).find("payload is not valid JSON at byte 7") !=
          std::string::npos);
  }
  SUBCASE("in its metadata") {
    stored.metadata = "nul";
    CHECK_THROWS_AS(write(out), MalformedEventError);
  }
  CHECK(out == "before ");
}

// --- Reading ----------------------------------------------------------------------------------

TEST_CASE("an event is read as it is written") {
  const NewEventDetail event = parse_event(json_of(caught));
  CHECK(to_detail(to_view(event), event.timestamp.value()) == caught);
}

TEST_CASE("timestamp and payload and metadata of a read event may be missing") {
  CHECK(parse_event(R"({"type":"T","version":1,"aggregateId":"x"})") ==
        NewEventDetail{.aggregate_id = "x",
                       .version = 1,
                       .type = "T",
                       .timestamp = std::nullopt,
                       .payload = std::nullopt,
                       .metadata = std::nullopt});
}

TEST_CASE("a payload is read byte for byte") {
  for (const auto* payload : {"null", "1.10", "1e400", "123456789012345678901234567890", "{ }",
                              R"({"b":1,"a":2,"b":3})", R"("\u0041\/")", "[\n1\t]"}) {
    const auto event =
        parse_event(R"({"aggregateId":"x","version":1,"type":"T","payload": )"s + payload + " }");
    CHECK(event.payload == payload);
    CHECK_FALSE(event.metadata);
  }
}

TEST_CASE("members that are not an event's are ignored") {
  const auto event = parse_event(
      R"({"eventStoreId":"S","aggregateId":"x","version":1,"type":"T","more":{"version":"?"},)"
      R"("more":[]})");
  CHECK(event.aggregate_id == "x");
  CHECK(event.version == 1);
}

TEST_CASE("names and ids are read with their escapes") {
  const auto event = parse_event(
      "{\"\\u0061ggregateId\":\"\\u00e9\\ud83d\\udc27\\n\\/\\\"\\b\\f\\r\\t\\\\\","
      "\"version\":1,\"typ\\u0065\":\"\\uFFFD\"}");
  CHECK(event.aggregate_id == "\u00e9\U0001F427\n/\"\b\f\r\t\\");
  CHECK(event.type == "\uFFFD");
}

TEST_CASE("a missing member of an event is named") {
  CHECK(path_of(R"({"version":1,"type":"T"})") == "aggregateId");
  CHECK(path_of(R"({"aggregateId":"x","type":"T"})") == "version");
  CHECK(path_of(R"({"aggregateId":"x","version":1})") == "type");
  CHECK(path_of("{}", "event.") == "event.aggregateId");
}

TEST_CASE("a member of the wrong kind is named") {
  CHECK(path_of(R"({"aggregateId":1,"version":1,"type":"T"})") == "aggregateId");
  CHECK(path_of(R"({"aggregateId":"x","version":1,"type":null})") == "type");
  CHECK(path_of(R"({"aggregateId":"x","version":1,"type":"T","timestamp":0})") == "timestamp");
  CHECK(path_of(R"({"aggregateId":"x","version":1,"type":"T","timestamp":0})", "event.") ==
        "event.timestamp");
  for (const auto* version : {"\"1\"", "1.0", "1.5", "1e0", "null", "true", "[1]",
                              "9223372036854775808", "99999999999999999999"}) {
    CAPTURE(version);
    CHECK(path_of(R"({"aggregateId":"x","type":"T","version":)"s + version + "}") == "version");
  }
}

TEST_CASE("a member given twice is named") {
  CHECK(path_of(R"({"aggregateId":"x","version":1,"type":"T","version":1})") == "version");
  CHECK(path_of(R"({"aggregateId":"x","version":1,"type":"T","payload":1,"payload":1})") ==
        "payload");
  CHECK(path_of(R"({"aggregateId":"x","aggregate\u0049d":"x","version":1,"type":"T"})") ==
        "aggregateId");
}

TEST_CASE("a timestamp that is text but no timestamp is an error of its own") {
  const auto error = thrown<InvalidTimestampError>([] {
    static_cast<void>(
        parse_event(R"({"aggregateId":"x","version":1,"type":"T","timestamp":"soon"})"));
  });
  REQUIRE(error);
  CHECK(error->text() == "soon");
}

TEST_CASE("an event cut off anywhere is refused") {
  const std::string whole = json_of(caught);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK(path_of(whole.substr(0, length)) == "event");
  }
  CHECK(path_of("[]") == "event");
  CHECK(path_of("null") == "event");
  CHECK(path_of(whole + "x") == "event");
  CHECK(path_of(whole + whole) == "event");
}

TEST_CASE("a line of an import is an event and its store") {
  const EventLine stored =
      parse_event_line(R"({"eventStoreId":"POKEMONS","event":)" + json_of(caught) + "}");
  CHECK(stored.event_store_id == "POKEMONS");
  CHECK(stored.event.aggregate_id == "pikachu");
  CHECK(stored.event.payload == caught.payload);

  const auto path = [](std::string_view json) {
    const auto error =
        thrown<InvalidEventError>([&] { static_cast<void>(parse_event_line(json)); });
    return error ? error->path() : "none";
  };
  CHECK(path(R"({"event":{"aggregateId":"x","version":1,"type":"T"}})") == "eventStoreId");
  CHECK(path(R"({"eventStoreId":"S"})") == "event");
  CHECK(path(R"({"eventStoreId":"S","event":{"aggregateId":"x","type":"T"}})") == "event.version");
  CHECK(path(R"({"eventStoreId":"S","event":[]})") == "event");
  CHECK(path(R"({"eventStoreId":1,"event":{}})") == "eventStoreId");
}

TEST_CASE("a line of an import says whether its timestamp was truncated") {
  const auto line = [](const std::string& timestamp) {
    return R"({"eventStoreId":"S","event":{"aggregateId":"x","version":1,"type":"T","timestamp":")" +
           timestamp + "\"}}";
  };
  const std::string fine = line("2022-01-01T00:00:00.123456789Z");
  CHECK(thrown<InvalidTimestampError>([&] { static_cast<void>(parse_event_line(fine)); }));
  const EventLine stored = parse_event_line(fine, {.truncate_timestamp = true});
  CHECK(stored.timestamp_truncated);
  CHECK(stored.event.timestamp == at("2022-01-01T00:00:00.123456Z"));
  const std::string whole = line("2022-01-01T00:00:00.123456000Z");
  CHECK(parse_event_line(whole, {.truncate_timestamp = true}) == parse_event_line(whole));
  CHECK_FALSE(parse_event_line(whole).timestamp_truncated);
}

// --- Checking ---------------------------------------------------------------------------------

TEST_CASE("JSON may nest 512 levels deep") {
  CHECK(check_json(nested(512, "[", "]")).empty());
  CHECK(check_json(nested(512, "{\"a\":", "}")).empty());
  CHECK_FALSE(check_json(nested(513, "[", "]")).empty());
  CHECK_FALSE(check_json(nested(513, "{\"a\":", "}")).empty());
  CHECK_FALSE(check_json(std::string(10000000, '[')).empty());
  SUBCASE("and so may the payload of an event that is read") {
    const auto event = [](int depth) {
      return R"({"aggregateId":"x","version":1,"type":"T","payload":)" + nested(depth, "[", "]") +
             "}";
    };
    CHECK(path_of(event(512)) == "none");
  }
}

TEST_CASE("a string that does not end is not read on behind the text") {
  const std::string_view whole = "\"é\"";
  const std::string_view cut = whole.substr(0, 3);  // a quote follows, which is not the text's
  CHECK(check_json(whole).empty());
  CHECK(check_json(cut).find("byte 3") != std::string::npos);
  std::string out;
  JsonScanner scanner(cut);
  CHECK_THROWS_AS(scanner.string(out), JsonSyntaxError);
}

TEST_CASE("what is wrong with JSON is said with its place") {
  CHECK(check_json("[1, x]").find("byte 4") != std::string::npos);
  CHECK(check_json("").find("byte 0") != std::string::npos);
  CHECK(check_json("{} {}").find("byte 3") != std::string::npos);
}

TEST_CASE("documents as RFC 8259 has them are JSON and others are not") {
  for (const std::string& text :
       {"0"s, "-0"s, "-1.5e+10"s, "1E5"s, "1e-5"s, "\"\""s, " [ ] "s, "{}"s, "\t\r\n1"s,
        R"(["\u0000","\uD83D\uDC27"])"s, "\"\x7f\""s, "\"\xF4\x8F\xBF\xBF\""s}) {
    CAPTURE(text);
    CHECK(check_json(text) == "");
  }
  for (const std::string& text : {" "s,
                                  "01"s,
                                  "-"s,
                                  "+1"s,
                                  ".5"s,
                                  "1."s,
                                  "1e"s,
                                  "1e+"s,
                                  "0x1"s,
                                  "Infinity"s,
                                  "nul"s,
                                  "nullx"s,
                                  "True"s,
                                  "'a'"s,
                                  "[1,]"s,
                                  "[,1]"s,
                                  "[1 2]"s,
                                  "{,}"s,
                                  "{\"a\"}"s,
                                  "{\"a\":}"s,
                                  "{a:1}"s,
                                  "{\"a\":1,}"s,
                                  "{1:1}"s,
                                  "]"s,
                                  "[}"s,
                                  "\"\t\""s,
                                  "\"\\x\""s,
                                  "\"\\u12\""s,
                                  "\"\\u123g\""s,
                                  R"("\uD83D")"s,
                                  R"("\uD83D\u0041")"s,
                                  R"("\uDC27")"s,
                                  "\"\x80\""s,
                                  "\"\xC0\xAF\""s,
                                  "\"\xE0\x80\x80\""s,
                                  "\"\xED\xBF\xBF\""s,
                                  "\"\xF4\x90\x80\x80\""s,
                                  "\"\xF8\x88\x80\x80\x80\""s,
                                  "\"\xE2\x82\""s,
                                  "\0"s,
                                  "1\0"s,
                                  "\"\0\""s,
                                  "// a\n1"s,
                                  "\xEF\xBB\xBF"
                                  "1"s,
                                  "\xC2\xA0"
                                  "1"s,
                                  "\v1"s}) {
    CAPTURE(text);
    CHECK(check_json(text) != "");
  }
}

/// A document with everything in it, as text.
std::string any_document(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 7 : 5);
  switch (kind) {
    case 0:
      return *rc::gen::element<std::string>("null", "true", "false");
    case 1:
      return std::to_string(*rc::gen::arbitrary<std::int64_t>());
    case 2:
      return *rc::gen::element<std::string>("-0.5", "1e9", "2E-7", "0", "12.50");
    case 3:
    case 4:
      return *rc::gen::element<std::string>("\"\"", "\"a b\"", R"("\"\\\/\b\f\n\r\t")",
                                            R"("\u00e9\ud83d\udc27")",
                                            "\"\u00e9\u7687\U0001F427\"");
    default:
      break;
  }
  const bool object = kind == 5;
  std::string text = object ? "{" : "[";
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    if (object) text += "\"k" + std::to_string(i) + "\" : ";
    text += any_document(depth - 1);
  }
  return text + (object ? "}" : "]");
}

/// Nothing where nlohmann's parser cannot say: a number that no double can hold.
std::optional<bool> parses(const std::string& text) {
  try {
    return !nlohmann::json::parse(text).is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;
  } catch (const nlohmann::json::parse_error&) {
    return false;
  }
}

TEST_CASE("a document is JSON exactly where a well known parser says so") {
  const bool holds = rc::check([] {
    std::string text = any_document(4);
    RC_ASSERT(check_json(text).empty());
    const int damages = *rc::gen::inRange(1, 4);
    for (int i = 0; i < damages && !text.empty(); ++i) {
      const auto place = *rc::gen::inRange<std::size_t>(0, text.size());
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          text.erase(place, 1);
          break;
        case 1:
          text.insert(place, 1, *rc::gen::elementOf("{}[],:\"\\u0189eE+-. \n\ttnfd\x80\xC3\xF0"s));
          break;
        case 2:
          text[place] = *rc::gen::arbitrary<char>();
          break;
        default:
          text.resize(place);
      }
    }
    // The well known parser skips a byte order mark, stops at a NUL and refuses numbers beyond a
    // double; RFC 8259 has nothing of that.
    RC_PRE(text.substr(0, 3) != "\xEF\xBB\xBF");
    RC_PRE(text.find('\0') == std::string::npos);
    const auto accepted = parses(text);
    RC_PRE(accepted.has_value());
    RC_CLASSIFY(*accepted, "still JSON");
    RC_ASSERT(check_json(text).empty() == *accepted);
    RC_ASSERT(is_compacted_or_refused(text));
  });
  CHECK(holds);
}

}  // namespace
}  // namespace castore::testing
