// SPDX-License-Identifier: Apache-2.0
// What a model may answer that may call tools: text, then calls as its family writes them, each of
// a tool that there is, with arguments of its schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "answer/answer.hpp"
#include "grammar/expr.hpp"

namespace ottobit {

/// How a model writes calls. In the rules a control token is its name behind a byte 0xFF.
struct ToolSyntax {
  const AnswerFormat* format = nullptr;  ///< not null
  /// Markers, and parts of markers, that are control tokens and never text.
  std::vector<std::string> controls;
  bool fenced = false;  ///< DeepSeek before V3.1: arguments in a fence of Markdown

  /// What a model writes as the rules have it: the longest controls, from the left.
  [[nodiscard]] std::string spelled(std::string_view written) const;
  /// Whether that is text alone.
  [[nodiscard]] bool is_text(std::string_view written) const { return spelled(written) == written; }
};

/// The words of a format that may be control tokens.
[[nodiscard]] std::vector<std::string_view> tool_words(const AnswerFormat& format);

/// `text` is a list of tools as in the chat JSON, or an object with the members of OpenAI's request
/// "tools", "tool_choice" ("auto", "none", "required", or a function) and "parallel_tool_calls".
/// Error{grammar, subject} says what is wrong with it, or cannot be honoured.
[[nodiscard]] grammar::Rules read_tools(std::string_view text, const ToolSyntax& syntax,
                                        const std::string& subject);

}  // namespace ottobit
