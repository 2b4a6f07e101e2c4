// SPDX-License-Identifier: Apache-2.0
// One answer: reads the prompt into the session, generates, shows what comes. Shared by run and
// chat.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "api.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace ottobit::cli {

/// Where the pieces of an answer go.
struct AnswerView {
  bool quiet = false;    ///< shows nothing at all
  bool thinking = true;  ///< shows the thinking
  bool labels = false;   ///< "thinking:" and "answer:", both on standard output; otherwise the
                         ///< thinking goes to standard error
};

struct Answer {
  std::string text;
  std::string thinking;
  OrderedJson message;  ///< as the chat JSON has it: with its role, and tool_calls if there are any
  std::int32_t finish = OTTOBIT_FINISH_NONE;
  std::uint64_t prompt_tokens = 0;  ///< that were computed
  std::uint64_t prompt_reused = 0;  ///< that were in the session already
  std::uint64_t generated_tokens = 0;
  double prompt_seconds = 0;
  double decode_seconds = 0;

  [[nodiscard]] double prompt_rate() const noexcept;
  [[nodiscard]] double decode_rate() const noexcept;
  /// "prompt 34 tokens at 5210 tok/s · answer 21 tokens at 1830 tok/s"
  [[nodiscard]] std::string rates() const;
};

/// "end", "stop", "length", "context", "cancel"
[[nodiscard]] const char* finish_name(std::int32_t finish);

/// How an answer comes about.
struct AnswerOptions {
  SamplingOptions sampling;
  ottobit_grammar* grammar = nullptr;     ///< nullptr: it may be anything
  ottobit_chat_parser* parser = nullptr;  ///< takes it apart; without one all of it is text
};

/// Makes the session's history equal to `prompt` and generates. Ctrl-C ends it with
/// OTTOBIT_FINISH_CANCEL, also while the prompt is read.
[[nodiscard]] Answer answer(ottobit_session* session, std::span<const std::int32_t> prompt,
                            const AnswerOptions& options, const AnswerView& view);

}  // namespace ottobit::cli
