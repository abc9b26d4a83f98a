#include <doctest/doctest.h>
#include <castore/json_schema/draft7.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/errors.hpp"

namespace castore::testing {
namespace {

using namespace std::string_view_literals;

std::string as_json(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out += {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 0xF]};
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::shared_ptr<const JsonSchema> schema_of(std::string_view pattern) {
  return Draft7SchemaCompiler().compile("{\"pattern\":" + as_json(pattern) + "}");
}

bool is_found(std::string_view pattern, std::string_view text) {
  return schema_of(pattern)->validate(as_json(text)).empty();
}

/// Why the pattern is refused; "accepted" if it is not.
std::string refusal_of(std::string_view pattern) {
  const auto error = thrown<InvalidSchemaError>([&] { static_cast<void>(schema_of(pattern)); });
  if (!error) return "accepted";
  const std::string start = "Invalid JSON Schema: at \"/pattern\": ";
  const std::string what = error->what();
  CHECK(what.starts_with(start));
  return what.substr(start.size());
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

struct Case {
  std::string_view pattern;
  std::vector<std::string_view> found;
  std::vector<std::string_view> not_found;
};

void check_cases(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(c.pattern);
    const auto schema = schema_of(c.pattern);
    for (const std::string_view text : c.found) {
      CAPTURE(text);
      CHECK(schema->validate(as_json(text)).empty());
    }
    for (const std::string_view text : c.not_found) {
      CAPTURE(text);
      CHECK(!schema->validate(as_json(text)).empty());
    }
  }
}

TEST_CASE("a pattern is found anywhere in the string and knows characters") {
  check_cases({
      {"b+", {"abc"}, {"ac", ""}},
      {"^b", {"b"}, {"ab", "a\nb"}},
      {"b$", {"ab"}, {"ba", "b\na", "b\n"}},
      {"^(a|b)$", {"a", "b"}, {"ab"}},
      {"a|b", {"xa", "bx"}, {"x"}},
      {"^.$", {"a", "ä", "€", "😀"}, {"ab", "äö", "\n"}},
      {"^[äöü]+$", {"äöü"}, {"ä€", "a"}},
      {R"(^\d{3}-\w+$)", {"123-a_B9"}, {"12-a", "१२३-a", "123-é"}},
      {R"(^\S+@\S+\.[a-z]{2,}$)", {"a@b.ch"}, {"a@b", "a b@c.de"}},
      {"^a{2,3}?b*?$", {"aa", "aaab"}, {"a", "aaaa"}},
      {R"(^[^\]\d]$)", {"a", "😀"}, {"]", "1"}},
      {R"(\bcat\b)", {"a cat."}, {"concat"}},
      {"", {"", "a"}, {}},
      {"^\0$"sv, {"\0"sv}, {""}},
  });
  CHECK(schema_of("a")->validate("1").empty());
  CHECK(schema_of("a")->validate("[\"b\"]").empty());
}

// The answers are those of JavaScript: of Node.js 20, to new RegExp(pattern, "u"), and where that
// throws, to new RegExp(pattern).
TEST_CASE("patterns mean what they do in JavaScript with flag u or else without") {
  check_cases({
      {R"(^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$)",
       {"a.b-c@x-y.org", "a@b.ch"},
       {"a@b", "a b@c.de", "a@b.museum"}},
      {R"(^[\d-x]$)", {"5", "-", "x"}, {"y", "."}},
      {R"(^[a-\d]$)", {"a", "-", "7"}, {"b"}},
      {R"(^[\w-a-c]$)", {"-", "d", "c"}, {"."}},
      {R"(^[\d-a-z]$)", {"-", "5", "a", "z"}, {"m"}},
      {R"(^[^\W-]$)", {"a", "_"}, {"-", " "}},
      {R"(^[\s-\d]$)", {" ", "-", "1"}, {"a"}},
      {"^[+-.]$", {"+", ",", "-", "."}, {"/"}},
      {"^[--/]$", {"-", ".", "/"}, {","}},
      {R"(^[\-\_\.\@]$)", {"-", "_", ".", "@"}, {"a"}},
      {R"(^[\b]$)", {"\b"}, {"b"}},
      {R"(^[\B\A]$)", {"B", "A"}, {"a"}},
      {"^[]$", {}, {"", "a"}},
      {"^[^]$", {"a", "\n"}, {""}},
      {"^[a^]$", {"^", "a"}, {"b"}},
      {"^[[]]$", {"[]"}, {"["}},
      {"a{,3}", {"a{,3}"}, {"aaa"}},
      {"x{1", {"x{1"}, {"x"}},
      {"^{$", {"{"}, {""}},
      {"^}]$", {"}]"}, {"}"}},
      {"^a{b}c$", {"a{b}c"}, {"abc"}},
      {R"(^{{\w+}}$)", {"{{name}}"}, {"{name}"}},
      {"^x{2}{$", {"xx{"}, {"xx"}},
      {R"(^{"a":\d}$)", {R"({"a":1})"}, {R"({"a":x})"}},
      {"^a{2,}?$", {"aa", "aaaa"}, {"a"}},
      {R"(^\d{3}\-\d{2}$)", {"123-45"}, {"12345"}},
      {R"(^\_\w\_$)", {"_a_"}, {"a_a"}},
      {R"(^https?:\/\/\w+\/$)", {"http://a/", "https://b/"}, {"http:a"}},
      {R"(^\w+\@\w+$)", {"a@b"}, {"ab"}},
      {R"(^\#\ \"\'\:\;\,\%\&\<\=\>\~\!$)", {R"(# "':;,%&<=>~!)"}, {"#"}},
      {R"(^\é$)", {"é"}, {"e"}},
      {R"(^\a\e\g\i\y\z$)", {"aegiyz"}, {"aegiy"}},
      {R"(^\x4$)", {"x4"}, {"\004"}},
      {R"(^\x2d\x2D$)", {"--"}, {"x2d"}},
      {R"(^\u12$)", {"u12"}, {"\022"}},
      {R"(^\u00e9$)", {"é"}, {"u00e9"}},
      {R"(^\u{1F600}$)", {"😀"}, {"u{1F600}"}},
      {R"(^\ud83d\ude00.$)", {"😀a", "😀😀"}, {"😀"}},
      {"^[😀-😂]$", {"😁", "😀"}, {"a"}},
      {R"(^\p$)", {"p"}, {""}},
      {R"(^\cA\cz$)", {"\001\032"}, {"cAcz"}},
      {R"(^\c$)", {R"(\c)"}, {"c"}},
      {R"(^\c1[\c1]$)", {"\\c1\021"}, {"c11"}},
      {R"(^[\c!]$)", {R"(\)", "c", "!"}, {"\001"}},
      {R"(^\0$)", {"\0"sv}, {"0"}},
      {R"(^\1\12\101\377$)", {"\001\nA\u00ff"}, {"1"}},
      {R"(^\400\08\8\9$)", {" 0\0889"sv}, {"400"}},
      {R"(^[\1\12-\15\8]$)", {"\001", "\r", "8"}, {"1", R"(\)"}},
      {R"(^(a)\2$)", {"a\002"}, {"aa"}},
      {R"(^\k<a>$)", {"k<a>"}, {"a"}},
      {"^(?=a)*b$", {"b"}, {"ab"}},
      {R"(^(?!a){2}\w$)", {"b"}, {"a"}},
      {R"(^(?=.*\d)(?=.*[a-z])(?!.*\s).{4,8}$)", {"abc1", "1abcdefg"}, {"abcd", "ab 1", "a1"}},
      {R"(^(?!(foo|bar)$)\w+$)", {"food"}, {"foo", "bar", ""}},
      {R"((?<=\$)\d+)", {"cost: $5"}, {"cost: 5"}},
      {R"((?<!\$)\b\d+)", {"5"}, {"$5"}},
      {R"(^(?<year>\d{4})-(?<month>\d\d)$)", {"2024-01"}, {"24-01"}},
      {R"(^\s$)", {" ", "\u00a0", "\u3000", "\ufeff", "\u2028"}, {"\u200b"}},
      {"^.$", {"a", "\u0085"}, {"\n", "\r", "\u2028", "\u2029"}},
      {R"(^\w\b.\B.$)", {"a-+"}, {"abc"}},
      {"^(a*)*b|(?:)+c$", {"aab", "c"}, {"a"}},
      {"^(?:a|ab)(?:c|bcd)(?:d*)$", {"abcd", "ac"}, {"abd"}},
      {"^(|a)+?$", {"", "aaa"}, {"b"}},
      {"^a|b$", {"ax", "xb"}, {"xa"}},
  });
}

TEST_CASE("a pattern that JavaScript takes neither with flag u nor without is refused") {
  for (const std::string_view pattern : std::to_array<std::string_view>({"(",
                                                                         ")",
                                                                         "a)(b",
                                                                         "[",
                                                                         "[a",
                                                                         "*",
                                                                         "+a",
                                                                         "a**",
                                                                         "a+++",
                                                                         "^*",
                                                                         R"(\b+)",
                                                                         "{1}",
                                                                         "a|{2,3}",
                                                                         "a{2}{3}",
                                                                         "a{2,1}",
                                                                         "[b-a]",
                                                                         R"([\d-\w--+])",
                                                                         R"([a-\c])",
                                                                         "(?a)",
                                                                         "(?<=a)*",
                                                                         "(?<1>a)",
                                                                         "(?<a>.)(?<a>.)",
                                                                         R"((?<a>.)\k)",
                                                                         R"(\)",
                                                                         R"(a\)",
                                                                         R"([\)"})) {
    CAPTURE(pattern);
    CHECK(refusal_of(pattern).find(as_json(pattern) +
                                   " cannot be used as a regular expression: ") == 0);
  }
}

TEST_CASE("characters are code points in all patterns") {
  check_cases({
      {R"(^.\-$)", {"😀-"}, {"-"}},
      {R"(^[^a]\-[😀]$)", {"😀-😀"}, {"a-😀"}},
      {R"(^\ud83d\ude00{2}\-$)", {"😀😀-"}, {"😀-"}},
      {R"(^[\w-\ud83d\ude00]$)", {"😀", "a", "-"}, {"."}},
  });
}

TEST_CASE("what looks ahead or behind may stand anywhere and within one another") {
  check_cases({
      {"a(?=b(?!c))", {"abd", "ab", "abc ab"}, {"abc", "a"}},
      {"(?<=(?<!x)a+)b", {"ab", "xaab"}, {"xab", "b"}},
      {"(?<=^|,)(?=b)b(?=,|$)", {"b", "a,b", "b,c"}, {"ab", "bc"}},
      {"^(?:(?!ab).)*$", {"", "ba", "bbaa"}, {"cab", "ab"}},
      {"^(?:a(?=.*z)|b){3}", {"aabz", "bbb"}, {"aab"}},
      {"(?<=a.*c.*)d$", {"abcd", "acbd"}, {"cabd", "ad"}},
  });
}

TEST_CASE("regular expressions that cannot be matched in steady time are refused") {
  CHECK(
      refusal_of(R"((a)\1)") ==
      R"j("(a)\\1" cannot be used as a regular expression: \1, a reference back to a group, is not supported)j");
  CHECK(refusal_of(R"((a)\-\1)").ends_with("not supported"));
  CHECK(refusal_of(R"((?<a>.)\k<a>)").ends_with("not supported"));
  CHECK(refusal_of("(a{1000}){1000}").ends_with("too large a regular expression"));
  CHECK(refusal_of("a{99999999999999999999}").ends_with("too large a regular expression"));
  CHECK(refusal_of("(?=a{15000})b{15000}").ends_with("too large a regular expression"));
  CHECK(refusal_of(repeated("a", 30'000)).ends_with("too large a regular expression"));
  CHECK(refusal_of(repeated("(", 1000) + repeated(")", 1000)).ends_with("groups nest too deeply"));
  CHECK(refusal_of(repeated("(", 150) + "a" + repeated(")", 150)) == "accepted");
  CHECK(refusal_of("^[a-z]{0,5000}$") == "accepted");
  CHECK(refusal_of("^(?:(?:){1000000}|a){3}$") == "accepted");
}

TEST_CASE("what a pattern hardly means is refused") {
  CHECK(refusal_of(R"(\p{L})") ==
        R"("\\p{L}" cannot be used as a regular expression: \p is not supported)");
  CHECK(refusal_of(R"(\-\P{L})").ends_with(R"(\P is not supported)"));
  CHECK(refusal_of(R"([\p{L}\-])").ends_with(R"(\p is not supported)"));
  CHECK(refusal_of(R"([\ud83d])").ends_with("write the character itself"));
  CHECK(refusal_of(R"([\ud800-\udbff][\udc00-\udfff])").ends_with("write the character itself"));
  CHECK(refusal_of(R"(\u{d83d}\u{de00})").ends_with("write the character itself"));
  // Without flag u it would be 1F600 times a "u".
  CHECK(refusal_of(R"(\-\u{1F600})")
            .ends_with(R"(\u{…} beside what is not allowed with it: a \ before -)"));
}

TEST_CASE("a refused pattern is named with what is wrong in it") {
  const auto reason = [](std::string_view pattern) {
    const std::string refusal = refusal_of(pattern);
    return refusal.substr(refusal.find(": ") + 2);
  };
  CHECK(reason("(a") == "a ( without its )");
  CHECK(reason("a)") == "a ) without its (");
  CHECK(reason("[a") == "a [ without its ]");
  CHECK(reason("a|*") == "nothing that a repetition could repeat");
  CHECK(reason("a{2,1}") == "a repetition from more times to fewer");
  CHECK(reason("[b-a]") == "a range from higher to lower");
  CHECK(reason("(?i)a") == "no group begins with (?i");
  CHECK(reason("a\\") == "a \\ at the end");
}

TEST_CASE("long strings are matched and too long ones are violations") {
  const std::string many = repeated("a", 40'000);
  CHECK(is_found("^(a|b)*$", many));
  CHECK(!is_found("^(a+)+$", many + "!"));
  CHECK(!is_found("(a*)*b", many));
  CHECK(!is_found("(x+x+)+y", repeated("x", 40'000)));
  CHECK(is_found("^(?!.*(a|b)*c)(?=(a+)+$)", many));
  CHECK(!is_found("(?:a(?=.*b))+", many));
  CHECK(!is_found("(?<=b.*)a", many));
  CHECK(is_found("^(ä|b)*$", repeated("ä", 40'000)));
  CHECK(is_found(R"(^\s*$)", repeated(" ", 40'000)));
  CHECK(Draft7SchemaCompiler()
            .compile(R"({"patternProperties":{"^(a|b)*$":true},"additionalProperties":false})")
            ->validate(std::string("{").append(as_json(many)).append(":1}"))
            .empty());
  const std::string too_many = as_json(repeated("a", 1'000'001));
  const auto violations = schema_of("a")->validate(too_many);
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].message ==
        "a string of more than 1000000 characters is not matched against the pattern \"a\"");
  CHECK(Draft7SchemaCompiler()
            .compile(R"({"patternProperties":{"a":true}})")
            ->validate(std::string("{").append(too_many).append(":1}"))
            .size() == 1);
}

}  // namespace
}  // namespace castore::testing
