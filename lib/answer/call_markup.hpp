// SPDX-License-Identifier: Apache-2.0
// Calls in markup: every parameter for itself, values as bare text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "answer/tool_calls.hpp"

namespace ottobit {

/// The syntax `function`; `lines`: values stand on lines of their own. Empty where the text is not
/// of this syntax, and `why` says what is wrong with it.
std::vector<ToolCall> read_function(std::string_view body, bool lines, const ToolTypes& types,
                                    std::string& why);

/// The syntax `invoke`, with `token` before the word in every marker (DSML).
std::vector<ToolCall> read_invoke(std::string_view body, std::string_view token,
                                  const ToolTypes& types, std::string& why);

/// The syntax `pairs`.
std::vector<ToolCall> read_pairs(std::string_view body, const ToolTypes& types, std::string& why);

}  // namespace ottobit
