// SPDX-License-Identifier: Apache-2.0
// Answers of each family taken apart: well formed, malformed, cut off, and in pieces of any size.
#include "answer/answer.hpp"

#include <doctest/doctest.h>

#include "support/json.hpp"

namespace ottobit {
namespace {

AnswerStart start_of(std::string_view family, std::vector<std::string> ends = {}) {
  AnswerStart start;
  start.format = &answer_format("", family);
  start.ends = std::move(ends);
  return start;
}

AnswerStart start_with(std::string_view template_text, std::vector<std::string> ends = {}) {
  AnswerStart start;
  start.format = &answer_format(template_text, "");
  start.ends = std::move(ends);
  return start;
}

AnswerStart qwen() {
  return start_with("<tool_call> \"arguments\" <think></think>", {"<|im_end|>"});
}

/// "r: reasoning|c: content|t: name arguments|n: note" in order; the same for every size of pieces.
std::string parts(const AnswerStart& start, std::string_view text) {
  const auto run = [&](std::size_t size) {
    AnswerParser parser(start);
    std::vector<AnswerPart> all;
    const auto take = [&] {
      while (parser.has_part()) {
        AnswerPart part = parser.take();
        if (!all.empty() && all.back().kind == part.kind &&
            part.kind != AnswerPart::Kind::tool_call && part.kind != AnswerPart::Kind::note) {
          all.back().text += part.text;
        } else {
          all.push_back(std::move(part));
        }
      }
    };
    for (std::size_t at = 0; at < text.size(); at += size) {
      parser.feed(text.substr(at, size));
      take();
    }
    parser.finish();
    take();
    std::string out;
    for (const AnswerPart& part : all) {
      out += out.empty() ? "" : "|";
      out += "?crtn"[static_cast<int>(part.kind)];
      out += ": " + part.text;
      if (part.kind == AnswerPart::Kind::tool_call) {
        out += part.call.name + " " + part.call.arguments;
      }
    }
    return out;
  };
  const std::string whole = run(text.size() + 1);
  for (const std::size_t size : {1U, 2U, 3U, 7U}) {
    CAPTURE(size);
    CHECK(run(size) == whole);
  }
  return whole;
}

TEST_CASE("answers: thinking and content, without the newlines of the template") {
  CHECK(parts(qwen(), "<think>\nhm\n\n  so\n</think>\n\nHello\n") == "r: hm\n\n  so|c: Hello\n");
  CHECK(parts(qwen(), "\n\n<think>\n\n</think>\n\nHello<|im_end|>\n") == "c: Hello");
  CHECK(parts(qwen(), "\nHello") == "c: \nHello");
  CHECK(parts(qwen(), "") == "");
  CHECK(parts(qwen(), "\n") == "c: \n");
  CHECK(parts(qwen(), "What <think> is, <thi") == "c: What <think> is, <thi");
  CHECK(parts(qwen(), "<think>hm</think>a </think> b") == "r: hm|c: a </think> b");
  CHECK(parts(qwen(), "<think>hm\n") == "r: hm\n|n: the thinking is not closed");
  AnswerStart opened = qwen();
  opened.thinking = true;
  CHECK(parts(opened, "hm\n</think>\n\nHello") == "r: hm|c: Hello");
  CHECK(parts(opened, "<think>\nhm</think>Hello") == "r: hm|c: Hello");
  CHECK(parts(opened, "of <think> I think</think>") == "r: of <think> I think");
  CHECK(parts(start_of(""), "<think>a</think>") == "c: <think>a</think>");
  CHECK(parts(start_of("seed_oss", {"<seed:eos>"}),
              "<seed:think>\n<seed:cot_budget_reflect>x</seed:cot_budget_reflect>\n</seed:think>"
              "Hi<seed:eos>") == "r: <seed:cot_budget_reflect>x</seed:cot_budget_reflect>|c: Hi");
}

TEST_CASE("answers: a complete text shows whether the prompt opened the thinking") {
  const Answer answer = parse_answer(qwen(), "hm</think>\n\nHello");
  CHECK(answer.reasoning == "hm");
  CHECK(answer.content == "Hello");
  CHECK(parse_answer(qwen(), "<think>hm</think>Hello").reasoning == "hm");
  CHECK(parse_answer(qwen(), "Hello").content == "Hello");
}

TEST_CASE("answers: tool calls") {
  CHECK(parts(qwen(),
              "Look:\n\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n"
              "</tool_call>\n<tool_call>\n{\"name\": \"g\"}\n</tool_call><|im_end|>") ==
        "c: Look:|t: f {\"a\":1}|t: g {}");
  CHECK(parts(start_of("deepseek_v3", {"<｜end▁of▁sentence｜>"}),
              "hm</think>a<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{}"
              "<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{\"b\": "
              "2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>") ==
        "c: hm</think>a|t: f {}|t: g {\"b\": 2}");
  CHECK(parts(start_of("kimi_k2", {"<|im_end|>"}),
              "a<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0"
              "<|tool_call_argument_begin|>{\"a\": 1}<|tool_call_end|><|tool_calls_section_end|>"
              "<|im_end|>") == "c: a|t: f {\"a\": 1}");
  CHECK(
      parts(start_of("minimax_m2", {"[e~["}),
            "hm\n</think>\n\na\n<minimax:tool_call>\n<invoke name=\"f\">\n<parameter name=\"k\">x"
            "</parameter>\n</invoke>\n<invoke name=\"g\">\n</invoke>\n</minimax:tool_call>[e~[") ==
      "c: hm\n</think>\n\na|t: f {\"k\":\"x\"}|t: g {}");
  CHECK(parts(start_of("seed_oss"),
              "<seed:tool_call>\n<function=f>\n<parameter=k>1</parameter>\n</function>\n"
              "</seed:tool_call>") == "t: f {\"k\":1}");
  CHECK(parts(start_of("deepseek_v32"),
              "\n\n<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter "
              "name=\"k\" string=\"false\">1</｜DSML｜parameter>\n</｜DSML｜invoke>\n"
              "</｜DSML｜function_calls>") == "t: f {\"k\":1}");
}

TEST_CASE("answers: GLM's and Mistral's calls") {
  CHECK(parts(start_of("glm4_moe", {"<|user|>", "<|observation|>"}),
              "\n<think>hm</think>\nI look.\n<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>1"
              "</arg_value>\n<arg_key>b</arg_key>\n<arg_value>two\nlines</arg_value>\n"
              "</tool_call>\n<tool_call>g\n</tool_call><|observation|>") ==
        "r: hm|c: I look.|t: f {\"a\":1,\"b\":\"two\\nlines\"}|t: g {}");
  CHECK(parts(start_of("glm4_moe"),
              "<tool_call>f<arg_key>a</arg_key><arg_value>1</arg_value></tool_call>") ==
        "t: f {\"a\":1}");
  const AnswerStart list = start_with("[TOOL_CALLS]", {"</s>"});
  CHECK(parts(list,
              "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {\"a\": 1}, \"id\": \"abcdefghi\"}, "
              "{\"name\": \"g\", \"arguments\": {}}]</s>") == "t: f {\"a\":1}|t: g {}");
  const AnswerStart phi = start_with("<|tool|> <|/tool|>", {"<|end|>"});
  CHECK(
      parts(
          phi,
          "So <|tool_call|>[{\"name\": \"f\", \"arguments\": {\"a\": 1}}]<|/tool_call|><|end|>") ==
      "c: So |t: f {\"a\":1}");
  CHECK(parts(phi, "<|tool_call|>[{\"name\": \"f\"}]<|end|>") == "t: f {}");
  const AnswerStart named = start_with("[ARGS] [THINK]", {"</s>"});
  CHECK(
      parts(
          named,
          "[THINK]hm[/THINK]So[TOOL_CALLS]f[ARGS]{\"a\": 1}[TOOL_CALLS]g[CALL_ID]abcdefghi[ARGS]{}"
          "</s>") == "r: hm|c: So|t: f {\"a\": 1}|t: g {}");
  CHECK(parts(named, "[TOOL_CALLS]f{\"a\": [1]}") == "t: f {\"a\": [1]}");
  CHECK(parts(named, "[TOOL_CALLS]f[ARGS]{\"a\": ").substr(0, 18) == "n: not a tool call");
}

TEST_CASE("answers: Gemma's thoughts and calls") {
  AnswerStart gemma = start_of("gemma4", {"<turn|>", "<|tool_response>"});
  CHECK(parts(gemma, "<|channel>thought\nhm\n<channel|>So.<turn|>") == "r: hm|c: So.");
  CHECK(parts(gemma, "<|channel>thought\n<channel|>So.<turn|>") == "c: So.");
  CHECK(parts(gemma,
              "<|channel>thought\nhm\n<channel|><|tool_call>call:f{a:1,t:<|\"|>x, {y}: \"z\"<|\"|>,"
              "l:[<|\"|>u<|\"|>,true],o:{k:None}}<tool_call|><|tool_call>call:g-h.i{}<tool_call|>"
              "<|tool_response>") ==
        R"(r: hm|t: f {"a":1,"t":"x, {y}: \"z\"","l":["u",true],"o":{"k":null}}|t: g-h.i {})");
  // A closing marker within a string belongs to it.
  CHECK(parts(gemma, "<|tool_call>call:f{t:<|\"|><tool_call|><|\"|>}<tool_call|>") ==
        R"(t: f {"t":"<tool_call|>"})");
  CHECK(parts(gemma, "<|tool_call>call:f{t:<|\"|>x}<tool_call|>").substr(0, 3) == "n: ");
  gemma.types = ToolTypes(test::ordered_of(R"([{"name": "f"}])"));
  CHECK(parts(gemma, "call:f{a:1}<tool_call|>") == R"(t: f {"a":1})");
}

TEST_CASE("answers: LFM2's calls are those of Python, or JSON") {
  const AnswerStart lfm = start_with("List of tools: ", {"<|im_end|>"});
  CHECK(parts(lfm,
              "<|tool_call_start|>[f(a=1, t=\"x, y)=\\\"z\\\"\"), g-h.i()]<|tool_call_end|>So.") ==
        R"(t: f {"a":1,"t":"x, y)=\"z\""}|t: g-h.i {}|c: So.)");
  CHECK(parts(lfm,
              "<|tool_call_start|>[ f ( o={'k': [true, None, -1.5]}, true = 'it\\'s' ) ]"
              "<|tool_call_end|>")
            .substr(0, 2) == "n:");  // a blank is no part of a name
  CHECK(parts(lfm,
              "<|tool_call_start|>[f(o={'k': [true, None, -1.5]}, true = 'it\\'s', l=(1,))]"
              "<|tool_call_end|>") == R"(t: f {"o":{"k":[true,null,-1.5]},"true":"it's","l":[1]})");
  CHECK(
      parts(lfm, R"(<|tool_call_start|>[{"name": "f", "arguments": {"a": 1}}]<|tool_call_end|>)") ==
      R"(t: f {"a":1})");
  for (const char* bad : {"", "[", "[]", "f", "f(", "f(1)", "[f(a=1)", "f(a=1)]", "[f(a=x)]",
                          "[f(a=1) g()]", "[f(a='1)]", "[f(a=1)))]", "(a=1)", "f(a=1, a=2)"}) {
    CAPTURE(std::string(bad));
    CHECK(parts(lfm, "<|tool_call_start|>" + std::string(bad) + "<|tool_call_end|>").substr(0, 2) ==
          "n:");
  }
}

TEST_CASE("answers: Llama's calls have no markers") {
  const AnswerStart llama = start_with("<|start_header_id|> \"parameters\"", {"<|eot_id|>"});
  CHECK(parts(llama, "{\"name\": \"f\", \"parameters\": {\"a\": 1}}<|eot_id|>") ==
        "t: f {\"a\":1}");
  CHECK(parts(llama, "<|python_tag|>{\"name\": \"f\", \"parameters\": {}}") == "t: f {}");
  CHECK(parts(llama, "<|python_tag|>search.call(query=\"a, b\", n=2)") ==
        "t: search {\"query\":\"a, b\",\"n\":2}");
  CHECK(parts(llama, "{\"colour\": \"red\"}") == "c: {\"colour\": \"red\"}");
  CHECK(parts(llama, "{\"name\": \"Tom\", \"age\": 3}") == "c: {\"name\": \"Tom\", \"age\": 3}");
  AnswerStart without_tools = llama;
  without_tools.has_tools = false;
  CHECK(parts(without_tools, "{\"name\": \"f\", \"parameters\": {}}") ==
        "c: {\"name\": \"f\", \"parameters\": {}}");
  CHECK(parts(llama, " Hello {}") == "c:  Hello {}");
  CHECK(parts(llama, "{\"name\": \"f\"") == "c: {\"name\": \"f\"");
  CHECK(parts(llama, "<|python_tag|>print(1)").substr(0, 18) == "n: not a tool call");
}

TEST_CASE("answers: what is malformed is content, with a note") {
  CHECK(parts(qwen(), "<tool_call>{\"name\": \"f\"") ==
        "n: the tool call is not complete|c: <tool_call>{\"name\": \"f\"");
  CHECK(parts(qwen(), "<tool_call>[]</tool_call>!") ==
        "n: not a tool call: the call is not {\"name\": ..., \"arguments\": {...}}|"
        "c: <tool_call>[]</tool_call>!");
  CHECK(parts(start_of("kimi_k2"),
              "<|tool_calls_section_begin|>?<|tool_call_begin|>f<|tool_call_argument_begin|>{}"
              "<|tool_call_end|>") == "n: there is text between the tool calls|c: ?|t: f {}");
  CHECK(parts(qwen(), "a<|im_end|>b") == "c: a|n: there is text after the end of the answer|c: b");
}

TEST_CASE("answers: a call that is complete counts without its closing marker at the end") {
  CHECK(parts(qwen(), "a<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n<|im_end|>") ==
        "c: a|t: f {\"a\":1}");
  CHECK(parts(start_of("seed_oss"),
              "<seed:tool_call>\n<function=f>\n<parameter=k>1</parameter>\n"
              "</function>\n") == "t: f {\"k\":1}");
  CHECK(parts(start_of("kimi_k2"),
              "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0"
              "<|tool_call_argument_begin|>{}") == "t: f {}");
  CHECK(parts(start_of("minimax_m2"),
              "<minimax:tool_call>\n<invoke name=\"f\">\n<parameter "
              "name=\"k\">x</parameter>\n") == "t: f {\"k\":\"x\"}");
}

TEST_CASE("answers: a call without its opening marker counts when its name is declared") {
  AnswerStart start = qwen();
  start.types = ToolTypes(parse_ordered_json(R"([{"name": "f"}])", "tools"));
  CHECK(parts(start, "Look:\n\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call><|im_end|>") ==
        "c: Look:|t: f {}");
  CHECK(parts(start, "{\"name\": \"f\", \"arguments\": {}}\n") == "t: f {}");
  CHECK(parts(start, "{\"name\": \"g\", \"arguments\": {}}\n</tool_call>") ==
        "c: {\"name\": \"g\", \"arguments\": {}}|n: \"</tool_call>\" closes nothing|"
        "c: \n</tool_call>");
  // An example is no call.
  CHECK(parts(start, "Write\n\n{\"name\": \"f\", \"arguments\": {}}") ==
        "c: Write\n\n{\"name\": \"f\", \"arguments\": {}}");
  CHECK(parts(start, "{\"name\": \"f\"} names it") == "c: {\"name\": \"f\"} names it");
  // The closing marker of the first is missing, the opening one of the third.
  CHECK(parts(start,
              "<tool_call>{\"name\": \"f\"}\n<tool_call>{\"name\": \"f\"}</tool_call>\n"
              "{\"name\": \"f\"}</tool_call></tool_call> a") == "t: f {}|t: f {}|t: f {}|c:  a");
  AnswerStart coder = start_with("<tool_call> <function=", {"<|im_end|>"});
  coder.types = start.types;
  CHECK(parts(coder, "So:\n<function=f>\n</function>\n</tool_call><|im_end|>") == "c: So:|t: f {}");
  CHECK(parts(coder, "So:\n<function=f>\n</function>") == "c: So:|t: f {}");
  AnswerStart minimax = start_of("minimax_m2");
  minimax.types = start.types;
  CHECK(parts(minimax, "So:\n<invoke name=\"f\">\n</invoke>\n</minimax:tool_call>\nok") ==
        "c: So:|t: f {}|c: ok");
}

TEST_CASE("answers: a closing marker within a value belongs to it") {
  CHECK(parts(qwen(),
              "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"x</tool_call>y\"}}"
              "</tool_call>!") == "t: f {\"a\":\"x</tool_call>y\"}|c: !");
  CHECK(parts(start_of("seed_oss"),
              "<seed:tool_call>\n<function=f>\n<parameter=k>say </seed:tool_call> and "
              "'</parameter>' here</parameter>\n</function>\n</seed:tool_call>") ==
        "t: f {\"k\":\"say </seed:tool_call> and '</parameter>' here\"}");
  CHECK(parts(start_of("minimax_m2"),
              "<minimax:tool_call>\n<invoke name=\"f\">\n<parameter name=\"k\">a</invoke>b"
              "</parameter>\n</invoke>\n</minimax:tool_call>") == "t: f {\"k\":\"a</invoke>b\"}");
}

TEST_CASE("answers: of a dropped, doubled or moved marker comes the call, or content and a note") {
  // The whole calls, their markers, and the arguments that are right.
  struct Family {
    const char* name;
    std::vector<std::string> pieces;
    std::string right;
  };
  const std::vector<Family> families = {
      {"<tool_call> \"arguments\"",
       {"<tool_call>", "\n", "{\"name\": \"f\", \"arguments\": {\"a\": 1, \"b\": \"two\"}}", "\n",
        "</tool_call>"},
       "t: f {\"a\":1,\"b\":\"two\"}"},
      {"<tool_call> <function=",
       {"<tool_call>", "\n", "<function=f>", "\n", "<parameter=a>", "\n1\n", "</parameter>", "\n",
        "<parameter=b>", "\ntwo\n", "</parameter>", "\n", "</function>", "\n", "</tool_call>"},
       "t: f {\"a\":1,\"b\":\"two\"}"},
      {"deepseek_v3",
       {"<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "f", "<｜tool▁sep｜>",
        "{\"a\": 1, \"b\": \"two\"}", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>"},
       "t: f {\"a\": 1, \"b\": \"two\"}"},
      {"deepseek_v3",
       {"<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "function", "<｜tool▁sep｜>", "f",
        "\n```json\n", "{\"a\": 1, \"b\": \"two\"}", "\n```", "<｜tool▁call▁end｜>",
        "<｜tool▁calls▁end｜>"},
       "t: f {\"a\": 1, \"b\": \"two\"}"},
      {"deepseek_v32",
       {"<｜DSML｜function_calls>", "\n", "<｜DSML｜invoke name=\"f\">", "\n",
        "<｜DSML｜parameter name=\"a\" string=\"false\">", "1", "</｜DSML｜parameter>", "\n",
        "<｜DSML｜parameter name=\"b\" string=\"true\">", "two", "</｜DSML｜parameter>", "\n",
        "</｜DSML｜invoke>", "\n", "</｜DSML｜function_calls>"},
       "t: f {\"a\":1,\"b\":\"two\"}"},
      {"glm4_moe",
       {"<tool_call>", "f",           "\n", "<arg_key>",    "a",   "</arg_key>",
        "\n",          "<arg_value>", "1",  "</arg_value>", "\n",  "<arg_key>",
        "b",           "</arg_key>",  "\n", "<arg_value>",  "two", "</arg_value>",
        "\n",          "</tool_call>"},
       "t: f {\"a\":1,\"b\":\"two\"}"},
      {"gpt_oss",
       {"<|channel|>", "commentary to=functions.f ", "<|constrain|>", "json", "<|message|>",
        "{\"a\": 1, \"b\": \"two\"}", "<|call|>"},
       "t: f {\"a\": 1, \"b\": \"two\"}"},
      {"seed_oss",
       {"<seed:tool_call>", "\n", "<function=f>", "\n", "<parameter=a>", "1", "</parameter>", "\n",
        "<parameter=b>", "two", "</parameter>", "\n", "</function>", "\n", "</seed:tool_call>"},
       "t: f {\"a\":1,\"b\":\"two\"}"},
      {"minimax_m2",
       {"<minimax:tool_call>", "\n", "<invoke name=\"f\">", "\n", "<parameter name=\"a\">", "1",
        "</parameter>", "\n", "<parameter name=\"b\">", "two", "</parameter>", "\n", "</invoke>",
        "\n", "</minimax:tool_call>"},
       "t: f {\"a\":1,\"b\":\"two\"}"},
      {"kimi_k2",
       {"<|tool_calls_section_begin|>", "<|tool_call_begin|>", "functions.f:0",
        "<|tool_call_argument_begin|>", "{\"a\": 1, \"b\": \"two\"}", "<|tool_call_end|>",
        "<|tool_calls_section_end|>"},
       "t: f {\"a\": 1, \"b\": \"two\"}"},
  };
  const ToolTypes tools(test::ordered_of(
      R"([{"name": "f", "parameters": {"type": "object", "required": ["a", "b"],
           "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}}])"));
  for (const Family& family : families) {
    AnswerStart start = start_of(family.name);
    if (family.name[0] == '<') {
      start = start_with(family.name);
    }
    start.types = tools;
    start.has_tools = true;
    const auto check = [&](const std::vector<std::string>& pieces) {
      std::string text;
      for (const std::string& piece : pieces) {
        text += piece;
      }
      CAPTURE(text);
      // A marker that got into a text may stand in it, as it may in a file that a model writes.
      std::string found = parts(start, text);
      for (const std::string& piece : pieces) {
        const std::size_t at = found.find("t: ");
        const std::size_t within = at == std::string::npos ? at : found.find(piece, at);
        if (piece.front() == '<' && within < found.find('}', std::min(at, found.size()))) {
          found.erase(within, piece.size());
        }
      }
      for (std::size_t at = found.find("\\n"); at < found.size(); at = found.find("\\n")) {
        found.erase(at, 2);  // a line end moves with what stands before it
      }
      CAPTURE(found);
      const std::size_t call = found.find("t: ");
      CHECK((call == std::string::npos || found.find(family.right) == call));
      const auto holds = [&](const char* part) { return found.find(part) != std::string::npos; };
      CHECK((call != std::string::npos || (holds("c: ") && holds("n: "))));
    };
    check(family.pieces);
    for (std::size_t i = 0; i < family.pieces.size(); ++i) {
      if (family.pieces[i].front() != '<') {
        continue;  // no marker
      }
      std::vector<std::string> dropped = family.pieces;
      dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
      check(dropped);
      std::vector<std::string> doubled = family.pieces;
      doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), family.pieces[i]);
      check(doubled);
      for (std::size_t to = 0; to < dropped.size(); ++to) {
        std::vector<std::string> moved = dropped;
        moved.insert(moved.begin() + static_cast<std::ptrdiff_t>(to), family.pieces[i]);
        check(moved);
      }
    }
  }
}

TEST_CASE("answers: Kimi's ids and sections in the ways in which they are written") {
  AnswerStart kimi = start_of("kimi_k2", {"<|im_end|>"});
  kimi.types = ToolTypes(parse_ordered_json(R"([{"name": "f"}, {"name": "ns:get"}])", "tools"));
  const auto of = [&](const std::string& id) {
    return parts(kimi, "<|tool_call_section_begin|><|tool_call_begin|>" + id +
                           "<|tool_call_argument_begin|>{}<|tool_call_end|>"
                           "<|tool_call_section_end|>ok<|im_end|>");
  };
  for (const char* id : {"functions.f:0", "f:0", "functions.f", "f", " f "}) {
    CHECK(of(id) == "t: f {}|c: ok");
  }
  CHECK(of("functions.ns:get:12") == "t: ns:get {}|c: ok");
  CHECK(of("ns:get") == "t: ns:get {}|c: ok");
  CHECK(of("functions.g:1") == "t: g {}|c: ok");
}

TEST_CASE("answers: harmony") {
  const AnswerStart harmony = start_of("gpt_oss", {"<|return|>", "<|call|>"});
  CHECK(parts(harmony,
              "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final"
              "<|message|>Hello<|return|>") == "r: hm|c: Hello");
  CHECK(parts(harmony,
              "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{\"a\": 1}"
              "<|call|>") == "t: f {\"a\": 1}");
  CHECK(parts(harmony, " to=functions.f<|channel|>commentary json<|message|>{}") == "t: f {}");
  CHECK(parts(harmony,
              "<|channel|>commentary<|message|>One.<|end|><|start|>assistant<|channel|>"
              "final<|message|>Two.") == "c: One.\n\nTwo.");
  CHECK(
      parts(harmony, "<|channel|>commentary to=python<|message|>print(1)<|call|>").substr(0, 18) ==
      "n: not a tool call");
  CHECK(parts(harmony, "Hello") == "n: a message has no <|message|>|c: Hello");
  CHECK(parts(harmony, "<|channel|>final<|message|>A<|end|>B") ==
        "c: A|n: there is text between the messages|c: B");
  CHECK(parts(harmony, "<|channel|>analysis<|message|>a <|message|> b") == "r: a <|message|> b");
}

TEST_CASE("answers: a marker that is a token does not count when it is spelled") {
  AnswerStart start = qwen();
  start.token_markers = {"<think>", "</think>"};
  AnswerParser parser(start);
  parser.feed_marker("<think>");
  parser.feed("What is </think>? ");
  parser.feed("<");
  parser.feed_marker("</think>");
  parser.feed("Text <tool_");
  parser.feed("call>{\"name\": \"f\"}</tool_call>");
  parser.feed_marker("</think>");
  parser.finish();
  Answer answer;
  while (parser.has_part()) {
    answer.add(parser.take());
  }
  CHECK(answer.reasoning == "What is </think>? <");
  CHECK(answer.content == "Text </think>");
  REQUIRE(answer.tool_calls.size() == 1);
  CHECK(
      answer.json().dump() ==
      R"({"role":"assistant","content":"Text </think>","reasoning_content":"What is </think>? <",)"
      R"("tool_calls":[{"id":"call_0","type":"function","function":{"name":"f",)"
      R"("arguments":"{}"}}]})");
}

}  // namespace
}  // namespace ottobit
