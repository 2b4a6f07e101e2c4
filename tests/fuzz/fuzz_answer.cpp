// SPDX-License-Identifier: Apache-2.0
// Fuzz target: answers. The first byte chooses the format and whether the thinking is open, the
// second the size of the pieces. Pieces of any size give the same answer, and no content is lost:
// the letters of a text without markers come back.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "answer/answer.hpp"

namespace {

constexpr std::array<std::string_view, 11> kTemplates = {"",
                                                         "<|channel|><|message|>",
                                                         "｜DSML｜function_calls",
                                                         "<｜tool▁call▁begin｜>",
                                                         "<|tool_call_begin|>",
                                                         "<minimax:tool_call>",
                                                         "<seed:",
                                                         "<tool_call><function=",
                                                         "<tool_call>\"arguments\"",
                                                         "<|start_header_id|>\"parameters\"",
                                                         "</think>"};

ottobit::Answer parse(const ottobit::AnswerStart& start, std::string_view text, std::size_t size) {
  ottobit::AnswerParser parser(start);
  ottobit::Answer answer;
  const auto take = [&] {
    while (parser.has_part()) {
      answer.add(parser.take());
    }
  };
  for (std::size_t at = 0; at < text.size(); at += size) {
    parser.feed(text.substr(at, size));
    take();
  }
  parser.finish();
  take();
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  ottobit::AnswerStart start;
  start.format = &ottobit::answer_format(kTemplates[data[0] % kTemplates.size()], "");
  start.thinking = data[0] >= 128;
  start.ends = {"<|im_end|>", "<|return|>"};
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(data + 2)),
                              size - 2);
  const ottobit::Answer whole = parse(start, text, text.size() + 1);
  const ottobit::Answer pieces = parse(start, text, 1 + data[1] % 16);
  const bool same = whole.content == pieces.content && whole.reasoning == pieces.reasoning &&
                    whole.tool_calls.size() == pieces.tool_calls.size();
  const bool plain = text.find_first_of("<{| \n\r\t") == std::string_view::npos;
  const bool kept = whole.content.size() + whole.reasoning.size() == text.size();
  if (!same || (plain && !kept)) {
    std::abort();
  }
  (void)whole.json().dump();
  return 0;
}
