// SPDX-License-Identifier: Apache-2.0
#include "answer/tool_calls.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "answer/python_literal.hpp"

namespace ottobit {

namespace {

constexpr std::string_view kBlank = " \n\t\r";
constexpr std::string_view kNameLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

std::string_view trim(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

/// What stands before `end` at the front of `text`, which moves behind it; nullopt without `end`.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end) noexcept {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return before;
}

/// How often `part` stands in `text`.
std::size_t count_of(std::string_view text, std::string_view part) noexcept {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

bool take(std::string_view& text, std::string_view front) noexcept {
  const bool found = text.substr(0, front.size()) == front;
  if (found) {
    text.remove_prefix(front.size());
  }
  return found;
}

/// Bytes that are not UTF-8 become U+FFFD.
std::string dump(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::optional<OrderedJson> read_json(std::string_view text, std::string& why) {
  try {
    return parse_ordered_json(text, "tool call", ErrorCode::argument);
  } catch (const Error& e) {
    why = e.what();
    return std::nullopt;
  }
}

// ---- {"name": F, "arguments": {...}} ----

/// The end of the JSON value at the front of `text`, up to a ";" outside of strings and brackets.
std::size_t value_end(std::string_view text) noexcept {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1U : 0U;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ';' && depth == 0) {
      return i;
    }
  }
  return text.size();
}

std::optional<ToolCall> call_of(const OrderedJson& json, bool complete, std::string& why) {
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string() ||
      json["name"].get_ref<const std::string&>().empty()) {
    why = "the call is not {\"name\": ..., \"arguments\": {...}}";
    return std::nullopt;
  }
  auto arguments = json.find("arguments");
  if (arguments == json.end()) {
    arguments = json.find("parameters");
  }
  ToolCall call{.id = {}, .name = json["name"].get<std::string>(), .arguments = "{}"};
  if (arguments == json.end() && complete) {
    why = "the call has no parameters";
    return std::nullopt;
  }
  if (arguments == json.end() || arguments->is_null()) {
    return call;
  }
  if (arguments->is_string()) {  // JSON inside of a string: some models are that careful
    const auto& text = arguments->get_ref<const std::string&>();
    std::vector<ToolCall> calls = tool_call_of(call.name, text, why);
    return calls.empty() ? std::nullopt : std::optional<ToolCall>(std::move(calls.front()));
  }
  if (!arguments->is_object()) {
    why = "the arguments are not a JSON object";
    return std::nullopt;
  }
  call.arguments = dump(*arguments);
  return call;
}

/// Llama's built-in tools: F.call(k="v", ...), with the values of a Python program.
std::optional<ToolCall> python_call(std::string_view text) {
  const std::optional<std::string_view> name = take_until(text, ".call(");
  if (!name || name->empty() || name->find_first_not_of(kNameLetters) != std::string_view::npos ||
      text.empty() || text.back() != ')') {
    return std::nullopt;
  }
  text.remove_suffix(1);
  std::string dict = "{";  // k=v as 'k':v
  int depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      quote = c == quote ? '\0' : quote;
      dict += c;
      if (c == '\\' && i + 1 < text.size()) {
        dict += text[++i];
      }
      continue;
    }
    quote = c == '"' || c == '\'' ? c : '\0';
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    if (c == '=' && depth == 0) {
      const std::size_t key = dict.find_last_not_of(kNameLetters) + 1;
      dict.insert(key, 1, '\'');
      dict += "':";
    } else {
      dict += c;
    }
  }
  const std::optional<OrderedJson> arguments = read_python_literal(dict + "}");
  return arguments ? std::optional(ToolCall{
                         .id = {}, .name = std::string(*name), .arguments = dump(*arguments)})
                   : std::nullopt;
}

std::vector<ToolCall> read_json_calls(std::string_view body, bool complete, std::string& why) {
  if (std::optional<ToolCall> call = python_call(trim(body))) {
    return {std::move(*call)};
  }
  std::vector<ToolCall> calls;
  while (!trim(body).empty()) {
    const std::size_t end = value_end(body);
    const std::optional<OrderedJson> json = read_json(trim(body.substr(0, end)), why);
    std::optional<ToolCall> call = json ? call_of(*json, complete, why) : std::nullopt;
    if (!call) {
      return {};
    }
    calls.push_back(std::move(*call));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  if (calls.empty()) {
    why = "the call is empty";
  }
  return calls;
}

// ---- DeepSeek and Kimi: a name, a separator, JSON ----

std::vector<ToolCall> read_deepseek(std::string_view body, std::string& why) {
  const std::optional<std::string_view> front = take_until(body, "<｜tool▁sep｜>");
  if (!front) {
    why = "the call has no <｜tool▁sep｜>";
    return {};
  }
  std::string_view rest = body;
  if (trim(*front) == "function") {  // V3 and R1
    const std::optional<std::string_view> name = take_until(rest, "\n```json\n");
    const std::optional<std::string_view> arguments =
        name ? take_until(rest, "\n```") : std::nullopt;
    if (arguments && trim(rest).empty()) {
      return tool_call_of(trim(*name), *arguments, why);
    }
  }
  return tool_call_of(trim(*front), body, why);
}

/// The name in an id "functions.NAME:3", which models shorten: the longest that is declared.
std::string_view kimi_name(std::string_view id, const ToolTypes& types) {
  std::string_view inner = id;
  (void)take(inner, "functions.");
  const std::size_t colon = id.rfind(':');
  const std::size_t number = colon == std::string_view::npos ? 0 : id.size() - colon;
  for (const std::string_view name : {id, id.substr(0, id.size() - number), inner}) {
    if (types.declares(name)) {
      return name;
    }
  }
  return inner.substr(0, inner.size() - number);
}

std::vector<ToolCall> read_kimi(std::string_view body, const ToolTypes& types, std::string& why) {
  const std::optional<std::string_view> front = take_until(body, "<|tool_call_argument_begin|>");
  if (!front) {
    why = "the call has no <|tool_call_argument_begin|>";
    return {};
  }
  const std::string_view id = trim(*front);
  const std::string_view name = kimi_name(id, types);
  if (trim(body).empty() && !types.has_required(name, OrderedJson::object())) {
    why = "the call has no arguments, and the tool requires some";
    return {};
  }
  std::vector<ToolCall> calls = tool_call_of(name, body, why);
  for (ToolCall& call : calls) {
    call.id = std::string(id);
  }
  return calls;
}

// ---- markup: every parameter for itself, values as bare text ----

/// The value that the bare `text` means.
OrderedJson value_of(std::string_view text, ToolTypes::Kind kind) {
  if (kind != ToolTypes::Kind::text) {
    std::string ignored;
    std::optional<OrderedJson> json = read_json(text, ignored);
    if (!json) {
      json = read_python_literal(text);
    }
    if (json && !(kind == ToolTypes::Kind::unknown && json->is_string())) {
      return std::move(*json);
    }
  }
  return std::string(text);
}

/// Something like </parameter>.
bool holds_marker(std::string_view text) noexcept {
  return text.find('<') != std::string_view::npos && text.find('>') != std::string_view::npos;
}

struct Markup {
  std::string_view begin;  ///< before a parameter's name
  std::string_view named;  ///< between name and value
  std::string_view end;    ///< after the value
  bool lines;              ///< values stand on lines of their own
};

/// A value up to the first end that a parameter or the end of the call follows. An end before that
/// is text of the value, if its line goes on; how far that is sure is told by `doubt`: 1, 2 where
/// it stands at the end of a line. None where a parameter seems to begin within the value, whose
/// own end is missing, or where two ends follow each other.
std::optional<std::string_view> take_value(std::string_view& body, const Markup& markup,
                                           int& doubt) {
  for (std::size_t at = body.find(markup.end); at != std::string_view::npos;
       at = body.find(markup.end, at + markup.end.size())) {
    const std::string_view value = body.substr(0, at);
    const std::string_view rest = body.substr(at + markup.end.size());
    const std::string_view next = trim(rest);
    if (next.empty() || next.substr(0, markup.begin.size()) == markup.begin) {
      if (count_of(value, markup.begin) > count_of(value, markup.end)) {
        return std::nullopt;
      }
      body = rest;
      return value;
    }
    if (next.substr(0, markup.end.size()) == markup.end) {
      return std::nullopt;
    }
    doubt = std::max(doubt, rest.find_first_not_of(" \t") == rest.find('\n') ? 2 : 1);
  }
  return std::nullopt;
}

std::vector<ToolCall> read_parameters(std::string_view name, std::string_view body,
                                      const Markup& markup, const ToolTypes& types,
                                      std::string& why) {
  OrderedJson arguments = OrderedJson::object();
  int doubt = 0;
  for (body = trim(body); !body.empty(); body = trim(body)) {
    if (!take(body, markup.begin)) {
      why = "found \"" + std::string(body.substr(0, body.find('\n'))) + "\", expected \"" +
            std::string(markup.begin) + "\"";
      return {};
    }
    std::optional<std::string_view> key = take_until(body, markup.named);
    std::optional<std::string_view> value = key ? take_value(body, markup, doubt) : std::nullopt;
    if (!key || !value) {
      why = "a parameter has no end, or another begins within it";
      return {};
    }
    ToolTypes::Kind kind = types.of(name, *key);
    if (const std::size_t quote = key->find('"'); quote != std::string_view::npos) {
      const std::string_view attributes = key->substr(quote);  // dsml: k" string="true
      key = key->substr(0, quote);
      kind = attributes.find("string=\"false") != std::string_view::npos ? ToolTypes::Kind::json
                                                                         : ToolTypes::Kind::text;
    }
    if (markup.lines && value->size() > 1 && value->front() == '\n' && value->back() == '\n') {
      value = value->substr(1, value->size() - 2);
    }
    if (arguments.contains(*key)) {
      why = "the parameter \"" + std::string(*key) + "\" is given twice";
      return {};
    }
    OrderedJson& argument = arguments[std::string(*key)];
    argument = value_of(*value, kind);
    if (kind == ToolTypes::Kind::json && argument.is_string() && holds_marker(*value)) {
      why = "the parameter \"" + std::string(*key) + "\" is no text, and has a marker in it";
      return {};
    }
  }
  if (name.empty()) {
    why = "the call has no name";
    return {};
  }
  if (doubt > (types.declares(name) ? 2 : 1)) {
    why = "a parameter has no beginning";
    return {};
  }
  if (!types.has_required(name, arguments)) {
    why = "a parameter is missing that the tool requires";
    return {};
  }
  return {{.id = {}, .name = std::string(name), .arguments = dump(arguments)}};
}

std::vector<ToolCall> read_function(std::string_view body, bool lines, const ToolTypes& types,
                                    std::string& why) {
  body = trim(body);
  std::optional<std::string_view> name;
  if (take(body, "<function=")) {
    name = take_until(body, ">");
  }
  constexpr std::string_view kEnd = "</function>";
  if (!name || body.size() < kEnd.size() || body.substr(body.size() - kEnd.size()) != kEnd) {
    why = "the call is not <function=NAME> ... </function>";
    return {};
  }
  body.remove_suffix(kEnd.size());
  return read_parameters(
      *name, body, {.begin = "<parameter=", .named = ">", .end = "</parameter>", .lines = lines},
      types, why);
}

std::vector<ToolCall> read_invoke(std::string_view body, std::string_view token,
                                  const ToolTypes& types, std::string& why) {
  const std::optional<std::string_view> name = take_until(body, "\">");
  if (!name) {
    why = "the call has no name";
    return {};
  }
  const std::string begin = "<" + std::string(token) + "parameter name=\"";
  const std::string end = "</" + std::string(token) + "parameter>";
  return read_parameters(*name, body, {.begin = begin, .named = "\">", .end = end, .lines = false},
                         types, why);
}

/// JSON that ends within a string.
bool ends_quoted(std::string_view text) noexcept {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    }
  }
  return quoted;
}

const OrderedJson* member(const OrderedJson& json, std::string_view key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found == json.end() ? nullptr : &*found;
}

/// What a JSON schema says about its values.
ToolTypes::Kind kind_of(const OrderedJson& schema) {
  using Kind = ToolTypes::Kind;
  const auto any_text = [](const OrderedJson& list, auto&& is_text) {
    return list.is_array() && std::any_of(list.begin(), list.end(), is_text) ? Kind::text
                                                                             : Kind::json;
  };
  if (const OrderedJson* values = member(schema, "enum")) {
    return any_text(*values, [](const OrderedJson& one) { return one.is_string(); });
  }
  if (const OrderedJson* type = member(schema, "type")) {
    return *type == "string"
               ? Kind::text
               : any_text(*type, [](const OrderedJson& one) { return one == "string"; });
  }
  for (const std::string_view key : {"anyOf", "oneOf"}) {
    if (const OrderedJson* choices = member(schema, key)) {
      return any_text(*choices, [](const OrderedJson& one) { return kind_of(one) == Kind::text; });
    }
  }
  return Kind::unknown;
}

}  // namespace

const OrderedJson* ToolTypes::find(std::string_view function) const {
  if (!tools_.is_array()) {
    return nullptr;
  }
  for (const OrderedJson& tool : tools_) {
    const OrderedJson* wrapped = member(tool, "function");
    const OrderedJson& inner = wrapped != nullptr ? *wrapped : tool;
    const OrderedJson* name = member(inner, "name");
    if (name != nullptr && *name == function) {
      return &inner;
    }
  }
  return nullptr;
}

bool ToolTypes::declares(std::string_view function) const {
  return find(function) != nullptr;
}

bool ToolTypes::has_required(std::string_view function, const OrderedJson& arguments) const {
  const OrderedJson* tool = find(function);
  const OrderedJson* parameters = tool == nullptr ? nullptr : member(*tool, "parameters");
  const OrderedJson* required = parameters == nullptr ? nullptr : member(*parameters, "required");
  return required == nullptr || !required->is_array() ||
         std::all_of(required->begin(), required->end(), [&](const OrderedJson& key) {
           return !key.is_string() || arguments.contains(key.get_ref<const std::string&>());
         });
}

ToolTypes::Kind ToolTypes::of(std::string_view function, std::string_view parameter) const {
  const OrderedJson* declared = find(function);
  for (const std::string_view key :
       {std::string_view("parameters"), std::string_view("properties"), parameter}) {
    declared = declared == nullptr ? nullptr : member(*declared, key);
  }
  return declared == nullptr ? Kind::unknown : kind_of(*declared);
}

bool breaks_off(CallSyntax syntax, std::string_view body) {
  switch (syntax) {
    case CallSyntax::function:
    case CallSyntax::function_lines:
      return count_of(body, "<parameter=") > count_of(body, "</parameter>");
    case CallSyntax::invoke:
      return count_of(body, "<parameter name=") > count_of(body, "</parameter>");
    case CallSyntax::dsml:
      return count_of(body, "<｜DSML｜parameter name=") > count_of(body, "</｜DSML｜parameter>");
    case CallSyntax::deepseek:
      return ends_quoted(body.substr(std::min(body.find("<｜tool▁sep｜>"), body.size())));
    case CallSyntax::kimi:
      return ends_quoted(body.substr(std::min(body.find("_begin|>"), body.size())));
    default:
      return ends_quoted(body);
  }
}

std::vector<ToolCall> tool_call_of(std::string_view name, std::string_view arguments,
                                   std::string& why) {
  arguments = trim(arguments);
  if (arguments.empty()) {
    arguments = "{}";
  }
  const std::optional<OrderedJson> json = read_json(arguments, why);
  if (!json) {
    return {};
  }
  if (!json->is_object() || name.empty()) {
    why = name.empty() ? "the call has no name" : "the arguments are not a JSON object";
    return {};
  }
  return {{.id = {}, .name = std::string(name), .arguments = std::string(arguments)}};
}

namespace {

/// What may be a function's name; markers and data that got there are none.
bool is_name(std::string_view name) noexcept {
  return !name.empty() && name.find_first_of(" \t\r\n<>{}[]()\"'|=,") == std::string_view::npos;
}

std::vector<ToolCall> read_any(CallSyntax syntax, std::string_view body, const ToolTypes& types,
                               std::string& why) {
  switch (syntax) {
    case CallSyntax::json:
      return read_json_calls(body, false, why);
    case CallSyntax::json_parameters:
      return read_json_calls(body, true, why);
    case CallSyntax::deepseek:
      return read_deepseek(body, why);
    case CallSyntax::kimi:
      return read_kimi(body, types, why);
    case CallSyntax::function:
      return read_function(body, false, types, why);
    case CallSyntax::function_lines:
      return read_function(body, true, types, why);
    case CallSyntax::invoke:
      return read_invoke(body, "", types, why);
    case CallSyntax::dsml:
      return read_invoke(body, "｜DSML｜", types, why);
    case CallSyntax::none:
      break;
  }
  why = "this format has no calls";
  return {};
}

}  // namespace

std::vector<ToolCall> read_tool_calls(CallSyntax syntax, std::string_view body,
                                      const ToolTypes& types, std::string& why) {
  std::vector<ToolCall> calls = read_any(syntax, body, types, why);
  for (const ToolCall& call : calls) {
    if (!types.declares(call.name) && !is_name(call.name)) {
      why = "\"" + call.name.substr(0, 60) + "\" is no name of a function";
      return {};
    }
  }
  return calls;
}

}  // namespace ottobit
