// SPDX-License-Identifier: Apache-2.0
// Grammar and precedence, seen through what templates render.
#include "jinja/parser.hpp"

#include <doctest/doctest.h>

#include "jinja/support.hpp"

using namespace ottobit;
using namespace ottobit::jinja_test;

TEST_CASE("operators bind as in Jinja") {
  CHECK(text_of("{{ 1 + 2 * 3 }}") == "7");
  CHECK(text_of("{{ 1 ~ 2 * 3 }}") == "16");
  // ~ binds tighter than +, so this adds a number to a text.
  CHECK(contains(error_of("{{ 1 ~ 2 + 3 }}"), "can only concatenate str (not \"int\") to str"));
}

TEST_CASE("powers group from the left and bind tighter than a sign's operand") {
  CHECK(text_of("{{ 2 ** 3 ** 2 }}") == "64");
  CHECK(text_of("{{ -2 ** 2 }}") == "4");
}

TEST_CASE("not, and, or and comparisons") {
  CHECK(text_of("{{ not 1 == 2 }}") == "True");
  CHECK(text_of("{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }}") == "True False");
  CHECK(text_of("{{ 0 or '' or 'x' }} {{ 1 and 2 }} {{ 1 and 0 and 3 }}") == "x 2 0");
  CHECK(text_of("{{ 3 not in [1, 2] }}") == "True");
}

TEST_CASE("inline if takes the nearest else and may lack it") {
  CHECK(text_of("{{ 1 if false else 2 if true else 3 }}") == "2");
  CHECK(text_of("[{{ 1 if false }}]") == "[]");
}

TEST_CASE("filters and tests chain after any value") {
  CHECK(text_of("{{ -3 | abs }} {{ 'a,b'.split(',') | last | upper }}") == "3 B");
  CHECK(text_of("{{ 4 is divisibleby 2 and 4 is not divisibleby(3) }}") == "True");
  CHECK(text_of("{{ x is defined if false else 'no' }}") == "no");
}

TEST_CASE("tuples, lists and dicts may end with a comma") {
  CHECK(text_of("{{ (1,) }}{{ [1, 2,] }}{{ {'a': 1,} }}{{ 1, 2 }}") == "(1,)[1, 2]{'a': 1}(1, 2)");
}

TEST_CASE("calls take positions, names and stars") {
  CHECK(text_of("{% macro m(a, b, c=3) %}{{ a }}{{ b }}{{ c }}{% endmacro %}"
                "{{ m(1, b=2) }} {{ m(*[1, 2]) }} {{ m(**{'b': 5, 'a': 4}) }}") == "123 123 453");
}

TEST_CASE("long chains do not nest") {
  std::string sum = "{{ 0";
  std::string branches = "{% if false %}{% endif %}{% if 1 == 0 %}";
  for (int i = 0; i < 3000; ++i) {
    sum += " + 1";
    branches += "{% elif 1 == 2 %}x";
  }
  CHECK(text_of(sum + " }}") == "3000");
  CHECK(text_of(branches + "{% else %}end{% endif %}") == "end");
}

TEST_CASE("nesting is bounded with an error and not by the stack") {
  const auto nested = [](const std::string& open, const std::string& close, int n) {
    std::string s;
    for (int i = 0; i < n; ++i) {
      s += open;
    }
    s += "1";
    for (int i = 0; i < n; ++i) {
      s += close;
    }
    return s;
  };
  CHECK(text_of("{{ " + nested("(", ")", 90) + " }}") == "1");
  for (const std::string& source :
       {"{{ " + nested("(", ")", 20000) + " }}", "{{ " + nested("[", "]", 20000) + " }}",
        "{{ " + nested("not ", "", 20000) + " }}", "{{ " + nested("- ", "", 20000) + " }}",
        nested("{% if true %}", "{% endif %}", 5000),
        "{{ " + nested("1 if 1 else ", "", 5000) + " }}", "{{ " + nested("1 if ", "", 5000) + " }}",
        "{{ " + nested("x(", ")", 5000) + " }}"}) {
    CHECK(contains(parse_error_of(source), "line 1, column "));
  }
}
