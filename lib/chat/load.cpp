// SPDX-License-Identifier: Apache-2.0
// Finds the chat template of a model folder.
#include "ottobit/error.hpp"

#include "chat/builtin.hpp"
#include "chat/chat.hpp"
#include "io/json.hpp"
#include "io/printable.hpp"
#include "jinja/source.hpp"

namespace ottobit {

namespace {

namespace fs = std::filesystem;

// An empty template is a template: the size is checked, not the text.
std::optional<std::string> read_if_there(const fs::path& path) {
  if (!is_there(path)) {
    return std::nullopt;
  }
  return read_text_file(path, jinja::kMaxTemplateBytes);
}

const Json* named_template(const Json& list, std::string_view name, const std::string& subject) {
  for (const Json& entry : list) {
    const bool shaped = entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
                        entry.contains("template") && entry["template"].is_string();
    OTTOBIT_CHECK(shaped, ErrorCode::format, subject,
                  "chat_template: an entry of the list is not {\"name\": ..., \"template\": ...}");
    if (entry["name"] == name) {
      return &entry["template"];
    }
  }
  return nullptr;
}

/// A text, or of a list of texts with names the one for this use: "tool_use" or "default", else the
/// only one there is; nothing where none is meant.
std::optional<std::string> choose(const Json& entry, bool with_tools, const std::string& subject) {
  if (entry.is_string()) {
    return entry.get<std::string>();
  }
  OTTOBIT_CHECK(entry.is_array(), ErrorCode::format, subject,
                "chat_template: found " + std::string(json_type_text(entry)) +
                    ", expected a string or a list of {name, template}");
  const Json* chosen = with_tools ? named_template(entry, "tool_use", subject) : nullptr;
  if (chosen == nullptr) {
    chosen = named_template(entry, "default", subject);
  }
  if (chosen == nullptr && entry.size() == 1) {
    chosen = &entry.front().at("template");
  }
  return chosen == nullptr ? std::nullopt : std::optional(chosen->get<std::string>());
}

/// The member `chat_template` of a file of JSON.
std::optional<std::string> member_template(const fs::path& path, bool with_tools) {
  if (!is_there(path)) {
    return std::nullopt;
  }
  const std::string subject = file_name_text(path);
  const Json config = parse_json(read_text_file(path), subject);
  OTTOBIT_CHECK(config.is_object(), ErrorCode::format, subject,
                "found " + std::string(json_type_text(config)) + ", expected an object");
  const auto entry = config.find("chat_template");
  if (entry == config.end() || entry->is_null()) {
    return std::nullopt;
  }
  return choose(*entry, with_tools, subject);
}

/// Files of their own first: the newest releases write those.
std::optional<std::string> published_template(const fs::path& dir, bool with_tools) {
  if (with_tools) {
    if (auto text = read_if_there(dir / "additional_chat_templates" / "tool_use.jinja")) {
      return text;
    }
  }
  if (auto text = read_if_there(dir / "chat_template.jinja")) {
    return text;
  }
  if (auto text = member_template(dir / "chat_template.json", with_tools)) {
    return text;
  }
  return member_template(dir / "tokenizer_config.json", with_tools);
}

}  // namespace

std::optional<std::string> load_chat_template(const fs::path& dir, std::string_view family,
                                              bool with_tools) {
  std::optional<std::string> text = published_template(dir, with_tools);
  return text ? text : builtin_chat_template(family, dir);
}

}  // namespace ottobit
