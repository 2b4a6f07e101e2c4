// SPDX-License-Identifier: Apache-2.0
// Calls as Gemma 4 writes them: call:NAME{key:value,...}, where strings stand between
// <|"|> and <|"|>, keys are bare, and lists and objects nest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "answer/tool_calls.hpp"

namespace ottobit {

/// What quotes a string.
inline constexpr std::string_view kGemmaQuote = "<|\"|>";

/// The syntax `bare_keys`. Keys and strings may be quoted as in JSON, too, and a value that is no
/// JSON is a string. Empty where the text is not of this syntax, and `why` says what is wrong.
std::vector<ToolCall> read_bare_keys(std::string_view body, const ToolTypes& types,
                                     std::string& why);

}  // namespace ottobit
