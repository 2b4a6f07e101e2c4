// SPDX-License-Identifier: Apache-2.0
// The markers of each family, and how a template shows which of them it means.
#include <algorithm>
#include <array>

#include "answer/answer.hpp"

namespace ottobit {

namespace {

constexpr MarkerPair kThink = {"<think>", "</think>"};
constexpr std::string_view kDsml = "｜DSML｜";
constexpr std::string_view kEndNow = "</think>";
constexpr std::string_view kEndLines = "\n</think>\n\n";

/// A format, the words of a template that speaks of it (all of them), and the families that write
/// it without a template.
struct Entry {
  AnswerFormat format;
  std::array<std::string_view, 2> words;
  std::array<std::string_view, 3> families;
};

// The first that fits is it: the more telling words come first.
constexpr std::array<Entry, 20> kEntries = {{
    {{.name = "harmony",
      .think = {"<|channel|>analysis<|message|>", "<|end|>"},
      .end_thinking = "<|end|><|start|>assistant<|channel|>final<|message|>",
      .harmony = true},
     {"<|channel|>", "<|message|>"},
     {"gpt_oss"}},
    {{.name = "gemma",
      .think = {"<|channel>thought", "<channel|>"},
      .end_thinking = "\n<channel|>",
      .call = {"<|tool_call>", "<tool_call|>"},
      .within = "<|channel>",
      .syntax = CallSyntax::bare_keys,
      .waits = "<|tool_response>"},
     {"<|channel>thought"},
     {"gemma4", "gemma4_text", "gemma4_unified"}},
    {{.name = "deepseek-dsml",
      .think = kThink,
      .end_thinking = kEndNow,
      .section = {"<｜DSML｜function_calls>", "</｜DSML｜function_calls>"},
      .call = {"<｜DSML｜invoke name=\"", "</｜DSML｜invoke>"},
      .within = kDsml,
      .syntax = CallSyntax::dsml},
     {"｜DSML｜", "function_calls"},
     {"deepseek_v32"}},
    {{.name = "deepseek-v4",
      .think = kThink,
      .end_thinking = kEndNow,
      .section = {"<｜DSML｜tool_calls>", "</｜DSML｜tool_calls>"},
      .call = {"<｜DSML｜invoke name=\"", "</｜DSML｜invoke>"},
      .within = kDsml,
      .syntax = CallSyntax::dsml},
     {"｜DSML｜"},
     {"deepseek_v4"}},
    {{.name = "deepseek",
      .think = kThink,
      .end_thinking = kEndLines,
      .section = {"<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"},
      .call = {"<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"},
      .syntax = CallSyntax::deepseek},
     {"<｜tool▁call▁begin｜>"},
     {"deepseek_v3"}},
    {{.name = "kimi",
      .think = kThink,
      .end_thinking = kEndNow,
      .section = {"<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"},
      .other_section = {"<|tool_call_section_begin|>", "<|tool_call_section_end|>"},
      .call = {"<|tool_call_begin|>", "<|tool_call_end|>"},
      .syntax = CallSyntax::kimi},
     {"<|tool_call_begin|>"},
     {"kimi_k2", "kimi_k25", "kimi_linear"}},
    {{.name = "minimax",
      .think = kThink,
      .end_thinking = kEndLines,
      .section = {"<minimax:tool_call>", "</minimax:tool_call>"},
      .call = {"<invoke name=\"", "</invoke>"},
      .syntax = CallSyntax::invoke},
     {"<minimax:tool_call>"},
     {"minimax_m2"}},
    {{.name = "seed-oss",
      .think = {"<seed:think>", "</seed:think>"},
      .end_thinking = "<seed:cot_budget_reflect>I have exhausted my token budget, and now I will "
                      "start answering the question.</seed:cot_budget_reflect>\n</seed:think>",
      .report = {"<seed:cot_budget_reflect>", "</seed:cot_budget_reflect>"},
      .patience = 64,
      .call = {"<seed:tool_call>", "</seed:tool_call>"},
      .syntax = CallSyntax::function},
     {"<seed:"},
     {"seed_oss"}},
    {{.name = "glm",
      .think = kThink,
      .end_thinking = "</think>\n",
      .call = {"<tool_call>", "</tool_call>"},
      .syntax = CallSyntax::pairs},
     {"<arg_key>"},
     {"glm4_moe", "glm4_moe_lite", "glm_moe_dsa"}},
    {{.name = "mistral-thinking",
      .think = {"[THINK]", "[/THINK]"},
      .end_thinking = "[/THINK]",
      .call = {"[TOOL_CALLS]", ""},
      .syntax = CallSyntax::named},
     {"[ARGS]", "[THINK]"},
     {}},
    {{.name = "mistral-named",
      .think = kThink,
      .end_thinking = kEndLines,
      .call = {"[TOOL_CALLS]", ""},
      .syntax = CallSyntax::named},
     {"[TOOL_CALLS]", "[ARGS]"},
     {}},
    {{.name = "mistral",
      .think = kThink,
      .end_thinking = kEndLines,
      .call = {"[TOOL_CALLS]", ""},
      .syntax = CallSyntax::calls},
     {"[TOOL_CALLS]"},
     {}},
    {{.name = "qwen3-coder",
      .think = kThink,
      .end_thinking = kEndLines,
      .call = {"<tool_call>", "</tool_call>"},
      .syntax = CallSyntax::function_lines},
     {"<tool_call>", "<function="},
     {}},
    {{.name = "lfm2",
      .think = kThink,
      .end_thinking = kEndLines,
      .call = {"<|tool_call_start|>", "<|tool_call_end|>"},
      .syntax = CallSyntax::python},
     {"List of tools: "},
     {"lfm2", "lfm2_moe", "lfm2_vl"}},
    {{.name = "tool-call-json",  // Qwen, Hermes, SmolLM
      .think = kThink,
      .end_thinking = kEndLines,
      .call = {"<tool_call>", "</tool_call>"},
      .syntax = CallSyntax::json},
     {"<tool_call>", "\"arguments\""},
     {}},
    {{.name = "tool-call-list",  // Granite 3
      .think = kThink,
      .end_thinking = kEndLines,
      .call = {"<|tool_call|>", "<|/tool_call|>"},
      .syntax = CallSyntax::calls},
     {"<|tool_call|>"},
     {}},
    {{.name = "tool-call-list",  // Phi-4-mini, whose template does not show its calls
      .think = kThink,
      .end_thinking = kEndLines,
      .call = {"<|tool_call|>", "<|/tool_call|>"},
      .syntax = CallSyntax::calls},
     {"<|tool|>", "<|/tool|>"},
     {}},
    {{.name = "llama",
      .call = {"<|python_tag|>", ""},
      .syntax = CallSyntax::json_parameters,
      .bare_calls = true},
     {"<|start_header_id|>", "\"parameters\""},
     {}},
    {{.name = "thinking", .think = kThink, .end_thinking = kEndLines}, {"</think>"}, {}},
    {{.name = "plain"}, {}, {}},
}};

}  // namespace

const AnswerFormat& answer_format(std::string_view template_text,
                                  std::string_view family) noexcept {
  const auto* const plain = &kEntries.back();
  const auto* found = std::find_if(kEntries.begin(), kEntries.end(), [&](const Entry& entry) {
    return std::all_of(entry.words.begin(), entry.words.end(), [&](std::string_view word) {
      return template_text.find(word) != std::string_view::npos;
    });
  });
  if (found == plain && !family.empty()) {
    const auto* native = std::find_if(kEntries.begin(), kEntries.end(), [&](const Entry& entry) {
      return std::find(entry.families.begin(), entry.families.end(), family) !=
             entry.families.end();
    });
    found = native == kEntries.end() ? plain : native;
  }
  return found->format;
}

std::vector<std::string_view> markers_of(const AnswerFormat& format) {
  if (format.harmony) {
    return {"<|start|>", "<|channel|>", "<|constrain|>", "<|message|>",
            "<|end|>",   "<|call|>",    "<|return|>"};
  }
  std::vector<std::string_view> markers;
  for (const MarkerPair& pair : {format.think, format.section, format.call}) {
    for (const std::string_view marker : {pair.open, pair.close}) {
      if (!marker.empty()) {
        markers.push_back(marker);
      }
    }
  }
  return markers;
}

}  // namespace ottobit
