// SPDX-License-Identifier: Apache-2.0
// Puts parser, chat JSON and evaluator together.
#include "chat/chat.hpp"

#include <algorithm>
#include <utility>

#include "ottobit/error.hpp"

#include "chat/chat_input.hpp"
#include "chat/typescript.hpp"
#include "jinja/eval.hpp"
#include "jinja/parser.hpp"

namespace ottobit {

ChatTemplate ChatTemplate::parse(const std::string& source, std::string name) {
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

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// gpt-oss reads the reasoning of a message from a member of another name, and refuses it beside
// content and calls.
void name_reasoning(const ChatTemplate& chat_template, OrderedJson& chat) {
  if (holds(chat_template.text(), "reasoning_content") ||
      !holds(chat_template.text(), "message.thinking")) {
    return;
  }
  for (OrderedJson& message : chat["messages"]) {
    const Json content = message.value("content", Json());
    const bool empty =
        content.is_null() || (content.is_string() && content.get<std::string>().empty());
    const bool both = message.contains("tool_calls") && !empty;
    if (message.contains("reasoning_content") && !message.contains("thinking") && !both) {
      message["thinking"] = message["reasoning_content"];
    }
  }
}

// Kimi K2.5 reads its tools as TypeScript, made of them once their members are sorted.
void declare_in_typescript(jinja::Runtime& runtime, OrderedJson& chat) {
  const auto tools = chat.find("tools");
  if (tools == chat.end() || tools->empty() || chat.contains("tools_ts_str")) {
    return;
  }
  sort_members(*tools);
  if (std::optional<std::string> text = typescript_declarations(runtime, *tools)) {
    chat["tools_ts_str"] = std::move(*text);
  }
}

}  // namespace

bool has_tools(std::string_view chat_json) {
  const OrderedJson chat = OrderedJson::parse(chat_json, nullptr, false);
  const auto tools = chat.is_object() ? chat.find("tools") : chat.end();
  return tools != chat.end() && tools->is_array() && !tools->empty();
}

Rendered render_chat(const ChatTemplate& chat_template, std::string_view chat_json,
                     const std::string& bos_token, const std::string& eos_token) {
  OrderedJson chat = parse_ordered_json(chat_json, kChatSubject, ErrorCode::argument);
  check_chat(chat);
  name_reasoning(chat_template, chat);
  jinja::Runtime runtime;
  jinja::Evaluator evaluator(chat_template.parsed(), runtime);
  jinja::StrBuilder out;
  try {
    if (chat_template.uses("tools_ts_str")) {
      declare_in_typescript(runtime, chat);
    }
    set_chat_variables(chat, runtime, evaluator);
    evaluator.set_variable("bos_token", runtime.text(bos_token));
    evaluator.set_variable("eos_token", runtime.text(eos_token));
    out = evaluator.render();
  } catch (const jinja::RenderError& e) {  // the chat alone is beyond the limits
    fail(ErrorCode::argument, kChatSubject, e.message);
  }
  Rendered rendered;
  rendered.text = out.take_text();
  rendered.content = out.take_content();
  return rendered;
}

}  // namespace ottobit
