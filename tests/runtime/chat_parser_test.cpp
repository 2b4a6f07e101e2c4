// SPDX-License-Identifier: Apache-2.0
// Templates and parsers as a model folder brings them together.
#include "ottobit/chat_parser.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "ottobit/tokenizer.hpp"

#include "support/errors.hpp"
#include "support/json.hpp"
#include "support/model.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;
using test::expect_error;

/// A copy of a model whose folder has two templates: one for conversations, one for those with
/// tools.
std::shared_ptr<const Model> two_templates(const test::TempDirectory& folder) {
  for (const auto& entry : fs::directory_iterator(test::test_data("qwen3-bf16-tied"))) {
    fs::copy(entry.path(), folder.path() / entry.path().filename());
    fs::permissions(folder.path() / entry.path().filename(), fs::perms::owner_write,
                    fs::perm_options::add);
  }
  fs::remove(folder.path() / "chat_template.jinja");
  const fs::path config = folder.path() / "tokenizer_config.json";
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(read_text_file(config));
  json["chat_template"] = {
      {{"name", "default"}, {"template", "{{ messages[0].content }}|<think>"}},
      {{"name", "tool_use"},
       {"template", "tools {{ messages[0].content }} {# <tool_call> \"arguments\" </think> #}"}}};
  std::ofstream(config) << json.dump();
  return test::open_model(folder.path());
}

std::string parsed(ChatParser& parser) {
  parser.finish();
  ChatPart part;
  while (parser.next(part)) {
  }
  return parser.json();
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a token that does not exist is refused before the parser has changed") {
    ChatParser parser(test::open_model(test::test_data("qwen3-bf16-tied")), "");
    const std::int32_t ids[] = {1, 1 << 30};
    expect_error(ErrorCode::argument, {"1073741824"}, [&] { parser.feed_tokens(ids); });
    parser.feed_text("Hello");  // tokens would have ruled this out
    CHECK(parsed(parser) == R"({"role":"assistant","content":"Hello"})");
  }

  TEST_CASE("a conversation with tools takes the template for tools") {
    const test::TempDirectory folder;
    const std::shared_ptr<const Model> model = two_templates(folder);
    const std::string messages = R"("messages": [{"role": "user", "content": "Hi"}])";
    CHECK(model->chat_text("{" + messages + "}") == "Hi|<think>");
    CHECK(model->chat_text("{" + messages + R"(, "tools": []})") == "Hi|<think>");
    CHECK(model->chat_text("{" + messages + R"(, "tools": [{"type": "function", "function":
        {"name": "f"}}]})") == "tools Hi ");
    // The parser knows the calls that only the second speaks of, and the thinking the first opens.
    ChatParser parser(model, "{" + messages + "}");
    parser.feed_text("hm\n</think>\n\nYes.<tool_call>\n{\"name\": \"f\"}\n</tool_call>");
    CHECK(parsed(parser) ==
          R"({"role":"assistant","content":"Yes.","reasoning_content":"hm","tool_calls":[)"
          R"({"id":"call_0","type":"function","function":{"name":"f","arguments":"{}"}}]})");
  }

  TEST_CASE("what a user writes does not open the thinking") {
    const test::TempDirectory folder;
    const std::shared_ptr<const Model> model = two_templates(folder);
    ChatParser parser(model, R"({"messages": [{"role": "user", "content": "</think>"}], "tools":
        [{"type": "function", "function": {"name": "<think>"}}]})");
    parser.feed_text("Hello");
    CHECK(parsed(parser) == R"({"role":"assistant","content":"Hello"})");
  }

  TEST_CASE("bytes that are no text become U+FFFD in the JSON") {
    const std::shared_ptr<const Model> model = test::open_model(test::example_model());
    CHECK(parse_chat_answer(*model, "a\xFF") == "{\"role\":\"assistant\",\"content\":\"a\uFFFD\"}");
    ChatParser parser(model, "");
    parser.feed_text("a\xFF");
    CHECK(parsed(parser) == "{\"role\":\"assistant\",\"content\":\"a\uFFFD\"}");
  }
}

}  // namespace ottobit
