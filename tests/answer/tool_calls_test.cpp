// SPDX-License-Identifier: Apache-2.0
// Each syntax of a tool call, read from texts in the form the models' documentation gives.
#include "answer/tool_calls.hpp"

#include <doctest/doctest.h>

#include "answer/python_literal.hpp"
#include "support/json.hpp"

namespace ottobit {
namespace {

const ToolTypes& weather() {
  static const ToolTypes types(test::ordered_of(R"([{"type": "function", "function": {
      "name": "f", "parameters": {"type": "object", "properties": {
        "text": {"type": "string"}, "maybe": {"type": ["string", "null"]},
        "any": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "pick": {"enum": ["1", "2"]}, "n": {"type": "integer"}, "list": {"type": "array"}}}}}])"));
  return types;
}

/// "name arguments" of each call, or "! why".
std::string read(CallSyntax syntax, std::string_view body, const ToolTypes& types = weather()) {
  std::string why;
  const std::vector<ToolCall> calls = read_tool_calls(syntax, body, types, why);
  std::string out = calls.empty() ? "! " + why : "";
  for (const ToolCall& call : calls) {
    out += (out.empty() ? "" : "; ") + call.name + " " + call.arguments;
    out += call.id.empty() ? "" : " #" + call.id;
  }
  return out;
}

TEST_CASE("tool calls: JSON objects") {
  constexpr CallSyntax kJson = CallSyntax::json;
  CHECK(read(kJson, "\n{\"name\": \"f\", \"arguments\": {\"b\": 1, \"a\": \"x;\\\"}\"}}\n") ==
        R"(f {"b":1,"a":"x;\"}"})");
  CHECK(read(kJson, R"({"name": "f", "parameters": {}}; {"name": "g"})") == "f {}; g {}");
  CHECK(read(kJson, R"({"name": "f", "arguments": "{\"a\": 1}"})") == R"(f {"a": 1})");
  CHECK(read(CallSyntax::json_parameters, R"({"name": "f"})") == "! the call has no parameters");
  CHECK(read(kJson, "") == "! the call is empty");
  CHECK(read(kJson, R"({"name": "f", "arguments": [1]})") ==
        "! the arguments are not a JSON object");
  CHECK(read(kJson, R"({"name": 1})").substr(0, 13) == "! the call is");
  CHECK(read(kJson, R"({"name": "f", "arguments": {"a": 1})")[0] == '!');
}

TEST_CASE("tool calls: bare keys, in the ways in which models write them") {
  constexpr CallSyntax kBare = CallSyntax::bare_keys;
  CHECK(read(kBare, "call:f{}") == "f {}");
  CHECK(read(kBare, "call:f{n: 1, text: <|\"|>a<|\"|>,}") == R"(f {"n":1,"text":"a"})");
  CHECK(read(kBare, R"(call:f{"n": 1, "text": "a\"}"})") == R"(f {"n":1,"text":"a\"}"})");
  CHECK(read(kBare, R"(call:f{<|"|>n<|"|>:1,text:North Pole,list:[a, 2.5,[]]})") ==
        R"(f {"n":1,"text":"North Pole","list":["a",2.5,[]]})");
  CHECK(read(kBare, "f(n: 1)") == R"(f {"n":1})");
  for (const char* bad :
       {"", "call:", "call:f", "call:{}", "call:f{n}", "call:f{n:}", "call:f{:1}", "call:f{n:1",
        "call:f{n:[1}", "call:f{n:1]}", "call:f{n:1}}", "call:f{n:<|\"|>}", "call:f{n:\"}"}) {
    CAPTURE(bad);
    CHECK(read(kBare, bad)[0] == '!');
  }
}

TEST_CASE("tool calls: DeepSeek and Kimi keep the model's own text of the arguments") {
  CHECK(read(CallSyntax::deepseek, "f<｜tool▁sep｜>{\"a\": 1.0}") == R"(f {"a": 1.0})");
  CHECK(read(CallSyntax::deepseek, "function<｜tool▁sep｜>f\n```json\n{\"a\": 1}\n```") ==
        R"(f {"a": 1})");
  CHECK(read(CallSyntax::deepseek, "function<｜tool▁sep｜>{}") == "function {}");
  CHECK(read(CallSyntax::deepseek, "f{}") == "! the call has no <｜tool▁sep｜>");
  CHECK(read(CallSyntax::deepseek, "<｜tool▁sep｜>{}") == "! the call has no name");
  CHECK(read(CallSyntax::kimi, "functions.f:12<|tool_call_argument_begin|>{\"a\": 1}") ==
        R"(f {"a": 1} #functions.f:12)");
  CHECK(read(CallSyntax::kimi, "f<|tool_call_argument_begin|>") == "f {} #f");
  CHECK(read(CallSyntax::kimi, "functions.f:0{}")[0] == '!');
}

TEST_CASE("tool calls: markup takes types from the tools, else from the values") {
  constexpr CallSyntax kFunction = CallSyntax::function_lines;
  const auto one = [](std::string_view key, std::string_view value, bool typed = true) {
    return read(CallSyntax::function_lines,
                "\n<function=f>\n<parameter=" + std::string(key) + ">" + std::string(value) +
                    "</parameter>\n</function>\n",
                typed ? weather() : ToolTypes());
  };
  CHECK(one("text", "3") == R"(f {"text":"3"})");
  CHECK(one("maybe", "3") == R"(f {"maybe":"3"})");
  CHECK(one("any", "3") == R"(f {"any":"3"})");
  CHECK(one("pick", "1") == R"(f {"pick":"1"})");
  CHECK(one("n", "\n3\n") == R"(f {"n":3})");
  CHECK(one("n", "three") == R"(f {"n":"three"})");
  CHECK(one("list", "['a', {'b': None}]") == R"(f {"list":["a",{"b":null}]})");
  CHECK(one("text", "\n\n a\n\n") == R"(f {"text":"\n a\n"})");
  CHECK(one("text", "a\n") == R"(f {"text":"a\n"})");
  CHECK(
      read(CallSyntax::function, "<function=f>\n<parameter=text>\na\n</parameter>\n</function>") ==
      R"(f {"text":"\na\n"})");
  CHECK(one("other", "3", false) == R"(f {"other":3})");
  CHECK(one("other", "True", false) == R"(f {"other":true})");
  CHECK(one("other", "\"quoted\"", false) == R"(f {"other":"\"quoted\""})");
  CHECK(read(kFunction, "<function=f>\n</function>") == "f {}");
  CHECK(read(kFunction, "<function=f>\nhello\n</function>") ==
        "! found \"hello\", expected \"<parameter=\"");
  CHECK(read(kFunction, "<function=f>\n<parameter=a>1</function>") ==
        "! a parameter has no end, or another begins within it");
  CHECK(read(kFunction, "<function=f>") == "! the call is not <function=NAME> ... </function>");
  CHECK(read(kFunction,
             "<function=f><parameter=a>1</parameter><parameter=a>2</parameter>"
             "</function>") == "! the parameter \"a\" is given twice");

  CHECK(read(CallSyntax::invoke,
             "f\">\n<parameter name=\"n\">3</parameter>\n<parameter name=\"text\"> x "
             "</parameter>\n") == R"(f {"n":3,"text":" x "})");
  CHECK(read(CallSyntax::dsml,
             "f\">\n<｜DSML｜parameter name=\"n\" string=\"true\">3</｜DSML｜parameter>\n"
             "<｜DSML｜parameter name=\"text\" string=\"false\">[1]</｜DSML｜parameter>\n") ==
        R"(f {"n":"3","text":[1]})");
}

TEST_CASE("Python literals") {
  const auto literal = [](std::string_view text) {
    const std::optional<OrderedJson> json = read_python_literal(text);
    return json ? json->dump() : "none";
  };
  CHECK(literal("{'a': [1, 2.5, -3e2], 'b': (True,), \"c\": None}") ==
        R"({"a":[1,2.5,-300.0],"b":[true],"c":null})");
  CHECK(literal(R"('it\'s "\x41\u00e9\n"')") == "\"it's \\\"Aé\\n\\\"\"");
  CHECK(literal("[]") == "[]");
  for (const char* bad : {"", "'a", "'a\\", "hello", "nan", "{1: 2}", "[1", "'\\xg0'", "'a\nb'",
                          "__import__('os')", "{'a': 1, 'a': 2}", "'\\U0001F600'"}) {
    CAPTURE(bad);
    CHECK(literal(bad) == "none");
  }
}

}  // namespace
}  // namespace ottobit
