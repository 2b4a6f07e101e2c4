// SPDX-License-Identifier: Apache-2.0
// Chat templates: how a conversation becomes the text a model was trained on. A template is the
// Jinja text a model folder ships; the conversation is the chat JSON of the C interface
// (ottobit_chat_text). What is rendered is what the transformers library renders, byte for byte,
// plus one thing it does not know: which bytes came from the caller, so that control words in a
// user's message can be tokenised as the plain text they are.
//
// Where it differs from transformers, on purpose:
//  - methods that change a list or dict (append, pop, update, ...) work instead of being refused;
//  - tool call `arguments` given as a string of JSON are that string where a template wants text,
//    and the object it holds where a template wants a mapping (`is mapping`, items, tojson, keys);
//  - a template that knows reasoning as `thinking` (gpt-oss) is given `reasoning_content` so;
//  - the filter from_json exists; an unknown filter, test or tag is refused when the template is
//    read, not when it is reached;
//  - integers have 64 bits; a result that needs more is an error.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jinja/span.hpp"

namespace ottobit {

namespace jinja {
struct Template;
}  // namespace jinja

/// A rendered conversation. The bytes of `text` in `content` came from the caller's data (message
/// contents, tool texts, template variables); control words there are plain text when tokenised.
/// The rest comes from the template itself, and so do the usual role names ("user", "assistant",
/// ...): templates build control words around them ("<|" + role + "|>").
struct Rendered {
  std::string text;
  std::vector<TextSpan> content;  ///< sorted, disjoint, merged where adjacent; none is empty
};

/// A parsed template: immutable, cheap to copy, shared freely between threads.
class ChatTemplate {
 public:
  /// `name` is the subject of errors. Throws Error{chat_template, name, "line L, column C: ..."}
  /// on anything the engine does not know, and for more than 1 MiB.
  static ChatTemplate parse(const std::string& source, std::string name);

  [[nodiscard]] const std::string& name() const noexcept;
  /// The text it was parsed from, but for line ends.
  [[nodiscard]] const std::string& text() const noexcept;
  /// True where the template reads this variable.
  [[nodiscard]] bool uses(std::string_view variable) const noexcept;
  [[nodiscard]] const jinja::Template& parsed() const noexcept { return *parsed_; }

 private:
  explicit ChatTemplate(std::shared_ptr<const jinja::Template> parsed)
      : parsed_(std::move(parsed)) {}

  std::shared_ptr<const jinja::Template> parsed_;
};

/// Renders one conversation. `chat_json` is one object: `messages` (required), `tools`,
/// `documents`, `add_generation_prompt` (default true), `now` (ISO 8601, default the clock); every
/// other member is a template variable. `bos_token` and `eos_token` are the texts of the model
/// folder and count as text of the template. Contents that are lists of texts become one text each
/// where the template fails at lists or leaves one of their texts out.
/// Throws Error{argument, "chat JSON", ...} where the JSON is not of that shape, and
/// Error{chat_template} where the template fails or raises (then with its own message).
Rendered render_chat(const ChatTemplate& chat_template, std::string_view chat_json,
                     const std::string& bos_token, const std::string& eos_token);

/// True where the chat JSON has a list of tools that is not empty. False for what is not JSON.
bool has_tools(std::string_view chat_json);

/// The template of a model folder: chat_template.jinja, else `chat_template` of chat_template.json,
/// else of tokenizer_config.json (a string, or a list of {name, template}); nullopt where there is
/// none. Of several, as transformers: the one named "tool_use" for a conversation with tools
/// (`with_tools`) where there is one, else "default", else the only one. Beside chat_template.jinja
/// the others lie in additional_chat_templates/NAME.jinja. A family (`model_type`) whose folders
/// bring none has a built-in one. Throws Error{format} where the entry has another shape.
std::optional<std::string> load_chat_template(const std::filesystem::path& dir,
                                              std::string_view family, bool with_tools = false);

}  // namespace ottobit
