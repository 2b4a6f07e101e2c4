// SPDX-License-Identifier: Apache-2.0
// Regular expressions: whole texts and searches, against the standard library's ECMAScript on
// random texts, and what is refused.
#include "grammar/regex.hpp"

#include <random>
#include <regex>

#include <doctest/doctest.h>

#include "grammar/support.hpp"

namespace ottobit {
namespace {

using grammar_test::grammar_error;
using grammar_test::Reading;

grammar::Automaton compiled(std::string_view pattern, bool search) {
  grammar::Rules rules;
  rules.add("root", grammar::read_regex(pattern, "r", search));
  return grammar::compile(rules, "r");
}

std::string readings(std::string_view pattern, std::initializer_list<std::string_view> texts,
                     bool search = false) {
  const grammar::Automaton automaton = compiled(pattern, search);
  std::string out;
  for (const std::string_view text : texts) {
    out += "nby"[static_cast<int>(grammar_test::read(automaton, text))];
  }
  return out;
}

std::string error_of(std::string_view pattern) {
  return grammar_error([&] { (void)compiled(pattern, false); });
}

}  // namespace

TEST_CASE("regex: agrees with the standard library on random texts") {
  std::mt19937 random(7);
  for (const char* pattern :
       {"a|bc", "(a|b)*c?", "a{2,3}b{2}c{1,}", "[a-c]+[^a]", "^ab|b$", "a.c", "(?:ab)+c*",
        "\\w\\d?", "a*?b+?", "^a", "b$", "^(a|bc)$", "\\s|\\S{2}", "", "a||b", "(a(b(c)?)?)?"}) {
    CAPTURE(pattern);
    const std::regex expected(pattern);
    const grammar::Automaton whole = compiled(pattern, false);
    const grammar::Automaton part = compiled(pattern, true);
    for (int round = 0; round < 300; ++round) {
      std::string text;
      for (std::size_t i = random() % 7; i > 0; --i) {
        text += "abc 1\n"[random() % 6];
      }
      CAPTURE(text);
      REQUIRE((grammar_test::read(whole, text) == Reading::yes) ==
              std::regex_match(text, expected));
      if (text.find('\n') == std::string::npos) {  // the library's ^ and $ know lines
        REQUIRE((grammar_test::read(part, text) == Reading::yes) ==
                std::regex_search(text, expected));
      }
    }
  }
}

TEST_CASE("regex: no text is led to where it cannot end") {
  CHECK(readings("a[^\\s\\S]|b", {"a", "b"}) == "ny");
  CHECK(readings("x(ab[^\\s\\S]c)*", {"x", "xa", "xab"}) == "ynn");
}

TEST_CASE("regex: characters and escapes") {
  CHECK(readings("\\u00e9\\x41\\u{1F600}\\t", {"\u00e9A\U0001F600\t"}) == "y");
  CHECK(readings("[^\\d\\s]", {"1", " ", "\u00a0", "x", "\u65e5"}) == "nnnyy");
  CHECK(readings("[\\]\\-\\\\.]", {"]", "-", "\\", ".", "x"}) == "yyyyn");
  CHECK(readings("\\.\\*\\/\\$", {".*/$"}) == "y");
  CHECK(readings("(?<year>\\d{4})-\\d\\d", {"2026-11", "26-11"}) == "yn");
  CHECK(readings(".", {"\u2028", "\r", "\u00e9"}) == "nny");
  CHECK(readings("\\cJ\\0", {std::string_view("\n\0", 2)}) == "y");
  CHECK(readings("a", {"xxaxx", "", "b"}, true) == "ybb");
}

TEST_CASE("regex: what is refused, and where") {
  CHECK(error_of("a(?=b)") ==
        "r: line 1, column 3: look-around and inline flags are not supported");
  CHECK(error_of("a(?<!b)") ==
        "r: line 1, column 3: look-around and inline flags are not supported");
  CHECK(error_of("(a)\\1") == "r: line 1, column 5: \\1 is not supported");
  CHECK(error_of("\\bword") == "r: line 1, column 2: \\b is not supported");
  CHECK(error_of("\\p{L}") == "r: line 1, column 2: \\p is not supported");
  CHECK(error_of("a^b") ==
        "r: line 1, column 2: \"^\" is supported at the ends of the pattern only");
  CHECK(error_of("(a$)") ==
        "r: line 1, column 3: \"$\" is supported at the ends of the pattern only");
  CHECK(error_of("*a") ==
        "r: line 1, column 1: \"*\" has nothing to repeat or open; write \\* for "
        "the character");
  CHECK(error_of("(a") == "r: line 1, column 3: found the end, expected \")\"");
  CHECK(error_of("a)") == "r: line 1, column 2: found \")\", expected the end");
  CHECK(error_of("[a") == "r: line 1, column 3: found the end, expected a character");
  CHECK(error_of("[b-a]").find("wrong order") != std::string::npos);
  CHECK(error_of("[\\d-z]").find("not characters") != std::string::npos);
  CHECK(error_of("a{99999}") == "r: line 1, column 3: the number is above 65536");
  CHECK(error_of("[^\\s\\S]") == "r: rule \"root\" matches no text: it can never end");
}

}  // namespace ottobit
