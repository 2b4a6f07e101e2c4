// SPDX-License-Identifier: Apache-2.0
// Answers as models really write them: tests/data/wild/answers.json.
#include <doctest/doctest.h>

#include "answer/answer.hpp"
#include "support/json.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {

TEST_CASE("answers as models write them come apart as they are meant") {
  const nlohmann::ordered_json file =
      nlohmann::ordered_json::parse(test::read_text(test::test_data("wild/answers.json")));
  // A template that speaks of the format.
  const auto words = [](const std::string& format) -> std::pair<const char*, const char*> {
    for (const auto& [name, text, family] :
         {std::tuple("tool-call-json", "<tool_call> \"arguments\"", ""),
          std::tuple("qwen3-coder", "<tool_call> <function=", ""),
          std::tuple("kimi", "", "kimi_k2"), std::tuple("deepseek", "", "deepseek_v3"),
          std::tuple("minimax", "", "minimax_m2"), std::tuple("seed-oss", "", "seed_oss"),
          std::tuple("harmony", "", "gpt_oss")}) {
      if (format == name) {
        return {text, family};
      }
    }
    return {"", ""};
  };
  for (const nlohmann::ordered_json& one : file["cases"]) {
    CAPTURE(one["says"].get<std::string>());
    const auto [text, family] = words(one["format"].get<std::string>());
    AnswerStart start;
    start.format = &answer_format(text, family);
    REQUIRE(start.format->name == one["format"].get<std::string>());
    start.ends = {"<|call|>"};
    start.types = ToolTypes(test::ordered_value_of(file["tools"]));
    const Answer answer = parse_answer(start, one["text"].get<std::string>());
    nlohmann::ordered_json calls = nlohmann::ordered_json::array();
    for (const ToolCall& call : answer.tool_calls) {
      calls.push_back(
          {{"call", call.name}, {"arguments", nlohmann::ordered_json::parse(call.arguments)}});
    }
    const nlohmann::ordered_json& expect = one["expect"];
    CHECK(calls == expect.value("calls", nlohmann::ordered_json::array()));
    CHECK(answer.content == expect.value("content", ""));
    CHECK(answer.notes.size() == expect.value("notes", 0U));
  }
}

}  // namespace ottobit
