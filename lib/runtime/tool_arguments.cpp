// SPDX-License-Identifier: Apache-2.0
#include "runtime/tool_arguments.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ottobit/error.hpp"

#include "grammar/avoid.hpp"
#include "grammar/json_format.hpp"
#include "grammar/json_schema.hpp"
#include "grammar/regex.hpp"

namespace ottobit {

using grammar::Expr;

namespace {

Expr text_of(const OrderedJson& value) {
  return grammar::text(value.is_string() ? value.get<std::string>() : value.dump());
}

/// The types of one tool's parameters.
ToolTypes types_of(const OrderedJson& schema) {
  OrderedJson tool = {{"name", "f"}, {"parameters", schema}};
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

Expr ToolArguments::tags(const OrderedJson& schema) {
  const bool declared = schema.is_object() && schema.contains("properties");
  if (!schema.is_null() &&
      (!schema.is_object() || (declared && !schema["properties"].is_object()))) {
    refuse("the parameters are no schema with an object \"properties\"");
  }
  const OrderedJson required =
      schema.is_object() && schema.contains("required") ? schema["required"] : OrderedJson::array();
  std::size_t needed = 0;
  std::vector<Expr> parts;
  const OrderedJson properties = declared ? schema["properties"] : OrderedJson::object();
  for (const auto& [key, property] : properties.items()) {
    if (key.empty() || key.find_first_of("<>\"\n") != std::string::npos) {
      refuse("the parameter \"" + key + "\" cannot be the name of a tag");
    }
    const bool must = std::find(required.begin(), required.end(), key) != required.end();
    needed += must ? 1 : 0;
    parts.push_back(must ? tag(key, schema) : grammar::optional(tag(key, schema)));
  }
  if (!required.is_array() || needed != required.size()) {
    refuse("\"required\" is no list of different properties");
  }
  return grammar::all(std::move(parts));
}

Expr ToolArguments::tag(const std::string& key, const OrderedJson& schema) {
  OrderedJson property = schema["properties"][key];
  const bool as_is = types_of(schema).of("f", key) != ToolTypes::Kind::json;
  const bool dsml = format_.syntax == CallSyntax::dsml;
  const bool named = dsml || format_.syntax == CallSyntax::invoke;
  const std::string tag = dsml ? "｜DSML｜parameter" : "parameter";
  const std::string line = format_.syntax == CallSyntax::function_lines ? "\n" : "";
  const std::string open = named ? "<" + tag + " name=\"" + key + "\"" : "<parameter=" + key;
  const std::string type = !dsml ? "" : as_is ? " string=\"true\"" : " string=\"false\"";
  const std::string close = "</" + tag + ">";
  for (const char* const definitions : {"$defs", "definitions"}) {
    if (property.is_object() && schema.contains(definitions)) {
      property[definitions] = schema[definitions];
    }
  }
  return grammar::all({grammar::text(syntax_.spelled(open) + type + ">" + line),
                       as_is ? plain(property, close) : json(property),
                       grammar::text(line + syntax_.spelled(close) + "\n")});
}

Expr ToolArguments::plain(const OrderedJson& property, const std::string& close) const {
  const auto has = [&](const char* key) { return property.is_object() && property.contains(key); };
  for (const char* const key : {"pattern", "minLength", "maxLength"}) {
    if (has(key)) {
      refuse(std::string(key) + " cannot be honoured in " + std::string(format_.name) +
             " calls, which do not quote text");
    }
  }
  if (has("enum") && property["enum"].is_array()) {
    std::vector<Expr> ways;
    std::transform(property["enum"].begin(), property["enum"].end(), std::back_inserter(ways),
                   &text_of);
    return grammar::any(std::move(ways));
  }
  if (has("const")) {
    return text_of(property["const"]);
  }
  if (has("format")) {
    const OrderedJson& format = property["format"];
    const std::string_view pattern =
        format.is_string() ? grammar::format_pattern(format.get_ref<const std::string&>()) : "";
    if (pattern.empty()) {
      refuse("the format " + format.dump() + " is not known");
    }
    return grammar::read_regex(pattern, subject_, false);
  }
  std::vector<std::string> words = avoid_;
  if (syntax_.is_text(close)) {
    words.push_back(close);
  }
  return grammar::text_avoiding(words, grammar::inverted({}), {}, subject_);
}

}  // namespace ottobit
