// SPDX-License-Identifier: Apache-2.0
// Tags: loops, assignments, macros, blocks, against what Jinja 3.1.6 on Python 3 gives.
#include <doctest/doctest.h>

#include "jinja/support.hpp"

using namespace ottobit;
using namespace ottobit::jinja_test;

TEST_CASE("tags do what Jinja's do") {
  check_templates({
      {"{% if x %}a{% endif %}\nb", "ab"},
      {"  {% if x %}\n   a\n  {% endif %}\nb\n", "   a\nb"},
      {"a  {%- if x -%}  b  {%- endif -%}  c", "abc"},
      {"a {%+ if x +%}\n b {% endif %}\nc", "a \n b c"},
      {"{% raw %}{{ x }}{% if %}{% endraw %}\ny", "{{ x }}{% if %}y"},
      {"  {% raw %}\n a {{b}} \n  {% endraw %}\nz", "\n a {{b}} \nz"},
      {"{%- raw -%}  a  {%- endraw -%}  b", "ab"},
      {"{% for i in lst %}{{ i }},{% endfor %}", "3,1,2,"},
      {"{% for i in lst %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ "
       "loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem "
       "}}{{ loop.cycle('a','b') }}{{ loop.depth }};{% endfor %}",
       "10TrueFalse3321a1;21FalseFalse32132b1;32FalseTrue3101a1;"},
      {"{% for i in [1,1,2,2,1] %}{{ loop.changed(i) }}{% endfor %}", "TrueFalseTrueFalseTrue"},
      {"{% for i in lst if i > 1 %}{{ loop.index }}:{{ i }}/{{ loop.length }} {% else %}none{% "
       "endfor %}",
       "1:3/2 2:2/2 "},
      {"{% for i in [] %}x{% else %}none{% endfor %}", "none"},
      {"{% for i in lst if i > 9 %}x{% else %}none{% endfor %}", "none"},
      {"{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
       "b=1;a=[1, 2, {'z': None}];C=q\"';"},
      {"{% for k in d %}{{ k }}{% endfor %}", "baC"},
      {"{% for c in 'aé😀' %}{{ c }}.{% endfor %}", "a.é.😀."},
      {"{% for i in zz %}x{% else %}e{% endfor %}", "e"},
      {"{% for i in 1,2,3 %}{{ i }}{% endfor %}", "123"},
      {"{% for i in range(10) %}{% if i == 3 %}{% continue %}{% endif %}{% if i > 5 %}{% break "
       "%}{% endif %}{{ i }}{% endfor %}",
       "01245"},
      {"{% for i in [1,2] %}{% for j in [3,4] %}{{ i }}{{ j }}{{ loop.index }} {% if j == 3 and i "
       "== 2 %}{% break %}{% endif %}{% endfor %}{{ loop.index }}{% endfor %}",
       "131 142 1231 2"},
      {"{% set a = 1 %}{% for i in [1,2] %}{{ a }}{% set a = i+5 %}{{ a }}{% endfor %}{{ a }}",
       "16171"},
      {"{% set ns = namespace(a=1, b=[]) %}{% for i in [1,2] %}{% set ns.a = ns.a + i %}{% endfor "
       "%}{{ ns.a }}{{ ns.b }}{{ ns.zz is defined }}",
       "4[]False"},
      {"{% set a, b = 1, 2 %}{{ a }}{{ b }}", "12"},
      {"{% set a = 1, 2 %}{{ a }}", "(1, 2)"},
      {"{% set a %}x{{ x }}y{% endset %}[{{ a }}]", "[x5y]"},
      {"{% set a | upper | trim %} xy {% endset %}[{{ a }}]", "[XY]"},
      {"{% if x == 4 %}a{% elif x == 5 %}b{% else %}c{% endif %}", "b"},
      {"{% if x == 4 %}a{% elif x == 6 %}b{% else %}c{% endif %}", "c"},
      {"{% if x: %}a{% endif %}", "a"},
      {"{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1,3) }}|{{ "
       "m(1,c=9) }}|{{ m() }}|{{ m(b=1) }}",
       "121|131|129|2|1"},
      {"{% macro m(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1,2,3,q=4) }}",
       "(2, 3){'q': 4}"},
      {"{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}hi {{ x }}{% endcall %}",
       "[hi 5]"},
      {"{% macro m() %}[{{ caller(1, b=2) }}]{% endmacro %}{% call(a, b) m() %}{{ a }}-{{ b }}{% "
       "endcall %}",
       "[1-2]"},
      {"{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}", "False"},
      {"{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(5) }}",
       "54321"},
      {"{% macro m() %}{{ y }}{% endmacro %}{% set y = 3 %}{{ m() }}", "3"},
      {"{% for i in [1,2] %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "12"},
      {"{% macro m() %}{% set y = 3 %}{{ y }}{% endmacro %}{{ m() }}{{ y }}", "3"},
      {"{% macro m() %}{{ loop is defined }}{% endmacro %}{% for i in [1] %}{{ m() }}{% endfor %}",
       "False"},
      {"{% filter upper %}abc {{ s }}{% endfilter %}", "ABC HELLO, WORLD SS"},
      {"{% filter replace('a','b') | upper %}aa{% endfilter %}", "BB"},
      {"{% with a = 1, b = x %}{{ a }}{{ b }}{% endwith %}{{ a }}", "15"},
      {"{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}", "1"},
      {"{% set j = joiner(', ') %}{{ j() }}a{{ j() }}b{{ j() }}c", "a, b, c"},
      {"{% set c = cycler('a','b') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ "
       "c.reset() }}{{ c.current }}",
       "abaaNonea"},
      {"{% set g = lst|map('string') %}{{ g|list }}{{ g|list }}", "['3', '1', '2'][]"},
      {"{% if objs|selectattr('v','eq',99) %}T{% else %}F{% endif %}", "T"},
      {"{% for a, (b, c) in [(1,(2,3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123"},
      {"{% set x2 = x if x > 3 %}{{ x2 }}", "5"},
      {"{% set loop = 1 %}{{ loop }}", "1"},
      {"{% set ns = namespace() %}{% set ns.a = {'b':[1]} %}{{ ns.a.b[0] }}{{ ns }}",
       "1<Namespace {'a': {'b': [1]}}>"},
      {"{% if (x > 3 and\n x < 9) %}y{% endif %}", "y"},
      {"{% set a=1 %}{% if true %}{% set a=2 %}{% endif %}{{ a }}", "2"},
      {"{% for i in range(3) %}\n{{ i }}\n{% endfor %}\n", "0\n1\n2\n"},
      {"{% for i in range(3) -%}\n{{ i }}\n{%- endfor %}\n", "012"},
      {"   {%- set a = 1 +%}  \n  b", "  \n  b"},
      {"{% if true %}{# c #}\n\n{% endif %}z", "\nz"},
      {"{{ x }}\n{% if true %}\ny\n{% endif %}", "5\ny\n"},
      {"{{ x }}  {% if true %}y{% endif %}", "5  y"},
      {"\n\n  {% if true %}\n\n  y{% endif %}\n\n", "\n\n\n  y"},
  });
}

TEST_CASE("a generation tag renders its body in a scope of its own") {
  CHECK(text_of("a{% generation %}b{% set x = 1 %}{% endgeneration %}c{{ x }}") == "abc");
}

TEST_CASE("a break inside a captured block leaves the loop") {
  CHECK(
      text_of("{% for i in [1, 2] %}{% with q = i %}{{ q }}{% break %}{% endwith %}{% endfor %}") ==
      "1");
}

TEST_CASE("lists and dicts may be changed, which transformers refuses") {
  CHECK(text_of("{% set l = [1] %}{% set q = l.append(2) %}{{ l }}{{ l.pop(0) }}{{ l }}") ==
        "[1, 2]1[2]");
  CHECK(text_of("{% set l = [1] %}{% set q = l.extend([2, 3]) %}{% set q = l.insert(0, 0) %}"
                "{% set q = l.reverse() %}{{ l }}") == "[3, 2, 1, 0]");
  CHECK(text_of("{% set d = {} %}{% set q = d.update({'a': 1}, b=2) %}{{ d.pop('a') }}{{ d }}"
                "{{ d.setdefault('c', 3) }}{{ d.pop('zz', 4) }}") == "1{'b': 2}34");
}

TEST_CASE("a loop runs over the items the list had when it began") {
  CHECK(text_of("{% set l = [1, 2] %}{% for i in l %}{% set q = l.append(i) %}{{ i }}{% endfor %}"
                "{{ l | length }}") == "124");
}

TEST_CASE("a list that contains itself is an error when printed, not an endless loop") {
  CHECK(contains(error_of("{% set l = [] %}{% set q = l.append(l) %}{{ l }}"), "nested deeper"));
  CHECK(contains(error_of("{% set l = [] %}{% set q = l.append(l) %}{{ l | tojson }}"),
                 "nested deeper"));
  CHECK(contains(error_of("{% set l = [] %}{% set q = l.append(l) %}{% set m = [] %}"
                          "{% set q = m.append(m) %}{{ l == m }}"),
                 "nested deeper"));
}

TEST_CASE("a macro sees where it was defined, also after that block has ended") {
  CHECK(text_of("{% set ns = namespace() %}{% for i in [1, 2] %}{% set k = i * 10 %}"
                "{% macro m() %}{{ i }}:{{ k }}{% endmacro %}{% set ns.m = m %}{% endfor %}"
                "{% for j in [7, 8, 9] %}{% set k = j %}{{ ns.m() }} {% endfor %}") ==
        "2:20 2:20 2:20 ");
}
