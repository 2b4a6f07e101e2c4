// SPDX-License-Identifier: Apache-2.0
// Typed access to config files: what each getter accepts, refuses and says.
#include "io/config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

using test::expect_error;

Config config_of(const std::string& text) {
  return Config::parse(parse_json(text, "config.json"), "config.json");
}

TEST_CASE("Config reads each type") {
  const Config config = config_of(R"({
    "layers": 61, "theta": 1e6, "eps": 1e-6, "bias": false, "tied": true, "act": "silu",
    "eos": 2, "stops": [151645, 151643], "factors": [1, 2.5], "one_factor": 4,
    "architectures": ["SeedOssForCausalLM"], "nothing": null, "limit": 1099511627776,
    "empty": [], "text": ""})");
  CHECK(config.integer("layers") == 61);
  CHECK(config.integer("theta") == 1'000'000);
  CHECK(config.integer("limit") == Index{1} << 40);
  CHECK(config.number("theta") == 1e6);
  CHECK(config.number("eps") == 1e-6);
  CHECK(config.number("layers") == 61.0);
  CHECK_FALSE(config.flag("bias"));
  CHECK(config.flag("tied"));
  CHECK(config.text("act") == "silu");
  CHECK(config.text("text").empty());
  CHECK(config.integers("eos") == std::vector<Index>{2});
  CHECK(config.integers("stops") == std::vector<Index>{151645, 151643});
  CHECK(config.integers("empty").empty());
  CHECK(config.numbers("factors") == std::vector<double>{1.0, 2.5});
  CHECK(config.numbers("one_factor") == std::vector<double>{4.0});
  CHECK(config.texts("architectures") == std::vector<std::string>{"SeedOssForCausalLM"});
  CHECK(config.has("layers"));
  CHECK_FALSE(config.has("nothing"));
  CHECK_FALSE(config.has("absent"));
}

TEST_CASE("Config falls back where a key is absent or null, never where it is wrong") {
  const Config config = config_of(R"({"nothing": null, "wrong": [1]})");
  for (const char* key : {"nothing", "absent"}) {
    CHECK(config.integer(key, 8) == 8);
    CHECK(config.number(key, 0.5) == 0.5);
    CHECK(config.flag(key, true));
    CHECK(config.text(key, "silu") == "silu");
  }
  const auto wrong = [&](const char* expected, const std::function<void()>& action) {
    expect_error(ErrorCode::format, {"config.json: `wrong` is an array, expected ", expected},
                 action);
  };
  wrong("an integer", [&] { static_cast<void>(config.integer("wrong", 8)); });
  wrong("a number", [&] { static_cast<void>(config.number("wrong", 8.0)); });
  wrong("true or false", [&] { static_cast<void>(config.flag("wrong", true)); });
  wrong("a string", [&] { static_cast<void>(config.text("wrong", "")); });
}

TEST_CASE("Config names key, found and expected") {
  const Config config = config_of(R"({
    "string": "8", "fraction": 1.5, "negative": -1, "large": 1099511627777, "huge": 1e300,
    "maximal": 18446744073709551615, "number": 1, "flag": true, "object": {}, "nothing": null,
    "mixed": [1, "2"], "negatives": [1, -2], "nested": [[1]]})");
  struct Case {
    const char* part;
    std::function<void()> action;
  };
  const Case cases[] = {
      {"`string` is a string, expected an integer",
       [&] { static_cast<void>(config.integer("string")); }},
      {"`fraction` is 1.5, expected an integer from 0 to 2^40",
       [&] { static_cast<void>(config.integer("fraction")); }},
      {"`negative` is -1, expected an integer",
       [&] { static_cast<void>(config.integer("negative")); }},
      {"`negative` is -1, expected an integer",
       [&] { static_cast<void>(config.integer("negative", 3)); }},
      {"`large` is 1099511627777, expected", [&] { static_cast<void>(config.integer("large")); }},
      {"`huge` is 1e+300, expected", [&] { static_cast<void>(config.integer("huge")); }},
      {"`maximal` is 18446744073709551615, expected",
       [&] { static_cast<void>(config.integer("maximal")); }},
      {"`flag` is a boolean, expected an integer",
       [&] { static_cast<void>(config.integer("flag")); }},
      {"`absent` is missing", [&] { static_cast<void>(config.integer("absent")); }},
      {"`nothing` is missing", [&] { static_cast<void>(config.integer("nothing")); }},
      {"`absent` is missing", [&] { static_cast<void>(config.number("absent")); }},
      {"`flag` is a boolean, expected a number", [&] { static_cast<void>(config.number("flag")); }},
      {"`string` is a string, expected a number",
       [&] { static_cast<void>(config.number("string")); }},
      {"`number` is an integer, expected true or false",
       [&] { static_cast<void>(config.flag("number")); }},
      {"`string` is a string, expected true or false",
       [&] { static_cast<void>(config.flag("string")); }},
      {"`absent` is missing", [&] { static_cast<void>(config.flag("absent")); }},
      {"`object` is an object, expected a string",
       [&] { static_cast<void>(config.text("object")); }},
      {"`absent` is missing", [&] { static_cast<void>(config.text("absent")); }},
      {"`mixed` is a string, expected an integer",
       [&] { static_cast<void>(config.integers("mixed")); }},
      {"`negatives` is -2, expected", [&] { static_cast<void>(config.integers("negatives")); }},
      {"`nested` is an array, expected an integer",
       [&] { static_cast<void>(config.integers("nested")); }},
      {"`absent` is missing", [&] { static_cast<void>(config.integers("absent")); }},
      {"`mixed` is an integer, expected a string",
       [&] { static_cast<void>(config.texts("mixed")); }},
      {"`mixed` is a string, expected a number",
       [&] { static_cast<void>(config.numbers("mixed")); }},
      {"`number` is an integer, expected an object",
       [&] { static_cast<void>(config.section("number")); }},
  };
  for (const Case& c : cases) {
    expect_error(ErrorCode::format, {"config.json: ", c.part}, c.action);
  }
}

TEST_CASE("Config sections carry their path in messages") {
  const Config config = config_of(R"({"text_config": {"rope": {"factor": "8"}}, "nothing": null})");
  CHECK_FALSE(config.section("nothing").has_value());
  CHECK_FALSE(config.section("absent").has_value());
  const std::optional<Config> rope = config.section("text_config")->section("rope");
  REQUIRE(rope.has_value());
  CHECK(rope->subject() == "config.json: text_config: rope");
  expect_error(ErrorCode::format,
               {"config.json: text_config: rope: `factor` is a string, expected a number"},
               [&] { static_cast<void>(rope->number("factor")); });
}

TEST_CASE("Config lists the keys nobody asked for, per object and across copies") {
  const Config config = config_of(R"({"a": 1, "b": 2, "c": 3, "d": null, "s": {"x": 1, "y": 2}})");
  CHECK(config.unread_keys() == std::vector<std::string>{"a", "b", "c", "d", "s"});
  static_cast<void>(config.integer("a"));
  static_cast<void>(config.has("d"));
  const Config copy = config;
  static_cast<void>(copy.integer("b", 0));
  static_cast<void>(config.integer("not there", 0));
  CHECK(config.unread_keys() == std::vector<std::string>{"c", "s"});
  static_cast<void>(config.section("s")->integer("x"));
  CHECK(config.section("s")->unread_keys() == std::vector<std::string>{"y"});
  CHECK(config.unread_keys() == std::vector<std::string>{"c"});
}

TEST_CASE("Config sections outlive the object they came from") {
  std::optional<Config> section;
  {
    const Config config = config_of(R"({"s": {"x": 5}})");
    section = config.section("s");
  }
  CHECK(section->integer("x") == 5);
}

TEST_CASE("Config::parse refuses anything but an object") {
  expect_error(ErrorCode::format, {"config.json: holds an array, expected an object"},
               [] { static_cast<void>(config_of("[1]")); });
  expect_error(ErrorCode::format, {"config.json: holds null"},
               [] { static_cast<void>(config_of("null")); });
}

TEST_CASE("Config::open reads a file and names it") {
  const test::TempDirectory dir;
  expect_error(ErrorCode::io, {"config.json: no such file"},
               [&] { static_cast<void>(Config::open(dir / "config.json")); });
  test::write_text(dir / "config.json", "{\n  \"theta\": NaN, \"a\": Infinity 1\n}");
  expect_error(ErrorCode::format, {"config.json: ", "line 2"},
               [&] { static_cast<void>(Config::open(dir / "config.json")); });
  test::write_text(dir / "config.json", "{\"a\": 1, \"a\": 2}");
  expect_error(ErrorCode::format, {"config.json: duplicate key `a`"},
               [&] { static_cast<void>(Config::open(dir / "config.json")); });
  test::write_text(dir / "config.json",
                   R"({"limits": [-Infinity, 0, Infinity], "max": {"__float__": "Infinity"},
                       "bad": NaN, "text": "an \"Infinity\" and NaN", "as": [{"__float__": "-Infinity"}]})");
  const Config python = Config::open(dir / "config.json");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(python.numbers_or_infinite("limits") == std::vector<double>{-kInfinity, 0, kInfinity});
  CHECK(python.numbers_or_infinite("max") == std::vector<double>{kInfinity});
  CHECK(python.numbers_or_infinite("as") == std::vector<double>{-kInfinity});
  CHECK(python.text("text") == "an \"Infinity\" and NaN");
  expect_error(ErrorCode::format, {"`bad`", "expected a number"},
               [&] { static_cast<void>(python.numbers_or_infinite("bad")); });
  expect_error(ErrorCode::format, {"`limits`", "expected a number"},
               [&] { static_cast<void>(python.numbers("limits")); });
  const Config config = Config::open(test::test_data("seed_oss-bf16") / "config.json");
  CHECK(config.text("model_type") == "seed_oss");
  CHECK(config.integer("hidden_size") > 0);
  CHECK(config.raw().is_object());
}

}  // namespace
}  // namespace ottobit
