// SPDX-License-Identifier: Apache-2.0
// Tool calls as models write them, read back. Each family has its own syntax; what comes out is
// always a name and a JSON object of arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "answer/tool_types.hpp"

namespace ottobit {

/// One call of a tool.
struct ToolCall {
  std::string id;         ///< as the model wrote it (Kimi: "functions.f:0"); else empty
  std::string name;       ///< of the function
  std::string arguments;  ///< a JSON object, as text: the model's own text where that is JSON
};

/// How the inside of a call is written. `↵` is a newline.
enum class CallSyntax {
  none,
  json,             ///< {"name": F, "arguments": {...}}; "parameters" is understood as well
  json_parameters,  ///< the same, but the arguments may not be left out (Llama)
  deepseek,         ///< F<sep>{...}, or function<sep>F↵```json↵{...}↵```
  kimi,             ///< functions.F:0<|tool_call_argument_begin|>{...}
  function,         ///< <function=F>↵<parameter=k>v</parameter>↵</function> (Seed-OSS)
  function_lines,   ///< the same with values on lines of their own (Qwen3-Coder)
  invoke,     ///< F">↵<parameter name="k">v</parameter>↵, between <invoke name=" and </invoke>
  dsml,       ///< the same with <｜DSML｜parameter name="k" string="true">
  pairs,      ///< F↵<arg_key>k</arg_key>↵<arg_value>v</arg_value>↵ (GLM)
  calls,      ///< a list of calls as in `json` (Mistral)
  named,      ///< F[ARGS]{...}, or F[CALL_ID]id[ARGS]{...} (Mistral)
  python,     ///< [F(k="v", n=1), ...] (LFM2)
  bare_keys,  ///< call:F{k:1,t:<|"|>text<|"|>} (Gemma 4)
};

/// The body of a call breaks off within a value, so that a closing marker there belongs to it.
[[nodiscard]] bool breaks_off(CallSyntax syntax, std::string_view body);

/// The calls in `body`, which is what stands between the markers of a call: one, or in the syntax
/// `json_parameters` several separated by ";". An empty list where the text is not of this syntax;
/// `why` then says what is wrong with it.
std::vector<ToolCall> read_tool_calls(CallSyntax syntax, std::string_view body,
                                      const ToolTypes& types, std::string& why);

/// A call whose name stands apart from its arguments (harmony): empty or one call. Arguments may be
/// left out if the tool requires none.
std::vector<ToolCall> tool_call_of(std::string_view name, std::string_view arguments,
                                   const ToolTypes& types, std::string& why);

}  // namespace ottobit
