#include <doctest/doctest.h>
#include <castore/json_schema/draft7.hpp>

#include <algorithm>
#include <castore/json/scanner.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/errors.hpp"

namespace castore::testing {
namespace {

std::vector<SchemaViolation> violations_of(std::string_view schema, std::string_view json) {
  return Draft7SchemaCompiler().compile(schema)->validate(json);
}

bool fits(std::string_view schema, std::string_view json) {
  return violations_of(schema, json).empty();
}

/// "pointer: message" of each.
std::vector<std::string> texts_of(std::string_view schema, std::string_view json) {
  std::vector<std::string> texts;
  for (const SchemaViolation& violation : violations_of(schema, json)) {
    texts.push_back(violation.pointer + ": " + violation.message);
  }
  return texts;
}

using Texts = std::vector<std::string>;

/// Why the schema is refused; "accepted" if it is not.
std::string refusal_of(std::string_view schema) {
  const auto error = thrown<InvalidSchemaError>(
      [&] { static_cast<void>(Draft7SchemaCompiler().compile(schema)); });
  if (!error) return "accepted";
  constexpr std::string_view prefix = "Invalid JSON Schema: ";
  return std::string(error->what()).substr(prefix.size());
}

std::string nested(int depth, std::string_view open, std::string_view inside,
                   std::string_view close) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += inside;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

// --- Keywords -----------------------------------------------------------------------------------

struct Case {
  std::string_view schema;
  std::vector<std::string_view> valid;
  std::vector<std::string_view> invalid;
};

void check_cases(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(c.schema);
    const auto schema = Draft7SchemaCompiler().compile(c.schema);
    for (const std::string_view json : c.valid) {
      CAPTURE(json);
      CHECK(schema->validate(json).empty());
    }
    for (const std::string_view json : c.invalid) {
      CAPTURE(json);
      CHECK(!schema->validate(json).empty());
    }
  }
}

TEST_CASE("a type is one of seven and an integer is a number without a fraction") {
  check_cases({
      {R"({"type":"array"})", {"[]", "[1]"}, {"{}", "\"\"", "null"}},
      {R"({"type":"boolean"})", {"true", "false"}, {"0", "\"true\"", "null"}},
      {R"({"type":"integer"})",
       {"1", "-1", "0", "1.0", "-0.0", "1e3", "1e300", "9223372036854775807", "9223372036854775808",
        "18446744073709551615", "18446744073709551616"},
       {"1.5", "1e-1", "\"1\"", "null", "true"}},
      {R"({"type":"null"})", {"null"}, {"0", "\"\"", "false", "[]"}},
      {R"({"type":"number"})", {"1", "1.5", "-1e300", "18446744073709551615"}, {"\"1\"", "true"}},
      {R"({"type":"object"})", {"{}", R"({"a":1})"}, {"[]", "\"\"", "null"}},
      {R"({"type":"string"})", {"\"\"", "\"1\""}, {"1", "null", "[]", "{}"}},
      {R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1", "false"}},
  });
}

TEST_CASE("values are equal as JSON means them") {
  check_cases({
      {R"({"enum":["a",1,null,{"b":[2.0]}]})",
       {"\"a\"", "1", "1.0", "null", R"({"b":[2]})"},
       {"\"b\"", "true", "0", "\"1\"", R"({"b":[2],"c":1})", R"({"b":[3]})", R"({"b":2})"}},
      {R"({"enum":[1,1.0]})", {"1"}, {"2"}},
      {R"({"const":1})", {"1", "1.0", "1e0"}, {"true", "\"1\"", "2", "[1]"}},
      {R"({"const":1.0})", {"1"}, {"1.1"}},
      {R"({"const":0})", {"0", "-0", "-0.0"}, {"false", "null"}},
      {R"({"const":false})", {"false"}, {"0", "null", "\"false\""}},
      {R"({"const":null})", {"null"}, {"0", "\"\"", "{}"}},
      {R"({"const":{"a":1,"b":[1,2]}})", {R"({"b":[1.0,2],"a":1})"}, {R"({"b":[2,1],"a":1})"}},
      {R"({"const":9007199254740993})", {"9007199254740993"}, {"9007199254740992"}},
      {R"({"const":18446744073709551615})",
       {"18446744073709551615"},
       {"-1", "18446744073709551614", "18446744073709551616"}},
      {R"({"const":"\u00e9"})", {"\"é\""}, {"\"e\""}},
      {R"({"uniqueItems":true})",
       {"[]", "[1]", "[1,2]", "[1,true]", "[0,false]", "[[1],[2]]",
        "[9007199254740993,9007199254740992]", "{}", "\"aa\""},
       {"[1,1]", "[1,1.0]", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]", "[[],[]]", "[null,1,null]"}},
      {R"({"uniqueItems":false})", {"[1,1]"}, {}},
  });
}

TEST_CASE("numbers are compared exactly") {
  check_cases({
      {R"({"minimum":3})", {"3", "3.0", "4", "\"1\"", "null", "[]"}, {"2", "2.9", "-3"}},
      {R"({"maximum":3})", {"3", "3.0", "2", "\"9\""}, {"3.1", "4"}},
      {R"({"exclusiveMinimum":3})", {"3.1", "4", "\"1\""}, {"3", "3.0", "2"}},
      {R"({"exclusiveMaximum":3})", {"2.9", "-4", "\"9\""}, {"3", "3.0", "4"}},
      {R"({"minimum":-1.5})", {"-1.5", "-1", "0"}, {"-1.6", "-2"}},
      {R"({"maximum":9007199254740992})", {"9007199254740992"}, {"9007199254740993"}},
      {R"({"minimum":9007199254740993})", {"9007199254740993"}, {"9007199254740992"}},
      {R"({"minimum":0})", {"9223372036854775808", "18446744073709551615", "1e300"}, {"-1e300"}},
      {R"({"maximum":9223372036854775807})", {"-9223372036854775808"}, {"9223372036854775808"}},
      {R"({"exclusiveMaximum":18446744073709551616})", {"18446744073709551615"}, {"1e20"}},
      {R"({"maximum":1e300})", {"1e299", "18446744073709551615"}, {"1e301"}},
      {R"({"minimum":0.5})", {"1", "0.5"}, {"0", "0.4"}},
  });
}

TEST_CASE("a multiple is one in decimal digits") {
  check_cases({
      {R"({"multipleOf":2})", {"0", "4", "-4", "4.0", "1e300", "\"3\"", "[]"}, {"3", "4.5", "-3"}},
      {R"({"multipleOf":0.01})", {"19.99", "0.07", "4.35", "1", "0"}, {"0.075", "1e-3"}},
      {R"({"multipleOf":0.1})", {"0.3", "-0.3", "1e300"}, {"0.35"}},
      {R"({"multipleOf":1e-8})", {"12391239123", "1e-7"}, {"1e-9"}},
      {R"({"multipleOf":2.5})", {"5", "7.5"}, {"6"}},
      {R"({"multipleOf":10})", {"1e2", "100"}, {"5", "0.1"}},
      {R"({"multipleOf":18446744073709551615})", {"18446744073709551615", "0"}, {"-1", "5"}},
      {R"({"multipleOf":0.123456789})", {"0.246913578"}, {"1e308"}},
      {R"({"multipleOf":1e308})", {"0", "1e308"}, {"1", "1e-308"}},
  });
}

TEST_CASE("lengths are in code points and sizes in elements") {
  check_cases({
      {R"({"minLength":2})",
       {"\"ab\"", "\"äö\"", "\"😀😀\"", "1", "[]"},
       {"\"a\"", "\"ä\"", "\"😀\""}},
      {R"({"maxLength":2})", {"\"äö\"", "\"😀😀\"", "\"\"", "111"}, {"\"abc\"", "\"äöü\""}},
      {R"({"maxLength":2.0})", {"\"ab\""}, {"\"abc\""}},
      {R"({"maxLength":1})", {R"("\u0000")", R"("\ud83d\ude00")"}, {R"("\u0000b")"}},
      {R"({"minLength":1e30})", {}, {"\"abc\""}},
      {R"({"maxLength":18446744073709551615})", {"\"abc\""}, {}},
      {R"({"minItems":1})", {"[1]", "{}", "\"\""}, {"[]"}},
      {R"({"maxItems":1})", {"[]", "[1]", "{\"a\":1,\"b\":2}"}, {"[1,2]"}},
      {R"({"minProperties":1})", {R"({"a":1})", "[]"}, {"{}"}},
      {R"({"maxProperties":1})", {"{}", "[1,2]"}, {R"({"a":1,"b":2})"}},
  });
}

TEST_CASE("the items of an array have one schema or one each") {
  check_cases({
      {R"({"items":{"type":"integer"}})", {"[]", "[1,2]", "{\"a\":\"b\"}"}, {"[1,\"a\"]"}},
      {R"({"items":true})", {"[1]"}, {}},
      {R"({"items":false})", {"[]", "{\"a\":1}"}, {"[1]"}},
      {R"({"items":[{"type":"integer"},{"type":"string"}]})",
       {"[]", "[1]", "[1,\"a\"]", "[1,\"a\",null]"},
       {"[\"a\"]", "[1,2]"}},
      {R"({"items":[{"type":"integer"}],"additionalItems":{"type":"string"}})",
       {"[1]", "[1,\"a\",\"b\"]"},
       {"[1,2]", "[\"a\",\"b\"]"}},
      {R"({"items":[true,false]})", {"[1]"}, {"[1,2]"}},
      {R"({"items":[true],"additionalItems":false})", {"[]", "[1]"}, {"[1,2]"}},
      {R"({"items":{},"additionalItems":false})", {"[1,2]"}, {}},
      {R"({"additionalItems":false})", {"[1,2]"}, {}},
      {R"({"contains":{"const":1}})", {"[0,1]", "{}", "\"a\""}, {"[]", "[0]"}},
      {R"({"contains":true})", {"[0]"}, {"[]"}},
      {R"({"contains":false})", {"1"}, {"[]", "[1]"}},
  });
}

TEST_CASE("the properties of an object have schemas by name, by pattern or in general") {
  check_cases({
      {R"({"properties":{"a":{"type":"integer"},"b":false,"c":true}})",
       {"{}", R"({"a":1,"c":2,"d":"x"})", "[]", "1"},
       {R"({"a":"x"})", R"({"b":1})"}},
      {R"({"additionalProperties":{"type":"integer"}})", {"{}", R"({"a":1})"}, {R"({"a":"x"})"}},
      {R"({"properties":{"a":{}},"additionalProperties":false})",
       {R"({"a":1})", "[1]"},
       {R"({"a":1,"b":1})"}},
      {R"({"patternProperties":{"^i_":{"type":"integer"},"_s$":{"type":"string"}}})",
       {R"({"i_a":1,"a_s":"x","b":null})"},
       {R"({"i_a":"x"})", R"({"a_s":1})", R"({"i_s":1})", R"({"i_s":"x"})"}},
      {R"({"properties":{"a":{}},"patternProperties":{"^p":{"type":"integer"}},"additionalProperties":{"type":"string"}})",
       {R"({"a":null,"p":1,"x":"y"})"},
       {R"({"p":"x"})", R"({"x":1})"}},
      {R"({"properties":{"ab":{"minimum":2}},"patternProperties":{"a":{"maximum":3}},"additionalProperties":false})",
       {R"({"ab":2})", R"({"ac":1})"},
       {R"({"ab":1})", R"({"ab":4})", R"({"b":1})"}},
      {R"({"patternProperties":{"^ä.$":false}})", {R"({"ä":1,"aö":1})"}, {R"({"äö":1})"}},
      {R"({"propertyNames":{"maxLength":2,"pattern":"^[a-z]+$"}})",
       {"{}", R"({"ab":1})", "[\"abc\"]"},
       {R"({"abc":1})", R"({"A":1})"}},
      {R"({"propertyNames":{"enum":["a","1"]}})", {R"({"a":1,"1":2})"}, {R"({"b":1})"}},
      {R"({"propertyNames":{"type":"string","const":"true"}})", {R"({"true":1})"}, {R"({"t":1})"}},
      {R"({"propertyNames":false})", {"{}"}, {R"({"a":1})"}},
      {R"({"propertyNames":{"$ref":"#/definitions/short"},"definitions":{"short":{"maxLength":1}}})",
       {R"({"a":{"bb":1}})"},
       {R"({"bb":1})"}},
      {R"({"required":["a","b"]})", {R"({"a":1,"b":null,"c":2})", "[]", "1"}, {R"({"a":1})", "{}"}},
      {R"({"required":[]})", {"{}"}, {}},
      {R"({"required":["a\u0000b"]})", {R"({"a\u0000b":1})"}, {R"({"a":1})"}},
      {R"({"dependencies":{"a":["b","c"]}})",
       {"{}", R"({"b":1})", R"({"a":1,"b":2,"c":3})", "[\"a\"]"},
       {R"({"a":1})", R"({"a":1,"b":2})"}},
      {R"({"dependencies":{"a":{"properties":{"b":{"type":"integer"}}},"c":["d"]}})",
       {R"({"b":"x"})", R"({"a":1,"b":2})", R"({"c":1,"d":1})"},
       {R"({"a":1,"b":"x"})", R"({"c":1})"}},
      {R"({"dependencies":{"a":false,"b":true}})", {R"({"b":1})"}, {R"({"a":1})"}},
  });
}

TEST_CASE("schemas are combined") {
  check_cases({
      {R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"1", "3", "\"a\""}, {"0", "4"}},
      {R"({"allOf":[true,false]})", {}, {"1"}},
      {R"({"anyOf":[{"minimum":3},{"maximum":1}]})", {"0", "4"}, {"2"}},
      {R"({"anyOf":[false,{"type":"string"}]})", {"\"a\""}, {"1"}},
      {R"({"oneOf":[{"minimum":1},{"maximum":3}]})", {"0", "4"}, {"2"}},
      {R"({"oneOf":[{"type":"string"},{"type":"null"}]})", {"null", "\"a\""}, {"1"}},
      {R"({"oneOf":[true,true,false]})", {}, {"1"}},
      {R"({"not":{"type":"integer"}})", {"\"a\"", "1.5"}, {"1", "1.0"}},
      {R"({"not":{"not":{"type":"integer"}}})", {"1"}, {"\"a\""}},
      {R"({"not":false})", {"1"}, {}},
      {R"({"not":true})", {}, {"1"}},
      {R"({"if":{"minimum":10},"then":{"multipleOf":10},"else":{"multipleOf":2}})",
       {"20", "4", "\"a\""},
       {"12", "3"}},
      {R"({"if":{"minimum":10},"then":{"multipleOf":10}})", {"20", "3"}, {"12"}},
      {R"({"if":{"minimum":10},"else":{"multipleOf":2}})", {"11", "4"}, {"3"}},
      {R"({"then":false,"else":false})", {"1"}, {}},
      {R"({"if":false})", {"1"}, {}},
      {R"({"if":false,"else":false})", {}, {"1"}},
  });
}

TEST_CASE("true and false are schemas") {
  check_cases({{"true", {"1", "null", "{}"}, {}},
               {" false ", {}, {"1", "null", "{}"}},
               {"{}", {"1", "null", "{}"}, {}}});
  CHECK(texts_of("false", "1") == Texts{": is not allowed here"});
}

TEST_CASE("annotations and unknown keywords check nothing") {
  check_cases({
      {R"({"format":"date-time"})", {"\"no date\"", "1", "[1]", "{\"a\":1}"}, {}},
      {R"({"format":""})", {"\"a\""}, {}},
      {R"({"contentEncoding":"base64","contentMediaType":"application/json"})", {"\"%\""}, {}},
      {R"({"title":"t","description":"d","$comment":"c","default":5,"examples":[1],"readOnly":true,"writeOnly":false})",
       {"\"a\""},
       {}},
      {R"({"id":"http://example.com/a","divisibleBy":2,"prefixItems":[false],"$defs":3,"castore:never":true,"dependentRequired":{"a":["b"]}})",
       {"1", "[1]", R"({"a":1})"},
       {}},
  });
}

// --- References ---------------------------------------------------------------------------------

TEST_CASE("a reference leads to any schema of the document") {
  check_cases({
      {R"({"$ref":"#/definitions/a","definitions":{"a":{"type":"integer"}}})", {"1"}, {"\"a\""}},
      {R"({"properties":{"a":{"type":"integer"},"b":{"$ref":"#/properties/a"}}})",
       {R"({"b":1})"},
       {R"({"b":"x"})"}},
      {R"({"items":[{"type":"integer"},{"$ref":"#/items/0"}]})", {"[1,2]"}, {"[1,\"a\"]"}},
      {R"({"definitions":{"a/b~c%d \"":{"type":"integer"}},"items":{"$ref":"#/definitions/a~1b~0c%25d%20%22"}})",
       {"[1]"},
       {"[\"a\"]"}},
      {R"({"definitions":{"":{"":{"type":"integer"}}},"items":{"$ref":"#/definitions//"}})",
       {"[1]"},
       {"[\"a\"]"}},
      {R"({"$defs":{"a":{"type":"integer"}},"items":{"$ref":"#/$defs/a"}})", {"[1]"}, {"[\"a\"]"}},
      {R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/c"},"c":{"type":"integer"}},"items":{"$ref":"#/definitions/a"}})",
       {"[1]"},
       {"[\"a\"]"}},
      {R"({"definitions":{"a":false},"items":{"$ref":"#/definitions/a"}})", {"[]"}, {"[1]"}},
      {R"({"properties":{"$ref":{"type":"string"}}})", {R"({"$ref":"a"})"}, {R"({"$ref":1})"}},
      {R"({"const":{"$ref":"#/nowhere"}})", {R"({"$ref":"#/nowhere"})"}, {"1"}},
  });
}

TEST_CASE("what stands beside a reference is ignored") {
  CHECK(fits(
      R"({"items":{"$ref":"#/definitions/a","type":"string","maximum":"x"},"definitions":{"a":{}}})",
      "[1]"));
}

TEST_CASE("references are relative to the identifier of the schema around them") {
  check_cases({
      {R"({"$id":"http://example.com/root.json","definitions":{"a":{"$id":"folder/item.json","type":"integer"}},"items":{"$ref":"folder/item.json"}})",
       {"[1]"},
       {"[\"a\"]"}},
      {R"({"$id":"http://example.com/root.json","definitions":{"a":{"$id":"folder/item.json","items":{"$ref":"other.json#/definitions/b"}},"c":{"$id":"/folder/other.json","definitions":{"b":{"type":"integer"}}}},"items":{"$ref":"./folder/../folder/item.json#"}})",
       {"[[1]]"},
       {"[[\"a\"]]"}},
      {R"({"definitions":{"a":{"$id":"#anchor","type":"integer"}},"items":{"$ref":"#anchor"}})",
       {"[1]"},
       {"[\"a\"]"}},
      {R"({"$id":"http://example.com/a","definitions":{"b":{"$id":"http://example.com/b","definitions":{"x":{"type":"string"}},"items":{"$ref":"#/definitions/x"}},"x":{"type":"integer"}},"items":{"$ref":"http://example.com/b"}})",
       {"[[\"a\"]]"},
       {"[[1]]"}},
      {R"({"$id":"urn:example:root","definitions":{"a":{"type":"integer"}},"items":{"$ref":"urn:example:root#/definitions/a"}})",
       {"[1]"},
       {"[\"a\"]"}},
  });
}

TEST_CASE("a reference to what is not there is refused and nothing is fetched") {
  const std::string hint = "; nothing is fetched from elsewhere";
  CHECK(refusal_of(R"({"$ref":"#/definitions/a"})") ==
        R"(at "/$ref": "#/definitions/a" is not within this schema)");
  CHECK(refusal_of(R"({"items":{"$ref":"#anchor"}})") ==
        R"(at "/items/$ref": "#anchor" is not within this schema)");
  for (const char* elsewhere :
       {"http://localhost:1/a.json", "https://example.com/a.json#/b", "file:///etc/passwd",
        "a.json", "../a.json#", "/etc/passwd", "http://json-schema.org/draft-07/schema#"}) {
    CAPTURE(elsewhere);
    const std::string reference = "{\"$ref\":\"" + std::string(elsewhere) + "\"}";
    CHECK(refusal_of(reference) ==
          "at \"/$ref\": \"" + std::string(elsewhere) + "\" is not within this schema" + hint);
    CHECK(refusal_of("{\"properties\":{\"a\":" + reference + "}}").find(hint) != std::string::npos);
  }
  CHECK(refusal_of(R"({"$ref":5})") == R"(at "/$ref": expected a string, found 5)");
  CHECK(refusal_of(R"({"$ref":"#/%zz"})") == R"(at "/$ref": a '%' without two hexadecimal digits)");
  CHECK(refusal_of(R"({"$ref":"#/title","title":"t"})") ==
        R"(at "/title": expected a schema (an object, true or false), found "t")");
  CHECK(refusal_of(R"({"$ref":"#/items/01","items":[{}]})").find("not within") !=
        std::string::npos);
  CHECK(refusal_of(R"({"$ref":"#/$defs/a","$defs":{"a":{"type":5}}})").find("/$defs/a/type") !=
        std::string::npos);
}

TEST_CASE("schemas that lead back to themselves for the same value are refused") {
  for (const char* schema : {
           R"({"$ref":"#"})",
           R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}})",
           R"({"allOf":[{"$ref":"#"}]})",
           R"({"items":{"anyOf":[{"$ref":"#/items"},{"type":"null"}]}})",
           R"({"not":{"$ref":"#"}})",
           R"({"if":{"$ref":"#"}})",
           R"({"dependencies":{"a":{"oneOf":[{"$ref":"#"}]}}})",
       }) {
    CAPTURE(schema);
    CHECK(refusal_of(schema).find("leads back to itself") != std::string::npos);
  }
}

TEST_CASE("schemas that lead back to themselves for a part of the value are trees") {
  const char* tree =
      R"({"type":"object","required":["name"],"properties":{"name":{"type":"string"},"children":{"items":{"$ref":"#"}}}})";
  CHECK(fits(tree, R"({"name":"a","children":[{"name":"b","children":[{"name":"c"}]}]})"));
  CHECK(texts_of(tree, R"({"name":"a","children":[{"name":"b","children":[{"name":5},{}]}]})") ==
        Texts{"/children/0/children/0/name: expected string, found integer",
              R"(/children/0/children/1: the property "name" is missing)"});
  check_cases({
      {R"({"additionalProperties":{"$ref":"#"},"propertyNames":{"$ref":"#/definitions/n"},"definitions":{"n":{"maxLength":1}}})",
       {R"({"a":{"b":{}}})"},
       {R"({"a":{"bb":{}}})"}},
      {R"({"definitions":{"a":{"items":{"$ref":"#/definitions/b"}},"b":{"type":"array","items":{"$ref":"#/definitions/a"}}},"$ref":"#/definitions/a"})",
       {"[]", "[[1]]", "[[[[]]]]"},
       {"[1]", "[[[1]]]"}},
      {R"({"anyOf":[{"type":"integer"},{"type":"array","items":{"$ref":"#"}}]})",
       {"[[[1],2]]"},
       {"[[[1],\"a\"]]"}},
      {R"({"patternProperties":{"":{"$ref":"#"}},"type":"object"})",
       {R"({"a":{"b":{}}})"},
       {R"({"a":{"b":1}})"}},
      {R"({"items":[{"$ref":"#"}],"type":"array"})", {"[[[]]]"}, {"[[[1]]]"}},
      {R"({"contains":{"$ref":"#"},"minItems":1})", {"[[[1]],1]", "1"}, {"[]"}},
  });
}

TEST_CASE("values are checked down to the deepest that castore takes") {
  const std::string deepest = nested(max_json_depth, "[", "", "]");
  for (const char* schema : {
           R"({"type":"array","items":{"$ref":"#"}})",
           R"({"anyOf":[{"type":"array","items":{"$ref":"#"}}]})",
       }) {
    CAPTURE(schema);
    CHECK(fits(schema, deepest));
    const auto violations = violations_of(schema, nested(max_json_depth - 1, "[", "5", "]"));
    CHECK(violations.size() == 1);
  }
  CHECK(texts_of(R"({"type":"array","items":{"$ref":"#"}})", nested(3, "[", "5", "]")) ==
        Texts{"/0/0/0: expected array, found integer"});
  CHECK(fits(R"({"additionalProperties":{"$ref":"#"}})",
             nested(max_json_depth - 1, "{\"a\":", "{}", "}")));
  CHECK(texts_of("{}", nested(max_json_depth + 1, "[", "", "]")).size() == 1);
}

TEST_CASE("what would need too much of the stack is a violation and no crash") {
  const std::string chain = nested(40, R"({"allOf":[)", R"({"items":{"$ref":"#"}})", "]}");
  CHECK(fits(chain, nested(20, "[", "", "]")));
  CHECK(texts_of(chain, nested(400, "[", "", "]")) ==
        Texts{": nests too deeply to be checked by a schema that nests 41 deep for each value"});
  const auto long_chain = [](int length) {
    std::string schema = R"({"definitions":{)";
    for (int i = 0; i < length; ++i) {
      schema += "\"" + std::to_string(i) + R"(":{"allOf":[{"$ref":"#/definitions/)" +
                std::to_string(i + 1) + "\"}]},";
    }
    return schema + "\"" + std::to_string(length) + "\":{}}}";
  };
  CHECK(fits(long_chain(1000), "1"));
  CHECK(refusal_of(long_chain(3000)) == "at the root: too many schemas are inside one another");
}

TEST_CASE("a long cycle of schemas is compiled without a deep stack") {
  constexpr int length = 1000;
  std::string schema = R"({"items":{"$ref":"#/definitions/0"},"definitions":{)";
  for (int i = 0; i < length; ++i) {
    if (i > 0) schema += ',';
    schema += "\"" + std::to_string(i) + R"(":{"type":"array","items":{"$ref":"#/definitions/)" +
              std::to_string((i + 1) % length) + "\"}}";
  }
  schema += "}}";
  CHECK(fits(schema, "[[[]]]"));
  CHECK(!fits(schema, "[[[1]]]"));
}

// --- What is no schema --------------------------------------------------------------------------

TEST_CASE("what is no schema is refused with the place and the reason") {
  const std::string expected_schema = "expected a schema (an object, true or false), found ";
  CHECK(refusal_of("") != "accepted");
  CHECK(refusal_of("{\"type\":") != "accepted");
  CHECK(refusal_of("{} {}") != "accepted");
  CHECK(refusal_of("5") == "at the root: " + expected_schema + "5");
  CHECK(refusal_of("[]") == "at the root: " + expected_schema + "[]");
  CHECK(refusal_of("\"{}\"") == "at the root: " + expected_schema + R"("{}")");
  CHECK(refusal_of("null") == "at the root: " + expected_schema + "null");
  CHECK(refusal_of("{\"minimum\":1e999}") ==
        "at the root: a number is beyond the range of doubles");
  CHECK(refusal_of(nested(max_json_depth + 1, "{\"not\":", "{}", "}")) != "accepted");

  const std::string type_names = "expected array, boolean, integer, null, number, object or string";
  CHECK(refusal_of(R"({"type":5})") == R"(at "/type": )" + type_names + ", found 5");
  CHECK(refusal_of(R"({"type":"strnig"})") ==
        R"(at "/type": )" + type_names + R"(, found "strnig")");
  CHECK(refusal_of(R"({"type":["string","any"]})") ==
        R"(at "/type/1": )" + type_names + R"(, found "any")");
  CHECK(refusal_of(R"({"items":{"properties":{"a/b":{"type":{}}}}})") ==
        R"(at "/items/properties/a~1b/type": )" + type_names + ", found {}");
  CHECK(refusal_of(R"({"properties":3})") ==
        R"(at "/properties": expected an object of schemas, found 3)");
  CHECK(refusal_of(R"({"properties":{"a":3}})") ==
        R"(at "/properties/a": )" + expected_schema + "3");
  CHECK(refusal_of(R"({"required":"x"})") == R"(at "/required": expected an array, found "x")");
  CHECK(refusal_of(R"({"required":true})") == R"(at "/required": expected an array, found true)");
  CHECK(refusal_of(R"({"properties":{"a":{"enum":[]}}})") ==
        R"(at "/properties/a/enum": expected an array of values, not empty, found [])");
  CHECK(refusal_of(R"({"exclusiveMinimum":true})") ==
        R"(at "/exclusiveMinimum": expected a number, found true)");
  CHECK(refusal_of(R"({"multipleOf":0})") ==
        R"(at "/multipleOf": expected a number above 0, found 0)");
  CHECK(refusal_of(R"({"maxLength":-1})") ==
        R"(at "/maxLength": expected an integer of at least 0, found -1)");
}

TEST_CASE("every keyword refuses what the meta-schema does not allow") {
  const std::vector<Case> cases = {
      {"$schema", {}, {"5", "\"\"", "null"}},
      {"$id", {"\"a\""}, {"5", "{}"}},
      {"$ref", {"\"#/definitions/a\""}, {"5", "{}"}},
      {"$comment", {"\"\""}, {"5"}},
      {"title", {"\"\""}, {"5", "[]"}},
      {"description", {"\"\""}, {"5", "true"}},
      {"examples", {"[]"}, {"5"}},
      {"readOnly", {"true"}, {"\"true\""}},
      {"writeOnly", {"true"}, {"1"}},
      {"format", {"\"email\""}, {"5"}},
      {"contentMediaType", {"\"\""}, {"5"}},
      {"contentEncoding", {"\"\""}, {"5"}},
      {"definitions", {"{}"}, {"[]", "{\"a\":5}"}},
      {"type", {"\"null\"", "[\"null\"]"}, {"null", "[]", "[5]", "[\"null\",\"null\"]"}},
      {"enum", {"[1]", "[1,1]", "[[]]"}, {"[]", "{}", "\"a\""}},
      {"const", {"5", "null", "{}"}, {}},
      {"multipleOf", {"0.1", "1"}, {"0", "0.0", "-1", "\"1\""}},
      {"maximum", {"-1", "1.5"}, {"\"1\"", "null"}},
      {"exclusiveMaximum", {"1"}, {"true", "\"1\""}},
      {"minimum", {"1"}, {"\"1\"", "[]"}},
      {"exclusiveMinimum", {"1"}, {"false", "\"1\""}},
      {"maxLength", {"0", "2.0"}, {"-1", "1.5", "\"1\""}},
      {"minLength", {"0"}, {"-1", "1.5", "\"1\""}},
      {"pattern", {"\"a\""}, {"5", "\"(\"", "\"[\"", "\"*\"", "\"a{2,1}\""}},
      {"items", {"{}", "true", "[{}]"}, {"5", "[]", "[5]", "\"true\""}},
      {"additionalItems", {"false", "{}"}, {"5", "[]", "\"true\""}},
      {"maxItems", {"0"}, {"-1", "1.5", "\"1\""}},
      {"minItems", {"0"}, {"-1", "1.5", "\"1\""}},
      {"uniqueItems", {"true"}, {"\"true\"", "1"}},
      {"contains", {"{}", "false"}, {"5", "[]"}},
      {"maxProperties", {"0"}, {"-1", "1.5"}},
      {"minProperties", {"0"}, {"-1", "1.5"}},
      {"required", {"[\"a\"]", "[]"}, {"{}", "[5]", "[\"a\",\"a\"]"}},
      {"properties", {"{\"a\":true}", "{}"}, {"[]", "{\"a\":[]}", R"({"a\u0000":{}})"}},
      {"patternProperties", {"{\"a\":true}", "{}"}, {"[]", "{\"a\":[]}", "{\"(\":{}}"}},
      {"additionalProperties", {"false", "{}"}, {"5", "\"false\""}},
      {"dependencies",
       {"{\"a\":[\"b\"]}", "{\"a\":{}}", "{\"a\":[]}", "{}"},
       {"[]", "{\"a\":\"b\"}", "{\"a\":[5]}", R"({"a":["b","b"]})"}},
      {"propertyNames", {"{}", "true"}, {"5", "[]"}},
      {"if", {"{}", "true"}, {"5"}},
      {"then", {"{}", "true"}, {"5"}},
      {"else", {"{}", "true"}, {"5"}},
      {"allOf", {"[{}]", "[true]"}, {"[]", "{}", "[5]"}},
      {"anyOf", {"[{}]"}, {"[]", "{}", "[5]"}},
      {"oneOf", {"[{}]"}, {"[]", "{}", "[5]"}},
      {"not", {"{}", "false"}, {"5", "[]"}},
  };
  for (const Case& c : cases) {
    const std::string keyword(c.schema);
    const auto refusal = [&](std::string_view operand) {
      return refusal_of(R"({"definitions":{"a":{}},"items":{")" + keyword +
                        "\":" + std::string(operand) + "}}");
    };
    for (const std::string_view operand : c.valid) {
      CAPTURE(operand);
      CHECK(refusal(operand) == "accepted");
    }
    for (const std::string_view operand : c.invalid) {
      CAPTURE(operand);
      CHECK(refusal(operand).find("at \"/items/" + keyword) == 0);
    }
  }
}

TEST_CASE("other drafts than 7 are refused wherever they are named") {
  CHECK(fits(R"({"$schema":"http://json-schema.org/draft-07/schema#"})", "1"));
  CHECK(fits(R"({"$schema":"http://json-schema.org/draft-07/schema"})", "1"));
  for (const char* draft :
       {"http://json-schema.org/draft-03/schema#", "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#", "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema", "http://example.com/schema", ""}) {
    CAPTURE(draft);
    const std::string name = "\"$schema\":\"" + std::string(draft) + "\"";
    const std::string reason = " is not draft 7";
    CHECK(refusal_of("{" + name + "}").find("at \"/$schema\": \"" + std::string(draft)) == 0);
    CHECK(refusal_of("{" + name + R"(,"$ref":"#/definitions/a","definitions":{"a":{}}})")
              .find(reason) != std::string::npos);
    CHECK(refusal_of(R"({"items":{)" + name + "}}").find("at \"/items/$schema\"") == 0);
  }
}

TEST_CASE("two schemas with one identifier are refused") {
  CHECK(refusal_of(R"({"definitions":{"a":{"$id":"x"},"b":{"$id":"x"}}})").find("/$id") !=
        std::string::npos);
  CHECK(refusal_of(R"({"definitions":{"a":{"$id":"#x"},"b":{"$id":"#x"}}})").find("/$id") !=
        std::string::npos);
}

// --- Violations ---------------------------------------------------------------------------------

TEST_CASE("every violation is listed with its place and what was expected") {
  const char* schema = R"({
    "type": "object",
    "properties": {
      "name": {"type": "string", "minLength": 1, "maxLength": 3, "pattern": "^[a-z]*$"},
      "level": {"type": ["integer", "null"], "minimum": 1, "exclusiveMaximum": 100, "multipleOf": 2},
      "kind": {"enum": ["fire", "water", null]},
      "version": {"const": 1},
      "moves": {"minItems": 1, "maxItems": 2, "uniqueItems": true, "items": {"type": "string"}}
    },
    "required": ["name", "owner", "place"],
    "additionalProperties": false
  })";
  CHECK(
      texts_of(
          schema,
          R"({"name":"","level":1.5,"kind":"air","version":"1","moves":[1,1,"a"],"x":1,"y":2})") ==
      Texts{R"(/kind: expected "fire", "water" or null, found "air")",
            "/level: expected a number that is a multiple of 2, found 1.5",
            "/level: expected integer or null, found number",
            "/moves/0: expected string, found integer", "/moves/1: expected string, found integer",
            "/moves: expected at most 2 elements, found 3",
            "/moves: expected elements that differ, but 0 and 1 are equal",
            "/name: expected at least 1 character, found 0", R"(/version: expected 1, found "1")",
            "/x: is not allowed here", "/y: is not allowed here",
            R"(: the property "owner" is missing)", R"(: the property "place" is missing)"});
  CHECK(texts_of(schema, R"({"name":"ABCD","owner":1,"place":1})") ==
        Texts{"/name: expected at most 3 characters, found 4",
              R"(/name: does not match the pattern "^[a-z]*$")", "/owner: is not allowed here",
              "/place: is not allowed here"});
  CHECK(texts_of(schema, R"({"name":"a","owner":1,"place":1,"level":100})").front() ==
        "/level: expected a number below 100, found 100");
  CHECK(texts_of(schema, "[]") == Texts{": expected object, found array"});
}

TEST_CASE("violations of all parts of a combination are listed") {
  CHECK(texts_of(R"({"allOf":[{"minimum":5},{"multipleOf":2},{"type":"string"}]})", "3") ==
        Texts{": expected a number of at least 5, found 3",
              ": expected a number that is a multiple of 2, found 3",
              ": expected string, found integer"});
  CHECK(texts_of(R"({"if":true,"then":{"properties":{"a":{"type":"string"}},"required":["b"]}})",
                 R"({"a":1})") ==
        Texts{"/a: expected string, found integer", R"(: the property "b" is missing)"});
  CHECK(texts_of(R"({"patternProperties":{"^a":{"type":"string"}},"additionalProperties":false})",
                 R"({"a1":1,"a2":2,"b":3,"c":4})") ==
        Texts{"/a1: expected string, found integer", "/a2: expected string, found integer",
              "/b: is not allowed here", "/c: is not allowed here"});
  CHECK(texts_of(R"({"items":[{"type":"string"},true],"additionalItems":false})", "[1,2,3,4]") ==
        Texts{"/0: expected string, found integer", "/2: is not allowed here",
              "/3: is not allowed here"});
  CHECK(
      texts_of(R"({"dependencies":{"a":["b","c"],"d":{"required":["e"]}}})", R"({"a":1,"d":1})") ==
      Texts{R"(: the property "e" is missing)",
            R"(: the property "b" is missing, which "a" asks for)",
            R"(: the property "c" is missing, which "a" asks for)"});
  CHECK(
      texts_of(R"({"propertyNames":{"maxLength":1,"pattern":"^a"}})", R"({"a":1,"bb":1,"c/":1})") ==
      Texts{"/bb: the property's name: expected at most 1 character, found 2",
            R"(/bb: the property's name: does not match the pattern "^a")",
            "/c~1: the property's name: expected at most 1 character, found 2",
            R"(/c~1: the property's name: does not match the pattern "^a")"});
}

TEST_CASE("alternatives that all fail are one violation that says why each did") {
  const char* schema =
      R"({"properties":{"a":{"anyOf":[{"type":"string"},{"type":"object","properties":{"b":{"maximum":3},"c":{"type":"null"}}}]}}})";
  CHECK(texts_of(schema, R"({"a":5})") ==
        Texts{"/a: fits none of the alternatives (anyOf): 1: expected string, found integer; "
              "2: expected object, found integer"});
  CHECK(texts_of(schema, R"({"a":{"b":4,"c":1}})") ==
        Texts{"/a: fits none of the alternatives (anyOf): 1: expected string, found object; "
              R"(2: at "/b" expected a number of at most 3, found 4 (and 1 more))"});
  CHECK(texts_of(R"({"oneOf":[{"type":"string"},{"oneOf":[{"const":1},{"const":2}]}]})", "3") ==
        Texts{": fits none of the alternatives (oneOf): 1: expected string, found integer; 2: fits "
              "none of the alternatives (oneOf): 1: expected 1, found 3; 2: expected 2, found 3"});
  CHECK(texts_of(R"({"oneOf":[{"minimum":1},{"const":"a"},{"maximum":3}]})", "2") ==
        Texts{": fits the alternatives 1 and 3, of which one is allowed (oneOf)"});
  CHECK(texts_of(R"({"items":{"not":{"type":"null"}}})", "[1,null]") ==
        Texts{"/1: fits the schema that is not allowed (not)"});
  CHECK(texts_of(R"({"properties":{"a":{"contains":{"type":"null"}}}})", R"({"a":[1]})") ==
        Texts{"/a: no element fits the schema that one has to (contains)"});
}

TEST_CASE("a violation's place is a JSON pointer") {
  CHECK(texts_of(R"({"additionalProperties":{"items":{"type":"null"}}})",
                 R"({"a/b":[0],"m~n":[null,0],"":[0],"[0]":[0],"é \"":[0],"\u0001x":[0]})") ==
        Texts{"//0: expected null, found integer", "/\x01x/0: expected null, found integer",
              "/[0]/0: expected null, found integer", "/a~1b/0: expected null, found integer",
              "/m~0n/1: expected null, found integer", "/é \"/0: expected null, found integer"});
  CHECK(texts_of(R"({"properties":{"a/b~":{"patternProperties":{"":{"type":"null"}}}}})",
                 R"({"a/b~":{"~/":1}})") == Texts{"/a~1b~0/~0~1: expected null, found integer"});
}

TEST_CASE("what is long is cut off in a message between two characters") {
  const auto violations = violations_of(R"({"const":1})", "\"" + repeated("ä", 500) + "\"");
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].message.size() < 120);
  CHECK(is_utf8(violations[0].message));
}

TEST_CASE("what is no JSON or has too large a number is a violation") {
  CHECK(violations_of("{}", "{").size() == 1);
  CHECK(violations_of("true", "").size() == 1);
  CHECK(texts_of("{}", "[1e400]") == Texts{": a number is beyond the range of doubles"});
}

// --- Compiling and sharing ----------------------------------------------------------------------

TEST_CASE("equal texts share one compiled schema for as long as somebody holds it") {
  Draft7SchemaCompiler schemas;
  auto schema = schemas.compile(R"({"type":"string"})");
  CHECK(schemas.compile(R"({"type":"string"})") == schema);
  CHECK(schemas.compile(R"({"type": "string"})") != schema);
  const std::weak_ptr<const JsonSchema> watched = schema;
  schema.reset();
  CHECK(watched.expired());
  CHECK(schemas.compile(R"({"type":"string"})")->validate("1").size() == 1);
}

TEST_CASE("a compiled schema outlives what compiled it") {
  const auto schema =
      std::make_unique<Draft7SchemaCompiler>()->compile(R"({"items":{"$ref":"#"}})");
  CHECK(schema->validate("[[1]]").empty());
}

TEST_CASE("threads compile and validate at once") {
  Draft7SchemaCompiler schemas;
  const char* text =
      R"({"properties":{"a":{"pattern":"^a+$"}},"patternProperties":{"^b":{"anyOf":[{"const":1},{"type":"string"}]}},"items":{"$ref":"#"},"required":["c"],"not":{"const":5}})";
  const auto schema = schemas.compile(text);
  std::vector<std::size_t> found(4);
  {
    std::vector<std::jthread> threads;
    threads.reserve(found.size());
    for (std::size_t& count : found) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          count += schema->validate(R"([{"a":"b","b1":null}])").size();
          count += schemas.compile(i % 2 == 0 ? text : "{\"const\":1}")->validate("5").size();
        }
      });
    }
  }
  for (const std::size_t count : found) CHECK(count == 200 * 4);
}

}  // namespace
}  // namespace castore::testing
