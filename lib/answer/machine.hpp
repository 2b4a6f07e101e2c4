// SPDX-License-Identifier: Apache-2.0
// What the two kinds of answer formats share: finding markers in a text that arrives in pieces, and
// handing out parts. A kind says which markers count where it stands, and what becomes of the text
// between them.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "answer/answer.hpp"

namespace ottobit {

class AnswerParser::Machine {
 public:
  explicit Machine(AnswerStart start) : start_(std::move(start)) {}
  virtual ~Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void feed(std::string_view text);
  void feed_marker(std::string_view marker);
  void finish();

  [[nodiscard]] std::deque<AnswerPart>& parts() noexcept { return parts_; }

 protected:
  using Kind = AnswerPart::Kind;

  /// The markers that count now, ends not among them.
  [[nodiscard]] virtual std::vector<std::string_view> active() const = 0;
  virtual void on_text(std::string_view text) = 0;
  virtual void on_marker(std::string_view marker) = 0;
  /// The answer ends here: by one of `ends`, or because no more comes.
  virtual void on_end() = 0;

  [[nodiscard]] const AnswerStart& start() const noexcept { return start_; }
  void emit(Kind kind, std::string_view text);
  void emit(ToolCall call);
  /// Text where none belongs is content, but for blanks before it. `strayed`: there was such text
  /// already, since the last marker.
  void stray(std::string_view text, bool& strayed, const char* why);
  void note(std::string text) { parts_.push_back({Kind::note, std::move(text), {}}); }

 private:
  [[nodiscard]] std::vector<std::string_view> in_text() const;
  [[nodiscard]] bool counts(std::string_view marker) const;
  void scan(bool all);
  void meet(std::string_view marker);
  void settle(std::string_view text);

  AnswerStart start_;
  std::string pending_;  ///< its end may be the beginning of a marker
  std::deque<AnswerPart> parts_;
  bool ended_ = false;    ///< by one of `ends`
  bool strayed_ = false;  ///< there is text after it
};

/// <think>, <tool_call> and the like.
std::unique_ptr<AnswerParser::Machine> make_tag_machine(AnswerStart start);
/// OpenAI's harmony.
std::unique_ptr<AnswerParser::Machine> make_harmony_machine(AnswerStart start);

}  // namespace ottobit
