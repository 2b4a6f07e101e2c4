// SPDX-License-Identifier: Apache-2.0
// Tools declared as TypeScript, against the form that Kimi's program gives them.
#include "chat/typescript.hpp"

#include <string>

#include <doctest/doctest.h>

#include "chat/chat.hpp"

namespace ottobit {
namespace {

/// What a template sees, for functions given as JSON.
std::string declared(const std::string& tools) {
  const ChatTemplate show =
      ChatTemplate::parse("{{ tools_ts_str if tools_ts_str is defined else tools | tojson }}", "t");
  return render_chat(show, R"({"messages": [], "tools": [)" + tools + "]}", "", "").text;
}

/// The declaration of one function with these parameters.
std::string parameters(const std::string& schema) {
  const std::string text =
      declared(R"({"type": "function", "function": {"name": "f", "parameters": )" + schema + "}}");
  const std::string before = "# Tools\n\n## functions\nnamespace functions {\n";
  return text.starts_with(before) && text.ends_with("\n}\n")
             ? text.substr(before.size(), text.size() - before.size() - 3)
             : "other: " + text;
}

}  // namespace

TEST_SUITE("chat") {
  TEST_CASE("TypeScript: required fields first, then by name, with their comments") {
    CHECK(parameters(R"({"type": "object", "required": ["z"], "properties": {
            "b": {"type": "integer", "description": "How many.\n\nOr none.", "minimum": 0,
                  "maximum": 9.5, "default": 3},
            "a": {"type": "string", "maxLength": 5, "pattern": "^x", "default": "q\""},
            "z": {"type": "boolean"}}})") ==
          "type f = (_: {\n"
          "  z: boolean,\n"
          "  // maxLength: 5, pattern: ^x\n"
          "  // Default: \"q\\\"\"\n"
          "  a?: string,\n"
          "  // How many.\n\n  // Or none.\n"
          "  // maximum: 9.5, minimum: 0\n"
          "  // Default: 3\n"
          "  b?: number\n"
          "}) => any;");
  }

  TEST_CASE("TypeScript: every kind of type") {
    const auto type = [](const std::string& schema) {
      const std::string text = parameters(R"({"properties": {"p": )" + schema + "}}");
      const std::string before = "type f = (_: {\n  p?: ";
      return text.starts_with(before)
                 ? text.substr(before.size(), text.rfind("\n}) => any;") - before.size())
                 : text;
    };
    CHECK(type("{}") == "any");
    CHECK(type("true") == "any");
    CHECK(type("false") == "null");
    CHECK(type(R"({"type": ["integer", "array", "null"]})") == "number | Array<any> | null");
    CHECK(type(R"({"enum": ["a", "b"], "type": "string"})") == "\"a\" | \"b\"");
    CHECK(type(R"({"enum": [1, 2.5, true, null]})") == "1 | 2.5 | True | None");
    CHECK(type(R"({"anyOf": [{"type": "string"}, {"type": "object"}]})") == "string | {}");
    CHECK(type(R"({"type": "array"})") == "Array<any>");
    CHECK(type(R"({"type": "array", "items": {"type": "number"}})") == "Array<number>");
    CHECK(type(R"({"type": "array", "items": {"type": "number", "description": "One."}})") ==
          "Array<\n    // One.\n    number\n  >");
    CHECK(type(R"({"type": "object", "additionalProperties": {"type": "string"}})") ==
          "{\n    [k: string]: string\n  }");
    CHECK(type(R"({"type": "object", "additionalProperties": false})") ==
          "{\n    [k: string]: never\n  }");
  }

  TEST_CASE("TypeScript: schemas that refer to others") {
    CHECK(parameters(R"({"properties": {"x": {"$ref": "#/$defs/Point"}},
            "$defs": {"Point": {"type": "object", "description": "A place.",
                                "properties": {"next": {"$ref": "#/$defs/Point"}}}}})") ==
          "// A place.\n"
          "interface Point {\n  next?: Point\n}\n"
          "type f = (_: {\n  x?: Point\n}) => any;");
    CHECK(parameters(R"({"properties": {"x": {"$ref": "#"}}})") ==
          "interface parameters {\n  x?: parameters\n}\n"
          "type f = (_: parameters) => any;");
  }

  TEST_CASE("TypeScript: functions together; what has no such form is left to the template") {
    CHECK(declared(R"({"type": "function", "function": {"name": "f", "description": "Does."}},
                      {"type": "builtin"}, {"type": "function", "function": {"name": "g"}})") ==
          "# Tools\n\n## functions\nnamespace functions {\n"
          "// Does.\ntype f = (_: {}) => any;\ntype g = (_: {}) => any;\n}\n");
    CHECK(declared(R"({"type": "builtin"})").empty());
    for (const char* schema :
         {R"({"$ref": "#/$defs/Absent"})", R"({"$ref": "elsewhere"})", R"({"oneOf": []})",
          R"({"type": ["string", "any"]})", R"({"enum": ["a"], "type": "integer"})", "3"}) {
      CAPTURE(schema);
      // The template sees the tools, with their members sorted.
      CHECK(parameters(R"({"properties": {"p": )" + std::string(schema) + "}}")
                .starts_with(R"(other: [{"function": {"name": "f", "parameters": )"));
    }
  }

  TEST_CASE("TypeScript: only for templates that ask, and never over the caller's own") {
    const std::string chat =
        R"({"messages": [], "tools": [{"b": 1, "a": 2}], "tools_ts_str": "mine"})";
    CHECK(render_chat(ChatTemplate::parse("{{ tools_ts_str }}", "t"), chat, "", "").text == "mine");
    CHECK(render_chat(ChatTemplate::parse("{{ tools | tojson }}", "t"), chat, "", "").text ==
          R"([{"b": 1, "a": 2}])");
  }
}

}  // namespace ottobit
