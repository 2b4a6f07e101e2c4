// SPDX-License-Identifier: Apache-2.0
// Schemas as people and their libraries write them: tests/data/wild/schemas.json.
#include <doctest/doctest.h>

#include "grammar/json_schema.hpp"
#include "grammar/support.hpp"
#include "support/json.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {

using grammar_test::Reading;

TEST_CASE("JSON schema: as people and their libraries write them") {
  const nlohmann::ordered_json file =
      nlohmann::ordered_json::parse(test::read_text(test::test_data("wild/schemas.json")));
  for (const nlohmann::ordered_json& one : file) {
    CAPTURE(one["says"].get<std::string>());
    const auto compiled = [&] {
      return grammar::compile(grammar::read_json_schema(one["schema"].dump(), "s"), "s");
    };
    if (one.contains("error")) {
      const std::string why = grammar_test::grammar_error([&] { (void)compiled(); });
      CHECK(why.find(one["error"].get<std::string>()) != std::string::npos);
      continue;
    }
    const grammar::Automaton automaton = compiled();
    for (const nlohmann::ordered_json& text : one["accepts"]) {
      CAPTURE(text);
      CHECK(grammar_test::read(automaton, text.get<std::string>()) == Reading::yes);
    }
    for (const nlohmann::ordered_json& text : one["rejects"]) {
      CAPTURE(text);
      CHECK(grammar_test::read(automaton, text.get<std::string>()) != Reading::yes);
    }
  }
}

}  // namespace ottobit
