// SPDX-License-Identifier: Apache-2.0
// A model's answer taken apart while it arrives: reasoning, content and tool calls, in the way of
// the model's family. Malformed parts are content, with a note; nothing is lost.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ottobit/model.hpp"

namespace ottobit {

/// A piece of an answer. Views live until the next call on the parser.
struct ChatPart {
  /// The values equal OTTOBIT_PART_*.
  enum class Kind : std::int32_t { content = 1, reasoning = 2, tool_call = 3, note = 4 };

  Kind kind = Kind::content;
  std::string_view text;  ///< of a tool call: its arguments, a JSON object
  std::string_view name;  ///< of a tool call
  std::string_view id;    ///< of a tool call
};

/// Belongs to one thread at a time.
class ChatParser {
 public:
  /// `chat_json` is the conversation that the answer belongs to, as given to Model::chat_tokens:
  /// its prompt may have opened the thinking, and its tools declare the types of arguments. Empty:
  /// the thinking is not open and values are what they look like. Error{not_found} without
  /// tokenizer, or without template for a `chat_json`; otherwise as Model::chat_tokens.
  ChatParser(std::shared_ptr<const Model> model, std::string_view chat_json);
  ~ChatParser();
  ChatParser(ChatParser&&) noexcept;
  ChatParser& operator=(ChatParser&&) noexcept;

  /// More of the answer as text that has its control tokens in it (GenerateOptions::keep_special).
  void feed_text(std::string_view text);
  /// More of the answer as tokens, end token included; better than text: what merely looks like a
  /// control token is text. One answer is fed in one of the two ways; Error{argument} for the other
  /// and for an id outside the vocabulary.
  void feed_tokens(std::span<const std::int32_t> ids);
  /// The answer is complete. Feeding more is Error{argument}.
  void finish();

  /// The next piece; false if nothing is certain that was not given before.
  [[nodiscard]] bool next(ChatPart& part);
  /// The message so far, as ottobit_chat_parse gives it: all that next() gave.
  [[nodiscard]] std::string json() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Takes a complete answer apart, text with its control tokens; JSON as at ottobit_chat_parse.
/// Errors as ChatParser.
[[nodiscard]] std::string parse_chat_answer(const Model& model, std::string_view text);

}  // namespace ottobit
