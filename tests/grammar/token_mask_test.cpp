// SPDX-License-Identifier: Apache-2.0
// The tokens that may come next, against the definition: a token may come where the text with its
// bytes is the beginning of a text of the grammar.
#include "grammar/token_mask.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "grammar/gbnf.hpp"
#include "grammar/json_schema.hpp"
#include "grammar/support.hpp"

namespace ottobit {
namespace {

using grammar_test::Reading;

/// All single bytes, and many pieces of JSON and words: also two tokens of the same bytes, and one
/// of none.
const std::vector<std::string>& pieces() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> list;
    for (int byte = 0; byte < 256; ++byte) {
      list.emplace_back(1, static_cast<char>(byte));
    }
    for (const char* piece : {"",         "{\"",
                              "\":",      "\": ",
                              "\", \"",   "\"}",
                              "}}",       "\"},",
                              "],",       "[[",
                              "]]}",      "true",
                              "fal",      "se",
                              "null",     "12",
                              "3.",       ".5e",
                              "e+1",      "aa",
                              "ab",       "abc",
                              "\\n",      "\\u0",
                              "\u00e9",   "\u65e5",
                              "\xE6\x97", "\xA5\"",
                              "  ",       "\n  ",
                              ",\n",      "aa",
                              "key",      "\"key\"",
                              "x\": [",   "1, ",
                              "{}",       "{\"a\": 1, \"b\": [true, "}) {
      list.emplace_back(piece);
    }
    return list;
  }();
  return all;
}

std::shared_ptr<const grammar::Vocabulary> vocabulary() {
  std::vector<std::pair<std::string_view, std::int32_t>> tokens;
  for (const std::string& piece : pieces()) {
    tokens.emplace_back(piece, static_cast<std::int32_t>(tokens.size()));
  }
  const auto size = static_cast<std::int32_t>(tokens.size());
  return std::make_shared<const grammar::Vocabulary>(std::move(tokens), size + 100);
}

std::set<std::int32_t> members(const grammar::TokenSet& set) {
  std::set<std::int32_t> ids;
  for (std::size_t i = 0; i < set.size() * 64; ++i) {
    if ((set[i / 64] >> (i % 64) & 1U) != 0) {
      ids.insert(static_cast<std::int32_t>(i));
    }
  }
  return ids;
}

/// Writes a random text token by token; checks every set of allowed tokens.
void check(const grammar::Automaton& automaton, unsigned seed) {
  const auto compiled = std::make_shared<const grammar::Grammar>(automaton, vocabulary());
  std::mt19937 random(seed);
  grammar::Constraint constraint(compiled);
  std::string text;
  for (int step = 0; step < 25 && !constraint.complete(); ++step) {
    CAPTURE(text);
    CHECK(constraint.accepts() == (grammar_test::read(automaton, text) == Reading::yes));
    std::set<std::int32_t> expected;
    for (std::size_t id = 0; id < pieces().size(); ++id) {
      if (!pieces()[id].empty() &&
          grammar_test::read(automaton, text + pieces()[id]) != Reading::no) {
        expected.insert(static_cast<std::int32_t>(id));
      }
    }
    REQUIRE(members(constraint.allowed()) == expected);
    REQUIRE_FALSE(expected.empty());
    auto chosen = expected.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random() % expected.size()));
    const std::string& piece = pieces()[static_cast<std::size_t>(*chosen)];
    constraint.accept(piece);
    text += piece;
  }
}

}  // namespace

TEST_CASE("token masks: exactly the tokens that lead on are allowed") {
  const char* gbnf[] = {
      "root ::= \"aaab\" | \"ab\"*",
      ("root ::= value\nvalue ::= \"[\" (value (\", \" value)*)? \"]\" | [0-9]+ | string\n"
       "string ::= \"\\\"\" char* \"\\\"\"\nchar ::= [^\"\\\\] | \"\\\\\" [n\"]"),
      "root ::= .*",
      "root ::= \"(\" root \")\" | \"a\" | \"aa\" | root2 root\nroot2 ::= \"b\" root2?",
      "root ::= (\"aa\" | \"a\" | \"abc\")* \"x\"?"};
  for (const char* text : gbnf) {
    CAPTURE(text);
    for (unsigned seed = 0; seed < 10; ++seed) {
      check(grammar::compile(grammar::read_gbnf(text, "g"), "g"), seed);
    }
  }
  const char* schemas[] = {"{}", R"({"type": "string", "maxLength": 5})",
                           R"({"properties": {"key": {"type": "string"}, "a": {"type": "integer"},
          "b": {"items": {"$ref": "#"}}}, "required": ["key"]})",
                           R"({"type": "object", "additionalProperties": {"type": "boolean"}})",
                           R"({"enum": ["abc", "aa", 12, 123]})"};
  for (const char* text : schemas) {
    CAPTURE(text);
    for (unsigned seed = 0; seed < 10; ++seed) {
      check(grammar::compile(grammar::read_json_schema(text, "s"), "s"), seed);
    }
  }
}

}  // namespace ottobit
