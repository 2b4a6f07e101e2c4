// SPDX-License-Identifier: Apache-2.0
// Shape of the chat JSON (capi/ottobit.h), and the values templates get from it.
#include "chat/chat_input.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "jinja/json_value.hpp"

namespace ottobit {

using namespace jinja;  // the conversation becomes values of the engine

namespace {

// What was found, for messages: strings are shown, the rest by type.
std::string found_text(const OrderedJson& json) {
  switch (json.type()) {
    case JsonType::object:
      return "an object";
    case JsonType::array:
      return "a list";
    case JsonType::string:
      return "the string \"" + printable(json.text(), 40) + "\"";
    case JsonType::boolean:
      return json.get<bool>() ? "true" : "false";
    case JsonType::null:
      return "null";
    default:
      return "a number";
  }
}

[[noreturn]] void refuse(const std::string& where, const OrderedJson& found,
                         std::string_view expected) {
  fail(ErrorCode::argument, kChatSubject,
       (where.empty() ? std::string() : where + ": ") + "found " + found_text(found) +
           ", expected " + std::string(expected));
}

void require(bool condition, const std::string& where, const OrderedJson& found,
             std::string_view expected) {
  if (!condition) {
    refuse(where, found, expected);
  }
}

std::string element(const std::string& where, std::size_t i) {
  return where + "[" + std::to_string(i) + "]";
}

const OrderedJson* member(const OrderedJson& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

void check_optional_string(const OrderedJson& object, const char* name, const std::string& where) {
  const OrderedJson* value = member(object, name);
  if (value != nullptr) {
    require(value->is_string() || value->is_null(), where + "." + name, *value, "a string or null");
  }
}

void check_content(const OrderedJson& content, const std::string& where) {
  if (content.is_string() || content.is_null()) {
    return;
  }
  require(content.is_array(), where, content, "a string, null or a list of text parts");
  for (std::size_t i = 0; i < content.size(); ++i) {
    const OrderedJson& part = content[i];
    const std::string at = element(where, i);
    require(part.is_object(), at, part, "an object {\"type\": \"text\", \"text\": ...}");
    const OrderedJson* type = member(part, "type");
    require(type != nullptr && type->is_string() && *type == "text", at + ".type",
            type == nullptr ? OrderedJson() : *type, "\"text\"");
    const OrderedJson* text = member(part, "text");
    require(text != nullptr && text->is_string(), at + ".text",
            text == nullptr ? OrderedJson() : *text, "a string");
  }
}

void check_tool_calls(const OrderedJson& calls, const std::string& where) {
  if (calls.is_null()) {
    return;
  }
  require(calls.is_array(), where, calls, "a list of tool calls");
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string at = element(where, i);
    require(calls[i].is_object(), at, calls[i], "an object");
    const OrderedJson* function = member(calls[i], "function");
    if (function != nullptr) {
      require(function->is_object(), at + ".function", *function, "an object");
    }
    // Some write {"name", "arguments"} without the "function" around it.
    const OrderedJson& holder = function != nullptr ? *function : calls[i];
    const std::string inside = function != nullptr ? at + ".function" : at;
    check_optional_string(holder, "name", inside);
    const OrderedJson* arguments = member(holder, "arguments");
    if (arguments != nullptr) {
      require(arguments->is_object() || arguments->is_string() || arguments->is_null(),
              inside + ".arguments", *arguments, "an object or a string of JSON");
    }
  }
}

void check_message(const OrderedJson& message, const std::string& where) {
  require(message.is_object(), where, message, "an object");
  const OrderedJson* role = member(message, "role");
  require(role != nullptr && role->is_string(), where + ".role",
          role == nullptr ? OrderedJson() : *role, "a string");
  if (const OrderedJson* content = member(message, "content")) {
    check_content(*content, where + ".content");
  }
  for (const char* name : {"reasoning_content", "tool_call_id", "name"}) {
    check_optional_string(message, name, where);
  }
  if (const OrderedJson* calls = member(message, "tool_calls")) {
    check_tool_calls(*calls, where + ".tool_calls");
  }
}

void check_objects(const OrderedJson& chat, const char* name) {
  const OrderedJson* list = member(chat, name);
  if (list == nullptr || list->is_null()) {
    return;
  }
  require(list->is_array(), name, *list, "a list of objects");
  for (std::size_t i = 0; i < list->size(); ++i) {
    require((*list)[i].is_object(), element(name, i), (*list)[i], "an object");
  }
}

// Roles that templates know; their names are structure, not content.
constexpr std::array<std::string_view, 11> kRoles = {
    "assistant", "critic",      "developer", "environment", "function", "ipython",
    "model",     "observation", "system",    "tool",        "user"};

bool is_known_role(const std::string& role) noexcept {
  return std::find(kRoles.begin(), kRoles.end(), role) != kRoles.end();
}

// A string of JSON gets its object beside the text; anything else stays a string.
void attach_object(Runtime& rt, Dict& holder) {
  const Value* arguments = holder.find("arguments");
  if (arguments == nullptr || !arguments->is(Kind::string)) {
    return;
  }
  const StrRef text = arguments->str;
  Value object;
  try {
    object = parse_json_value(rt, text->text, true);
  } catch (const RenderError&) {
    return;
  }
  if (!object.is(Kind::dict)) {
    return;
  }
  auto both = std::make_shared<Str>();
  rt.budget.allocate(text->text.size() + text->content.size() * sizeof(TextSpan) + sizeof(Str));
  both->text = text->text;
  both->content = text->content;
  both->ascii = text->ascii;
  both->object = object.dict;
  both->budget = &rt.budget;
  holder.set(rt.text(std::string("arguments")), make_string(std::move(both)));
}

void prepare_message(Runtime& rt, Dict& message) {
  const Value* role = message.find("role");
  if (is_known_role(role->str->text)) {
    message.set(rt.text(std::string("role")), rt.text(role->str->text));
  }
  const Value* calls = message.find("tool_calls");
  if (calls == nullptr || !calls->is(Kind::sequence)) {
    return;
  }
  for (const Value& call : calls->seq->items) {
    const Value* function = call.dict->find("function");
    attach_object(rt, function != nullptr ? *function->dict : *call.dict);
  }
}

}  // namespace

void check_chat(const OrderedJson& chat) {
  require(chat.is_object(), "", chat, "an object with the member \"messages\"");
  const OrderedJson* messages = member(chat, "messages");
  require(messages != nullptr && messages->is_array(), "messages",
          messages == nullptr ? OrderedJson() : *messages, "a list of messages");
  for (std::size_t i = 0; i < messages->size(); ++i) {
    check_message((*messages)[i], element("messages", i));
  }
  check_objects(chat, "tools");
  check_objects(chat, "documents");
  if (const OrderedJson* prompt = member(chat, "add_generation_prompt")) {
    require(prompt->is_boolean(), "add_generation_prompt", *prompt, "true or false");
  }
  if (const OrderedJson* now = member(chat, "now")) {
    require(now->is_string() && parse_iso_time(now->text()).has_value(), "now", *now,
            "an ISO 8601 local time such as \"2026-01-15T12:00:00\"");
  }
  for (const char* name : {"bos_token", "eos_token"}) {
    if (const OrderedJson* token = member(chat, name)) {
      refuse(name, *token, "no such member, it comes from the model folder");
    }
  }
}

void set_chat_variables(const OrderedJson& chat, Runtime& rt, Evaluator& evaluator) {
  for (const char* name : {"tools", "documents"}) {
    evaluator.set_variable(name, make_none());
  }
  evaluator.set_variable("add_generation_prompt", make_bool(true));
  for (const auto& [name, json] : chat.items()) {
    if (name == "now") {
      rt.now = parse_iso_time(json.text());
      continue;
    }
    const Value value = json_value(rt, json, true);
    if (name == "messages") {
      for (const Value& message : value.seq->items) {
        prepare_message(rt, *message.dict);
      }
    }
    evaluator.set_variable(name, value);
  }
}

}  // namespace ottobit
