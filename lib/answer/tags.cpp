// SPDX-License-Identifier: Apache-2.0
// Answers of one running text with marked places in it: <think>...</think>, <tool_call>... .
#include <algorithm>
#include <utility>

#include "answer/lost_opening.hpp"
#include "answer/machine.hpp"

namespace ottobit {

namespace {

using Machine = AnswerParser::Machine;

class TagMachine final : public Machine {
 public:
  explicit TagMachine(AnswerStart start) : Machine(std::move(start)) {
    const AnswerFormat& format = *this->start().format;
    if (this->start().has_tools) {
      fronts_ = CallFronts(format.syntax, this->start().types);
    }
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
        return {format().call.open, format().call.close, format().section.close,
                format().other_section.close};
      case State::call:
        return {format().call.close, format().call.open};
      case State::content:
      case State::bare:
        break;
    }
    std::vector<std::string_view> markers = {format().section.open, format().other_section.open,
                                             format().call.open};
    if (!said_) {  // later it is talk about the marker
      markers.push_back(format().think.open);
    }
    if (called_ || !fronts_.empty()) {
      markers.insert(markers.end(),
                     {format().call.close, format().section.close, format().other_section.close});
    }
    return markers;
  }

  void on_text(std::string_view text) override {
    switch (state_) {
      case State::content:
      case State::section:
        return outside(text);
      case State::reasoning:
        return say(Kind::reasoning, text);
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
    show(std::exchange(held_, {}));
    if (state_ == State::reasoning) {
      turn_to(marker == format().think.close ? State::content : State::reasoning);
    } else if (state_ == State::call) {
      marker == format().call.close ? read_call(marker) : reopen_call();
    } else if (marker == format().think.open) {
      turn_to(State::reasoning);
    } else if (marker == format().section.open || marker == format().other_section.open) {
      in_section_ = true;
      turn_to(State::section);
    } else if (marker == format().call.open) {
      open_call();
    } else if (state_ == State::section && marker != format().call.close) {
      in_section_ = false;
      turn_to(State::content);
    } else {
      close_nothing(marker);
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
    show(std::exchange(held_, {}));
    if (state_ == State::call && format().call.close.empty()) {
      return read_call("");
    }
    if (state_ == State::call) {
      end_call();
    }
    if (!after_marker_) {
      emit(state_ == State::reasoning ? Kind::reasoning : Kind::content, newlines_);
    }
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
    line_start_ = true;
    said_ = state != State::reasoning;
  }

  /// Text outside of calls, but for what may be the front of one that has lost its opening marker.
  void outside(std::string_view text) {
    const std::string all = std::exchange(held_, {}) + std::string(text);
    for (std::string_view rest = all; !rest.empty();) {
      using Match = CallFronts::Match;
      const Match match = line_start_ ? fronts_.match(rest) : Match::none;
      if (match == Match::perhaps) {
        held_ = rest;
        return;
      }
      if (match == Match::call) {
        body_ = rest;
        unopened_ = true;
        state_ = State::call;  // the newlines before it are still there, should it be none
        return;
      }
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      line_start_ = rest[end - 1] == '\n';
      show(rest.substr(0, end));
      rest.remove_prefix(end);
    }
  }

  void show(std::string_view text) {
    const bool blank = text.find_first_not_of(kBlank) == std::string_view::npos;
    called_ = called_ && blank;
    if (in_section_) {
      return stray(text, strayed_, "there is text between the tool calls");
    }
    shown_ = shown_ || !blank;
    say(Kind::content, text);
  }

  /// A closing marker that closes nothing: one too many after a call, else text.
  void close_nothing(std::string_view marker) {
    if (!called_) {
      note("\"" + std::string(marker) + "\" closes nothing");
      show(marker);
    }
    line_start_ = true;
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
    outside(std::exchange(body_, {}));
  }

  void open_call() {
    body_.clear();
    unopened_ = false;
    turn_to(State::call);
  }

  /// An opening marker within a call: a part of a value, unless the call ended without its closing
  /// marker or has not begun.
  void reopen_call() {
    std::string why;
    std::vector<ToolCall> calls = read_tool_calls(format().syntax, body_, start().types, why);
    if (!calls.empty() || body_.find_first_not_of(kBlank) == std::string::npos) {
      give(std::move(calls));
      open_call();
    } else {
      body_ += format().call.open;
    }
  }

  /// The answer ends within a call: it counts if nothing but its markers is missing.
  void end_call() {
    std::string why;
    std::vector<ToolCall> calls = read_tool_calls(format().syntax, body_, start().types, why);
    const bool is_talk = unopened_ && shown_ && is_json();  // an example of a call, perhaps
    if (calls.empty() || is_talk) {
      give_back(unopened_ && is_json() ? "" : "the tool call is not complete", "");
    } else {
      give(std::move(calls));
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
      called_ = true;
    }
    body_.clear();
    newlines_.clear();
  }

  /// What looked like a call is content.
  void give_back(std::string why, std::string_view close) {
    if (!why.empty()) {
      note(std::move(why));
    }
    emit(Kind::content, std::exchange(newlines_, {}));
    emit(Kind::content, unopened_ ? "" : format().call.open);
    emit(Kind::content, body_);
    emit(Kind::content, close);
    body_.clear();
  }

  [[nodiscard]] bool is_json() const noexcept {
    return format().syntax == CallSyntax::json || format().syntax == CallSyntax::json_parameters;
  }

  static constexpr std::string_view kBlank = " \n\t\r";

  State state_ = State::content;
  bool in_section_ = false;
  bool strayed_ = false;       ///< there is text between calls
  bool said_ = false;          ///< something since the answer, or its thinking, began
  bool after_marker_ = false;  ///< newlines that come now are the marker's
  std::string newlines_;       ///< at the end of the text so far; a marker's, if one follows
  std::string body_;           ///< of a call
  bool unopened_ = false;      ///< that call has no opening marker
  bool called_ = false;        ///< a call was the last thing that came
  bool shown_ = false;         ///< there is content
  bool line_start_ = true;     ///< text that comes now begins a line
  std::string held_;           ///< of such a line: perhaps the front of a call
  CallFronts fronts_;
};

}  // namespace

std::unique_ptr<Machine> make_tag_machine(AnswerStart start) {
  return std::make_unique<TagMachine>(std::move(start));
}

}  // namespace ottobit
