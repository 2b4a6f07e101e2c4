// SPDX-License-Identifier: Apache-2.0
// Grammars of tool calls: for every way to write calls, random texts of the grammar are read back
// by the answer parser as calls of tools that there are, with arguments of the declared types.
#include "answer/tool_grammar.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "answer/answer.hpp"
#include "grammar/support.hpp"
#include "support/json.hpp"

namespace ottobit {
namespace {

const char* const kTools = R"([
  {"type": "function", "function": {"name": "weather", "parameters": {"type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1,
                   "maximum": 9}, "unit": {"enum": ["C", "F"], "type": "string"},
                   "where": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}},
    "required": ["city", "days"]}}},
  {"type": "function", "function": {"name": "now"}}])";

/// Which words of a format are control tokens.
enum class Controls { none, markers, within };

/// Words of a template that stand for a format.
ToolSyntax syntax_of(const char* words, const char* family, Controls controls) {
  ToolSyntax syntax{.format = &answer_format(words, family), .controls = {}};
  for (const std::string_view word : tool_words(*syntax.format)) {
    if (controls == Controls::markers ||
        (controls == Controls::within && word == syntax.format->within)) {
      syntax.controls.emplace_back(word);
    }
  }
  return syntax;
}

grammar::Automaton automaton_of(const std::string& request, const ToolSyntax& syntax) {
  return grammar::compile(read_tools(request, syntax, "tools"), "tools");
}

bool matches(const grammar::Automaton& automaton, const std::string& text) {
  return grammar_test::read(automaton, text) == grammar_test::Reading::yes;
}

/// How the markers go on of which `text` ends with the longest part.
std::string next_of(const std::vector<std::string>& markers, const std::string& text) {
  std::size_t longest = 0;
  std::string next;
  for (const std::string& marker : markers) {
    for (std::size_t length = std::min(text.size(), marker.size() - 1); length >= longest;
         --length) {
      if (text.compare(text.size() - length, length, marker, 0, length) == 0) {
        next = (length > longest ? "" : next) + marker[length];
        longest = length;
        break;
      }
      if (length == 0) {
        break;
      }
    }
  }
  return next;
}

/// What is wrong with a call; empty for a good one.
std::string fault_of(const ToolCall& call) {
  const nlohmann::ordered_json arguments =
      nlohmann::ordered_json::parse(call.arguments, nullptr, false);
  if (!arguments.is_object()) {
    return "arguments: " + call.arguments;
  }
  if (call.name == "now") {
    return arguments.empty() ? "" : "now takes nothing";
  }
  if (call.name != "weather") {
    return "name: " + call.name;
  }
  for (const auto& [key, value] : arguments.items()) {
    const bool good = key == "city"    ? value.is_string()
                      : key == "days"  ? value.is_number_integer() && value >= 1 && value <= 9
                      : key == "unit"  ? value == "C" || value == "F"
                      : key == "where" ? value.is_array() && value.size() <= 2
                                       : false;
    if (!good) {
      return key + ": " + call.arguments;
    }
  }
  return arguments.contains("city") && arguments.contains("days") ? ""
                                                                  : "missing: " + call.arguments;
}

struct Way {
  const char* words;  ///< of a template
  const char* family;
  bool fenced;
};

}  // namespace

TEST_CASE("tool grammar: calls of every syntax are read back as what the tools declare") {
  const Way ways[] = {
      {"<tool_call> \"arguments\" <think></think>", "", false},
      {"<tool_call><function=", "", false},
      {"<seed:", "", false},
      {"<minimax:tool_call>", "", false},
      {"", "deepseek_v3", false},
      {"", "deepseek_v3", true},
      {"", "deepseek_v32", false},
      {"", "deepseek_v4", false},
      {"", "kimi_k2", false},
      {"<|start_header_id|> \"parameters\"", "", false},
      {"", "gpt_oss", false},
      {"<arg_key>", "", false},
      {"[TOOL_CALLS]", "", false},
      {"<|tool|><|/tool|>", "", false},
      {"[TOOL_CALLS][ARGS]", "", false},
      {"[ARGS][THINK]", "", false},
      {"<|channel>thought", "", false},
      {"List of tools: ", "", false},
  };
  const nlohmann::ordered_json tools = nlohmann::ordered_json::parse(kTools);
  const std::string request =
      nlohmann::ordered_json{{"tools", tools}, {"tool_choice", "required"}}.dump();
  std::mt19937 dice(15);
  for (const Way& way : ways) {
    for (const Controls controls : {Controls::none, Controls::markers, Controls::within}) {
      ToolSyntax syntax = syntax_of(way.words, way.family, controls);
      if (controls == Controls::within && syntax.format->within.empty()) {
        continue;
      }
      syntax.fenced = way.fenced;
      CAPTURE(std::string(syntax.format->name));
      CAPTURE(static_cast<int>(controls));
      const grammar::Automaton automaton = automaton_of(request, syntax);
      std::vector<std::string> markers = {"\", \"", "\"}", "</parameter>",
                                          syntax.spelled("</\uFF5CDSML\uFF5Cparameter>")};
      for (const std::string_view word : tool_words(*syntax.format)) {
        markers.push_back(syntax.spelled(word));
      }
      int calls = 0;
      for (int i = 0; i < 400 && calls < 20; ++i) {
        std::string text = grammar_test::random_text(
            automaton, [&](std::size_t n) { return dice() % n; },
            [&](const std::string& so_far) { return next_of(markers, so_far); });
        CHECK(text.rfind("dead end", 0) != 0);
        text.erase(std::remove(text.begin(), text.end(), '\xFF'), text.end());
        const AnswerFormat& format = *syntax.format;
        const std::string open(format.section.open.empty() ? format.call.open
                                                           : format.section.open);
        const bool calls_first = !format.harmony && (format.bare_calls || text.rfind(open, 0) == 0);
        if (text.empty() || (calls_first && text.find(format.think.close) != std::string::npos &&
                             !format.think.close.empty())) {
          continue;  // thinks of calls, or calls with thinking: which of them cannot be seen
        }
        AnswerStart start;
        start.format = syntax.format;
        start.types = ToolTypes(test::ordered_value_of(tools));
        start.thinking = !calls_first && !format.harmony;
        AnswerParser parser(std::move(start));
        parser.feed(text);
        parser.finish();
        CAPTURE(text);
        while (parser.has_part()) {
          const AnswerPart part = parser.take();
          CHECK(part.kind != AnswerPart::Kind::note);
          if (part.kind == AnswerPart::Kind::tool_call) {
            CHECK(fault_of(part.call) == "");
            ++calls;
          }
        }
      }
      CHECK(calls >= 20);
    }
  }
}

TEST_CASE("tool grammar: text, thinking and choices") {
  const ToolSyntax syntax =
      syntax_of("<tool_call> \"arguments\" <think></think>", "", Controls::none);
  const std::string call = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
  const nlohmann::ordered_json tools = nlohmann::ordered_json::parse(kTools);
  const auto with = [&](const nlohmann::ordered_json& choice, bool several) {
    const nlohmann::ordered_json request = {
        {"tools", tools}, {"tool_choice", choice}, {"parallel_tool_calls", several}};
    return automaton_of(request.dump(), syntax);
  };
  const grammar::Automaton free = automaton_of(kTools, syntax);
  CHECK(matches(free, ""));
  CHECK(matches(free, "a < b, <tool, <<tool_cal"));
  CHECK(matches(free, "<think>hm</think>\n\nLook: " + call + "\n" + call));
  CHECK_FALSE(matches(free, call + " and more"));
  CHECK_FALSE(matches(free, "<tool_call>\n{\"name\": \"then\""));
  const grammar::Automaton once = with("required", false);
  CHECK(matches(once, "so </think>\n\n" + call));
  CHECK(matches(once, call));
  CHECK_FALSE(matches(once, call + call));
  CHECK_FALSE(matches(once, "no thinking: " + call));
  const grammar::Automaton named = with({{"function", {{"name", "weather"}}}}, true);
  CHECK_FALSE(matches(named, call));
  const grammar::Automaton none = with("none", true);
  CHECK(matches(none, "text"));
  CHECK_FALSE(matches(none, call));
}

TEST_CASE("tool grammar: the messages of harmony") {
  const ToolSyntax syntax = syntax_of("", "gpt_oss", Controls::none);
  const nlohmann::ordered_json tools = nlohmann::ordered_json::parse(kTools);
  const auto with = [&](const nlohmann::ordered_json& choice) {
    return automaton_of(nlohmann::ordered_json{{"tools", tools}, {"tool_choice", choice}}.dump(),
                        syntax);
  };
  const std::string thought = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant";
  const std::string said = "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant";
  const std::string answer = "<|channel|>final<|message|>Rain <| soon.";
  const std::string call = "<|channel|>commentary to=functions.now <|constrain|>json<|message|>{}";
  const grammar::Automaton free = with("auto");
  CHECK(matches(free, answer));
  CHECK(matches(free, thought + said + answer));
  CHECK(matches(free, thought + call));
  CHECK(matches(free, said + " to=functions.now<|channel|>commentary json<|message|>{}"));
  CHECK(matches(free, "<|channel|>commentary to=functions.now<|message|>{}"));
  CHECK_FALSE(matches(free, thought));
  CHECK_FALSE(matches(free, call + thought));
  CHECK_FALSE(matches(free, "<|channel|>commentary to=functions.then<|message|>{}"));
  CHECK_FALSE(matches(free, "<|channel|>commentary to=functions.now<|message|>{\"x\": 1}"));
  CHECK_FALSE(matches(with("required"), answer));
  CHECK(matches(with("required"), thought + call));
  CHECK_FALSE(matches(with({{"name", "weather"}}), call));
  CHECK(matches(with("none"), thought + answer));
  CHECK_FALSE(matches(with("none"), call));
}

TEST_CASE("tool grammar: text that is not quoted obeys its schema") {
  const ToolSyntax seed = syntax_of("<seed:", "", Controls::markers);
  const auto accepts = [&](const std::string& schema, const std::string& value) {
    const grammar::Automaton automaton =
        automaton_of(R"({"tools": [{"name": "f", "parameters": {"properties": {"k": )" + schema +
                         R"(}, "required": ["k"]}}], "tool_choice": "required"})",
                     seed);
    const std::string call =
        "\n<function=f>\n<parameter=k>" + value + "</parameter>\n</function>\n";
    return matches(automaton, "\xFF<seed:tool_call>" + call + "\xFF</seed:tool_call>");
  };
  const std::string free = R"({"type": "string"})";
  CHECK(accepts(free, "a < b </parameter"));
  CHECK_FALSE(accepts(free, "a</parameter>b"));
  const std::string some = R"({"type": "string", "minLength": 2})";
  CHECK(accepts(some, "\u00e9a < b"));
  CHECK_FALSE(accepts(some, "\u00e9"));
  CHECK_FALSE(accepts(some, "ab</parameter>c"));
  const std::string few = R"({"type": "string", "minLength": 1, "maxLength": 3})";
  CHECK(accepts(few, "a\n\u00e9"));
  CHECK_FALSE(accepts(few, ""));
  CHECK_FALSE(accepts(few, "abcd"));
  CHECK_FALSE(accepts(few, "a<b"));
  const std::string pattern = R"({"type": "string", "pattern": "^a.*z$"})";
  CHECK(accepts(pattern, "abcz"));
  CHECK_FALSE(accepts(pattern, "abc"));
  CHECK_FALSE(accepts(pattern, "a</parameter>z"));
  CHECK(accepts(R"({"type": "string", "format": "date", "maxLength": 10})", "2026-02-28"));
}

TEST_CASE("tool grammar: what cannot be honoured is an error that says where") {
  const ToolSyntax seed = syntax_of("<seed:", "", Controls::markers);
  const auto error = [&](const std::string& text, const ToolSyntax& syntax) {
    return grammar_test::grammar_error([&] { automaton_of(text, syntax); });
  };
  const std::string f = R"({"name": "f", "parameters": {"type": "object", "properties": )";
  CHECK(error("3", seed) == "tools: expected a list of tools, or an object with \"tools\"");
  CHECK(error("[]", seed) == "tools: #/tools: expected a list of tools");
  CHECK(error(R"([{"name": "a b"}])", seed) ==
        "tools: #/tools: expected a name of letters, digits, \"_\", \".\" and \"-\"");
  CHECK(error(R"([{"name": "f"}, {"name": "f"}])", seed) ==
        "tools: #/tools: there are two of the name f");
  CHECK(error(R"({"tools": [{"name": "f"}], "tool_choice": {"name": "g"}})", seed) ==
        "tools: #/tool_choice: there is no tool g");
  CHECK(error("[" + f + R"({"k": {"type": "string", "pattern": "^<$"}}}}])", seed) ==
        "tools, tool f: no text of the pattern can stand in seed-oss calls, which do not quote it");
  CHECK(
      error("[" + f + R"({"k": {"type": "integer", "multipleOf": 3}}}}])", seed) ==
      "tools, tool f: #: multipleOf 3 is not supported; known are 1 and other powers of ten, those "
      "below 1 between integers");
  CHECK(error(R"([{"name": "f"}])", syntax_of("", "llama", Controls::markers)) ==
        "tools: answers of the format plain cannot be constrained");
}

}  // namespace ottobit
