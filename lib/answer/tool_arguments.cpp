// SPDX-License-Identifier: Apache-2.0
#include "answer/tool_arguments.hpp"

#include <algorithm>
#include <utility>

#include "ottobit/error.hpp"

#include "answer/gemma_call.hpp"
#include "grammar/avoid.hpp"
#include "grammar/json_schema.hpp"
#include "tokenizer/utf8.hpp"

namespace ottobit {

using grammar::Expr;

namespace {

Expr text_of(const OrderedJson& value) {
  return grammar::text(value.is_string() ? value.get<std::string>() : value.dump());
}

/// The types of one tool's parameters.
ToolTypes types_of(const OrderedJson& schema) {
  OrderedJson tool = OrderedJson::object({{"name", "f"}, {"parameters", schema}});
  return ToolTypes(OrderedJson::array({std::move(tool)}));
}

}  // namespace

void ToolArguments::refuse(const std::string& why) const {
  fail(ErrorCode::grammar, subject_, why);
}

Expr ToolArguments::json(const OrderedJson& schema) {
  return grammar::rule(
      grammar::append(rules_, grammar::read_json_schema(schema.dump(), subject_, avoid_)));
}

Expr ToolArguments::object(OrderedJson schema) {
  if (schema.is_null()) {
    return grammar::text("{}");
  }
  if (schema.is_object() && !schema.contains("type") && !schema.contains("$ref")) {
    schema["type"] = "object";
  }
  return json(schema);
}

std::vector<ToolArguments::Parameter> ToolArguments::parameters(const OrderedJson& schema,
                                                                const char* unfit) const {
  const bool declared = schema.is_object() && schema.contains("properties");
  if (!schema.is_null() &&
      (!schema.is_object() || (declared && !schema["properties"].is_object()))) {
    refuse("the parameters are no schema with an object \"properties\"");
  }
  const OrderedJson required =
      schema.is_object() && schema.contains("required") ? schema["required"] : OrderedJson::array();
  std::size_t needed = 0;
  std::vector<Parameter> all;
  const OrderedJson properties = declared ? schema["properties"] : OrderedJson::object();
  for (const auto& [key, property] : properties.items()) {
    if (key.empty() || key.find_first_of(unfit) != std::string::npos) {
      refuse("the parameter \"" + key + "\" cannot stand in " + std::string(format_.name) +
             " calls");
    }
    const bool must = std::find(required.begin(), required.end(), key) != required.end();
    needed += must ? 1 : 0;
    all.push_back({key, must});
  }
  if (!required.is_array() || needed != required.size()) {
    refuse("\"required\" is no list of different properties");
  }
  return all;
}

OrderedJson ToolArguments::property(const std::string& key, const OrderedJson& schema) {
  OrderedJson property = schema["properties"][key];
  for (const char* const definitions : {"$defs", "definitions"}) {
    if (property.is_object() && schema.contains(definitions)) {
      property[definitions] = schema[definitions];
    }
  }
  return property;
}

Expr ToolArguments::tags(const OrderedJson& schema) {
  std::vector<Expr> parts;
  for (const auto& [key, required] : parameters(schema, "<>\"\n")) {
    parts.push_back(required ? tag(key, schema) : grammar::optional(tag(key, schema)));
  }
  return grammar::all(std::move(parts));
}

Expr ToolArguments::bare_keys(const OrderedJson& schema) {
  return members(
      schema, "<>\"\n\t ,:{}[]", ",", [&](const std::string& key, const OrderedJson& value) {
        const bool as_is = types_of(schema).of("f", key) != ToolTypes::Kind::json;
        const Expr quote = grammar::text(syntax_.spelled(kGemmaQuote));
        return grammar::all(grammar::text(key + ":"),
                            as_is
                                ? grammar::all(quote, plain(value, std::string(kGemmaQuote)), quote)
                                : json(value));
      });
}

Expr ToolArguments::assignments(const OrderedJson& schema) {
  return members(schema, "<>\"'\n\t ,:=(){}[]", ", ",
                 [&](const std::string& key, const OrderedJson& value) {
                   return grammar::all(grammar::text(key + "="), json(value));
                 });
}

Expr ToolArguments::members(
    const OrderedJson& schema, const char* unfit, const std::string& comma,
    const std::function<Expr(const std::string& key, const OrderedJson& value)>& member) {
  // From the last on: what may follow a parameter, and what there is if none came before.
  Expr behind = grammar::text("");
  Expr alone = grammar::text("");
  const std::vector<Parameter> all = parameters(schema, unfit);
  for (auto each = all.rbegin(); each != all.rend(); ++each) {
    const auto as_rule = [&](const char* what, Expr expr) {
      return grammar::rule(rules_.add(subject_ + what + each->key, std::move(expr)));
    };
    const Expr one = as_rule(" ", member(each->key, property(each->key, schema)));
    Expr here = grammar::all(one, behind);
    alone = each->required ? here : as_rule(" behind ", grammar::any(here, alone));
    Expr next = grammar::all(grammar::text(comma), here);
    behind = as_rule(" behind ", each->required ? next : grammar::any(next, behind));
  }
  return alone;
}

Expr ToolArguments::tag(const std::string& key, const OrderedJson& schema) {
  const OrderedJson value = property(key, schema);
  const bool as_is = types_of(schema).of("f", key) != ToolTypes::Kind::json;
  const bool dsml = format_.syntax == CallSyntax::dsml;
  const bool named = dsml || format_.syntax == CallSyntax::invoke;
  const bool pairs = format_.syntax == CallSyntax::pairs;
  const std::string tag = pairs ? "arg_value" : dsml ? "｜DSML｜parameter" : "parameter";
  const std::string line = format_.syntax == CallSyntax::function_lines ? "\n" : "";
  const std::string open = pairs   ? "<arg_key>" + key + "</arg_key>\n<arg_value>"
                           : named ? "<" + tag + " name=\"" + key + "\""
                                   : "<parameter=" + key;
  const std::string type = pairs   ? ""
                           : !dsml ? ">"
                           : as_is ? " string=\"true\">"
                                   : " string=\"false\">";
  const std::string close = "</" + tag + ">";
  return grammar::all(grammar::text(syntax_.spelled(open) + type + line),
                      as_is ? plain(value, close) : json(value),
                      grammar::text(line + syntax_.spelled(close) + "\n"));
}

Expr ToolArguments::plain(const OrderedJson& property, const std::string& close) const {
  const OrderedJson schema = property.is_object() ? property : OrderedJson::object();
  if (const OrderedJson list = schema.value("enum", OrderedJson()); list.is_array()) {
    std::vector<Expr> ways;
    std::transform(list.begin(), list.end(), std::back_inserter(ways), &text_of);
    return grammar::any(std::move(ways));
  }
  if (schema.contains("const")) {
    return text_of(schema["const"]);
  }
  std::vector<std::string> words = avoid_;
  if (syntax_.is_text(close)) {
    words.push_back(close);
  }
  return unquoted(grammar::read_string_schema(schema, subject_), words);
}

// Text of a pattern, or of at most so many characters, has no character that begins one of the
// words: to hold a part of them would take a product of two automata.
Expr ToolArguments::unquoted(const grammar::StringSchema& schema,
                             const std::vector<std::string>& words) const {
  if (words.empty()) {
    return schema.texts
               ? *schema.texts
               : grammar::repeat(grammar::chars(grammar::inverted({})), schema.min, schema.max);
  }
  grammar::CharSet firsts;
  for (const std::string& word : words) {
    const char32_t c = utf8::first_character(word).code;
    firsts.push_back({c, c});
  }
  if (schema.texts) {
    Expr texts = *schema.texts;
    for (const grammar::CharRange& range : firsts) {
      texts = grammar::without(std::move(texts), range.first);
    }
    if (grammar::lengths(texts).min == grammar::kUnbounded) {
      refuse("no text of the pattern can stand in " + std::string(format_.name) +
             " calls, which do not quote it");
    }
    return texts;
  }
  const Expr one = grammar::chars(grammar::inverted(firsts));
  if (schema.max != grammar::kUnbounded) {
    return grammar::repeat(one, schema.min, schema.max);
  }
  return grammar::all(grammar::repeat(one, schema.min, schema.min),
                      grammar::text_avoiding(words, grammar::inverted({}), {}, subject_));
}

}  // namespace ottobit
