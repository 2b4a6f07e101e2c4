// SPDX-License-Identifier: Apache-2.0
// Generation under a grammar: whatever the model would rather say, its answer is of the grammar.
#include "ottobit/grammar.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/chat_parser.hpp"
#include "ottobit/generate.hpp"
#include "ottobit/tokenizer.hpp"

#include "io/json.hpp"
#include "support/errors.hpp"
#include "support/model.hpp"
#include "support/paths.hpp"

namespace ottobit {
namespace {

using test::expect_error;

struct Outcome {
  std::string text;
  Finish finish = Finish::none;
  std::vector<std::int32_t> tokens;
  std::vector<float> logprobs;
};

Outcome run(Session& session, GenerateOptions options) {
  Generation generation(session, std::move(options));
  Outcome outcome;
  GenerationEvent event;
  while (generation.next(event)) {
    outcome.text += event.text;
    outcome.finish = event.finish;
    outcome.tokens.push_back(event.token);
    outcome.logprobs.push_back(event.logprob);
  }
  return outcome;
}

std::shared_ptr<const Model> mini() {
  static const std::shared_ptr<const Model> model = test::open_model(test::example_model());
  return model;
}

Outcome answer(const GrammarHandle& grammar, SamplerOptions sampling) {
  Session session(mini(), {.context = 512});
  session.append(mini()->chat_tokens(
      R"({"messages": [{"role": "user", "content": "Who are you?"}], "thinking_budget": 0})"));
  GenerateOptions options;
  options.grammar = grammar;
  options.sampling = std::move(sampling);
  return run(session, std::move(options));
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("an answer under a JSON schema is JSON of that schema, however it is drawn") {
    const GrammarHandle grammar = compile_grammar(*mini(), GrammarKind::json_schema, R"({
        "type": "object", "properties": {
          "name": {"type": "string", "maxLength": 10}, "age": {"type": "integer", "minimum": 0, "maximum": 120},
          "kind": {"enum": ["cat", "dog"]}, "tags": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}},
        "required": ["name", "age", "kind"]})");
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SamplerOptions sampling{.seed = seed, .temperature = seed == 0 ? 0.0F : 2.0F};
      sampling.top_k = seed % 3 == 0 ? 5 : 0;
      sampling.mirostat = seed % 5 == 4;
      sampling.repetition_penalty = seed % 2 == 0 ? 1.0F : 1.2F;
      const Outcome outcome = answer(grammar, sampling);
      CAPTURE(outcome.text);
      REQUIRE(outcome.finish == Finish::end);
      const Json json = parse_json(outcome.text, "answer");
      CHECK(json["name"].get<std::string>().size() <= 40);
      CHECK(json["age"].get<int>() >= 0);
      CHECK(json["age"].get<int>() <= 120);
      CHECK((json["kind"] == "cat" || json["kind"] == "dog"));
      CHECK(json.value("tags", Json::array()).size() <= 3);
    }
  }

  TEST_CASE("GBNF and regular expressions bind, and what the model says anyway is not changed") {
    const GrammarHandle choice =
        compile_grammar(*mini(), GrammarKind::gbnf, "root ::= \"yes\" | \"no\"");
    const Outcome yes_or_no = answer(choice, {});
    CHECK((yes_or_no.text == "yes" || yes_or_no.text == "no"));
    CHECK(yes_or_no.finish == Finish::end);
    const GrammarHandle plate = compile_grammar(*mini(), GrammarKind::regex, "[A-Z]{2}-\\d{3,5}");
    CHECK(std::regex_match(answer(plate, {.seed = 1, .temperature = 1.0F}).text,
                           std::regex("[A-Z]{2}-\\d{3,5}")));
    const GrammarHandle anything = compile_grammar(*mini(), GrammarKind::gbnf, "root ::= .*");
    const Outcome free = answer({}, {});
    const Outcome bound = answer(anything, {});
    CHECK(bound.text == free.text);
    CHECK(bound.tokens == free.tokens);
    CHECK(bound.logprobs == free.logprobs);  // among all tokens, not among those allowed
  }

  TEST_CASE("a grammar does not bind the thinking that the prompt has opened") {
    const std::shared_ptr<const Model> model = test::open_model(test::test_data("deepseek_v3-fp8"));
    Session session(model, {.context = 256});
    session.append(model->tokenizer().encode("Hi<think>", {.parse_special = true}));
    GenerateOptions options;
    options.grammar = compile_grammar(*model, GrammarKind::regex, "[ab]{4}");
    options.thinking_budget = 5;
    options.max_tokens = 60;
    options.edit_logits = [&](std::span<float> logits) {  // it would not stop by itself
      logits[static_cast<std::size_t>(model->tokenizer().find_token("</think>").value())] = -1e9F;
    };
    const Outcome outcome = run(session, options);
    CAPTURE(outcome.text);
    CHECK(std::regex_match(outcome.text, std::regex("[\\s\\S]+\\n\\n\\n[ab]{4}")));
    CHECK(outcome.finish == Finish::end);
  }

  TEST_CASE("calls of tools under their schemas, with control tokens for markers") {
    const char* const request = R"({"tool_choice": "required", "parallel_tool_calls": false,
        "tools": [{"name": "f", "parameters": {"type": "object", "required": ["n", "word"],
            "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 99},
                           "word": {"type": "string", "enum": ["one", "two"]}}}}]})";
    for (const char* const name : {"deepseek_v3-fp8", "seed_oss-fp8", "minimax_m2-fp8"}) {
      CAPTURE(std::string(name));
      const std::shared_ptr<const Model> model = test::open_model(test::test_data(name));
      const GrammarHandle grammar = compile_grammar(*model, GrammarKind::tools, request);
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Session session(model, {.context = 256});
        session.append(model->tokenizer().encode("Hi"));
        GenerateOptions options;
        options.grammar = grammar;
        options.max_tokens = 200;
        options.sampling = {.seed = seed, .temperature = 1.0F};
        // The weights are random: without this, the model would think for ever.
        const std::optional<std::int32_t> open =
            model->tokenizer().find_token(name[0] == 'd'   ? "<｜tool▁calls▁begin｜>"
                                          : name[0] == 's' ? "<seed:tool_call>"
                                                           : "<minimax:tool_call>");
        options.edit_logits = [&](std::span<float> logits) {
          logits[static_cast<std::size_t>(open.value())] += 1e3F;
        };
        const Outcome outcome = run(session, options);
        REQUIRE(outcome.finish == Finish::end);
        ChatParser parser(model, "");
        parser.feed_tokens(outcome.tokens);
        parser.finish();
        for (ChatPart part; parser.next(part);) {
        }
        const OrderedJson answer = parse_ordered_json(parser.json(), "answer");
        CAPTURE(answer.dump());
        CAPTURE(outcome.text);
        REQUIRE(answer.value("tool_calls", OrderedJson::array()).size() == 1);
        CHECK_FALSE(answer.contains("notes"));
        const OrderedJson function = answer["tool_calls"][0]["function"];
        CHECK(function["name"] == "f");
        const Json arguments = parse_json(function["arguments"].get<std::string>(), "arguments");
        CHECK(arguments["n"].get<int>() >= 1);
        CHECK(arguments["n"].get<int>() <= 99);
        CHECK((arguments["word"] == "one" || arguments["word"] == "two"));
      }
    }
  }

  TEST_CASE("grammars that are wrong, or no token can follow, are errors") {
    Session session(mini(), {.context = 64});
    session.append(mini()->tokenizer().encode("Hi"));
    GenerateOptions options;
    options.grammar = compile_grammar(*mini(), GrammarKind::regex, "a");
    options.edit_logits = [](std::span<float> logits) {
      std::fill(logits.begin(), logits.end(), -std::numeric_limits<float>::infinity());
      logits[0] = 1.0F;
    };
    expect_error(ErrorCode::grammar, {"grammar", "forbids"}, [&] { (void)run(session, options); });
    expect_error(ErrorCode::grammar, {"JSON schema", "not"}, [&] {
      (void)compile_grammar(*mini(), GrammarKind::json_schema, R"({"not": {}})");
    });
    expect_error(ErrorCode::grammar, {"GBNF", "line 1, column 5"},
                 [&] { (void)compile_grammar(*mini(), GrammarKind::gbnf, "root"); });
    expect_error(ErrorCode::grammar, {"regular expression", "line 1, column 3"},
                 [&] { (void)compile_grammar(*mini(), GrammarKind::regex, "(a"); });
  }
}

}  // namespace ottobit
