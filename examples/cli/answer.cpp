// SPDX-License-Identifier: Apache-2.0
// Generating and showing one answer.
#include "answer.hpp"

#include <chrono>

#include "interrupt.hpp"
#include "progress.hpp"

namespace ottobit::cli {
namespace {

constexpr double kPromptBarDelay = 1.0;
constexpr const char* kSpace = " \t\r\n";

/// Shows thinking and answer as they come. White space around the thinking, which templates and
/// models put there for themselves, is not shown.
class Screen {
 public:
  explicit Screen(const AnswerView& view) : view_(view) {}

  void show_thinking(std::string_view text) {
    if (view_.quiet || !view_.thinking) {
      return;
    }
    pending_ += text;
    const std::size_t first = pending_.find_first_not_of(kSpace);
    if (first == std::string::npos) {
      return;
    }
    if (!in_thinking_) {
      pending_.erase(0, first);
      write(thinking_output(), dim(thinking_output(), "thinking: "));
      in_thinking_ = true;
    }
    const std::size_t end = pending_.find_last_not_of(kSpace) + 1;
    write_dim(std::string_view(pending_).substr(0, end));
    pending_.erase(0, end);
  }

  void show_answer(std::string_view text) {
    if (view_.quiet) {
      return;
    }
    end_thinking();
    if (after_thinking_ && !started_answer_) {
      const std::size_t first = text.find_first_not_of(kSpace);
      if (first == std::string_view::npos) {
        return;
      }
      text.remove_prefix(first);
      if (view_.labels) {
        write(standard_output(), bold(standard_output(), "answer: "));
      }
    }
    if (!text.empty()) {
      started_answer_ = true;
      at_line_start_ = text.back() == '\n';
      write_untrusted(standard_output(), text);
    }
  }

  /// A line of its own.
  void show_call(std::string_view name, std::string_view arguments) {
    show_answer((started_answer_ && !at_line_start_ ? "\n" : "") + std::string("call ") +
                std::string(name) + " " + std::string(arguments) + "\n");
  }

  /// Ends the last line.
  void finish() {
    end_thinking();
    if (started_answer_ && !at_line_start_) {
      write(standard_output(), "\n");
    }
  }

 private:
  [[nodiscard]] const Output& thinking_output() const {
    return view_.labels ? standard_output() : standard_error();
  }

  void write_dim(std::string_view text) {
    const Output& output = thinking_output();
    if (output.terminal) {
      write(output, dim(output, without_controls(text)));
    } else {
      write(output, text);
    }
  }

  void end_thinking() {
    pending_.clear();
    if (in_thinking_) {
      write(thinking_output(), "\n");
      in_thinking_ = false;
      after_thinking_ = true;
    }
  }

  AnswerView view_;
  std::string pending_;
  bool in_thinking_ = false;
  bool after_thinking_ = false;
  bool started_answer_ = false;
  bool at_line_start_ = true;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// False if Ctrl-C ended it.
bool read_prompt(ottobit_session* session, std::span<const std::int32_t> prompt,
                 ottobit_cancel* cancel, Answer& result) {
  const auto start = std::chrono::steady_clock::now();
  ProgressBar bar("reading the prompt", ProgressBar::Unit::tokens, kPromptBarDelay);
  std::size_t reused = 0;
  ottobit_error* error = nullptr;
  const ottobit_status status = ottobit_session_set(session, prompt.data(), prompt.size(), &reused,
                                                    cancel, ProgressBar::report, &bar, &error);
  if (status == OTTOBIT_E_CANCELLED) {
    ottobit_error_release(error);
    return false;
  }
  if (status < 0) {
    throw_api_error(status, error);
  }
  result.prompt_reused = reused;
  result.prompt_tokens = prompt.size() - reused;
  result.prompt_seconds = seconds_since(start);
  return true;
}

/// Shows and keeps the parts that have become certain.
void take_parts(ottobit_chat_parser* parser, Screen& screen, Answer& result) {
  ottobit_chat_part part{};
  part.struct_size = sizeof part;
  while (call([&](ottobit_error** err) { return ottobit_chat_parser_next(parser, &part, err); }) ==
         OTTOBIT_OK) {
    const std::string_view text(part.text, part.text_len);
    if (part.kind == OTTOBIT_PART_REASONING) {
      result.thinking += text;
      screen.show_thinking(text);
    } else if (part.kind == OTTOBIT_PART_CONTENT) {
      result.text += text;
      screen.show_answer(text);
    } else if (part.kind == OTTOBIT_PART_TOOL_CALL) {
      screen.show_call(part.name, text);
    }
  }
}

/// How events are handed to the parser: as tokens, but as text where a stop text may cut it.
class Feeder {
 public:
  Feeder(ottobit_chat_parser* parser, bool text) : parser_(parser), text_(text) {}

  void feed(const ottobit_event& event, Screen& screen, Answer& result) const {
    const std::string_view text(event.text, event.text_len);
    if (parser_ == nullptr) {
      result.text += text;
      screen.show_answer(text);
      return;
    }
    call([&](ottobit_error** err) {
      return text_ ? ottobit_chat_parser_text(parser_, text.data(), text.size(), err)
                   : ottobit_chat_parser_tokens(parser_, &event.token, event.token >= 0 ? 1U : 0U,
                                                err);
    });
    take_parts(parser_, screen, result);
  }

  void finish(Screen& screen, Answer& result) const {
    if (parser_ == nullptr) {
      result.message = {{"role", "assistant"}, {"content", result.text}};
      return;
    }
    call([&](ottobit_error** err) { return ottobit_chat_parser_finish(parser_, err); });
    take_parts(parser_, screen, result);
    result.message = OrderedJson::parse(
        text_of([&](char* text, std::size_t cap, std::size_t* need, ottobit_error** err) {
          return ottobit_chat_parser_json(parser_, text, cap, need, err);
        }));
  }

 private:
  ottobit_chat_parser* parser_;
  bool text_;
};

void generate(ottobit_session* session, const GenerateOptions& options, const Feeder& feeder,
              Screen& screen, Answer& result) {
  ottobit_stream* raw = nullptr;
  call(
      [&](ottobit_error** err) { return ottobit_stream_start(session, options.get(), &raw, err); });
  const Stream stream(raw);
  ottobit_event event{};
  event.struct_size = sizeof event;
  while (true) {
    ottobit_error* error = nullptr;
    const ottobit_status status = ottobit_stream_next(stream.get(), &event, &error);
    if (status == OTTOBIT_E_CANCELLED) {
      ottobit_error_release(error);
      result.finish = OTTOBIT_FINISH_CANCEL;
      break;
    }
    if (status < 0) {
      throw_api_error(status, error);
    }
    if (status != OTTOBIT_OK) {
      break;
    }
    result.generated_tokens += event.token >= 0 ? 1U : 0U;
    result.finish = event.finish;
    feeder.feed(event, screen, result);
  }
  feeder.finish(screen, result);
}

}  // namespace

double Answer::prompt_rate() const noexcept {
  return prompt_seconds > 0 ? static_cast<double>(prompt_tokens) / prompt_seconds : 0;
}

double Answer::decode_rate() const noexcept {
  return decode_seconds > 0 ? static_cast<double>(generated_tokens) / decode_seconds : 0;
}

std::string Answer::rates() const {
  std::string line = "prompt " + plural(prompt_tokens, "token");
  if (prompt_reused > 0) {
    line += " (+ " + count_text(prompt_reused) + " kept)";
  }
  return line + " at " + number_text(prompt_rate()) + " tok/s · answer " +
         plural(generated_tokens, "token") + " at " + number_text(decode_rate()) + " tok/s";
}

const char* finish_name(std::int32_t finish) {
  switch (finish) {
    case OTTOBIT_FINISH_END:
      return "end";
    case OTTOBIT_FINISH_STOP:
      return "stop";
    case OTTOBIT_FINISH_LENGTH:
      return "length";
    case OTTOBIT_FINISH_CONTEXT:
      return "context";
    case OTTOBIT_FINISH_CANCEL:
      return "cancel";
    default:
      return "none";
  }
}

Answer answer(ottobit_session* session, std::span<const std::int32_t> prompt,
              const AnswerOptions& how, const AnswerView& view) {
  Answer result;
  const Cancel cancel = make_cancel();
  const CancelOnInterrupt on_interrupt(cancel.get());
  if (!read_prompt(session, prompt, cancel.get(), result)) {
    result.finish = OTTOBIT_FINISH_CANCEL;
    return result;
  }
  Screen screen(view);
  const bool by_text = how.parser != nullptr && !how.sampling.stop.empty();
  const GenerateOptions options(how.sampling, how.grammar, cancel.get(),
                                by_text ? OTTOBIT_GENERATE_SPECIAL : 0);
  const auto start = std::chrono::steady_clock::now();
  try {
    generate(session, options, Feeder(how.parser, by_text), screen, result);
  } catch (const ApiError&) {
    screen.finish();  // the message must begin on a line of its own
    throw;
  }
  result.decode_seconds = seconds_since(start);
  screen.finish();
  return result;
}

}  // namespace ottobit::cli
