// SPDX-License-Identifier: Apache-2.0
// Templates that must be refused, each with the line and column a person needs to find the fault.
#include <doctest/doctest.h>

#include "jinja/source.hpp"
#include "jinja/support.hpp"

using namespace ottobit;
using namespace ottobit::jinja_test;

TEST_CASE("malformed templates are refused with line and column") {
  const struct {
    const char* source;
    const char* message;
  } cases[] = {
      {"{{ x", "t: line 1, column 1: the tag is not closed, expected \"}}\""},
      {"a\n  {% if x", "line 2, column 3: the tag is not closed, expected \"%}\""},
      {"é{# x", "line 1, column 2: the comment is not closed"},
      {"\n\n{% raw %}x", "line 3, column 1: the raw block is not closed"},
      {"{{ 'abc }}", "line 1, column 4: the string is not closed"},
      {"{{ (1 }}", "line 1, column 7: unexpected '}', expected ')'"},
      {"{{ 1) }}", "line 1, column 5: unexpected ')'"},
      {"{{ [1} }}", "line 1, column 6: unexpected '}', expected ']'"},
      {"{{ a ? b }}", "line 1, column 6: unexpected character '?'"},
      {"{{ a \u00A7 }}", "unexpected character '\u00A7'"},
      {"{{ 9223372036854775808 }}", "line 1, column 4: the integer is larger than 64 bits"},
      {"{{ 012 }}", "line 1, column 4: an integer must not begin with 0"},
      {"{{ 0x }}", "line 1, column 4: malformed integer"},
      {"{{ 0b12 }}", "malformed integer"},
      {"{{ 1e999 }}", "the number is out of range"},
      {"{{ '\\ud800' }}", "line 1, column 5: malformed escape in a string"},
      {"{{ '\\x4' }}", "malformed escape"},
      {"{{ '\\N{DASH}' }}", "characters by name"},
      {"{{ }}", "line 1, column 4: unexpected '}}', expected an expression"},
      {"{{ 1 + }}", "line 1, column 8: unexpected '}}', expected an expression"},
      {"{{ a b }}", "line 1, column 6: unexpected 'b', expected '}}'"},
      {"{{ a. }}", "expected a name or number after '.'"},
      {"{{ a[] }}", "line 1, column 6: unexpected ']', expected an index"},
      {"{{ a[1:2:3:4] }}", "unexpected ':', expected ']'"},
      {"{{ {1 2} }}", "unexpected '2', expected ':'"},
      {"{{ [1 2] }}", "unexpected '2', expected ','"},
      {"{{ f(a=1, 2) }}", "a positional argument follows a named one"},
      {"{{ f(a=1, a=2) }}", "the argument 'a' is given twice"},
      {"x{{ x | nofilter }}", "line 1, column 9: there is no filter 'nofilter'"},
      {"{{ x | }}", "expected a name"},
      {"{{ x is nosuch }}", "line 1, column 9: there is no test 'nosuch'"},
      {"{{ x is defined is string }}", "tests cannot be chained"},
      {"{% foo %}", "line 1, column 4: unknown tag 'foo'"},
      {"{% %}", "expected the name of a tag"},
      {"{% if x %}a", "line 1, column 4: the block 'if' is not closed"},
      {"{% if x %}{% for y in z %}{% endif %}", "unexpected 'endif'"},
      {"a\n{% endif %}", "line 2, column 4: unexpected 'endif', no block of it is open"},
      {"{% else %}", "unexpected 'else'"},
      {"{% if %}{% endif %}", "line 1, column 7: unexpected '%}', expected an expression"},
      {"{% for x %}{% endfor %}", "line 1, column 10: unexpected '%}', expected 'in'"},
      {"{% for 1 in x %}{% endfor %}", "unexpected '1', expected a name"},
      {"{% for loop in x %}{% endfor %}", "cannot assign to 'loop'"},
      {"{% for x in y recursive %}{% endfor %}", "recursive loops are not supported"},
      {"{% for x in y %}{% else %}{% else %}{% endfor %}", "unexpected 'else'"},
      {"{% set %}", "expected a name"},
      {"{% set x y %}", "expected '=' or '%}'"},
      {"{% set true = 1 %}", "line 1, column 8: cannot assign to 'true'"},
      {"{% set x %}abc", "the block 'set' is not closed"},
      {"{% macro %}{% endmacro %}", "expected a name"},
      {"{% macro m %}{% endmacro %}", "expected '('"},
      {"{% macro m(a=1, b) %}{% endmacro %}", "without a default follows one with a default"},
      {"{% call 1 %}{% endcall %}", "line 1, column 9: a call block expects a call"},
      {"{% filter nope %}{% endfilter %}", "there is no filter 'nope'"},
      {"{% break %}", "line 1, column 4: 'break' outside a loop"},
      {"{% for x in y %}{% macro m() %}{% continue %}{% endmacro %}{% endfor %}",
       "'continue' outside a loop"},
      {"{% include 'x' %}", "the tag 'include' is not supported in chat templates"},
      {"{% extends 'x' %}", "the tag 'extends' is not supported"},
      {"{% import 'x' as y %}", "the tag 'import' is not supported"},
      {"{% block a %}{% endblock %}", "the tag 'block' is not supported"},
      {"{% do x %}", "the tag 'do' is not supported"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.source);
    const std::string message = parse_error_of(c.source);
    CHECK_MESSAGE(contains(message, c.message), message);
    CHECK(contains(message, "t: line "));
  }
}

TEST_CASE("texts that are no template are refused") {
  CHECK(contains(parse_error_of("a\nb\xFF"), "line 2, column 2: the chat template is not UTF-8"));
  CHECK(contains(parse_error_of("\xED\xA0\x80"), "not UTF-8"));
  CHECK(contains(parse_error_of(std::string(jinja::kMaxTemplateBytes + 1, 'x')),
                 "1048577 bytes, expected at most 1048576"));
  CHECK(parse_error_of(std::string(jinja::kMaxTemplateBytes, 'x')) == "");
}

TEST_CASE("every prefix of a template parses or is refused cleanly") {
  const std::string source =
      "{%- macro m(a, b=[1, 2]) -%}{{ a[1:] | join(',') ~ b }}{%- endmacro -%}\n"
      "{% for k, v in {'x': 1.5}.items() if v is not none %}{{ loop.last and m(k) or '\\n' }}"
      "{% else %}{# c #}{% raw %}{{{% endraw %}{% endfor %}{% set ns.x = -1 ** 2 if a else (b,) %}";
  for (std::size_t n = 0; n < source.size(); ++n) {
    const std::string message = parse_error_of(source.substr(0, n));
    CAPTURE(n);
    CHECK((message.empty() || contains(message, "t: line ")));
  }
}
