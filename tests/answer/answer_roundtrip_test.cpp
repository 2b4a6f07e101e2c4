// SPDX-License-Identifier: Apache-2.0
// What a template renders as an answer and the parser takes apart again is the message it was.
// Random messages, through the published templates.
#include <array>
#include <filesystem>
#include <random>

#include <doctest/doctest.h>

#include "answer/answer.hpp"
#include "chat/chat.hpp"
#include "support/json.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;

/// A template, and what of a message it renders at all.
struct Case {
  const char* file;
  const char* format;     ///< that answer_format finds
  const char* end;        ///< after an answer
  const char* variables;  ///< members of the chat JSON
  const char* reasoning;  ///< the member of that name; nullptr: left out
  int calls;              ///< at most in one message
  bool call_content;      ///< content beside calls
  bool call_reasoning;
  bool say_reasoning = true;  ///< beside content alone
};

constexpr std::array<Case, 17> kCases = {{
    {"GLM-4.6.jinja", "glm", "<|user|>", "", "reasoning_content", 3, true, true},
    {"ByteDance-Seed-OSS.jinja", "seed-oss", "<seed:eos>", "", "reasoning_content", 3, true, true},
    {"Kimi-K2-Instruct.jinja", "kimi", "<|im_end|>", "", nullptr, 3, true, false},
    {"Kimi-K2-Thinking.jinja", "kimi", "<|im_end|>", "", "reasoning_content", 3, true, true, false},
    {"NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja", "tool-call-json", "<|im_end|>",
     "\"tools\": [], ", nullptr, 3, false, false},
    {"Qwen-Qwen2.5-7B-Instruct.jinja", "tool-call-json", "<|im_end|>", "", nullptr, 3, true, false},
    {"Qwen-Qwen3-0.6B.jinja", "tool-call-json", "<|im_end|>", "", "reasoning_content", 3, true,
     true},
    {"Qwen3-Coder.jinja", "qwen3-coder", "<|im_end|>", "", nullptr, 3, true, false},
    {"Qwen3.5-4B.jinja", "qwen3-coder", "<|im_end|>", "", "reasoning_content", 3, true, true},
    {"deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja", "deepseek", "<｜end▁of▁sentence｜>", "",
     nullptr, 3, false, false},
    {"deepseek-ai-DeepSeek-V3.1.jinja", "deepseek", "<｜end▁of▁sentence｜>", "", nullptr, 3, true,
     false},
    {"deepseek-ai-DeepSeek-V3.2.jinja", "deepseek-dsml", "<｜end▁of▁sentence｜>",
     "\"thinking\": true, ", "reasoning_content", 3, true, true},
    {"deepseek-ai-DeepSeek-V4.jinja", "deepseek-v4", "<｜end▁of▁sentence｜>",
     "\"thinking\": true, ", "reasoning_content", 3, true, true},
    {"google-gemma-4-31B-it.jinja", "gemma", "<turn|>", "\"enable_thinking\": true, ",
     "reasoning_content", 3, true, true, false},
    {"meta-llama-Llama-3.1-8B-Instruct.jinja", "llama", "<|eot_id|>", "", nullptr, 1, false, false},
    {"meta-llama-Llama-3.3-70B-Instruct.jinja", "llama", "<|eot_id|>", "", nullptr, 1, false,
     false},
    {"openai-gpt-oss-120b.jinja", "harmony", "<|return|>", "", "thinking", 1, false, true},
}};

class Writer {
 public:
  explicit Writer(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_() % n; }

  /// No blank at either end: some templates trim.
  std::string text() {
    constexpr std::array<const char*, 16> kPieces = {
        "alpha", "beta", " ", "\n", "\n\n",      "  ",           "<",   "</", "\"",
        "'",     "\\",   "{", "}]", "caf\u00e9", "\u65e5\u672c", "True"};
    std::string middle;
    for (std::size_t i = below(8); i > 0; --i) {
      middle += kPieces[below(kPieces.size())];
    }
    return "x" + middle + "y";
  }

  nlohmann::ordered_json value(int depth) {
    switch (below(depth > 0 ? 7 : 5)) {
      case 0:
        return text();
      case 1:
        return static_cast<std::int64_t>(below(2000)) - 1000;
      case 2:
        return static_cast<double>(below(1000)) / 8.0;
      case 3:
        return below(2) == 0;
      case 4:
        return nullptr;
      case 5: {
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        for (std::size_t i = below(3); i > 0; --i) {
          list.push_back(value(depth - 1));
        }
        return list;
      }
      default:
        return object(depth - 1);
    }
  }

  nlohmann::ordered_json object(int depth) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (std::size_t i = below(4); i > 0; --i) {
      json["key_" + std::to_string(i)] = value(depth);
    }
    return json;
  }

 private:
  std::mt19937 random_;
};

/// A tool that declares the types of these arguments.
nlohmann::ordered_json tool_for(const std::string& name, const nlohmann::ordered_json& arguments) {
  nlohmann::ordered_json properties = nlohmann::ordered_json::object();
  for (const auto& [key, value] : arguments.items()) {
    const char* type = value.is_string()    ? "string"
                       : value.is_boolean() ? "boolean"
                       : value.is_number()  ? "number"
                       : value.is_array()   ? "array"
                       : value.is_object()  ? "object"
                                            : "null";
    properties[key] = {{"type", type}, {"description", "a value"}};
  }
  return {{"type", "function"},
          {"function",
           {{"name", name},
            {"description", "does something"},
            {"parameters",
             {{"type", "object"},
              {"properties", properties},
              {"required", nlohmann::json::array()}}}}}};
}

struct Sent {
  nlohmann::ordered_json message;
  nlohmann::ordered_json tools = nlohmann::ordered_json::array();
};

Sent random_message(const Case& c, Writer& writer) {
  Sent sent;
  const bool calls = writer.below(2) == 0;
  sent.message = {{"role", "assistant"}, {"content", ""}};
  if (!calls || (c.call_content && writer.below(2) == 0)) {
    sent.message["content"] = writer.text();
  }
  if (c.reasoning != nullptr && (calls ? c.call_reasoning : c.say_reasoning) &&
      writer.below(3) > 0) {
    sent.message[c.reasoning] = writer.text();
  }
  if (calls && !c.call_content && std::string_view(c.format) == "deepseek") {  // else one more turn
    sent.message["content"] = nullptr;
  }
  const std::size_t count = calls ? 1 + writer.below(static_cast<std::size_t>(c.calls)) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "tool_" + std::to_string(i);
    const nlohmann::ordered_json arguments = writer.object(2);
    sent.message["tool_calls"].push_back(
        {{"id", "id"},
         {"type", "function"},
         {"function", {{"name", name}, {"arguments", arguments}}}});
    sent.tools.push_back(tool_for(name, arguments));
  }
  return sent;
}

/// What `t` writes as the answer: all behind the place where a model goes on, or with the thinking
/// that the prompt opens, if it opens one.
std::string written(const Case& c, const ChatTemplate& t, const Sent& sent) {
  const auto render = [&](bool prompt) {
    nlohmann::ordered_json messages = nlohmann::ordered_json::array();
    messages.push_back({{"role", "user"}, {"content", "question"}});
    if (!prompt) {
      messages.push_back(sent.message);
    }
    return render_chat(t,
                       "{" + std::string(c.variables) +
                           "\"now\": \"2026-01-01T00:00:00\", \"add_generation_prompt\": " +
                           (prompt ? "true" : "false") + ", \"messages\": " + messages.dump() + "}",
                       "", c.end)
        .text;
  };
  std::string prompt = render(true);
  const std::string all = render(false);
  const std::size_t think = prompt.rfind("<think>");
  if (think != std::string::npos && prompt.size() - think < 20) {
    prompt.erase(think);
  }
  std::size_t same = 0;  // Seed-OSS and Qwen3-Coder put the newline of the prompt elsewhere
  while (same < prompt.size() && prompt[same] == all[same]) {
    ++same;
  }
  REQUIRE(same + 1 >= prompt.size());
  return all.substr(same);
}

TEST_CASE("answers: parsing what a template rendered gives the message back") {
  const fs::path dir = fs::path(OTTOBIT_SHARED_FIXTURES) / "chat_templates";
  if (!fs::exists(dir)) {
    MESSAGE("skipped: " << dir.string() << " absent");
    return;
  }
  for (const Case& c : kCases) {
    const std::string name = c.file;
    CAPTURE(name);
    const std::string source = read_text_file(dir / c.file);
    const ChatTemplate t = ChatTemplate::parse(source, c.file);
    const AnswerFormat& format = answer_format(source, "");
    REQUIRE(format.name == c.format);
    for (unsigned seed = 0; seed < 200; ++seed) {
      CAPTURE(seed);
      Writer writer(seed);
      const Sent sent = random_message(c, writer);
      const std::string text = written(c, t, sent);
      AnswerStart start;
      start.format = &format;
      start.ends = {c.end, std::string(format.waits.empty() ? c.end : format.waits)};
      start.types = ToolTypes(test::ordered_value_of(sent.tools));
      const Answer answer = parse_answer(std::move(start), text);
      CAPTURE(text);
      REQUIRE(answer.notes.empty());
      REQUIRE(
          answer.content ==
          (sent.message["content"].is_null() ? "" : sent.message["content"].get<std::string>()));
      REQUIRE(answer.reasoning ==
              (c.reasoning == nullptr ? "" : sent.message.value(c.reasoning, std::string())));
      const nlohmann::ordered_json calls =
          sent.message.value("tool_calls", nlohmann::ordered_json::array());
      REQUIRE(answer.tool_calls.size() == calls.size());
      for (std::size_t i = 0; i < calls.size(); ++i) {
        REQUIRE(answer.tool_calls[i].name == calls[i]["function"]["name"].get<std::string>());
        const auto arguments = nlohmann::ordered_json::parse(answer.tool_calls[i].arguments);
        const auto& sent_ones = calls[i]["function"]["arguments"];
        if (format.name == "gemma") {  // whose template sorts keys
          REQUIRE(nlohmann::json::parse(arguments.dump()) ==
                  nlohmann::json::parse(sent_ones.dump()));
        } else {
          REQUIRE(arguments == sent_ones);
        }
      }
    }
  }
}

}  // namespace
}  // namespace ottobit
