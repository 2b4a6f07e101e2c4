// SPDX-License-Identifier: Apache-2.0
// Answers of one running text with marked places in it: <think>...</think>, <tool_call>... .
#include <utility>

#include "answer/machine.hpp"

namespace ottobit {

namespace {

using Machine = AnswerParser::Machine;

class TagMachine final : public Machine {
 public:
  explicit TagMachine(AnswerStart start) : Machine(std::move(start)) {
    const AnswerFormat& format = *this->start().format;
    if (this->start().thinking && !format.think.open.empty()) {
      turn_to(State::reasoning);
    } else if (format.bare_calls && this->start().has_tools) {
      state_ = State::bare;
    }
  }

 private:
  enum class State {
    content,
    reasoning,
    section,  ///< between calls
    call,
    bare,  ///< perhaps a call without markers: nothing but blanks, or a "{" after them, so far
  };

  [[nodiscard]] const AnswerFormat& format() const noexcept { return *start().format; }

  [[nodiscard]] std::vector<std::string_view> active() const override {
    switch (state_) {
      case State::reasoning:
        return said_ ? std::vector{format().think.close}
                     : std::vector{format().think.close, format().think.open};
      case State::section:
        return {format().call.open, format().section.close, format().other_section.close};
      case State::call:
        return {format().call.close};
      case State::content:
      case State::bare:
        break;
    }
    std::vector<std::string_view> markers = {format().section.open, format().other_section.open,
                                             format().call.open};
    if (!said_) {  // later it is talk about the marker
      markers.push_back(format().think.open);
    }
    return markers;
  }

  void on_text(std::string_view text) override {
    switch (state_) {
      case State::content:
        return say(Kind::content, text);
      case State::reasoning:
        return say(Kind::reasoning, text);
      case State::section:
        return stray(text, strayed_, "there is text between the tool calls");
      case State::call:
        body_ += text;
        return;
      case State::bare:
        body_ += text;
        const std::size_t first = body_.find_first_not_of(kBlank);
        if (first != std::string::npos && body_[first] != '{') {
          leave_bare();
        }
        return;
    }
  }

  void on_marker(std::string_view marker) override {
    if (state_ == State::bare) {
      leave_bare();
    }
    if (state_ == State::reasoning) {
      turn_to(marker == format().think.close ? State::content : State::reasoning);
    } else if (state_ == State::call) {
      read_call(marker);
    } else if (marker == format().think.open) {
      turn_to(State::reasoning);
    } else if (marker == format().section.open || marker == format().other_section.open) {
      in_section_ = true;
      turn_to(State::section);
    } else if (marker == format().section.close || marker == format().other_section.close) {
      in_section_ = false;
      turn_to(State::content);
    } else {
      body_.clear();
      turn_to(State::call);
    }
  }

  void on_end() override {
    if (state_ == State::bare) {
      std::string why;
      std::vector<ToolCall> calls = read_tool_calls(format().syntax, body_, start().types, why);
      if (!calls.empty()) {
        return give(std::move(calls));
      }
      leave_bare();
    }
    if (state_ == State::call && format().call.close.empty()) {
      return read_call("");
    }
    if (state_ == State::call) {
      end_call();
    }
    emit(state_ == State::reasoning ? Kind::reasoning : Kind::content, newlines_);
    newlines_.clear();
    if (state_ == State::reasoning) {
      note("the thinking is not closed");
    }
  }

  /// Leaves the newlines before a marker and skips those after it.
  void turn_to(State state) {
    state_ = state;
    newlines_.clear();
    strayed_ = false;
    after_marker_ = true;
    said_ = state != State::reasoning;
  }

  /// Text, but for the newlines next to a marker.
  void say(Kind kind, std::string_view text) {
    newlines_ += text;  // with those held back so far
    std::string all = std::exchange(newlines_, {});
    const std::size_t last = all.find_last_not_of('\n');
    if (last == std::string::npos) {
      newlines_ = std::move(all);
      return;
    }
    newlines_ = all.substr(last + 1);
    all.erase(last + 1);
    emit(kind, after_marker_ ? std::string_view(all).substr(all.find_first_not_of('\n'))
                             : std::string_view(all));
    after_marker_ = false;
    said_ = true;
  }

  void leave_bare() {
    state_ = State::content;
    say(Kind::content, std::exchange(body_, {}));
  }

  /// The answer ends within a call: it counts if nothing but its closing marker is missing.
  void end_call() {
    std::string why;
    std::vector<ToolCall> calls = read_tool_calls(format().syntax, body_, start().types, why);
    if (calls.empty()) {
      give_back("the tool call is not complete", "");
    } else {
      give(std::move(calls));
      body_.clear();
    }
  }

  void read_call(std::string_view marker) {
    std::string why;
    std::vector<ToolCall> calls = read_tool_calls(format().syntax, body_, start().types, why);
    if (calls.empty() && !marker.empty() && breaks_off(format().syntax, body_)) {
      body_ += marker;  // a part of a value, in which the call goes on
      return;
    }
    if (calls.empty()) {
      give_back("not a tool call: " + why, marker);
    } else {
      give(std::move(calls));
    }
    turn_to(in_section_ ? State::section : State::content);
  }

  void give(std::vector<ToolCall> calls) {
    for (ToolCall& call : calls) {
      emit(std::move(call));
    }
  }

  /// What looked like a call is content.
  void give_back(std::string why, std::string_view close) {
    note(std::move(why));
    emit(Kind::content, format().call.open);
    emit(Kind::content, body_);
    emit(Kind::content, close);
    body_.clear();
  }

  static constexpr std::string_view kBlank = " \n\t\r";

  State state_ = State::content;
  bool in_section_ = false;
  bool strayed_ = false;       ///< there is text between calls
  bool said_ = false;          ///< something since the answer, or its thinking, began
  bool after_marker_ = false;  ///< newlines that come now are the marker's
  std::string newlines_;       ///< at the end of the text so far; a marker's, if one follows
  std::string body_;           ///< of a call
};

}  // namespace

std::unique_ptr<Machine> make_tag_machine(AnswerStart start) {
  return std::make_unique<TagMachine>(std::move(start));
}

}  // namespace ottobit
