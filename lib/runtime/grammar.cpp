// SPDX-License-Identifier: Apache-2.0
#include "ottobit/grammar.hpp"

#include <string>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"
#include "ottobit/tokenizer.hpp"

#include "grammar/gbnf.hpp"
#include "grammar/json_schema.hpp"
#include "grammar/regex.hpp"
#include "grammar/token_mask.hpp"

namespace ottobit {
namespace {

grammar::Automaton automaton_of(GrammarKind kind, std::string_view text) {
  switch (kind) {
    case GrammarKind::json_schema: {
      const std::string subject = "JSON schema";
      return grammar::compile(grammar::read_json_schema(text, subject), subject);
    }
    case GrammarKind::gbnf: {
      const std::string subject = "GBNF";
      return grammar::compile(grammar::read_gbnf(text, subject), subject);
    }
    case GrammarKind::regex:
      break;
  }
  const std::string subject = "regular expression";
  grammar::Rules rules;
  rules.add("root", grammar::read_regex(text, subject, false));
  return grammar::compile(rules, subject);
}

}  // namespace

GrammarHandle compile_grammar(const Model& model, GrammarKind kind, std::string_view text) {
  return std::make_shared<const grammar::Grammar>(automaton_of(kind, text), model.vocabulary());
}

}  // namespace ottobit
