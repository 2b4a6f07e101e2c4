// SPDX-License-Identifier: Apache-2.0
// White space around tags, and the tokens inside them. Expected texts are what Jinja 3.1 renders
// with trim_blocks and lstrip_blocks.
#include "jinja/lexer.hpp"

#include <doctest/doctest.h>

#include "jinja/support.hpp"

using namespace ottobit;
using namespace ottobit::jinja_test;

TEST_CASE("the line end after a block tag and the blanks before it go") {
  CHECK(text_of("{% if true %}a{% endif %}\nb") == "ab");
  CHECK(text_of("  {% if true %}\n   a\n  {% endif %}\nb\n") == "   a\nb");
  CHECK(text_of("x\n  {{ 1 }}\n  y") == "x\n  1\n  y");
  CHECK(text_of("{{ 1 }}  {% if true %}y{% endif %}") == "1  y");
  CHECK(text_of("{% for i in [1, 2] %}\n{{ i }}\n{% endfor %}\n") == "1\n2\n");
}

TEST_CASE("signs in tags overrule the white space rules") {
  CHECK(text_of("  a {%- if true -%}  b  {%- endif -%}  c") == "  abc");
  CHECK(text_of("  {%+ if true +%}\n b{% endif %}") == "  \n b");
  CHECK(text_of("{{ 1 -}}  x") == "1x");
  CHECK(text_of("x  {{- 1 }}") == "x1");
  CHECK(text_of("x \n\t {{- 1 -}} \n y") == "x1y");
}

TEST_CASE("comments vanish and are trimmed like blocks") {
  CHECK(text_of("  {# c #}\nx") == "x");
  CHECK(text_of("a {#- c -#} b") == "ab");
  CHECK(text_of("{#-#}x") == "x");
  CHECK(text_of("{# {{ nothing }} {% if %} #}x") == "x");
}

TEST_CASE("raw blocks are text") {
  CHECK(text_of("{% raw %}{{ x }}{% if %}{% endraw %}\ny") == "{{ x }}{% if %}y");
  CHECK(text_of("{%- raw -%}  a  {%- endraw -%}  b") == "ab");
}

TEST_CASE("line ends of every kind count as one and the last one goes") {
  CHECK(text_of("a\r\nb\rc\n\n") == "a\nb\nc\n");
  CHECK(text_of("a\n") == "a");
  CHECK(text_of("") == "");
}

TEST_CASE("brackets hide the closing signs of a tag") {
  CHECK(text_of("{{ {'a': {'b': 1}} }}") == "{'a': {'b': 1}}");
  CHECK(text_of("{{ {'a': {'b': 1}}}}") == "{'a': {'b': 1}}");
  CHECK(text_of("{{ '{{' }} {{ \"%}\" }}") == "{{ %}");
}

TEST_CASE("string escapes are Python's") {
  CHECK(text_of(R"({{ 'a\n\t\x41\u00e9\U0001F600\101\'\"\\\d' }})") ==
        "a\n\tA\u00e9\U0001F600A'\"\\\\d");
  CHECK(text_of("{{ 'two\nlines' }}") == "two\nlines");
}

TEST_CASE("numbers of every form") {
  CHECK(text_of("{{ [0x1F, 0b101, 0o17, 1_000, 1.5e3, 2e-7, 0] }}") ==
        "[31, 5, 15, 1000, 1500.0, 2e-07, 0]");
  CHECK(text_of("{{ [[1, 2]].0.1 }}") == "2");
}

TEST_CASE("tokens carry their kind and place") {
  const jinja::Source source("t", "ab{{ x+'y' }}");
  const auto tokens = jinja::tokenize(source);
  REQUIRE(tokens.size() == 7);
  CHECK(tokens[0].kind == jinja::TokenKind::data);
  CHECK(tokens[1].kind == jinja::TokenKind::variable_begin);
  CHECK(tokens[2].kind == jinja::TokenKind::name);
  CHECK(tokens[2].offset == 5);
  CHECK(tokens[3].text == "+");
  CHECK(tokens[4].kind == jinja::TokenKind::string);
  CHECK(tokens[4].text == "y");
  CHECK(tokens[6].kind == jinja::TokenKind::end);
}
