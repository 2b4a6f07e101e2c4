// SPDX-License-Identifier: Apache-2.0
#include "ottobit/grammar.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"
#include "ottobit/tokenizer.hpp"

#include "answer/tool_grammar.hpp"
#include "grammar/gbnf.hpp"
#include "grammar/json_schema.hpp"
#include "grammar/regex.hpp"
#include "grammar/token_mask.hpp"

namespace ottobit {
namespace {

ToolSyntax tool_syntax(const Model& model) {
  ToolSyntax syntax{.format = &answer_format(model.chat_source(), model.family()), .controls = {}};
  const Tokenizer& tokenizer = model.tokenizer();
  for (const std::string_view word : tool_words(*syntax.format)) {
    const std::optional<std::int32_t> id = tokenizer.find_token(word);
    if (id && tokenizer.is_special(*id)) {
      syntax.controls.emplace_back(word);
    }
  }
  syntax.fenced = model.chat_source().find("```json") != std::string::npos;
  return syntax;
}

grammar::Automaton automaton_of(const Model& model, GrammarKind kind, std::string_view text) {
  switch (kind) {
    case GrammarKind::json_schema: {
      const std::string subject = "JSON schema";
      return grammar::compile(grammar::read_json_schema(text, subject), subject);
    }
    case GrammarKind::gbnf: {
      const std::string subject = "GBNF";
      return grammar::compile(grammar::read_gbnf(text, subject), subject);
    }
    case GrammarKind::tools: {
      const std::string subject = "tools";
      return grammar::compile(read_tools(text, tool_syntax(model), subject), subject);
    }
    case GrammarKind::regex:
      break;
  }
  const std::string subject = "regular expression";
  grammar::Rules rules;
  rules.add("root", grammar::read_regex(text, subject, false));
  return grammar::compile(std::move(rules), subject);
}

}  // namespace

GrammarHandle compile_grammar(const Model& model, GrammarKind kind, std::string_view text) {
  return std::make_shared<const grammar::Grammar>(automaton_of(model, kind, text),
                                                  model.vocabulary());
}

}  // namespace ottobit
