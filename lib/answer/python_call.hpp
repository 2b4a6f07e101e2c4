// SPDX-License-Identifier: Apache-2.0
// Calls as a Python program has them: F(key=value, ...). LFM2 writes a list of them, Llama its
// built-in tools as F.call(key=value).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/tool_calls.hpp"

namespace ottobit {

/// The call at the front of `text`, which moves behind it; arguments without a key are none.
/// Values are those of Python, or of JSON.
std::optional<ToolCall> take_python_call(std::string_view& text);

/// The syntax `python`: calls between brackets, commas between them, or one alone; or a list of
/// objects as in the syntax `calls`. Empty where the text is neither, and `why` says so.
std::vector<ToolCall> read_python_calls(std::string_view body, const ToolTypes& types,
                                        std::string& why);

}  // namespace ottobit
