// SPDX-License-Identifier: Apache-2.0
#include "answer/tool_calls.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "answer/call_markup.hpp"
#include "answer/call_text.hpp"
#include "answer/gemma_call.hpp"
#include "answer/python_call.hpp"

namespace ottobit {

using namespace call_text;

namespace {

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

std::optional<ToolCall> call_of(const OrderedJson& json, bool complete, const ToolTypes& types,
                                std::string& why) {
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string() ||
      json["name"].text().empty()) {
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
    const auto& text = arguments->text();
    std::vector<ToolCall> calls = tool_call_of(call.name, text, types, why);
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
std::optional<ToolCall> builtin_call(std::string_view text) {
  constexpr std::string_view kCall = ".call";
  std::optional<ToolCall> call = take_python_call(text);
  if (!call || !text.empty() || !call->name.ends_with(kCall) || call->name.size() == kCall.size()) {
    return std::nullopt;
  }
  call->name.resize(call->name.size() - kCall.size());
  return call;
}

std::vector<ToolCall> read_json_calls(std::string_view body, bool complete, const ToolTypes& types,
                                      std::string& why) {
  if (std::optional<ToolCall> call = builtin_call(trim(body))) {
    return {std::move(*call)};
  }
  std::vector<ToolCall> calls;
  while (!trim(body).empty()) {
    const std::size_t end = value_end(body);
    const std::optional<OrderedJson> json = read_json(trim(body.substr(0, end)), why);
    std::optional<ToolCall> call = json ? call_of(*json, complete, types, why) : std::nullopt;
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

std::vector<ToolCall> read_deepseek(std::string_view body, const ToolTypes& types,
                                    std::string& why) {
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
      return tool_call_of(trim(*name), *arguments, types, why);
    }
    if (trim(body).empty() && !types.declares("function")) {
      why = "the call is not function<｜tool▁sep｜>NAME and a block of JSON";
      return {};
    }
  }
  return tool_call_of(trim(*front), body, types, why);
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
  std::vector<ToolCall> calls = tool_call_of(name, body, types, why);
  for (ToolCall& call : calls) {
    call.id = std::string(id);
  }
  return calls;
}

// ---- Mistral: a list, or names before their arguments ----

std::vector<ToolCall> read_mistral(std::string_view body, const ToolTypes& types,
                                   std::string& why) {
  constexpr std::string_view kArguments = "[ARGS]";
  constexpr std::string_view kId = "[CALL_ID]";
  body = trim(body);
  if (body.find(kArguments) != std::string_view::npos && body.front() != '[') {
    std::string_view front = *take_until(body, kArguments);
    const std::optional<std::string_view> name = take_until(front, kId);
    std::vector<ToolCall> calls = tool_call_of(trim(name.value_or(front)), body, types, why);
    for (ToolCall& call : calls) {
      call.id = name ? std::string(trim(front)) : "";
    }
    return calls;
  }
  if (!body.empty() && body.front() != '[' && body.front() != '{') {  // NAME{...}
    const std::size_t brace = std::min(body.find('{'), body.size());
    return tool_call_of(trim(body.substr(0, brace)), body.substr(brace), types, why);
  }
  const std::optional<OrderedJson> json = read_json(body, why);
  std::vector<ToolCall> calls;
  const OrderedJson list = !json              ? OrderedJson::array()
                           : json->is_array() ? *json
                                              : OrderedJson::array({*json});
  for (const OrderedJson& each : list) {
    std::optional<ToolCall> call = call_of(each, false, types, why);
    if (!call) {
      return {};
    }
    call->id = each.contains("id") && each["id"].is_string() ? each["id"].get<std::string>() : "";
    calls.push_back(std::move(*call));
  }
  why = json && calls.empty() ? "the list of calls is empty" : why;
  return calls;
}

/// The last parameter is open, or text goes on behind its last end, which is text as well then.
bool is_within(std::string_view body, std::string_view begin, std::string_view end) noexcept {
  const std::size_t last = body.rfind(end);
  const std::string_view rest =
      last == std::string_view::npos ? "" : trim(body.substr(last + end.size()));
  return count_of(body, begin) > count_of(body, end) || (!rest.empty() && rest.front() != '<');
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

}  // namespace

bool breaks_off(CallSyntax syntax, std::string_view body) {
  switch (syntax) {
    case CallSyntax::function:
    case CallSyntax::function_lines:
      return is_within(body, "<parameter=", "</parameter>");
    case CallSyntax::invoke:
      return is_within(body, "<parameter name=", "</parameter>");
    case CallSyntax::pairs:
      return is_within(body, "<arg_value>", "</arg_value>");
    case CallSyntax::dsml:
      return is_within(body, "<｜DSML｜parameter name=", "</｜DSML｜parameter>");
    case CallSyntax::deepseek:
      return ends_quoted(body.substr(std::min(body.find("<｜tool▁sep｜>"), body.size())));
    case CallSyntax::kimi:
      return ends_quoted(body.substr(std::min(body.find("_begin|>"), body.size())));
    case CallSyntax::bare_keys:
      return count_of(body, kGemmaQuote) % 2 == 1;
    default:
      return ends_quoted(body);
  }
}

std::vector<ToolCall> tool_call_of(std::string_view name, std::string_view arguments,
                                   const ToolTypes& types, std::string& why) {
  arguments = trim(arguments);
  if (arguments.empty()) {
    if (!types.has_required(name, OrderedJson::object())) {
      why = "the call has no arguments, and the tool requires some";
      return {};
    }
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
      return read_json_calls(body, false, types, why);
    case CallSyntax::json_parameters:
      return read_json_calls(body, true, types, why);
    case CallSyntax::deepseek:
      return read_deepseek(body, types, why);
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
    case CallSyntax::pairs:
      return read_pairs(body, types, why);
    case CallSyntax::calls:
    case CallSyntax::named:
      return read_mistral(body, types, why);
    case CallSyntax::bare_keys:
      return read_bare_keys(body, types, why);
    case CallSyntax::python:
      return read_python_calls(body, types, why);
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
