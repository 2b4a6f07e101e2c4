// SPDX-License-Identifier: Apache-2.0
// A model's answer taken apart: what it thought, what it says, which tools it calls. The reverse of
// a chat template, and like it a matter of the family: AnswerFormat names the markers of one.
//
// Nothing of an answer is lost: what is not of the family's form comes back as content, with a note
// that says what is wrong with it. Only the markers are dropped, and the newlines with which
// templates surround them.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "answer/tool_calls.hpp"

namespace ottobit {

/// The texts around something; empty: the format has none.
struct MarkerPair {
  std::string_view open;
  std::string_view close;  ///< empty beside an `open`: up to the end of the answer
};

/// How a family writes its answers. All text lives forever.
struct AnswerFormat {
  std::string_view name;
  MarkerPair think;
  std::string_view end_thinking;  ///< what ends the thinking when it must: the close and what a
                                  ///< model writes around it
  MarkerPair report;              ///< within the thinking, about its budget
  int patience = 0;               ///< tokens beyond its budget that a model needs to say so
  MarkerPair section;             ///< around all calls
  MarkerPair other_section;       ///< what some models write for it
  MarkerPair call;                ///< around one
  std::string_view within;        ///< of these markers, what may be a token of its own
  CallSyntax syntax = CallSyntax::none;
  std::string_view waits;   ///< what a model writes behind its calls, and stops
  bool bare_calls = false;  ///< an answer that is nothing but a JSON call is one (Llama)
  bool harmony = false;     ///< messages with headers; beside `think` there are more markers
};

/// The format that the template text speaks of; where it speaks of none, what models of this
/// `family` (model_type) write by themselves.
[[nodiscard]] const AnswerFormat& answer_format(std::string_view template_text,
                                                std::string_view family) noexcept;

/// All markers of a format.
[[nodiscard]] std::vector<std::string_view> markers_of(const AnswerFormat& format);

/// One piece of an answer, in the order in which it was written.
struct AnswerPart {
  enum class Kind { content = 1, reasoning = 2, tool_call = 3, note = 4 };
  Kind kind = Kind::content;
  std::string text;  ///< never empty, but for a tool call
  ToolCall call;
};

/// What is known of an answer before it begins.
struct AnswerStart {
  const AnswerFormat* format = nullptr;    ///< not null
  std::vector<std::string> ends;           ///< texts of the tokens that end an answer
  std::vector<std::string> token_markers;  ///< markers and ends that come as tokens, by feed_marker
                                           ///< alone: in the text they are just text
  bool thinking = false;                   ///< the prompt has opened the thinking already
  bool has_tools = true;  ///< false: bare calls are none, and JSON is shown as it comes
  ToolTypes types;
};

/// Takes an answer apart while it arrives. Not for several threads at once.
class AnswerParser {
 public:
  class Machine;

  explicit AnswerParser(AnswerStart start);
  ~AnswerParser();
  AnswerParser(const AnswerParser&) = delete;
  AnswerParser& operator=(const AnswerParser&) = delete;
  AnswerParser(AnswerParser&&) noexcept;
  AnswerParser& operator=(AnswerParser&&) noexcept;

  /// More of the answer, in pieces of any size.
  void feed(std::string_view text);
  /// A marker or an end that came as a token of its own.
  void feed_marker(std::string_view marker);
  /// The answer is complete: gives what was held back. Nothing may be fed any more.
  void finish();

  /// Whether a part waits, and the next of them. Neighbours of one kind are one part.
  [[nodiscard]] bool has_part() const noexcept;
  [[nodiscard]] AnswerPart take();

 private:
  std::unique_ptr<Machine> machine_;
};

/// An answer as a whole.
struct Answer {
  std::string content;
  std::string reasoning;
  std::vector<ToolCall> tool_calls;
  std::vector<std::string> notes;

  void add(AnswerPart part);
  /// One message as the chat JSON has them: {"role": "assistant", "content": ...,
  /// "reasoning_content": ..., "tool_calls": [{"id", "type": "function", "function": {"name",
  /// "arguments": text}}], "notes": [...]}; role and content alone where there is no more. Calls
  /// without an id of the model's own are "call_0", "call_1", ...
  [[nodiscard]] OrderedJson json() const;
};

/// Takes a complete answer apart. Where it closes a thinking block that it did not open, the prompt
/// must have opened it.
[[nodiscard]] Answer parse_answer(AnswerStart start, std::string_view text);

}  // namespace ottobit
