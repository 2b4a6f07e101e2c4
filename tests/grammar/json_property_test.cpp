// SPDX-License-Identifier: Apache-2.0
// Random schemas, random texts of their grammars: every text is JSON that validates, by a validator
// that shares nothing with the grammars.
#include <random>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "grammar/json_schema.hpp"
#include "grammar/support.hpp"
#include "support/json.hpp"

namespace ottobit {
namespace {

/// JSON Schema's own words, for the keywords that the schemas below use.
bool validates(const nlohmann::ordered_json& schema, const nlohmann::ordered_json& value,
               const nlohmann::ordered_json& root) {
  if (schema.is_boolean()) {
    return schema.get<bool>();
  }
  if (schema.contains("$ref")) {
    const std::string target = schema["$ref"];
    return validates(root.at(nlohmann::ordered_json::json_pointer(target.substr(1))), value, root);
  }
  const auto every = [&](const nlohmann::ordered_json& list) {
    return std::all_of(list.begin(), list.end(),
                       [&](const auto& one) { return validates(one, value, root); });
  };
  const auto some = [&](const nlohmann::ordered_json& list) {
    return std::count_if(list.begin(), list.end(),
                         [&](const auto& one) { return validates(one, value, root); });
  };
  if ((schema.contains("allOf") && !every(schema["allOf"])) ||
      (schema.contains("anyOf") && some(schema["anyOf"]) == 0) ||
      (schema.contains("oneOf") && some(schema["oneOf"]) != 1)) {
    return false;
  }
  if (schema.contains("const") && schema["const"] != value) {
    return false;
  }
  if (schema.contains("enum") &&
      std::count(schema["enum"].begin(), schema["enum"].end(), value) == 0) {
    return false;
  }
  if (schema.contains("type")) {
    const std::string type = schema["type"];
    const bool right = type == "object"    ? value.is_object()
                       : type == "array"   ? value.is_array()
                       : type == "string"  ? value.is_string()
                       : type == "boolean" ? value.is_boolean()
                       : type == "null"    ? value.is_null()
                       : type == "integer" ? value.is_number_integer()
                                           : value.is_number();
    if (!right) {
      return false;
    }
  }
  if (value.is_number()) {
    const auto number = value.get<double>();
    if ((schema.contains("minimum") && number < schema["minimum"].get<double>()) ||
        (schema.contains("exclusiveMinimum") &&
         number <= schema["exclusiveMinimum"].get<double>()) ||
        (schema.contains("maximum") && number > schema["maximum"].get<double>())) {
      return false;
    }
  }
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const auto length =
        static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
          return (static_cast<unsigned>(c) & 0xC0U) != 0x80;
        }));
    if (length < schema.value("minLength", std::size_t{0}) ||
        length > schema.value("maxLength", std::size_t{100000})) {
      return false;
    }
  }
  if (value.is_array()) {
    if (value.size() < schema.value("minItems", std::size_t{0}) ||
        value.size() > schema.value("maxItems", std::size_t{100000})) {
      return false;
    }
    const nlohmann::ordered_json prefix =
        schema.value("prefixItems", nlohmann::ordered_json::array());
    for (std::size_t i = 0; i < value.size(); ++i) {
      const nlohmann::ordered_json& item =
          i < prefix.size() ? prefix[i] : schema.value("items", nlohmann::ordered_json(true));
      if (!validates(item, value[i], root)) {
        return false;
      }
    }
  }
  if (value.is_object()) {
    for (const nlohmann::ordered_json& key :
         schema.value("required", nlohmann::ordered_json::array())) {
      if (!value.contains(key.get_ref<const std::string&>())) {
        return false;
      }
    }
    const nlohmann::ordered_json properties =
        schema.value("properties", nlohmann::ordered_json::object());
    for (const auto& [key, member] : value.items()) {
      if (!validates(properties.contains(key)
                         ? properties[key]
                         : schema.value("additionalProperties", nlohmann::ordered_json(true)),
                     member, root)) {
        return false;
      }
    }
  }
  return true;
}

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::mt19937 random_;
};

nlohmann::ordered_json random_schema(Dice& dice, int depth) {
  nlohmann::ordered_json schema = nlohmann::ordered_json::object();
  switch (dice.below(depth > 0 ? 10 : 5)) {
    case 0:
      schema["type"] = dice.one_in(2) ? "boolean" : "null";
      break;
    case 1: {
      schema["type"] = "string";
      const std::size_t min = dice.below(4);
      if (dice.one_in(2)) {
        schema["minLength"] = min;
      }
      if (dice.one_in(2)) {
        schema["maxLength"] = min + dice.below(4);
      }
      break;
    }
    case 2: {
      schema["type"] = dice.one_in(2) ? "integer" : "number";
      const int low = static_cast<int>(dice.below(300)) - 150;
      if (dice.one_in(2)) {
        schema[dice.one_in(3) ? "exclusiveMinimum" : "minimum"] = low;
      }
      if (dice.one_in(2)) {
        schema["maximum"] = low + 1 + static_cast<int>(dice.below(200));
      }
      break;
    }
    case 3:
      schema["enum"] = {"a\"\\\n", 1, nullptr, {{"k", {1, "\u00e9"}}}};
      break;
    case 4:
      schema["const"] = static_cast<int>(dice.below(5));
      break;
    case 5:
    case 6: {
      schema["type"] = "object";
      const std::size_t count = dice.below(5);
      for (std::size_t i = 0; i < count; ++i) {
        const std::string key = std::array{"a", "ab", "b\"", "\u65e5", "z"}[i];
        schema["properties"][key] = random_schema(dice, depth - 1);
        if (dice.one_in(2)) {
          schema["required"].push_back(key);
        }
      }
      if (dice.one_in(3)) {
        schema["additionalProperties"] = random_schema(dice, depth - 1);
      }
      break;
    }
    case 7:
      schema["type"] = "array";
      schema["items"] = random_schema(dice, depth - 1);
      if (dice.one_in(2)) {
        schema["minItems"] = dice.below(3);
        schema["maxItems"] = 2 + dice.below(2);
      }
      break;
    case 8:
      schema["type"] = "array";
      schema["prefixItems"] = {random_schema(dice, depth - 1), random_schema(dice, depth - 1)};
      schema["minItems"] = dice.below(4);
      break;
    default:
      schema["anyOf"] = {random_schema(dice, depth - 1), random_schema(dice, depth - 1)};
      break;
  }
  return schema;
}

}  // namespace

TEST_CASE("JSON schema: every text of the grammar of a random schema validates") {
  std::size_t checked = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    Dice dice(seed);
    const nlohmann::ordered_json schema = random_schema(dice, 3);
    CAPTURE(schema.dump());
    const grammar::Automaton automaton =
        grammar::compile(grammar::read_json_schema(schema.dump(), "s"), "s");
    for (int round = 0; round < 8; ++round) {
      const std::string text = grammar_test::random_text(
          automaton, [&](std::size_t n) { return dice.below(n); },
          [](const std::string&) { return "\"\"\"\"}}}}]]]],:012."; });  // what leads to an end
      if (text.empty()) {
        continue;
      }
      CAPTURE(text);
      REQUIRE(nlohmann::ordered_json::accept(text));
      REQUIRE(validates(schema, nlohmann::ordered_json::parse(text), schema));
      ++checked;
    }
  }
  CHECK(checked > 2000);
}

}  // namespace ottobit
