// SPDX-License-Identifier: Apache-2.0
// Every call does with a thread of 64 KiB: in a conversation, and whatever depth a text has. What
// is deeper than a limit, or than the stack, is an error.
#include "support/small_stack.hpp"

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/chat_parser.hpp"
#include "ottobit/generate.hpp"
#include "ottobit/grammar.hpp"
#include "ottobit/tokenizer.hpp"

#include "io/json.hpp"
#include "jinja/support.hpp"
#include "support/contains.hpp"
#include "support/model.hpp"

namespace ottobit {
namespace {

constexpr const char* kNoRoom = "deeper than the stack of the calling thread";

std::string times(int n, const std::string& text) {
  std::string all;
  for (int i = 0; i < n; ++i) {
    all += text;
  }
  return all;
}

/// `inner` put n times between the two.
std::string nested(int n, const std::string& before, const std::string& inner,
                   const std::string& behind) {
  return times(n, before) + inner + times(n, behind);
}

/// What the work says on a small stack: its text, or the message of its error.
std::string said(const std::function<std::string()>& work) {
  std::string text;
  test::on_stack(test::kSmallStack, [&] {
    try {
      text = work();
    } catch (const Error& e) {
      text = e.what();
    }
  });
  return text;
}

std::string compiled(const Model& model, GrammarKind kind, const std::string& text) {
  return said([&] {
    (void)compile_grammar(model, kind, text);
    return std::string("ok");
  });
}

std::string rendered(const std::string& source, const std::string& variables = "{}") {
  return said([&] { return jinja_test::text_of(source, variables); });
}

}  // namespace

TEST_CASE("small stacks: a conversation") {
  test::on_stack(test::kSmallStack, [] {
    const auto model = test::open_model(test::example_model());
    const std::string chat =
        R"({"messages": [{"role": "user", "content": "Spell bitten backwards."}]})";
    Session session(model, {});
    session.append(model->chat_tokens(chat));
    GenerateOptions options;
    options.max_tokens = 40;
    options.sampling.temperature = 0.8F;
    options.sampling.top_count = 5;
    options.grammar =
        compile_grammar(*model, GrammarKind::json_schema,
                        R"({"type": "object", "properties": {"a": {"type": "string"}}})");
    Generation generation(session, options);
    GenerationEvent event;
    ChatParser parser(model, chat);
    while (generation.next(event)) {
      if (event.token >= 0) {
        parser.feed_tokens(std::vector<std::int32_t>{event.token});
      }
    }
    std::vector<float> scores(50);
    session.truncate(0);
    session.score(std::vector<std::int32_t>(50, 7), scores);
    CHECK(scores[1] < 0.0F);
    CHECK_FALSE(model->tokenizer().encode(times(5000, "word, \u00e9! ")).empty());
  });
}

TEST_CASE("small stacks: grammars of any depth") {
  const auto model = test::open_model(test::example_model());
  const auto as = [&](GrammarKind kind) {
    return [&model, kind](const std::string& text) { return compiled(*model, kind, text); };
  };
  const auto regex = as(GrammarKind::regex);
  CHECK(regex(nested(200, "(", "a", ")")) == "ok");
  CHECK(regex(nested(200, "(", "a", "b)*")) == "ok");
  CHECK(regex(nested(200, "(a|", "b", "c)")) == "ok");
  CHECK(regex(nested(200, "(?:a|", "b", "c)?")) == "ok");
  CHECK(test::contains(regex(nested(201, "(", "a", ")")), "nest deeper than 200"));
  CHECK(test::contains(regex(std::string(100'000, '(')), "nest deeper than 200"));
  CHECK(test::contains(regex("a" + std::string(100'000, '*')), "more than 200 repetitions"));
  CHECK(test::contains(regex("a" + times(100'000, "{0,2}")), "more than 200 repetitions"));
  const auto gbnf = as(GrammarKind::gbnf);
  CHECK(gbnf("root ::= " + nested(200, "(\"c\" | ", "\"a\"", " \"b\")*")) == "ok");
  CHECK(test::contains(gbnf("root ::= " + std::string(100'000, '(')), "nest deeper than 200"));
  std::string chain;
  for (int i = 0; i < 5000; ++i) {
    chain += "r" + std::to_string(i) + " ::= \"a\" r" + std::to_string(i + 1) + " | \"b\"\n";
  }
  CHECK(gbnf("root ::= r0\n" + chain + "r5000 ::= \"c\"\n") == "ok");
  const auto schema = as(GrammarKind::json_schema);
  CHECK(schema(nested(60, R"({"type": "array", "items": )", "{}", "}")) == "ok");
  CHECK(schema(nested(50, R"({"required": ["a"], "properties": {"a": )", "true", "}}")) == "ok");
  CHECK(schema(nested(60, R"({"anyOf": [{"type": "null"}, )", R"({"type": "string"})", "]}")) ==
        "ok");
  CHECK(schema(R"({"pattern": "^)" + nested(200, "(", "a", "b)*") + "$\"}") == "ok");
  CHECK(schema(R"({"const": )" + nested(120, "[", "", "]") + "}") == "ok");
  const std::string name(12'000, 'n');
  CHECK(schema(R"({"properties": {")" + name +
               R"(": {"type": "string"}}, "additionalProperties": {"type": "number"}})") == "ok");
  const std::string parameters =
      nested(50, R"({"required": ["a"], "properties": {"a": )", "true", "}}");
  CHECK(compiled(*model, GrammarKind::tools,
                 R"([{"type": "function", "function": {"name": "f", "parameters": )" + parameters +
                     "}}]") == "ok");
}

TEST_CASE("small stacks: chats and templates of any depth") {
  const auto model = test::open_model(test::example_model());
  const std::string deep = nested(60, R"({"a": [)", "1", "]}");
  const std::string chat =
      R"({"messages": [{"role": "user", "content": "a"}], "extra": )" + deep + "}";
  CHECK(test::contains(said([&] { return model->chat_text(chat); }), "a"));
  CHECK(rendered("{{ x | tojson }}", R"({"x": [)" + nested(20, "[", "1", "]") + "]}") ==
        "[" + nested(20, "[", "1", "]") + "]");
  // As deep as real templates go, and more.
  CHECK(rendered("{{ " + nested(20, "(", "1", ")") + " }}") == "1");
  CHECK(rendered(nested(20, "{% if true %}", "a", "{% endif %}")) == "a");
  const std::string macro =
      "{% macro f(n) %}{% if n > 0 %}({{ f(n - 1) }}){% endif %}{% endmacro %}{{ f(";
  CHECK(rendered(macro + "8) }}") == nested(8, "(", "", ")"));
  for (const std::string& source :
       {"{{ " + nested(99, "(", "1", ")") + " }}", "{{ " + nested(99, "[", "1", "]") + " }}",
        "{{ " + nested(99, "a[", "1", "]") + " }}", "{{ " + nested(99, "{1: ", "1", "}") + " }}",
        nested(99, "{% for a in [1] %}", "a", "{% endfor %}"), macro + "1000) }}",
        "{% set n = namespace(x=[]) %}{% for i in range(190) %}{% set n.x = [n.x] %}{% endfor %}" +
            std::string("{{ n.x }}{{ n.x | tojson }}{{ n.x == n.x[0] }}")}) {
    CAPTURE(source.substr(0, 40));
    const std::string text = rendered(source);
    const bool ends = test::contains(text, kNoRoom) || test::contains(text, "nested deeper") ||
                      test::contains(text, "nest deeper") || !test::contains(text, "line 1");
    CHECK(ends);
  }
}

}  // namespace ottobit
