// SPDX-License-Identifier: Apache-2.0
// Values, operators and methods, against what Jinja 3.1.6 on Python 3 gives.
#include "jinja/eval.hpp"

#include <doctest/doctest.h>

#include "jinja/support.hpp"

using namespace ottobit;
using namespace ottobit::jinja_test;

TEST_CASE("operators, indices and literals mean what they mean in Python") {
  check_expressions({
      {"x+1", "6"},
      {"x-7", "-2"},
      {"x*3", "15"},
      {"x/2", "2.5"},
      {"x//2", "2"},
      {"-7//2", "-4"},
      {"neg//2", "-4"},
      {"neg%3", "2"},
      {"7%-3", "-2"},
      {"2**10", "1024"},
      {"2**-1", "0.5"},
      {"2**0.5", "1.4142135623730951"},
      {"-x", "-5"},
      {"+x", "5"},
      {"x+f", "7.5"},
      {"f*2", "5.0"},
      {"7.0//2", "3.0"},
      {"-7.5%2", "0.5"},
      {"1/3", "0.3333333333333333"},
      {"10/5", "2.0"},
      {"0.1+0.2", "0.30000000000000004"},
      {"1e3", "1000.0"},
      {"1_000", "1000"},
      {"0x1F", "31"},
      {"0b101", "5"},
      {"0o17", "15"},
      {"1.5e300*1e10", "inf"},
      {"big", ""},
      {"small", ""},
      {"fl", ""},
      {"10**15/1.0", "1000000000000000.0"},
      {"1e16", "1e+16"},
      {"123456789012345680.0", "1.2345678901234568e+17"},
      {"x==5", "True"},
      {"x==5.0", "True"},
      {"t==1", "True"},
      {"x!=5", "False"},
      {"x<6", "True"},
      {"1<x<10", "True"},
      {"1<x>10", "False"},
      {"\"a\"<\"b\"", "True"},
      {"[1,2]<[1,3]", "True"},
      {"(1,2)==(1,2)", "True"},
      {"[1]==(1,)", "False"},
      {"{\"a\":1}=={\"a\":1.0}", "True"},
      {"n==none", "True"},
      {"\"a\" in \"abc\"", "True"},
      {"1 in lst", "True"},
      {"9 not in lst", "True"},
      {"\"b\" in d", "True"},
      {"not x", "False"},
      {"not n or x", "True"},
      {"x and n", "None"},
      {"e or \"z\"", "z"},
      {"s~x~n~t~f", "Hello, World ß5NoneTrue2.5"},
      {"s[0]", "H"},
      {"s[-1]", "ß"},
      {"s[1:4]", "ell"},
      {"s[::-1]", "ß dlroW ,olleH"},
      {"s[::2]", "Hlo ol "},
      {"u[1:3]", "öü"},
      {"u[::-1]", "dne 😀 好你 ÀÉ üöä"},
      {"u[-3:]", "end"},
      {"u[5:1:-1]", "ÀÉ ü"},
      {"lst[1:]", "[1, 2]"},
      {"lst[::-1]", "[2, 1, 3]"},
      {"lst[-1]", "2"},
      {"lst[5]", ""},
      {"s[99]", ""},
      {"d.a", "[1, 2, {'z': None}]"},
      {"d[\"a\"]", "[1, 2, {'z': None}]"},
      {"d.zzz", ""},
      {"d.a[2].z", "None"},
      {"d.a.0", "1"},
      {"d[\"a\"][0]", "1"},
      {"d", "{'b': 1, 'a': [1, 2, {'z': None}], 'C': 'q\"\\''}"},
      {"lst", "[3, 1, 2]"},
      {"(1,)", "(1,)"},
      {"()", "()"},
      {"(1,2)", "(1, 2)"},
      {"[]", "[]"},
      {"{}", "{}"},
      {"{\"a\":(1,2)}", "{'a': (1, 2)}"},
      {"1 if x else 2", "1"},
      {"1 if n", ""},
      {"1 if n else 2 if t else 3", "2"},
      {"range(5)", "range(0, 5)"},
      {"range(3)[1]", "1"},
      {"range(10)[2:4]", "range(2, 4)"},
      {"dict(a=1,b=2)", "{'a': 1, 'b': 2}"},
      {"dict({\"a\":1},b=2)", "{'a': 1, 'b': 2}"},
      {"dict([(\"a\",1)])", "{'a': 1}"},
      {"\"a\" \"b\"", "ab"},
      {"\"a\" 'b' ~ \"c\"", "abc"},
      {"-x**2", "25"},
      {"2**3**2", "64"},
      {"not x == 5", "False"},
      {"2 * 3 ~ 4", "64"},
      {"lst + [4]", "[3, 1, 2, 4]"},
      {"[1]*3", "[1, 1, 1]"},
      {"\"ab\"*2", "abab"},
      {"3*\"ab\"", "ababab"},
      {"\"ab\"*-1", ""},
      {"(1,)+(2,)", "(1, 2)"},
      {"s.__class__", ""},
      {"true", "True"},
      {"false", "False"},
      {"None", "None"},
      {"True", "True"},
      {"none", "None"},
      {"1.0", "1.0"},
      {"100000000000000000.0", "1e+17"},
      {"1e22", "1e+22"},
      {"1.5e-5", "1.5e-05"},
      {"0.0001", "0.0001"},
      {"n.a", ""},
      {"{}[[]]", ""},
  });
}

TEST_CASE("methods of strings, lists and dicts are Python's") {
  check_expressions({
      {"d.items()", "dict_items([('b', 1), ('a', [1, 2, {'z': None}]), ('C', 'q\"\\'')])"},
      {"d.keys()", "dict_keys(['b', 'a', 'C'])"},
      {"d.values()", "dict_values([1, [1, 2, {'z': None}], 'q\"\\''])"},
      {"d.get(\"b\")", "1"},
      {"d.get(\"q\")", "None"},
      {"d.get(\"q\",3)", "3"},
      {"s.upper()", "HELLO, WORLD SS"},
      {"s.lower()", "hello, world ß"},
      {"s.title()", "Hello, World Ss"},
      {"s.capitalize()", "Hello, world ß"},
      {"u.upper()", "ÄÖÜ ÉÀ 你好 😀 END"},
      {"u.lower()", "äöü éà 你好 😀 end"},
      {"u.title()", "Äöü Éà 你好 😀 End"},
      {"s.split()", "['Hello,', 'World', 'ß']"},
      {"s.split(\",\")", "['Hello', ' World ß']"},
      {"s.split(\"o\",1)", "['Hell', ', World ß']"},
      {"s.rsplit(\"o\",1)", "['Hello, W', 'rld ß']"},
      {"\"a  b \".split(\" \")", "['a', '', 'b', '']"},
      {"\" a b  c \".split(none,1)", "['a', 'b  c ']"},
      {"\" a b  c \".rsplit(none,1)", "[' a b', 'c']"},
      {"\"a\\nb\\r\\nc\\n\".splitlines()", "['a', 'b', 'c']"},
      {"s.startswith(\"He\")", "True"},
      {"s.endswith(\"ß\")", "True"},
      {"s.startswith((\"x\",\"H\"))", "True"},
      {"s.replace(\"o\",\"0\")", "Hell0, W0rld ß"},
      {"s.replace(\"o\",\"0\",1)", "Hell0, World ß"},
      {"\"abc\".replace(\"\",\"-\")", "-a-b-c-"},
      {"\"äb\".replace(\"\",\"-\",2)", "-ä-b"},
      {"s.find(\"o\")", "4"},
      {"s.rfind(\"o\")", "8"},
      {"u.find(\"你\")", "7"},
      {"s.find(\"zz\")", "-1"},
      {"s.index(\"l\")", "2"},
      {"s.count(\"l\")", "3"},
      {"\"aaa\".count(\"aa\")", "1"},
      {"\"abc\".count(\"\")", "4"},
      {"\"-\".join([\"a\",\"b\"])", "a-b"},
      {"\"  x \".strip()", "x"},
      {"\"xxaxx\".strip(\"x\")", "a"},
      {"\"xxaxx\".lstrip(\"x\")", "axx"},
      {"\"xxaxx\".rstrip(\"x\")", "xxa"},
      {"\"\\u3000é\\u3000\".strip()", "é"},
      {"\"12\".isdigit()", "True"},
      {"\"\".isdigit()", "False"},
      {"\"a1\".isalnum()", "True"},
      {"\"ab\".isalpha()", "True"},
      {"\" \".isspace()", "True"},
      {"\"abc\".center(10)", "   abc    "},
      {"\"abc\".center(10,\"*\")", "***abc****"},
      {"\"ab\".center(5)", "  ab "},
      {"\"ab\".rjust(4)", "  ab"},
      {"\"a-b-c\".partition(\"-\")", "('a', '-', 'b-c')"},
      {"\"a-b-c\".rpartition(\"-\")", "('a-b', '-', 'c')"},
      {"\"abc\".partition(\"x\")", "('abc', '', '')"},
      {"\"prefix\".removeprefix(\"pre\")", "fix"},
      {"\"prefix\".removesuffix(\"fix\")", "pre"},
      {"namespace(a=1).a", "1"},
  });
}

TEST_CASE("numbers print as Python prints them") {
  CHECK(text_of("{{ x }}",
                R"({"x": [0.1, 1.0, 1e16, 1e15, 123456789.125, -0.0, 3.14e-5, 1e-4, 1e22]})") ==
        "[0.1, 1.0, 1e+16, 1000000000000000.0, 123456789.125, -0.0, 3.14e-05, 0.0001, 1e+22]");
  CHECK(text_of("{{ x }} {{ x | tojson }} {{ x is integer }}", R"({"x": 18446744073709551615})") ==
        "18446744073709551615 18446744073709551615 True");
  CHECK(text_of("{{ x }}", R"({"x": -9223372036854775808})") == "-9223372036854775808");
}

TEST_CASE("integers that leave 64 bits are errors") {
  for (const char* expression : {"m + 1", "-m - 2", "m * 2", "2 ** 64", "10 ** 40", "-(-m - 1)",
                                 "(-m - 1) // -1", "(-m - 1) | abs", "[m, 1] | sum"}) {
    CAPTURE(expression);
    CHECK(
        contains(error_of("{{ " + std::string(expression) + " }}", R"({"m": 9223372036854775807})"),
                 "larger than 64 bits"));
  }
  CHECK(text_of("{{ (-m - 1) % -1 }}", R"({"m": 9223372036854775807})") == "0");
}

TEST_CASE("errors while rendering say where and what") {
  const struct {
    const char* source;
    const char* message;
  } cases[] = {
      {"a\n{{ x + 'a' }}",
       "snippet: line 2, column 6: unsupported operand type(s) for +: 'int' and 'str'"},
      {"{{ 'a' + x }}", "line 1, column 8: can only concatenate str (not \"int\") to str"},
      {"{{ zz.a }}", "'zz' is undefined"},
      {"{{ zz['a'] }}", "'zz' is undefined"},
      {"{{ zz + 1 }}", "'zz' is undefined"},
      {"{{ zz() }}", "'zz' is undefined"},
      {"{{ d.a.b }}", "'dict object' has no attribute 'a'"},
      {"{{ n.a.b }}", "'None' has no attribute 'a'"},
      {"{{ x() }}", "'int' object is not callable"},
      {"{{ s.nothing() }}", "'str object' has no attribute 'nothing'"},
      {"{% for i in n %}{% endfor %}", "'NoneType' object is not iterable"},
      {"{{ n | length }}", "object of type 'NoneType' has no len()"},
      {"{{ 'a' in n }}", "argument of type 'NoneType' is not iterable"},
      {"{{ 1 in 'a' }}", "'in <string>' requires string as left operand, not int"},
      {"{{ n < 1 }}", "'<' not supported between instances of 'NoneType' and 'int'"},
      {"{{ 1 / 0 }}", "division by zero"},
      {"{{ {[]: 1} }}", "unhashable type: 'list'"},
      {"{{ zz | tojson }}", "Object of type Undefined is not JSON serializable"},
      {"{% set a, b = [1] %}", "not enough values to unpack (expected 2, got 1)"},
      {"{% set d.x = 1 %}", "cannot assign attribute on non-namespace object"},
      {"{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
       "macro 'm' takes not more than 1 argument(s)"},
      {"{% macro m(a) %}{% endmacro %}{{ m(b=2) }}", "macro 'm' takes no keyword argument 'b'"},
      {"{{ s.upper(1) }}", "upper() takes at most 0 arguments (1 given)"},
      {"{{ s.split(nope=1) }}", "unexpected keyword argument"},
      {"{{ lst | map('nope') | list }}", "No filter named 'nope'"},
      {"{{ lst | select('nope') | list }}", "No test named 'nope'"},
      {"{{ s.__class__.x }}", "access to attribute '__class__' of 'str' object is unsafe"},
      {"{{ '%d' % 'a' }}", "a real number is required, not str"},
      {"{{ '{}'.format() }}", "Replacement index 0 out of range"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.source);
    CHECK(contains(error_of(c.source, R"({"x": 1, "s": "a", "n": null, "d": {}, "lst": [1]})"),
                   c.message));
  }
}

TEST_CASE("raise_exception passes on the template's own message and nothing else") {
  CHECK(error_of("{{ raise_exception('Only ' ~ 2 ~ ' roles') }}") == "snippet: Only 2 roles");
}

TEST_CASE("work, memory, text and depth are bounded") {
  const struct {
    const char* source;
    const char* message;
  } cases[] = {
      {"{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
       "more than 20000000 steps"},
      {"{{ 'abcdefgh' * 100000000 }}", "longer than 64 MiB"},
      {"{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% "
       "endfor %}",
       "longer than 64 MiB"},
      {"{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% "
       "endfor %}",
       "more than 512 MiB"},
      {"{{ [1] * 60000000 }}", "more than 512 MiB"},
      {"{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "deeper than 400 levels"},
      {"{% macro f(n) %}{% for i in [1] %}{% if true %}{{ [f(n + 1)|upper ~ '.'] }}{% endif %}"
       "{% endfor %}{% endmacro %}{{ f(0) }}",
       "deeper than 400 levels"},
      {"{% set ns = namespace(x=1) %}{% for i in range(500) %}{% set ns.x = [ns.x] %}{% endfor "
       "%}{{ ns.x }}",
       "nested deeper than 200 levels"},
      {"{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(100) %}{% set ns.a = [ns.a, ns.a] "
       "%}"
       "{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}",
       "more than 20000000 steps"},
      {"{% set a = 'a' * 1000000 %}{% set b = 'a' * 500000 ~ 'b' %}{{ b in a }}",
       "more than 20000000 steps"},
      {"{% set a = 'a' * 60000000 %}{% set b = 'a' * 60000000 %}{% for i in range(99999) %}"
       "{% if a != b %}x{% endif %}{% endfor %}",
       "more than 20000000 steps"},
      {"{{ range(100001) }}", "longer than 100000"},
      {"{{ '%99999d' % 1 }}", "larger than 10000"},
      {"{{ 'a'.center(100000000000) }}", "longer than 64 MiB"},
      {"{% for a in range(90000) %}{{ 'abcdefghijklmnopqrstuvwxyz' * 40 }}{% endfor %}",
       "longer than 64 MiB"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.source);
    CHECK(contains(error_of(c.source), c.message));
  }
}

TEST_CASE("strftime_now prints the time of the chat, in English") {
  const auto at = [](const std::string& format, const std::string& now) {
    return text_of("{{ strftime_now('" + format + "') }}", R"({"now": ")" + now + "\"}");
  };
  CHECK(at("%Y-%m-%d", "2026-01-15T12:00:00") == "2026-01-15");
  CHECK(at("%d %b %Y|%B|%A|%a|%j|%-d|%e", "2024-07-04T09:05:06") ==
        "04 Jul 2024|July|Thursday|Thu|186|4| 4");
  CHECK(at("%H:%M:%S %I %p %y %f %T %D %F %R %%", "2024-02-29 23:59:58.25") ==
        "23:59:58 11 PM 24 250000 23:59:58 02/29/24 2024-02-29 23:59 %");
  CHECK(at("%z|%U|%W|%V|%G|%u|%w", "2023-01-01T00:00+01:30") == "+0130|01|00|52|2022|7|0");
  CHECK(at("%V %G", "2020-12-31") == "53 2020");
  CHECK(contains(error_of("{{ strftime_now('%Q') }}"), "unknown directive '%Q'"));
  CHECK(text_of("{{ strftime_now('%Y') }}").size() == 4);
}
