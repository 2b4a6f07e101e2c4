// SPDX-License-Identifier: Apache-2.0
// The markers of each family, and how a template shows which of them it means.
#include <algorithm>
#include <array>

#include "chat/answer.hpp"

namespace ottobit {

namespace {

constexpr MarkerPair kThink = {"<think>", "</think>"};

/// A format, the words of a template that speaks of it (all of them), and the families that write
/// it without a template.
struct Entry {
  AnswerFormat format;
  std::array<std::string_view, 2> words;
  std::array<std::string_view, 2> families;
};

// The first that fits is it: the more telling words come first.
constexpr std::array<Entry, 12> kEntries = {{
    {{.name = "harmony", .harmony = true}, {"<|channel|>", "<|message|>"}, {"gpt_oss"}},
    {{.name = "deepseek-dsml",
      .think = kThink,
      .section = {"<｜DSML｜function_calls>", "</｜DSML｜function_calls>"},
      .call = {"<｜DSML｜invoke name=\"", "</｜DSML｜invoke>"},
      .syntax = CallSyntax::dsml},
     {"｜DSML｜", "function_calls"},
     {"deepseek_v32"}},
    {{.name = "deepseek-v4",
      .think = kThink,
      .section = {"<｜DSML｜tool_calls>", "</｜DSML｜tool_calls>"},
      .call = {"<｜DSML｜invoke name=\"", "</｜DSML｜invoke>"},
      .syntax = CallSyntax::dsml},
     {"｜DSML｜"},
     {"deepseek_v4"}},
    {{.name = "deepseek",
      .think = kThink,
      .section = {"<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"},
      .call = {"<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"},
      .syntax = CallSyntax::deepseek},
     {"<｜tool▁call▁begin｜>"},
     {"deepseek_v3"}},
    {{.name = "kimi",
      .think = kThink,
      .section = {"<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"},
      .call = {"<|tool_call_begin|>", "<|tool_call_end|>"},
      .syntax = CallSyntax::kimi},
     {"<|tool_call_begin|>"},
     {"kimi_k2", "kimi_k25"}},
    {{.name = "minimax",
      .think = kThink,
      .section = {"<minimax:tool_call>", "</minimax:tool_call>"},
      .call = {"<invoke name=\"", "</invoke>"},
      .syntax = CallSyntax::invoke},
     {"<minimax:tool_call>"},
     {"minimax_m2"}},
    {{.name = "seed-oss",
      .think = {"<seed:think>", "</seed:think>"},
      .call = {"<seed:tool_call>", "</seed:tool_call>"},
      .syntax = CallSyntax::function},
     {"<seed:"},
     {"seed_oss"}},
    {{.name = "qwen3-coder",
      .think = kThink,
      .call = {"<tool_call>", "</tool_call>"},
      .syntax = CallSyntax::function_lines},
     {"<tool_call>", "<function="},
     {}},
    {{.name = "tool-call-json",  // Qwen, Hermes, SmolLM
      .think = kThink,
      .call = {"<tool_call>", "</tool_call>"},
      .syntax = CallSyntax::json},
     {"<tool_call>", "\"arguments\""},
     {}},
    {{.name = "llama",
      .call = {"<|python_tag|>", ""},
      .syntax = CallSyntax::json,
      .bare_calls = true},
     {"<|start_header_id|>", "\"parameters\""},
     {}},
    {{.name = "thinking", .think = kThink}, {"</think>"}, {}},
    {{.name = "plain"}, {}, {}},
}};

}  // namespace

const AnswerFormat& answer_format(std::string_view template_text,
                                  std::string_view family) noexcept {
  for (const Entry& entry : kEntries) {
    const bool speaks = std::all_of(
        entry.words.begin(), entry.words.end(),
        [&](std::string_view word) { return template_text.find(word) != std::string_view::npos; });
    if (!template_text.empty() && speaks) {
      return entry.format;
    }
    if (template_text.empty() && !family.empty() &&
        std::find(entry.families.begin(), entry.families.end(), family) != entry.families.end()) {
      return entry.format;
    }
  }
  return kEntries.back().format;
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
