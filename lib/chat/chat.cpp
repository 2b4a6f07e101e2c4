// SPDX-License-Identifier: Apache-2.0
// Puts parser, chat JSON and evaluator together.
#include "chat/chat.hpp"

#include <algorithm>
#include <utility>

#include "ottobit/error.hpp"

#include "chat/chat_input.hpp"
#include "chat/eval.hpp"
#include "chat/parser.hpp"

namespace ottobit {

ChatTemplate ChatTemplate::parse(std::string source, std::string name) {
  jinja::Parser parser(jinja::Source(std::move(name), source));
  return ChatTemplate(parser.parse());
}

const std::string& ChatTemplate::name() const noexcept {
  return parsed_->source.name;
}

const std::string& ChatTemplate::text() const noexcept {
  return parsed_->source.text;
}

bool ChatTemplate::uses(std::string_view variable) const noexcept {
  const auto& names = parsed_->names;
  return std::find(names.begin(), names.end(), variable) != names.end();
}

Rendered render_chat(const ChatTemplate& chat_template, std::string_view chat_json,
                     const std::string& bos_token, const std::string& eos_token) {
  const OrderedJson chat = parse_ordered_json(chat_json, jinja::kChatSubject, ErrorCode::argument);
  jinja::check_chat(chat);
  jinja::Runtime runtime;
  jinja::Evaluator evaluator(chat_template.parsed(), runtime);
  jinja::StrBuilder out;
  try {
    jinja::set_chat_variables(chat, runtime, evaluator);
    evaluator.set_variable("bos_token", runtime.text(bos_token));
    evaluator.set_variable("eos_token", runtime.text(eos_token));
    out = evaluator.render();
  } catch (const jinja::RenderError& e) {  // the chat alone is beyond the limits
    fail(ErrorCode::argument, jinja::kChatSubject, e.message);
  }
  Rendered rendered;
  rendered.text = out.take_text();
  rendered.content = out.take_content();
  return rendered;
}

}  // namespace ottobit
