// SPDX-License-Identifier: Apache-2.0
// Filters, tests, formats and JSON, against what Jinja 3.1.6 on Python 3 gives.
#include "jinja/filters.hpp"

#include <doctest/doctest.h>

#include "jinja/support.hpp"
#include "support/json.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

using namespace ottobit;
using namespace ottobit::jinja_test;

TEST_CASE("filters, tests, methods and operators of every kind of value give what Jinja's give") {
  const nlohmann::json cases =
      nlohmann::json::parse(test::read_text(test::test_data("wild/jinja_expressions.json")));
  CHECK(cases.size() > 1900);
  for (const nlohmann::json& item : cases) {
    const std::string source = "{{ " + item[0].get<std::string>() + " }}";
    CAPTURE(source);
    if (item[1].is_null()) {
      CHECK_FALSE(error_of(source).empty());
    } else {
      CHECK(text_of(source) == item[1].get<std::string>());
    }
  }
}

TEST_CASE("filters give what Jinja's give") {
  check_expressions({
      {"\"ab\".ljust(4)~\"|\"", "ab  |"},
      {"s|upper", "HELLO, WORLD SS"},
      {"s|lower", "hello, world ß"},
      {"s|title", "Hello, World SS"},
      {"\"hello-world (foo) [bar] it's\"|title", "Hello-World (Foo) [Bar] It's"},
      {"s|capitalize", "Hello, world ß"},
      {"\"  x \"|trim", "x"},
      {"\"xax\"|trim(\"x\")", "a"},
      {"s|length", "14"},
      {"u|length", "15"},
      {"lst|length", "3"},
      {"d|length", "3"},
      {"lst|sum", "6"},
      {"lst|sort", "[1, 2, 3]"},
      {"lst|sort(reverse=true)", "[3, 2, 1]"},
      {"words|sort", "['apple', 'apple', 'Banana', 'cherry']"},
      {"words|sort(case_sensitive=true)", "['Banana', 'apple', 'apple', 'cherry']"},
      {"words|unique|list", "['apple', 'Banana', 'cherry']"},
      {"words|join(\", \")", "apple, Banana, cherry, apple"},
      {"lst|join(\"-\")", "3-1-2"},
      {"objs|join(\",\",attribute=\"n\")", "b,A,c"},
      {"objs|map(attribute=\"n\")|list", "['b', 'A', 'c']"},
      {"objs|map(attribute=\"k.x\")|list", "[1, 3, 2]"},
      {"objs|map(attribute=\"zz\",default=\"-\")|list", "['-', '-', '-']"},
      {"words|map(\"upper\")|list", "['APPLE', 'BANANA', 'CHERRY', 'APPLE']"},
      {"words|map(\"replace\",\"a\",\"o\")|list", "['opple', 'Bonono', 'cherry', 'opple']"},
      {"lst|map(\"string\")|join", "312"},
      {"objs|selectattr(\"v\",\"equalto\",2)|map(attribute=\"n\")|join", "bc"},
      {"objs|rejectattr(\"v\",\"equalto\",2)|map(attribute=\"n\")|join", "A"},
      {"lst|select(\"odd\")|list", "[3, 1]"},
      {"lst|reject(\"odd\")|list", "[2]"},
      {"[0,1,\"\",none,\"a\"]|select|list", "[1, 'a']"},
      {"[0,1,\"\",none,\"a\"]|reject|list", "[0, '', None]"},
      {"objs|selectattr(\"n\")|list|length", "3"},
      {"lst|first", "3"},
      {"lst|last", "2"},
      {"[]|first", ""},
      {"lst|min", "1"},
      {"lst|max", "3"},
      {"words|max", "cherry"},
      {"words|min", "apple"},
      {"objs|sort(attribute=\"v\")|map(attribute=\"n\")|join", "Abc"},
      {"objs|sort(attribute=\"v,n\")|map(attribute=\"n\")|join", "Abc"},
      {"objs|max(attribute=\"v\")", "{'n': 'b', 'v': 2, 'k': {'x': 1}}"},
      {"d|dictsort", "[('a', [1, 2, {'z': None}]), ('b', 1), ('C', 'q\"\\'')]"},
      {"d|dictsort(true)", "[('C', 'q\"\\''), ('a', [1, 2, {'z': None}]), ('b', 1)]"},
      {"d|dictsort(reverse=true)", "[('C', 'q\"\\''), ('b', 1), ('a', [1, 2, {'z': None}])]"},
      {"{\"a\":2,\"b\":1}|dictsort(by=\"value\")", "[('b', 1), ('a', 2)]"},
      {"d|items|list", "[('b', 1), ('a', [1, 2, {'z': None}]), ('C', 'q\"\\'')]"},
      {"d|list", "['b', 'a', 'C']"},
      {"lst|reverse|list", "[2, 1, 3]"},
      {"s|reverse", "ß dlroW ,olleH"},
      {"s|list", "['H', 'e', 'l', 'l', 'o', ',', ' ', 'W', 'o', 'r', 'l', 'd', ' ', 'ß']"},
      {"lst|batch(2)|list", "[[3, 1], [2]]"},
      {"lst|batch(2,\"x\")|list", "[[3, 1], [2, 'x']]"},
      {"lst|slice(2)|list", "[[3, 1], [2]]"},
      {"lst|slice(2,\"x\")|list", "[[3, 1], [2, 'x']]"},
      {"objs|groupby(\"v\")|list",
       "[(1, [{'n': 'A', 'v': 1, 'k': {'x': 3}}]), (2, [{'n': 'b', 'v': 2, 'k': {'x': 1}}, {'n': "
       "'c', 'v': 2, 'k': {'x': 2}}])]"},
      {"\"42\"|int", "42"},
      {"\"x\"|int", "0"},
      {"\"x\"|int(7)", "7"},
      {"\"0x1f\"|int(0,16)", "31"},
      {"\"3.9\"|int", "3"},
      {"3.9|int", "3"},
      {"\"1.5\"|float", "1.5"},
      {"\"x\"|float", "0.0"},
      {"x|float", "5.0"},
      {"f|string", "2.5"},
      {"n|string", "None"},
      {"-3|abs", "3"},
      {"neg|abs", "7"},
      {"2.567|round(2)", "2.57"},
      {"2.5|round", "2.0"},
      {"3.5|round", "4.0"},
      {"2.1|round(0,\"ceil\")", "3.0"},
      {"2.9|round(method=\"floor\")", "2.0"},
      {"5|round", "5"},
      {"1234.5|round(-2)", "1200.0"},
      {"zz|default(\"q\")", "q"},
      {"e|default(\"q\")", ""},
      {"e|default(\"q\",true)", "q"},
      {"n|default(\"q\")", "None"},
      {"zz|d(\"q\")", "q"},
      {"zz|default", ""},
      {"range(5)|list", "[0, 1, 2, 3, 4]"},
      {"range(2,5)|list", "[2, 3, 4]"},
      {"range(5,0,-2)|list", "[5, 3, 1]"},
      {"range(0)|list", "[]"},
      {"range(5)|length", "5"},
      {"-x|abs", "5"},
      {"messages[1:]|length", "0"},
      {"messages|map(attribute=\"role\")|join(\",\")", ""},
      {"messages|selectattr(\"role\",\"eq\",\"user\")|list|length", "0"},
      {"messages|last", ""},
      {"lst|sort(attribute=\"q\")", "[3, 1, 2]"},
  });
}

TEST_CASE("tests give what Jinja's give") {
  check_expressions({
      {"n is none", "True"},
      {"lst[5] is defined", "False"},
      {"d.get(\"q\") is none", "True"},
      {"[]|last is defined", "False"},
      {"zz is defined", "False"},
      {"x is defined", "True"},
      {"d.q is defined", "False"},
      {"d.b is defined", "True"},
      {"zz is undefined", "True"},
      {"n is none", "True"},
      {"s is string", "True"},
      {"x is string|d is mapping", "False"},
      {"lst is mapping", "False"},
      {"lst is sequence", "True"},
      {"s is sequence|d is sequence", "False"},
      {"x is sequence", "False"},
      {"n is sequence", "False"},
      {"lst is iterable", "True"},
      {"x is iterable", "False"},
      {"n is iterable", "False"},
      {"zz is iterable", "True"},
      {"zz is sequence", "True"},
      {"zz is mapping", "False"},
      {"zz is callable", "True"},
      {"x is number", "True"},
      {"t is number", "True"},
      {"f is number", "True"},
      {"x is integer", "True"},
      {"t is integer", "False"},
      {"f is integer", "False"},
      {"f is float", "True"},
      {"t is boolean", "True"},
      {"x is boolean", "False"},
      {"t is true", "True"},
      {"t is false", "False"},
      {"x is true", "False"},
      {"s.upper is callable", "True"},
      {"range is callable", "True"},
      {"x is odd", "True"},
      {"x is even", "False"},
      {"x is divisibleby 5", "True"},
      {"x is divisibleby(2)", "False"},
      {"x is eq 5", "True"},
      {"x is equalto(5)", "True"},
      {"x is ne 5", "False"},
      {"x is lt 6", "True"},
      {"x is gt 6", "False"},
      {"x is ge 5", "True"},
      {"x is le 5", "True"},
      {"x is greaterthan 4", "True"},
      {"x is lessthan 4", "False"},
      {"\"a\" is in \"abc\"", "True"},
      {"\"A\" is upper", "True"},
      {"\"a\" is lower", "True"},
      {"\"\" is upper", "False"},
      {"x is sameas 5", "True"},
      {"t is sameas true", "True"},
      {"\"upper\" is filter", "True"},
      {"\"nope\" is filter", "False"},
      {"\"odd\" is test", "True"},
      {"x is not none", "True"},
      {"x is not defined", "False"},
      {"not x is none", "True"},
      {"x is not odd", "False"},
      {"(1 if n) is defined", "False"},
      {"namespace(a=1).b is defined", "False"},
      {"\"a\" if x is defined and x else \"b\"", "a"},
      {"d[\"items\"] is callable", "True"},
      {"d.items is callable", "True"},
  });
}

TEST_CASE("both kinds of format fill in like Python's") {
  check_expressions({
      {"\"{} {}\".format(1,\"a\")", "1 a"},
      {"\"{0} {1} {0}\".format(1,\"a\")", "1 a 1"},
      {"\"{a}\".format(a=3)", "3"},
      {"\"{:.2f}\".format(f)", "2.50"},
      {"\"{:>5}|{:<5}|{:^5}\".format(\"a\",\"b\",\"c\")", "    a|b    |  c  "},
      {"\"{:05d}\".format(x)", "00005"},
      {"\"{:,}\".format(1234567)", "1,234,567"},
      {"\"{:+d}\".format(5)", "+5"},
      {"\"{:x} {:X} {:b} {:o} {:#x}\".format(255,255,5,8,255)", "ff FF 101 10 0xff"},
      {"\"{{}}\".format()", "{}"},
      {"\"{!r}\".format(\"a\")", "'a'"},
      {"\"{:%}\".format(0.25)", "25.000000%"},
      {"\"{:e}\".format(12345.678)", "1.234568e+04"},
      {"\"{:*^9}\".format(\"hi\")", "***hi****"},
      {"\"%s and %s\" % (\"a\", 3)", "a and 3"},
      {"\"%d\" % 3.7", "3"},
      {"\"%5.1f|\" % f", "  2.5|"},
      {"\"%-5s|\" % \"a\"", "a    |"},
      {"\"%05d\" % 42", "00042"},
      {"\"%x\" % 255", "ff"},
      {"\"%r\" % \"a\"", "'a'"},
      {"\"%%\" % ()", "%"},
      {"\"%(a)s\" % {\"a\": 1}", "1"},
      {"\"%s\" % [1]", "[1]"},
      {"\"%s\"|format(5)", "5"},
      {"\"%s %s\"|format(\"a\",\"b\")", "a b"},
  });
}

TEST_CASE("tojson writes what json.dumps writes for transformers") {
  check_expressions({
      {"d|tojson", "{\"b\": 1, \"a\": [1, 2, {\"z\": null}], \"C\": \"q\\\"'\"}"},
      {"lst|tojson", "[3, 1, 2]"},
      {"s|tojson", "\"Hello, World ß\""},
      {"u|tojson(ensure_ascii=true)",
       "\"\\u00e4\\u00f6\\u00fc \\u00c9\\u00c0 \\u4f60\\u597d \\ud83d\\ude00 end\""},
      {"d|tojson(indent=2)",
       "{\n  \"b\": 1,\n  \"a\": [\n    1,\n    2,\n    {\n      \"z\": null\n    }\n  ],\n  "
       "\"C\": \"q\\\"'\"\n}"},
      {"d|tojson(indent=0)",
       "{\n\"b\": 1,\n\"a\": [\n1,\n2,\n{\n\"z\": null\n}\n],\n\"C\": \"q\\\"'\"\n}"},
      {"d|tojson(indent=\"--\")",
       "{\n--\"b\": 1,\n--\"a\": [\n----1,\n----2,\n----{\n------\"z\": "
       "null\n----}\n--],\n--\"C\": \"q\\\"'\"\n}"},
      {"{\"b\":1,\"a\":2}|tojson(sort_keys=true)", "{\"a\": 2, \"b\": 1}"},
      {"d|tojson(separators=(\",\",\":\"))", "{\"b\":1,\"a\":[1,2,{\"z\":null}],\"C\":\"q\\\"'\"}"},
      {"d|tojson(indent=1,separators=(\", \",\":\"))",
       "{\n \"b\":1, \n \"a\":[\n  1, \n  2, \n  {\n   \"z\":null\n  }\n ], \n "
       "\"C\":\"q\\\"'\"\n}"},
      {"[]|tojson(indent=2)", "[]"},
      {"{}|tojson", "{}"},
      {"{\"a\":[],\"b\":{}}|tojson(indent=2)", "{\n  \"a\": [],\n  \"b\": {}\n}"},
      {"(1,2)|tojson", "[1, 2]"},
      {"{1:2,true:3,none:4,1.5:6}|tojson", "{\"1\": 3, \"null\": 4, \"1.5\": 6}"},
      {"\"\\u0001\\u007f\\u2028/<>\"|tojson", "\"\\u0001\177 /<>\""},
      {"\"\\u0001\\u007f\\u2028é😀\"|tojson(true)",
       "\"\\u0001\\u007f\\u2028\\u00e9\\ud83d\\ude00\""},
      {"none|tojson", "null"},
      {"true|tojson", "true"},
  });
}

TEST_CASE("from_json reads JSON and marks it as the caller's where the text was") {
  CHECK(text_of("{{ ('{\"a\": [1, null]}' | from_json).a }}") == "[1, None]");
  CHECK(contains(error_of("{{ '{' | from_json }}"), "from_json: "));
  CHECK(contains(error_of("{{ 1 | from_json }}"), "expects a string, found 'int'"));
}

TEST_CASE("a generator gives its items once and is true even when empty") {
  CHECK(text_of("{% set g = [1, 2] | map('string') %}{{ g | list }}{{ g | list }}") ==
        "['1', '2'][]");
  CHECK(text_of("{{ 'yes' if [] | select else 'no' }}") == "yes");
  CHECK(contains(error_of("{{ [1] | map('string') | length }}"), "has no len()"));
}
