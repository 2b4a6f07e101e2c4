// SPDX-License-Identifier: Apache-2.0
// The chat JSON: checks its shape and hands it to a template as variables.
#pragma once

#include "io/json.hpp"
#include "jinja/eval.hpp"

namespace ottobit {

/// Subject of errors about the chat JSON.
inline constexpr const char* kChatSubject = "chat JSON";

/// Throws Error{argument, "chat JSON", "messages[2].role: found ..., expected ..."}.
void check_chat(const OrderedJson& chat);

/// Sets the variables that the template sees, and the time. `chat` has passed check_chat.
void set_chat_variables(const OrderedJson& chat, jinja::Runtime& rt, jinja::Evaluator& evaluator);

}  // namespace ottobit
