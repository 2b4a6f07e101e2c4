// SPDX-License-Identifier: Apache-2.0
// Fuzz entry of the template engine: parses the input as a chat template and renders it with a
// small conversation. Only Error{chat_template} may come out; what the spans say came from the
// messages must lie inside the text, in order.
#include <cstddef>
#include <cstdint>
#include <string>

#include "ottobit/error.hpp"

#include "chat/chat.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr const char* kChat =
      R"({"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "a <b>"},
          {"role": "assistant", "content": [{"type": "text", "text": "c"}]}],
          "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
          "now": "2024-02-29T12:34:56", "n": 3, "x": 1.5, "items": {"k": [1, null, true]}})";
  if (size > 1U << 14U) {
    return 0;
  }
  try {
    const auto parsed = ottobit::ChatTemplate::parse(
        std::string(reinterpret_cast<const char*>(data), size), "fuzz");
    const ottobit::Rendered rendered = ottobit::render_chat(parsed, kChat, "<s>", "</s>");
    std::size_t at = 0;
    for (const ottobit::TextSpan& span : rendered.content) {
      if (span.begin < at || span.end < span.begin || span.end > rendered.text.size()) {
        __builtin_trap();
      }
      at = span.end;
    }
  } catch (const ottobit::Error& error) {
    if (error.code() != ottobit::ErrorCode::chat_template) {
      __builtin_trap();
    }
  }
  return 0;
}
