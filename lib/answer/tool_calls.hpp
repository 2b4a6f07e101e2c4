// SPDX-License-Identifier: Apache-2.0
// Tool calls as models write them, read back. Each family has its own syntax; what comes out is
// always a name and a JSON object of arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/json.hpp"

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
  invoke,  ///< F">↵<parameter name="k">v</parameter>↵, between <invoke name=" and </invoke>
  dsml,    ///< the same with <｜DSML｜parameter name="k" string="true">
};

/// The types that the tools of a conversation declare for their parameters. The syntaxes that write
/// values as bare text need them to tell the string "3" from the number 3.
class ToolTypes {
 public:
  enum class Kind {
    unknown,  ///< not declared: a value that reads as JSON other than a string is that
    text,     ///< may be a string: the text as it is
    json,     ///< no string: JSON, or Python's True, False, None and its ways to write a list
  };

  ToolTypes() = default;
  /// `tools` as in the chat JSON: a list of {"type": "function", "function": {...}}, or of the
  /// inner objects. Anything of another shape declares nothing.
  explicit ToolTypes(OrderedJson tools) : tools_(std::move(tools)) {}

  [[nodiscard]] Kind of(std::string_view function, std::string_view parameter) const;
  /// A tool has that name.
  [[nodiscard]] bool declares(std::string_view function) const;
  /// The arguments, an object, have all that the tool's description requires.
  [[nodiscard]] bool has_required(std::string_view function, const OrderedJson& arguments) const;

 private:
  /// The description of a tool; nullptr if there is none of that name.
  [[nodiscard]] const OrderedJson* find(std::string_view function) const;

  OrderedJson tools_;
};

/// The body of a call breaks off within a value, so that a closing marker there belongs to it.
[[nodiscard]] bool breaks_off(CallSyntax syntax, std::string_view body);

/// The calls in `body`, which is what stands between the markers of a call: one, or in the syntax
/// `json_parameters` several separated by ";". An empty list where the text is not of this syntax;
/// `why` then says what is wrong with it.
std::vector<ToolCall> read_tool_calls(CallSyntax syntax, std::string_view body,
                                      const ToolTypes& types, std::string& why);

/// A call whose name stands apart from its arguments (harmony): empty or one call.
std::vector<ToolCall> tool_call_of(std::string_view name, std::string_view arguments,
                                   std::string& why);

}  // namespace ottobit
