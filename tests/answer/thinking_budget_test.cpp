// SPDX-License-Identifier: Apache-2.0
// Thinking that is ended when its tokens are used. The models think without end: where they have
// learned to stop, the token with which they would is forbidden.
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/chat_parser.hpp"
#include "ottobit/generate.hpp"
#include "ottobit/tokenizer.hpp"

#include "support/errors.hpp"
#include "support/model.hpp"
#include "support/paths.hpp"

namespace ottobit {
namespace {

using test::expect_error;
using Ids = std::vector<std::int32_t>;

/// What `model` writes after `prompt`, never writing `never` (a control token) by itself.
Ids written(const std::shared_ptr<const Model>& model, const std::string& prompt, Index budget,
            std::int32_t max_tokens, const std::string& never) {
  Session session(model, {.context = 256});
  session.append(model->tokenizer().encode(prompt, {.parse_special = true}));
  GenerateOptions options;
  options.max_tokens = max_tokens;
  options.thinking_budget = budget;
  options.edit_logits = [&](std::span<float> logits) {
    for (const std::int32_t end : model->end_ids()) {
      logits[static_cast<std::size_t>(end)] = -std::numeric_limits<float>::infinity();
    }
    const std::int32_t id = model->tokenizer().find_token(never).value();
    logits[static_cast<std::size_t>(id)] = -std::numeric_limits<float>::infinity();
  };
  Generation generation(session, options);
  GenerationEvent event;
  Ids ids;
  while (generation.next(event)) {
    ids.push_back(event.token);
  }
  CHECK(session.length() ==
        static_cast<Index>(model->tokenizer().encode(prompt, {.parse_special = true}).size() +
                           ids.size()));
  return ids;
}

std::string text_of(const Model& model, const Ids& ids, std::size_t from, std::size_t count) {
  REQUIRE(ids.size() >= from + count);
  return model.tokenizer().decode(std::span(ids).subspan(from, count));
}

/// The budget's text stands behind so many tokens, and only there.
void check_ended(const std::string& folder, const std::string& prompt, Index budget, std::size_t at,
                 const std::string& text, const std::string& close) {
  CAPTURE(folder);
  CAPTURE(budget);
  const std::shared_ptr<const Model> model = test::open_model(test::test_data(folder));
  const Ids forced = model->tokenizer().encode(text, {.parse_special = true});
  const Ids ids = written(model, prompt, budget, 40, close);
  CHECK(text_of(*model, ids, at, forced.size()) == text);
  const std::int32_t id = model->tokenizer().find_token(close).value();
  CHECK(std::count(ids.begin(), ids.end(), id) == 1);
  // The same prompt without a budget goes the same way up to there, and does not end.
  const Ids free = written(model, prompt, -1, 40, close);
  CHECK(std::equal(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(at), ids.begin()));
  CHECK(std::count(free.begin(), free.end(), id) == 0);
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a thinking budget ends the thinking in the words of the family") {
    check_ended("deepseek_v3-fp8", "Hi<think>", 5, 5, "\n</think>\n\n", "</think>");
    check_ended("deepseek_v3-fp8", "Hi<think>", 0, 0, "\n</think>\n\n", "</think>");
    check_ended("deepseek_v3-fp8", "Hi<think>a</think>b<think>\n", 5, 3, "\n</think>\n\n",
                "</think>");
    check_ended("minimax_m2-fp8", "Hi<think>", 3, 3, "\n</think>\n\n", "</think>");
    check_ended("gpt_oss-mxfp4", "Hi<|start|>assistant<|channel|>analysis<|message|>", 4, 4,
                "<|end|><|start|>assistant<|channel|>final<|message|>", "<|end|>");
  }

  TEST_CASE("a thinking budget leaves alone what is not thinking") {
    const std::shared_ptr<const Model> model = test::open_model(test::test_data("deepseek_v3-fp8"));
    for (const char* prompt : {"Hi", "Hi<think>a</think>"}) {
      CAPTURE(prompt);
      CHECK(written(model, prompt, 0, 20, "</think>") ==
            written(model, prompt, -1, 20, "</think>"));
    }
    const std::shared_ptr<const Model> llama =
        test::open_model(test::test_data("llama3-bf16-tied"));
    Session session(llama, {.context = 64});
    session.append(llama->tokenizer().encode("Hi"));
    CHECK_NOTHROW(Generation(session, {.thinking_budget = 0}));
    expect_error(ErrorCode::argument, {"thinking_budget", "-2, expected -1 or more"},
                 [&] { Generation(session, {.thinking_budget = -2}); });
  }

  TEST_CASE("Seed-OSS has some tokens more, and is told that the budget is used up") {
    const std::shared_ptr<const Model> model = test::open_model(test::example_model());
    const std::string prompt = model->chat_text(
        R"({"messages": [{"role": "user", "content": "How many r's are in strawberry?"}]})");
    // What it writes by itself is well within the patience.
    CHECK(written(model, prompt, 0, 40, "<seed:pad>") ==
          written(model, prompt, -1, 40, "<seed:pad>"));
    const Ids ids = written(model, prompt, 2, 200, "</seed:think>");
    const std::string text =
        "<seed:cot_budget_reflect>I have exhausted my token budget, and now I will start answering "
        "the question.</seed:cot_budget_reflect>\n</seed:think>";
    const Ids forced = model->tokenizer().encode(text, {.parse_special = true});
    // The first token opens the thinking; 2 + 64 follow.
    CHECK(text_of(*model, ids, 67, forced.size()) == text);
  }
}

}  // namespace ottobit
