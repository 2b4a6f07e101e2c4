// SPDX-License-Identifier: Apache-2.0
// Puts parser, chat JSON and evaluator together.
#include "chat/chat.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
    const OrderedJson content = message.value("content", OrderedJson());
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
  try {
    const OrderedJson chat = parse_ordered_json(chat_json, "chat JSON", ErrorCode::argument);
    return chat.contains("tools") && chat["tools"].is_array() && !chat["tools"].empty();
  } catch (const Error&) {
    return false;  // whoever renders it says why
  }
}

namespace {

Rendered render_as_is(const ChatTemplate& chat_template, OrderedJson chat,
                      const std::string& bos_token, const std::string& eos_token) {
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

/// The texts of messages whose content is a list of texts.
std::vector<std::string> listed_texts(const OrderedJson& chat) {
  std::vector<std::string> texts;
  for (const OrderedJson& message : chat["messages"]) {
    const auto content = message.find("content");
    for (const OrderedJson& part :
         content != message.end() && content->is_array() ? *content : OrderedJson::array()) {
      texts.push_back(part["text"].get<std::string>());
    }
  }
  return texts;
}

/// Each list of texts as one text.
OrderedJson with_plain_content(OrderedJson chat) {
  for (OrderedJson& message : chat["messages"]) {
    const auto content = message.find("content");
    if (content != message.end() && content->is_array()) {
      std::string text;
      for (const OrderedJson& part : *content) {
        text += part["text"].text();
      }
      *content = std::move(text);
    }
  }
  return chat;
}

/// How many of the texts, less the white space around them, a prompt has.
std::ptrdiff_t count_in(const Rendered& rendered, const std::vector<std::string>& texts) {
  return std::count_if(texts.begin(), texts.end(), [&](const std::string& text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
    const std::size_t end = text.find_last_not_of(kBlank) + 1;
    return holds(rendered.text, std::string_view(text).substr(begin, end - std::min(begin, end)));
  });
}

}  // namespace

Rendered render_chat(const ChatTemplate& chat_template, std::string_view chat_json,
                     const std::string& bos_token, const std::string& eos_token) {
  OrderedJson chat = parse_ordered_json(chat_json, kChatSubject, ErrorCode::argument);
  check_chat(chat);
  name_reasoning(chat_template, chat);
  const std::vector<std::string> texts = listed_texts(chat);
  if (texts.empty()) {
    return render_as_is(chat_template, with_plain_content(std::move(chat)), bos_token, eos_token);
  }
  // Templates of text models often take strings only: they fail at lists, or leave them out.
  std::optional<Error> problem;
  std::optional<Rendered> listed;
  try {
    listed = render_as_is(chat_template, chat, bos_token, eos_token);
    if (count_in(*listed, texts) == static_cast<std::ptrdiff_t>(texts.size())) {
      return *std::move(listed);
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::chat_template) {
      throw;
    }
    problem = error;
  }
  try {
    Rendered plain = render_as_is(chat_template, with_plain_content(chat), bos_token, eos_token);
    if (!listed || count_in(plain, texts) > count_in(*listed, texts)) {
      return plain;
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::chat_template) {
      throw;
    }
  }
  if (!listed) {
    throw Error(*problem);
  }
  return *std::move(listed);
}

}  // namespace ottobit
