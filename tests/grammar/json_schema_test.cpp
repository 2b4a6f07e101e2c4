// SPDX-License-Identifier: Apache-2.0
// JSON schemas: what each keyword lets through, random schemas whose random texts always validate,
// and what is refused.
#include "grammar/json_schema.hpp"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "grammar/support.hpp"
#include "io/json.hpp"

namespace ottobit {
namespace {

using grammar_test::grammar_error;
using grammar_test::Reading;

grammar::Automaton compiled(std::string_view schema) {
  return grammar::compile(grammar::read_json_schema(schema, "s"), "s");
}

std::string readings(std::string_view schema, std::initializer_list<std::string_view> texts) {
  const grammar::Automaton automaton = compiled(schema);
  std::string out;
  for (const std::string_view text : texts) {
    out += "nby"[static_cast<int>(grammar_test::read(automaton, text))];
  }
  return out;
}

std::string error_of(std::string_view schema) {
  return grammar_error([&] { (void)compiled(schema); });
}

}  // namespace

TEST_CASE("JSON schema: values of each type") {
  CHECK(readings(R"({"type": "null"})", {"null", "nul", "0"}) == "ybn");
  CHECK(readings(R"({"type": "boolean"})", {"true", "false", "True"}) == "yyn");
  CHECK(readings(R"({"type": "integer"})", {"0", "-12", "01", "1.0", "-"}) == "yynnb");
  CHECK(readings(R"({"type": "number"})", {"0", "-1.50", "1e5", "1E-05", ".5", "1.", "1e999"}) ==
        "yyyynbn");
  CHECK(readings(R"({"type": "string"})", {"\"\"", "\"a\u00e9\\n\\u00e9\\\\\"", "\"\n\"",
                                           "\"\\ud800\"", "\"\\ud7ff\"", "\"\\x\"", "\"a"}) ==
        "yynnynb");
  CHECK(readings(R"({"type": ["string", "null"]})", {"\"a\"", "null", "1"}) == "yyn");
  CHECK(readings("{}", {"null", "[1, {\"a\": []}]", "{\"a\":1}", "\"x\"", "tru"}) == "yyyyb");
  CHECK(readings("true", {"1"}) == "y");
  CHECK(readings(R"({"enum": ["a\"b", 1, null, {"k": [1]}]})",
                 {"\"a\\\"b\"", "1", "null", "{\"k\":[1]}", "2"}) == "yyyyn");
  CHECK(readings(R"({"const": "\u00e9"})", {"\"\u00e9\"", "\"e\""}) == "yn");
}

TEST_CASE("JSON schema: numbers within bounds") {
  for (const auto& [low, high] : {std::pair(0, 9), std::pair(7, 123), std::pair(-12, 34),
                                  std::pair(-345, -21), std::pair(100, 100), std::pair(-9, 0)}) {
    const std::string bounds =
        "\"minimum\": " + std::to_string(low) + ", \"maximum\": " + std::to_string(high) + "}";
    const grammar::Automaton integers = compiled("{\"type\": \"integer\", " + bounds);
    const grammar::Automaton numbers = compiled("{\"type\": \"number\", " + bounds);
    const grammar::Automaton open =
        compiled("{\"type\": \"number\", \"exclusiveMinimum\": " + std::to_string(low - 1) +
                 ", \"exclusiveMaximum\": " + std::to_string(high + 1) + "}");
    for (int i = -400; i <= 400; ++i) {
      CAPTURE(i);
      const bool within = i >= low && i <= high;
      REQUIRE((grammar_test::read(integers, std::to_string(i)) == Reading::yes) == within);
      REQUIRE((grammar_test::read(numbers, std::to_string(i)) == Reading::yes) == within);
      const std::string half = std::to_string(i) + ".50";
      const double value = i < 0 ? i - 0.5 : i + 0.5;
      REQUIRE((grammar_test::read(numbers, half) == Reading::yes) ==
              (value >= low && value <= high));
      REQUIRE((grammar_test::read(open, half) == Reading::yes) ==
              (value > low - 1 && value < high + 1));
    }
  }
  CHECK(readings(R"({"type": "number", "exclusiveMinimum": 0, "maximum": 1})",
                 {"0", "0.0", "0.50", "1", "1.0", "-0.5"}) == "bbyyyn");
  CHECK(readings(R"({"type": "number", "minimum": -1, "exclusiveMaximum": 0})",
                 {"-1", "-0.25", "-0.0", "0", "-1.5"}) == "yybnn");
  CHECK(readings(R"({"minimum": -0.5, "maximum": 2.0})",
                 {"-0.5", "-0.51", "-0.499", "-1", "0", "0.0", "1.99", "2", "2.00", "2.01", "3"}) ==
        "ynyn"
        "yyyyynn");
  CHECK(readings(R"({"exclusiveMinimum": 0.25, "exclusiveMaximum": 0.3})",
                 {"0.25", "0.250", "0.2501", "0.26", "0.2999", "0.3", "0.29", "0"}) == "bbyyynyb");
  CHECK(readings(R"({"exclusiveMinimum": 1e-3, "maximum": 1000.5})",
                 {"0.001", "0.0011", "0.1", "7", "999.999", "1000.5", "1000.51", "1001"}) ==
        "byyyyynn");
  CHECK(readings(R"({"maximum": -12.5})", {"-12.5", "-12.4", "-12", "-13", "-100.25", "12.5"}) ==
        "ynbyyn");
  CHECK(readings(R"({"type": "integer", "minimum": -1.5, "exclusiveMaximum": 2.0})",
                 {"-2", "-1", "0", "1", "2"}) == "nyyyn");
  CHECK(readings(R"({"minimum": 5})", {"5", "4", "4.9", "5.0", "123456"}) == "ybnyy");
}

TEST_CASE("JSON schema: numbers between bounds with fractions") {
  std::mt19937 random(3);
  const auto decimal = [&](int most) {
    const int hundredths =
        static_cast<int>(random() % (2U * 100U * static_cast<unsigned>(most))) - 100 * most;
    return OrderedJson(hundredths / 100.0).dump();
  };
  for (int round = 0; round < 60; ++round) {
    const bool open = random() % 2 == 0;
    const std::string low = decimal(2);
    const std::string high = decimal(12);
    CAPTURE(low);
    CAPTURE(high);
    CAPTURE(open);
    const std::string schema = std::string("{\"type\": \"number\", \"") +
                               (open ? "exclusiveMinimum" : "minimum") + "\": " + low + ", \"" +
                               (open ? "exclusiveMaximum" : "maximum") + "\": " + high;
    const double from = std::stod(low);
    const double to = std::stod(high);
    if (from > to || (open && from == to)) {
      CHECK(error_of(schema + "}") == "s: #: no number is within the bounds");
      continue;
    }
    const grammar::Automaton automaton = compiled(schema + "}");
    for (int i = 0; i < 300; ++i) {
      const std::string text = decimal(13) + (random() % 2 == 0 ? "0" : "07");
      CAPTURE(text);
      const double value = std::stod(text);
      REQUIRE((grammar_test::read(automaton, text) == Reading::yes) ==
              (open ? value > from && value < to : value >= from && value <= to));
    }
    for (int i = 0; i < 30; ++i) {
      const std::string text = grammar_test::random_text(
          automaton, [&](std::size_t n) { return random() % n; },
          [](const std::string&) { return std::string(); });
      CAPTURE(text);
      const double value = std::stod(text);
      REQUIRE((open ? value > from && value < to : value >= from && value <= to));
    }
  }
}

TEST_CASE("JSON schema: strings") {
  CHECK(readings(R"({"type": "string", "minLength": 2, "maxLength": 3})",
                 {"\"a\"", "\"\u65e5\u672c\"", "\"\\n\\\"x\"", "\"abcd\""}) == "nyyn");
  CHECK(readings(R"({"pattern": "^a\"[0-9]+$"})", {"\"a\\\"12\"", "\"a\"", "\"a\\\"\""}) == "ynn");
  CHECK(readings(R"({"pattern": "b"})", {"\"abc\"", "\"ac\"", "\"\\nb\""}) == "yny");
  CHECK(readings(R"({"format": "date"})", {"\"2026-02-28\"", "\"2026-02-30\"", "\"2026-11-30\"",
                                           "\"2026-11-31\""}) == "ynyn");
  CHECK(readings(R"({"format": "date-time"})",
                 {"\"2026-11-25T10:00:00Z\"", "\"2026-11-25T24:00:00Z\""}) == "yn");
  CHECK(readings(R"({"format": "ipv4"})", {"\"10.0.0.255\"", "\"10.0.0.256\""}) == "yn");
  CHECK(readings(R"({"format": "email"})", {"\"a.b@c.org\"", "\"a..b@c.org\""}) == "yn");
  CHECK(readings(R"({"format": "uri"})", {"\"https://a.b/c?d=%20#e\"", "\"a b\""}) == "yn");
  // Bounds beside a pattern, which holds them.
  CHECK(readings(R"({"pattern": "^[A-Z]{2,3}$", "minLength": 2, "maxLength": 3})",
                 {"\"AB\"", "\"ABC\"", "\"A\""}) == "yyn");
  CHECK(readings(R"({"format": "uuid", "maxLength": 36})", {"\"x\""}) == "n");
}

TEST_CASE("JSON schema: objects") {
  const char* three = R"({"properties": {"a": {"type": "integer"}, "b": {"type": "null"},
                          "c": {"const": 1}}, "required": ["b"]})";
  CHECK(readings(three, {"{\"a\":1,\"b\":null,\"c\":1}", "{\"b\":null}", "{\"b\": null, \"c\": 1}",
                         "{\n  \"a\": 1,\n  \"b\": null\n}", "{\"a\":1}", "{}", "{\"c\":1}",
                         "{\"b\":null,\"a\":1}", "{\"b\":null,}", "{\"b\":null,\"x\":1}"}) ==
        "yyyynnnnnn");
  CHECK(readings(R"({"properties": {"a": {"type": "null"}, "b": {"type": "null"}}})",
                 {"{}", "{\"a\":null}", "{\"b\":null}", "{\"a\":null,\"b\":null}",
                  "{\"a\":null\"b\":null}", "{,\"b\":null}"}) == "yyyynn");
  CHECK(readings(R"({"type": "object"})", {"{}", "{\"x\": [1]}", "{\"x\": 1, \"y\": {}}"}) ==
        "yyy");
  CHECK(readings(R"({"properties": {"ab": {"type": "null"}, "a\"": {"type": "null"}},
                     "additionalProperties": {"type": "integer"}})",
                 {"{\"ab\":null}", "{\"ab\":1}", "{\"abc\":1}", "{\"a\":1}", "{\"\":1}",
                  "{\"a\\\"\":1}", "{\"ab\":null,\"z\":2,\"y\":3}", "{\"z\":null}"}) == "ynyyynyn");
  CHECK(readings(R"({"additionalProperties": false, "type": "object"})",
                 {"{}", "{ }", "{\"a\":1}"}) == "yyn");
  CHECK(readings(R"({"properties": {"a": false, "b": {"type": "null"}}})",
                 {"{\"a\":1}", "{\"b\":null}"}) == "ny");
  CHECK(readings(R"({"type": "object", "required": ["k"]})",
                 {"{}", "{\"k\":1}", "{\"k\":1,\"l\":2}"}) == "nyy");
}

TEST_CASE("JSON schema: arrays") {
  CHECK(readings(R"({"items": {"type": "integer"}})", {"[]", "[1]", "[1, 2]", "[1,]", "[\"a\"]"}) ==
        "yyynn");
  CHECK(readings(R"({"items": {"type": "integer"}, "minItems": 2, "maxItems": 3})",
                 {"[]", "[1]", "[1,2]", "[1,2,3]", "[1,2,3,4]"}) == "nnyyn");
  CHECK(readings(R"({"type": "array", "maxItems": 0})", {"[]", "[1]"}) == "yn");
  CHECK(readings(R"({"prefixItems": [{"type": "integer"}, {"type": "null"}], "items": false})",
                 {"[]", "[1]", "[1,null]", "[null]", "[1,null,1]"}) == "yyynn");
  CHECK(readings(R"({"prefixItems": [{"type": "integer"}], "items": {"type": "null"},
                     "minItems": 2, "maxItems": 3})",
                 {"[1]", "[1,null]", "[1,null,null]", "[1,null,null,null]"}) == "nyyn");
  CHECK(readings(R"({"items": [{"type": "integer"}], "additionalItems": false, "minItems": 1})",
                 {"[]", "[1]", "[1,2]"}) == "nyn");
}

TEST_CASE("JSON schema: references and combinations") {
  const char* tree = R"({"$ref": "#/$defs/node", "$defs": {"node": {"properties": {
      "v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
      "required": ["v", "next"]}}})";
  CHECK(readings(tree, {"{\"v\":1,\"next\":{\"v\":2,\"next\":null}}", "{\"v\":1,\"next\":{}}"}) ==
        "yn");
  CHECK(readings(R"({"properties": {"c": {"$ref": "#"}}})", {"{\"c\":{\"c\":{}}}"}) == "y");
  CHECK(readings(R"({"anyOf": [{"type": "integer"}, {"const": "a"}]})", {"1", "\"a\"", "\"b\""}) ==
        "yyn");
  CHECK(readings(R"({"type": "integer", "anyOf": [{"maximum": 1}, {"minimum": 5}]})",
                 {"1", "2", "5"}) == "yby");
  CHECK(readings(R"({"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]},
                     {"properties": {"a": {"maximum": 3}, "b": {"type": "null"}}}]})",
                 {"{\"a\":3,\"b\":null}", "{\"a\":4}", "{}"}) == "ynn");
  CHECK(readings(R"({"oneOf": [
        {"type": "object", "properties": {"t": {"const": "x"}, "n": {"type": "integer"}},
         "required": ["t", "n"]},
        {"type": "object", "properties": {"t": {"const": "y"}}, "required": ["t"]}]})",
                 {"{\"t\":\"x\",\"n\":1}", "{\"t\":\"y\"}", "{\"t\":\"x\"}"}) == "yyn");
}

TEST_CASE("JSON schema: references as URIs write them") {
  CHECK(readings(R"({"$ref": "#/$defs/A%20B~1c~0d%25", "$defs": {"A B/c~d%": {"type": "null"}}})",
                 {"null", "1"}) == "yn");
  CHECK(readings(R"({"$ref": "#/$defs/%C3%A9", "$defs": {"\u00e9": {"const": 1}}})", {"1", "2"}) ==
        "yn");
  CHECK(readings(R"({"$ref": "#/$defs/50%", "$defs": {"50%": {"const": 1}}})", {"1"}) == "y");
}

TEST_CASE("JSON schema: names of properties") {
  CHECK(readings(R"({"type": "object", "propertyNames": {"type": "string"},
                     "additionalProperties": {"type": "null"}})",
                 {R"({"a": null})", "{}", R"({"a": 1})"}) == "yyn");
  constexpr const char* kPattern = R"({"propertyNames": {"pattern": "^[a-z]{2}$"},
                                       "additionalProperties": {"type": "null"}})";
  CHECK(readings(kPattern, {R"({"ab": null, "cd": null})", R"({"abc": null})", R"({"A)"}) == "ynn");
  constexpr const char* kEnum = R"({"type": "object", "$defs": {"k": {"enum": ["x", "y"]}},
      "propertyNames": {"$ref": "#/$defs/k"}, "additionalProperties": {"type": "null"},
      "required": ["x"]})";
  CHECK(readings(kEnum, {R"({"x": null})", R"({"x": null, "y": null})", R"({"y": null})",
                         R"({"x": null, "z)"}) == "yynn");
  CHECK(readings(R"({"propertyNames": false})", {"{}", "{\""}) == "yn");
  CHECK(readings(R"({"propertyNames": {"maxLength": 2}, "minProperties": 1, "maxProperties": 2,
                     "additionalProperties": {"type": "null"}})",
                 {R"({"ab": null})", "{}", R"({"abc)", R"({"a": null, "b": null})",
                  R"({"a": null, "b": null,)"}) == "ynnyn");
}

TEST_CASE("JSON schema: none, one or some properties") {
  constexpr const char* kOptional = R"("properties": {"a": {"const": 1}, "b": {"const": 2}}})";
  const auto of = [&](const char* count, std::initializer_list<std::string_view> texts) {
    return readings("{" + std::string(count) + "," + kOptional, texts);
  };
  constexpr std::string_view kNone = "{}";
  constexpr std::string_view kA = R"({"a":1})";
  constexpr std::string_view kB = R"({"b":2})";
  constexpr std::string_view kBoth = R"({"a":1,"b":2})";
  CHECK(of(R"("minProperties": 0)", {kNone, kA, kB, kBoth}) == "yyyy");
  CHECK(of(R"("minProperties": 1)", {kNone, kA, kB, kBoth}) == "nyyy");
  CHECK(of(R"("maxProperties": 1)", {kNone, kA, kB, kBoth}) == "yyyn");
  CHECK(of(R"("maxProperties": 0)", {kNone, kA}) == "yn");
  CHECK(of(R"("minProperties": 1, "maxProperties": 1)", {kNone, kA, kB, kBoth}) == "nyyn");
  CHECK(of(R"("maxProperties": 2)", {kNone, kA, kB, kBoth}) == "yyyy");
  CHECK(of(R"("required": ["b"], "maxProperties": 1)", {kNone, kA, kB, kBoth}) == "nnyn");
  CHECK(of(R"("required": ["b"], "minProperties": 1)", {kNone, kA, kB, kBoth}) == "nnyy");
}

TEST_CASE("JSON schema: bounds of all of int64 and beyond") {
  constexpr const char* kInt64 = R"({"type": "integer", "minimum": -9223372036854775808,
                                     "maximum": 9223372036854775807})";
  CHECK(readings(kInt64, {"9223372036854775807", "9223372036854775808", "-9223372036854775808",
                          "-9223372036854775809", "0"}) == "ynyny");
  CHECK(readings(R"({"type": "integer", "exclusiveMaximum": 9223372036854775807})",
                 {"9223372036854775806", "9223372036854775807"}) == "yn");
  CHECK(readings(R"({"type": "integer", "minimum": 0, "maximum": 18446744073709551615})",
                 {"0", "-1", "1234567890123456789"}) == "yny");
  CHECK(readings(R"({"minimum": -1.7976931348623157e308, "maximum": 1.7976931348623157e308})",
                 {"0", "-5.5"}) == "yy");
}

TEST_CASE("JSON schema: multiples of powers of ten") {
  CHECK(readings(R"({"type": "integer", "multipleOf": 1})", {"7", "-12", "0", "1.5"}) == "yyyn");
  CHECK(readings(R"({"type": "number", "multipleOf": 1})", {"7", "1.5"}) == "yn");
  CHECK(readings(R"({"type": "integer", "multipleOf": 100})", {"0", "100", "-2500", "7", "00"}) ==
        "yyybn");
  CHECK(readings(R"({"multipleOf": 10, "minimum": 25, "exclusiveMaximum": 60})",
                 {"20", "30", "50", "60", "0", "-30"}) == "nyynnn");
  CHECK(readings(R"({"multipleOf": 10, "minimum": -25, "maximum": 5})",
                 {"-30", "-20", "-10", "0", "10", "5"}) == "nyyynn");
  CHECK(readings(R"({"type": "number", "multipleOf": 0.01})",
                 {"1", "1.5", "1.25", "1.255", "-0.01", "0.00"}) == "yyynyn");
  CHECK(readings(R"({"multipleOf": 0.1, "exclusiveMinimum": 0, "maximum": 2})",
                 {"0", "0.1", "1.9", "2", "2.1", "-0.1"}) == "byyynn");
  CHECK(readings(R"({"type": "integer", "multipleOf": 0.1})", {"3", "3.1"}) == "yn");
}

TEST_CASE("JSON schema: formats that are not known say nothing, known ones hold") {
  CHECK(readings(R"({"type": "string", "format": "iri"})", {"\"x y\""}) == "y");
  CHECK(readings(R"({"format": "date"})", {"\"2024-01-31\"", "\"2024-13"}) == "yn");
  CHECK(readings(R"({"format": "uri", "minLength": 1, "maxLength": 2083})",
                 {"\"https://example.org/a?b\"", "\"x y"}) == "yn");
  CHECK(readings(R"({"format": "email", "pattern": "^(?!\\.)x"})",
                 {"\"a@example.org\"", "\"a b"}) == "yn");
  CHECK(readings(R"({"format": "uuid", "pattern": "^[0-9]{3}$"})", {"\"123\"", "\"a"}) == "yn");
  CHECK(readings(R"({"pattern": "^a+(b|cd)?$", "minLength": 1, "maxLength": 9})",
                 {"\"a\"", "\"aab\"", "\"b"}) == "yyn");
  const std::string long_text = "\"" + std::string(10, 'a');
  CHECK(readings(R"({"pattern": "^a+(b|cd)?$", "minLength": 1, "maxLength": 9})", {long_text}) ==
        "n");
}

TEST_CASE("JSON schema: lists of long strings take states for the sum of them, not the product") {
  const grammar::Automaton automaton = compiled(
      R"({"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 500}})");
  CHECK(automaton.states.size() < 100'000);
  const auto list = [](std::size_t items, std::size_t letters) {
    std::string text = "[";
    for (std::size_t i = 0; i < items; ++i) {
      text += (i == 0 ? "\"" : ",\"") + std::string(letters, 'x') + "\"";
    }
    return text + "]";
  };
  CHECK(grammar_test::read(automaton, list(100, 500)) == Reading::yes);
  CHECK(grammar_test::read(automaton, list(101, 1)) == Reading::no);
  CHECK(grammar_test::read(automaton, list(1, 501)) == Reading::no);
  CHECK(grammar_test::read(automaton, list(0, 0)) == Reading::yes);
}

TEST_CASE("JSON schema: a property of a very long name beside others") {
  const std::string name(12000, 'q');
  const std::string schema = R"({"properties": {")" + name +
                             R"(": {"const": 1}}, "additionalProperties": {"type": "null"}})";
  CHECK(readings(schema, {"{\"" + name + "\":1}", "{\"" + name + "\":2", "{\"qqq\":null}",
                          "{\"z\":null}"}) == "ynyy");
}

TEST_CASE("JSON schema: what cannot be honoured is refused by name") {
  CHECK(error_of("{") != "");
  CHECK(error_of("[]") == "s: #: found an array, expected a schema: an object, true or false");
  CHECK(error_of("false") == "s: #: false allows no value");
  CHECK(error_of(R"({"not": {}})") == "s: #: the keyword \"not\" is not supported");
  CHECK(error_of(R"({"properties": {"a": {"if": {}}}})") ==
        "s: #/properties/a: the keyword \"if\" is not supported");
  CHECK(error_of(R"({"type": "array", "uniqueItems": true})") ==
        "s: #: the keyword \"uniqueItems\" is not supported");
  CHECK(error_of(R"({"type": "integer", "multipleOf": 3})") ==
        "s: #: multipleOf 3 is not supported; known are 1 and other powers of ten, those below 1 "
        "between integers");
  CHECK(error_of(R"({"type": "number", "minimum": 0.30000000000000004})") ==
        "s: #: minimum is 0.30000000000000004, expected an integer or a number of up to 15 digits");
  CHECK(error_of(R"({"minimum": 1e40})").find("beyond the numbers") != std::string::npos);
  CHECK(error_of(R"({"maximum": -1e40})").find("beyond the numbers") != std::string::npos);
  CHECK(error_of(R"({"maximum": "1"})").find("expected") != std::string::npos);
  CHECK(error_of(R"({"type": "integer", "minimum": 5, "maximum": 4})") ==
        "s: #: no number is within the bounds");
  CHECK(error_of(R"({"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 5})") ==
        "s: #: no number is within the bounds");
  CHECK(error_of(R"({"type": "text"})") == "s: #: type \"text\" is none of JSON's");
  CHECK(error_of(R"({"pattern": "^aaa$", "maxLength": 2})") ==
        "s: #: the pattern or format allows lengths that minLength and maxLength do not");
  CHECK(error_of(R"({"pattern": "^a?$", "minLength": 1})").find("allows lengths") !=
        std::string::npos);
  CHECK(error_of(R"({"minProperties": 2, "maxProperties": 1, "type": "object"})").find("above") !=
        std::string::npos);
  CHECK(error_of(R"({"properties": {"a": {}, "b": {}, "c": {}}, "minProperties": 2})")
            .find("minProperties") != std::string::npos);
  CHECK(error_of(R"({"properties": {"a": {}, "b": {}}, "required": ["a", "b"],
                     "maxProperties": 1})")
            .find("maxProperties") != std::string::npos);
  CHECK(error_of(R"({"properties": {"a": {}}, "additionalProperties": {},
                     "propertyNames": {"pattern": "^x"}})")
            .find("propertyNames") != std::string::npos);
  CHECK(error_of("{\"pattern\": \"(?=a)\"}") ==
        "s: #: pattern: line 1, column 2: look-around and inline flags are not supported");
  CHECK(error_of(R"({"$ref": "#/$defs/x"})") ==
        "s: #: $ref \"#/$defs/x\" is no place in this schema");
  CHECK(error_of(R"({"$ref": "http://example.org/x"})").find("is no place") != std::string::npos);
  CHECK(error_of(R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})") ==
        "s: #: oneOf: alternatives 0 and 1 may match the same value; use anyOf");
  CHECK(error_of(R"({"properties": {}, "additionalProperties": false, "required": ["a"]})") ==
        "s: #: required: \"a\" is not among the properties");
  CHECK(error_of(R"({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"})") != "");
  CHECK(error_of(R"({"$defs": {"a": {"properties": {"b": {"$ref": "#/$defs/a"}},
                     "required": ["b"]}}, "$ref": "#/$defs/a"})")
            .find("can never end") != std::string::npos);
  CHECK(error_of(R"({"allOf": [{"$ref": "#"}]})").find("put together more than 64 times") !=
        std::string::npos);
}

TEST_CASE("JSON schema: depth costs what it says, not two to its power") {
  // Each is a list that holds itself twice: the first item, and those behind a comma.
  std::string lists = R"({"type": "integer"})";
  std::string maps = lists;
  for (int i = 0; i < 60; ++i) {
    lists = R"({"type": "array", "minItems": 1, "items": )" + lists + "}";
    maps = R"({"type": "object", "required": ["a"], "additionalProperties": )" + maps + "}";
  }
  const std::string open(60, '[');
  const std::string close(60, ']');
  CHECK(readings(lists, {open + "1" + close, open + close, open + "1, 2" + close}) == "yny");
  std::string nested = "1";
  for (int i = 0; i < 60; ++i) {
    nested = R"({"a":)" + nested + "}";
  }
  CHECK(readings(maps, {nested, R"({"a":1})"}) == "yn");
  // What is put together from others is bounded in all.
  std::string pairs = "{}";
  for (int i = 0; i < 20; ++i) {
    const std::string next = R"({"$ref": "#/$defs/d)" + std::to_string(i + 1) + "\"}";
    pairs = pairs.substr(0, pairs.size() - 1) + (i == 0 ? "" : ", ") + "\"d" + std::to_string(i) +
            R"(": {"minProperties": 0, "anyOf": [)" + next + ", " + next + "]}}";
  }
  pairs = pairs.substr(0, pairs.size() - 1) + R"(, "d20": {"type": "object"}})";
  CHECK(error_of(R"({"$ref": "#/$defs/d0", "$defs": )" + pairs + "}").find("too much work") !=
        std::string::npos);
}

}  // namespace ottobit
