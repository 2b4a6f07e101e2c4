// SPDX-License-Identifier: Apache-2.0
// OpenAI's harmony: an answer is one message or several, each
//   <|start|>assistant<|channel|>CHANNEL to=RECIPIENT <|constrain|>json<|message|>TEXT<|end|>
// with <|call|> at the end of a call and <|return|> at the end of the answer. The recipient may
// stand before the channel as well. The prompt ends with "<|start|>assistant".
#include <utility>

#include "answer/machine.hpp"

namespace ottobit {

namespace {

using Machine = AnswerParser::Machine;

constexpr std::string_view kStart = "<|start|>";
constexpr std::string_view kChannel = "<|channel|>";
constexpr std::string_view kConstrain = "<|constrain|>";
constexpr std::string_view kMessage = "<|message|>";
constexpr std::string_view kEnd = "<|end|>";
constexpr std::string_view kCall = "<|call|>";
constexpr std::string_view kReturn = "<|return|>";
constexpr std::string_view kBlank = " \n\t\r";

/// The word in `header` after `key`; empty without it.
std::string_view word_after(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(key);
  if (at == std::string_view::npos) {
    return {};
  }
  header.remove_prefix(at + key.size());
  return header.substr(0, header.find_first_of(" \n\t\r<"));
}

class HarmonyMachine final : public Machine {
 public:
  using Machine::Machine;

 private:
  enum class State { header, message, call, between };

  [[nodiscard]] std::vector<std::string_view> active() const override {
    switch (state_) {
      case State::header:
        return {kStart, kChannel, kConstrain, kMessage, kEnd, kCall, kReturn};
      case State::between:
        return {kStart, kChannel};
      case State::message:
      case State::call:
        break;
    }
    return {kStart, kChannel, kEnd, kCall, kReturn};
  }

  void on_text(std::string_view text) override {
    if (state_ == State::message) {
      say(text);
    } else if (state_ == State::between) {
      stray(text, strayed_, "there is text between the messages");
    } else {
      (state_ == State::header ? header_ : body_) += text;
    }
  }

  void on_marker(std::string_view marker) override {
    if (state_ == State::header) {
      if (marker == kMessage) {
        return open_message();
      }
      if (marker == kChannel || marker == kConstrain) {
        header_ += marker;
        return;
      }
      give_back_header();
    } else {
      if (state_ == State::message && marker == kCall) {
        note("a call names no function");
      }
      close_message();
    }
    strayed_ = false;
    header_ = marker == kChannel ? marker : "";
    state_ = marker == kStart || marker == kChannel ? State::header : State::between;
  }

  void on_end() override {
    if (state_ == State::header) {
      give_back_header();
    } else {
      close_message();
    }
    state_ = State::between;
  }

  void open_message() {
    constexpr std::string_view kFunctions = "functions.";
    recipient_ = word_after(header_, "to=");
    if (recipient_.substr(0, kFunctions.size()) == kFunctions) {
      recipient_.erase(0, kFunctions.size());
    }
    const bool analysis = word_after(header_, kChannel) == "analysis";
    state_ = recipient_.empty() ? State::message : State::call;
    kind_ = analysis ? Kind::reasoning : Kind::content;
    body_.clear();
    fresh_ = true;
  }

  /// Messages of one kind are set apart by an empty line.
  void say(std::string_view text) {
    bool& said = kind_ == Kind::reasoning ? said_reasoning_ : said_content_;
    emit(kind_, fresh_ && said ? "\n\n" : "");
    emit(kind_, text);
    said = true;
    fresh_ = false;
  }

  // A call whose <|call|> the caller did not pass on is still whole if its JSON is.
  void close_message() {
    if (state_ != State::call) {
      return;
    }
    std::string why;
    std::vector<ToolCall> calls = tool_call_of(recipient_, body_, start().types, why);
    if (calls.empty()) {
      note("not a tool call: " + why);
      emit(Kind::content, header_);
      emit(Kind::content, kMessage);
      emit(Kind::content, body_);
      said_content_ = true;
    } else {
      emit(std::move(calls.front()));
    }
  }

  void give_back_header() {
    if (header_.find_first_not_of(kBlank) != std::string::npos) {
      note("a message has no <|message|>");
      emit(Kind::content, header_);
      said_content_ = true;
    }
  }

  State state_ = State::header;
  std::string header_;
  std::string recipient_;
  std::string body_;  ///< of a call
  Kind kind_ = Kind::content;
  bool strayed_ = false;  ///< there is text between messages
  bool fresh_ = false;    ///< nothing of this message was said
  bool said_content_ = false;
  bool said_reasoning_ = false;
};

}  // namespace

std::unique_ptr<Machine> make_harmony_machine(AnswerStart start) {
  return std::make_unique<HarmonyMachine>(std::move(start));
}

}  // namespace ottobit
