// SPDX-License-Identifier: Apache-2.0
// What the tests of the template engine share: rendering a snippet with variables, the errors of
// reading and of rendering one, and tables of expressions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/error.hpp"

#include "jinja/eval.hpp"
#include "jinja/json_value.hpp"
#include "jinja/parser.hpp"
#include "support/contains.hpp"
#include "support/json.hpp"

namespace ottobit::jinja_test {

using test::contains;

/// Renders `source` with the members of `variables` (a JSON object); `now` is the time.
inline std::string text_of(const std::string& source, std::string_view variables = "{}") {
  jinja::Parser parser(jinja::Source("snippet", source));
  const auto parsed = parser.parse();
  jinja::Runtime runtime;
  jinja::Evaluator evaluator(*parsed, runtime);
  const nlohmann::ordered_json members = nlohmann::ordered_json::parse(variables);
  for (const auto& [name, json] : members.items()) {
    if (name == "now") {
      runtime.now = jinja::parse_iso_time(json.get_ref<const std::string&>());
    } else {
      evaluator.set_variable(name, jinja::json_value(runtime, test::ordered_value_of(json), true));
    }
  }
  return evaluator.render().take_text();
}

/// The message of the error that `act` throws; empty where it throws none.
template <typename Act>
std::string template_error_of(const Act& act) {
  try {
    act();
  } catch (const Error& e) {
    return e.code() == ErrorCode::chat_template ? e.what() : "other code: " + std::string(e.what());
  }
  return "";
}

/// Of rendering.
inline std::string error_of(const std::string& source, std::string_view variables = "{}") {
  return template_error_of([&] { text_of(source, variables); });
}

/// Of reading a template of the name "t".
inline std::string parse_error_of(const std::string& source) {
  return template_error_of([&] { jinja::Parser(jinja::Source("t", source)).parse(); });
}

/// Variables of the tables below.
inline constexpr const char* kVariables =
    R"json({"x": 5, "f": 2.5, "s": "Hello, World ß", "u": "äöü ÉÀ 你好 😀 end", "lst": [3, 1,
  2], "d": {"b": 1, "a": [1, 2, {"z": null}], "C": "q\"'"}, "t": true, "n": null,
  "e": "", "words": ["apple", "Banana", "cherry", "apple"], "objs": [{"n": "b",
  "v": 2, "k": {"x": 1}}, {"n": "A", "v": 1, "k": {"x": 3}}, {"n": "c", "v": 2,
  "k": {"x": 2}}],
  "neg": -7, "messages": []})json";

struct Case {
  const char* source;
  const char* expected;
};

/// Templates and what they render to.
inline void check_templates(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(c.source);
    CHECK(text_of(c.source, kVariables) == c.expected);
  }
}

/// Expressions and what they print.
inline void check_expressions(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(c.source);
    CHECK(text_of("{{ " + std::string(c.source) + " }}", kVariables) == c.expected);
  }
}

}  // namespace ottobit::jinja_test
