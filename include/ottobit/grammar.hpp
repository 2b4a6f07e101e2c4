// SPDX-License-Identifier: Apache-2.0
// Constrained output: grammars that a generation must keep to.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "ottobit/model.hpp"

namespace ottobit {

namespace grammar {
class Grammar;
}  // namespace grammar

/// The values equal OTTOBIT_GRAMMAR_*.
enum class GrammarKind : std::int32_t { json_schema = 1, gbnf = 2, regex = 3, tools = 4 };

/// A grammar for the tokens of one model: immutable, shared by any number of generations.
using GrammarHandle = std::shared_ptr<const grammar::Grammar>;

/// Error{grammar, "JSON schema" | "GBNF" | "regular expression" | "tools", ...} says where `text`
/// is wrong, or which part of a schema cannot be honoured. Error{not_found} for a model without
/// tokenizer.
[[nodiscard]] GrammarHandle compile_grammar(const Model& model, GrammarKind kind,
                                            std::string_view text);

}  // namespace ottobit
