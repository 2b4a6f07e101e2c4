// SPDX-License-Identifier: Apache-2.0
// GBNF: what each construct matches, by running the automaton that is made of it, and what is wrong
// with notations that are refused.
#include "grammar/gbnf.hpp"

#include <doctest/doctest.h>

#include "grammar/support.hpp"

namespace ottobit {
namespace {

using grammar_test::grammar_error;
using grammar_test::Reading;

/// 'y', 'b' or 'n' for each text: of the grammar, the beginning of such a text, neither.
std::string readings(std::string_view gbnf, std::initializer_list<std::string_view> texts) {
  const grammar::Automaton automaton = grammar::compile(grammar::read_gbnf(gbnf, "g"), "g");
  std::string out;
  for (const std::string_view text : texts) {
    out += "nby"[static_cast<int>(grammar_test::read(automaton, text))];
  }
  return out;
}

std::string error_of(std::string_view gbnf) {
  return grammar_error([&] { (void)grammar::compile(grammar::read_gbnf(gbnf, "g"), "g"); });
}

}  // namespace

TEST_CASE("GBNF: literals, choices, sequences, repetitions") {
  CHECK(readings("root ::= \"ab\"", {"", "a", "ab", "abc", "b"}) == "bbynn");
  CHECK(readings("root ::= \"a\" | \"b\" \"c\"", {"a", "b", "bc", "ac"}) == "ybyn");
  CHECK(readings("root ::= (\"a\" | \"b\")* \"c\"?", {"", "abba", "abc", "cc"}) == "yyyn");
  CHECK(readings("root ::= \"a\"+", {"", "a", "aaa"}) == "byy");
  CHECK(readings("root ::= \"a\"{2,3}", {"a", "aa", "aaa", "aaaa"}) == "byyn");
  CHECK(readings("root ::= \"a\"{2}", {"a", "aa", "aaa"}) == "byn");
  CHECK(readings("root ::= \"a\"{2,}", {"a", "aa", "aaaaa"}) == "byy");
  CHECK(readings("root ::= \"a\"{,2}", {"", "aa", "aaa"}) == "yyn");
  CHECK(readings("root ::= \"\"", {"", "a"}) == "yn");
  CHECK(readings("root ::= (\"a\"*)*", {"", "aaa"}) == "yy");
}

TEST_CASE("GBNF: characters and classes, in all lengths of UTF-8") {
  CHECK(readings("root ::= [a-c\\]x-]", {"a", "c", "]", "-", "d"}) == "yyyyn");
  CHECK(readings("root ::= [^\"\\\\]", {"a", "\"", "\\", "\u00e9", "\u65e5", "\U0001F600"}) ==
        "ynnyyy");
  CHECK(readings("root ::= .", {"\n", "\u00e9", "\xC3", "\xC3\xC3", "\xED\xA0", "\xF4\x90"}) ==
        "yybnnn");
  CHECK(readings("root ::= [\\u0080-\\uFFFD]", {"\x7F", "\u0080", "\u07FF", "\u0800", "\uFFFD",
                                                "\uFFFE", "\U00010000"}) == "nyyyynn");
  CHECK(readings("root ::= [\u00e9\\U0001F600-\\U0001F64F]",
                 {"\u00e9", "\u00e8", "\U0001F64F", "\U0001F650"}) == "ynyn");
  CHECK(readings("root ::= \"\\n\\t\\\"\\x41\\u00e9\"", {"\n\t\"A\u00e9"}) == "y");
}

TEST_CASE("GBNF: rules, recursion, layout") {
  const char* json = R"(
# a comment
root   ::= object
value  ::= object | array | string | [0-9]+ |
           "true"
object ::= "{" (
    string ":" value
    ("," string ":" value)*
  )? "}"
array  ::= "[" (value ("," value)*)? "]"
string ::= "\"" [^"]* "\""     # ends here
)";
  CHECK(readings(json, {"{}", "{\"a\":[1,{\"b\":\"c\"},[]],\"d\":true}", "{\"a\":[1,{", "{\"a\":1]",
                        "{,", "[]"}) == "yybnnn");
  CHECK(readings("root ::= \"(\" root \")\" | \"x\"", {"((x))", "((x)", "(x))"}) == "ybn");
  CHECK(readings("root ::= list\nlist ::= \"a\" list | \"b\"", {"aaaab", "aa"}) == "yb");
  CHECK(readings("root ::= \"a\"\n  | \"b\"\nx ::= \"c\"", {"a", "b", "c"}) == "yyn");
  CHECK(readings("root ::=\n  \"a\"", {"a"}) == "y");
  CHECK(readings("x-1 ::= \"c\"\nroot ::= x-1", {"c"}) == "y");
  CHECK(readings("root ::= e \"b\"\ne ::= \"\" | \"a\" e", {"b", "aab"}) == "yy");
}

TEST_CASE("GBNF: lines end as any system ends them, behind a byte order mark or not") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    for (const std::string mark : {"", "\xEF\xBB\xBF"}) {
      const std::string text = mark + "# two" + end + "root ::= a |" + end + "  \"b\" # or b" +
                               end + end + "a ::= (" + end + "\"x\"" + end + ")" + end;
      CAPTURE(text);
      const grammar::Automaton automaton = grammar::compile(grammar::read_gbnf(text, "g"), "g");
      CHECK(grammar_test::read(automaton, "x") == grammar_test::Reading::yes);
      CHECK(grammar_test::read(automaton, "b") == grammar_test::Reading::yes);
    }
  }
}

TEST_CASE("GBNF: the work of a short text with a long meaning is bounded") {
  const auto refused = [](const std::string& text) {
    return grammar_test::grammar_error(
        [&] { (void)grammar::compile(grammar::read_gbnf(text, "g"), "g"); });
  };
  CHECK(refused("root ::= (([a-z]{1,30}){1,30}){1,30}\n").find("too much work") !=
        std::string::npos);
  CHECK(refused("root ::= (\"a\" | \"b\")* \"a\" (\"a\" | \"b\"){20}\n").find("too much work") !=
        std::string::npos);
  std::string chain = "root ::= r0\n";
  for (int i = 0; i < 50'000; ++i) {
    chain += "r" + std::to_string(i) + " ::= \"a\" r" + std::to_string(i + 1) + "\n";
  }
  CHECK(refused(chain + "r50000 ::= \"b\"\n").empty());
}

TEST_CASE("GBNF: large parts that are counted are shared") {
  const grammar::Automaton automaton = grammar::compile(
      grammar::read_gbnf("root ::= (\"<\" [a-z]{1,300} \">\"){2,300}\n", "g"), "g");
  CHECK(automaton.states.size() < 5'000);
  const std::string one = "<" + std::string(300, 'x') + ">";
  CHECK(grammar_test::read(automaton, one) == grammar_test::Reading::begin);
  CHECK(grammar_test::read(automaton, one + one) == grammar_test::Reading::yes);
  CHECK(grammar_test::read(automaton, "<" + std::string(301, 'x')) == grammar_test::Reading::no);
  std::string many;
  for (int i = 0; i < 300; ++i) {
    many += "<ab>";
  }
  CHECK(grammar_test::read(automaton, many) == grammar_test::Reading::yes);
  CHECK(grammar_test::read(automaton, many + "<") == grammar_test::Reading::no);
}

TEST_CASE("GBNF: ambiguous grammars stay small") {
  const std::string text(2000, 'a');
  CHECK(readings("root ::= (\"a\" | \"a\" \"a\" | x)* \nx ::= \"aa\" | \"aaa\" x?", {text}) == "y");
}

TEST_CASE("GBNF: what is refused, and where") {
  CHECK(error_of("") == "g: line 1, column 1: the grammar has no rule \"root\"");
  CHECK(error_of("root ::= a b\na ::= \"x\"") == "g: line 1, column 12: there is no rule \"b\"");
  CHECK(error_of("root ::= \"a") == "g: line 1, column 12: found the end, expected a character");
  CHECK(error_of("root ::= \"a\n\"") ==
        "g: line 1, column 12: found the end of the line, expected \"");
  CHECK(error_of("root ::= (\"a\"") == "g: line 1, column 14: found the end, expected \")\"");
  CHECK(error_of("root ::= \"a\")") == "g: line 1, column 13: found \")\", expected \"\n\"");
  CHECK(error_of("root = \"a\"") == "g: line 1, column 6: found \"=\", expected \"::=\"");
  CHECK(error_of("root ::= \"a\"\nroot ::= \"b\"") ==
        "g: line 2, column 1: there is a rule \"root\" already");
  CHECK(error_of("root ::= [b-a]") == "g: line 1, column 11: the range is in the wrong order");
  CHECK(error_of("root ::= \"a\"{3,2}") ==
        "g: line 1, column 14: the bounds are in the wrong order");
  CHECK(error_of("root ::= \"\\q\"") == "g: line 1, column 12: \\q is no escape");
  CHECK(error_of("root ::= \"\\uD800\"") == "g: line 1, column 13: is no character");
  CHECK(error_of("root ::= \"\xFF\"") == "g: line 1, column 11: the text is not UTF-8");
  CHECK(error_of("root ::= " + std::string(300, '(')).find("nest deeper") != std::string::npos);
  CHECK(error_of("root ::= \"a\" root") == "g: rule \"root\" matches no text: it can never end");
  CHECK(error_of("root ::= []") == "g: rule \"root\" matches no text: it can never end");
  CHECK(error_of("root ::= root \"a\" | \"b\"") ==
        "g: rule \"root\" calls itself before it reads anything (left recursion)");
  CHECK(error_of("root ::= e root \"a\" | \"b\"\ne ::= \"\"").find("left recursion") !=
        std::string::npos);
  CHECK(error_of("root ::= (\"abcdefgh\" \"a\"?){60000}").find("too large") != std::string::npos);
}

}  // namespace ottobit
