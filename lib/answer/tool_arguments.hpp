// SPDX-License-Identifier: Apache-2.0
// The arguments of a tool call as a grammar: one JSON object, or values between tags of their own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "answer/answer.hpp"
#include "answer/tool_grammar.hpp"
#include "grammar/expr.hpp"
#include "grammar/string_schema.hpp"
#include "io/json.hpp"

namespace ottobit {

/// Adds what it needs to `rules`. Schemas are those of "parameters". Error{grammar, subject} says
/// what of a schema cannot be honoured.
class ToolArguments {
 public:
  /// Strings do not hold the words of `avoid`, which end a call. All must outlive it.
  ToolArguments(grammar::Rules& rules, const ToolSyntax& syntax,
                const std::vector<std::string>& avoid, std::string subject)
      : rules_(rules),
        syntax_(syntax),
        format_(*syntax.format),
        avoid_(avoid),
        subject_(std::move(subject)) {}

  /// As one JSON object; an empty one for a tool without schema.
  grammar::Expr object(OrderedJson schema);
  /// Each between tags, in the order in which they are declared. Strings stand there as they are.
  grammar::Expr tags(const OrderedJson& schema);
  /// As Gemma 4 has them, key:value and commas between; strings within lists and objects as in
  /// JSON.
  grammar::Expr bare_keys(const OrderedJson& schema);
  /// As Python has them, key=value and a comma and a blank between; values as in JSON.
  grammar::Expr assignments(const OrderedJson& schema);

 private:
  [[noreturn]] void refuse(const std::string& why) const;
  grammar::Expr json(const OrderedJson& schema);
  /// Those that must be there and any of the others, in their order, with `comma` between.
  /// `member`: one of them, from its key and its own schema.
  grammar::Expr members(
      const OrderedJson& schema, const char* unfit, const std::string& comma,
      const std::function<grammar::Expr(const std::string& key, const OrderedJson& value)>& member);
  /// A parameter, and whether it must be there.
  struct Parameter {
    std::string key;
    bool required;
  };
  [[nodiscard]] std::vector<Parameter> parameters(const OrderedJson& schema,
                                                  const char* unfit) const;
  [[nodiscard]] static OrderedJson property(const std::string& key, const OrderedJson& schema);
  grammar::Expr tag(const std::string& key, const OrderedJson& schema);
  [[nodiscard]] grammar::Expr plain(const OrderedJson& property, const std::string& close) const;
  [[nodiscard]] grammar::Expr unquoted(const grammar::StringSchema& schema,
                                       const std::vector<std::string>& words) const;

  grammar::Rules& rules_;
  const ToolSyntax& syntax_;
  const AnswerFormat& format_;
  const std::vector<std::string>& avoid_;
  std::string subject_;
};

}  // namespace ottobit
