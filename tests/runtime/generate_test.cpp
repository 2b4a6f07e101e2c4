// SPDX-License-Identifier: Apache-2.0
#include "ottobit/generate.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/model.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

using test::expect_error;

struct Outcome {
  std::string text;
  std::vector<std::int32_t> tokens;
  Finish finish = Finish::none;
  std::size_t events = 0;
};

constexpr const char* kChat =
    R"({"messages": [{"role": "user", "content": "Spell bitten backwards."}], "thinking_budget": 0})";

std::shared_ptr<const Model> mini() {
  static const std::shared_ptr<const Model> model = test::open_model(test::example_model());
  return model;
}

Outcome run(Session& session, GenerateOptions options) {
  Generation generation(session, std::move(options));
  Outcome outcome;
  GenerationEvent event;
  while (generation.next(event)) {
    CHECK(outcome.finish == Finish::none);  // nothing comes after the end
    outcome.text += event.text;
    outcome.finish = event.finish;
    ++outcome.events;
    if (event.token >= 0) {
      outcome.tokens.push_back(event.token);
    }
  }
  CHECK_FALSE(generation.next(event));
  CHECK(event.token == -1);
  return outcome;
}

Outcome answer(GenerateOptions options, Index context = 256) {
  Session session(mini(), {.context = context});
  session.append(mini()->chat_tokens(kChat));
  return run(session, std::move(options));
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("generation ends with the model's own end token, which is not in the text") {
    const Outcome outcome = answer({});
    CHECK(outcome.finish == Finish::end);
    CHECK(outcome.text == "bitten backwards is n-e-t-t-i-b.");
    CHECK(mini()->is_end(outcome.tokens.back()));
  }

  TEST_CASE("the history holds every token that was reported but the end token") {
    Session session(mini(), {.context = 256});
    const std::vector<std::int32_t> prompt = mini()->chat_tokens(kChat);
    session.append(prompt);
    std::vector<std::int32_t> expected = prompt;
    const Outcome outcome = run(session, {});
    expected.insert(expected.end(), outcome.tokens.begin(), outcome.tokens.end() - 1);
    CHECK(std::vector<std::int32_t>(session.tokens().begin(), session.tokens().end()) == expected);

    Session cut(mini(), {.context = 256});
    cut.append(prompt);
    CHECK(run(cut, {.max_tokens = 5}).tokens.size() == 5);
    CHECK(cut.length() == static_cast<Index>(prompt.size()) + 5);
    const Outcome rest = run(cut, {});  // goes on where it stood
    CHECK(rest.tokens ==
          std::vector<std::int32_t>(outcome.tokens.begin() + 5, outcome.tokens.end()));
  }

  TEST_CASE("max_tokens bounds the answer") {
    CHECK(answer({.max_tokens = 3}).tokens.size() == 3);
    CHECK(answer({.max_tokens = 3}).finish == Finish::length);
    CHECK(answer({.max_tokens = 0}).finish == Finish::length);
    CHECK(answer({.max_tokens = 0}).tokens.empty());
  }

  TEST_CASE("a stop string ends the answer before it, also across tokens") {
    const std::string whole = answer({}).text;
    for (const std::string stop : {"-e-t", "backwards", "b", " is ", "."}) {
      CAPTURE(stop);
      const Outcome outcome = answer({.stop = {"absent", stop}});
      CHECK(outcome.finish == Finish::stop);
      CHECK(outcome.text == whole.substr(0, whole.find(stop)));
    }
    // A beginning that does not become a stop string is given after all.
    CHECK(answer({.stop = {"n-e-t-x", "b.x"}}).text == whole);
    expect_error(ErrorCode::argument, {"stop"}, [&] { (void)answer({.stop = {""}}); });
  }

  TEST_CASE("a full context ends the answer and is not an error") {
    const auto prompt = static_cast<Index>(mini()->chat_tokens(kChat).size());
    const Outcome outcome = answer({}, prompt + 4);
    CHECK(outcome.finish == Finish::context);
    CHECK(outcome.tokens.size() == 4);
    const Outcome none = answer({}, prompt);
    CHECK(none.finish == Finish::context);
    CHECK(none.tokens.empty());
  }

  TEST_CASE("cancelling ends the answer after the token at hand") {
    int tokens = 0;
    const Outcome outcome = answer({.cancelled = [&] { return tokens == 6; },
                                    .edit_logits = [&](std::span<float>) { ++tokens; }});
    CHECK(outcome.finish == Finish::cancel);
    CHECK(outcome.tokens.size() == 6);
  }

  TEST_CASE("cancelling within a token ends the answer before it") {
    int asked = 0;
    const Outcome outcome = answer({.cancelled = [&] { return ++asked > 500; }});
    CHECK(outcome.finish == Finish::cancel);
    CHECK_FALSE(outcome.tokens.empty());
    const Outcome none = answer({.cancelled = [] { return true; }});
    CHECK(none.finish == Finish::cancel);
    CHECK(none.tokens.empty());
  }

  TEST_CASE("the caller may edit the logits before the sampler sees them") {
    const std::int32_t wanted = 40;
    const Outcome outcome = answer({.max_tokens = 4, .edit_logits = [&](std::span<float> logits) {
                                      logits[static_cast<std::size_t>(wanted)] = 1e6F;
                                    }});
    CHECK(outcome.tokens == std::vector<std::int32_t>(4, wanted));
  }

  TEST_CASE("log-probabilities are the model's, whatever the caller makes of its scores") {
    Session session(mini(), {.context = 64});
    session.append(mini()->chat_tokens(kChat));
    const std::span<const float> logits = session.logits();
    const std::vector<float> scores(logits.begin(), logits.end());
    double sum = 0.0;
    for (const float score : scores) {
      sum += std::exp(static_cast<double>(score));
    }
    GenerateOptions options;
    options.edit_logits = [](std::span<float> edited) {
      std::fill(edited.begin(), edited.end(), -10.0F);
      edited[40] = 10.0F;
    };
    Generation generation(session, options);
    GenerationEvent event;
    REQUIRE(generation.next(event));
    CHECK(event.token == 40);
    CHECK(event.logprob ==
          doctest::Approx(static_cast<double>(scores[40]) - std::log(sum)).epsilon(1e-3));
  }

  TEST_CASE("DRY does not reach across tokens that hold a breaker") {
    const std::string usual = answer({}).text;
    const auto with = [](std::vector<std::string> breakers) {
      GenerateOptions options{.dry_breakers = std::move(breakers)};
      options.sampling.dry_multiplier = 100.0F;
      options.sampling.dry_allowed = 1;
      options.max_tokens = 40;
      return answer(std::move(options)).text;
    };
    CHECK(with({}) != usual);  // a word spelled backwards repeats its letters and hyphens
    CHECK(with({"-", " ", ".", "b", "i", "t", "e", "n"}) == usual);
    CHECK(with({"not in any token"}) == with({}));
  }

  TEST_CASE("control tokens appear in the text only if asked for") {
    Session session(mini(), {.context = 256});
    session.append(mini()->chat_tokens(
        R"({"messages": [{"role": "user", "content": "How many r's are in strawberry?"}]})"));
    const Outcome kept = run(session, {.keep_special = true});
    CHECK(kept.text.starts_with("<seed:think>"));
    CHECK(kept.text.find("</seed:think>") != std::string::npos);
  }

  TEST_CASE("an end token that the tokenizer does not have ends the answer all the same") {
    const test::TempDirectory folder;  // 512 rows of logits, a tokenizer of 331
    test::copy_folder(test::example_model(), folder.path());
    std::filesystem::copy_file(test::test_data("seed_oss-fp8") / "tokenizer.json",
                               folder / "tokenizer.json",
                               std::filesystem::copy_options::overwrite_existing);
    test::write_text(folder / "generation_config.json", R"({"eos_token_id": 500})");
    Session session(test::open_model(folder.path()), {.context = 16});
    session.append(std::vector<std::int32_t>{1});
    for (const bool keep_special : {false, true}) {
      GenerateOptions options;
      options.keep_special = keep_special;
      options.edit_logits = [](std::span<float> logits) { logits[500] = 1e9F; };
      const Outcome outcome = run(session, options);
      CHECK(outcome.finish == Finish::end);
      CHECK(outcome.tokens == std::vector<std::int32_t>{500});
      CHECK(outcome.text.empty());
    }
  }

  TEST_CASE("generation refuses an empty session and options out of range") {
    Session session(mini(), {.context = 64});
    expect_error(ErrorCode::argument, {"empty"}, [&] { Generation(session, {}); });
    session.append(std::vector<std::int32_t>{1});
    expect_error(ErrorCode::argument, {"max_tokens"},
                 [&] { Generation(session, {.max_tokens = -2}); });
    expect_error(ErrorCode::argument, {"top_p"},
                 [&] { Generation(session, {.sampling = {.top_p = 2.0F}}); });
  }
}

}  // namespace ottobit
