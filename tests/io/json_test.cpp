// SPDX-License-Identifier: Apache-2.0
// Strictness of the JSON reader, the places its errors name, and read_text_file.
#include "io/json.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "support/errors.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

using test::expect_error;
using test::TempDirectory;
using test::write_text;

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST_CASE("parse_json reads every kind of value") {
  const Json value = parse_json(
      " {\"a\": [1, -2, 3.5, true, false, null], \"b\": {\"c\": \"\\u00e9\\ud83d\\ude00\\n\"}} ",
      "x");
  CHECK(value.at("a")[0].get<int>() == 1);
  CHECK(value.at("a")[1].get<int>() == -2);
  CHECK(value.at("a")[2].get<double>() == 3.5);
  CHECK(value.at("a")[3].get<bool>());
  CHECK(value.at("a")[5].is_null());
  CHECK(value.at("b").at("c").get<std::string>() == "\xC3\xA9\xF0\x9F\x98\x80\n");
  CHECK(parse_json("7", "x").get<int>() == 7);
  CHECK(parse_json("{}", "x").is_object());
  CHECK(parse_json("[[], {}, [{}]]", "x").size() == 3);
  CHECK(parse_json("18446744073709551615", "x").get<std::uint64_t>() == 18446744073709551615U);
  CHECK(parse_json("-9223372036854775808", "x").is_number_integer());
  CHECK(parse_json("18446744073709551616", "x").is_number_float());
  CHECK(parse_json("\xEF\xBB\xBF{}", "x").is_object());
}

TEST_CASE("parse_ordered_json keeps the order of keys") {
  const OrderedJson value = parse_ordered_json("{\"z\": 1, \"a\": {\"y\": 2, \"b\": []}}", "x");
  CHECK(value.dump() == "{\"z\":1,\"a\":{\"y\":2,\"b\":[]}}");
}

TEST_CASE("parse_ordered_json reads large objects without quadratic work") {
  std::string text = "{";
  for (int i = 0; i < 100000; ++i) {
    text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":" + std::to_string(i);
  }
  text += "}";
  CHECK(parse_ordered_json(text, "x").size() == 100000);
}

TEST_CASE("JSON errors carry code, subject, line and column") {
  struct Case {
    std::string text;
    const char* part;
    const char* place;
  };
  const Case cases[] = {
      {"", "unexpected end of input", "line 1, column 1"},
      {"{\n  \"a\": 1,\n  \"b\": x\n}", "invalid literal", "line 3, column 8"},
      {"{\"a\": 1, \"a\": 2}", "duplicate key `a`", "line 1"},
      {"{\"o\": {\"a\": 1, \"b\": 2, \"a\": 3}}", "duplicate key `a`", "line 1"},
      {"[1, 2", "unexpected end of input", "line 1, column 6"},
      {"[1 2]", "expected ']'", "column 4"},
      {"[1,]", "unexpected ']'", "column 4"},
      {"{\"a\" 1}", "expected ':'", "column 6"},
      {"{a: 1}", "invalid literal", "column 2"},
      {"{\"a\": 1,}", "expected string literal", "column 9"},
      {"{} {}", "expected end of input", "column 4"},
      {"1 // comment", "invalid literal", "column 3"},
      {"[NaN]", "NaN is not a JSON number", "column 2"},
      {"{\"x\": Infinity}", "Infinity is not a JSON number", "column 7"},
      {"{\"x\":\n -Infinity}", "Infinity is not a JSON number", "line 2, column 3"},
      {"[1e999]", "number overflow", "line 1"},
      {"[-1e400]", "number overflow", "line 1"},
      {"[01]", "expected ']'", "column 3"},
      {"[+1]", "invalid literal", "column 2"},
      {"[1.]", "expected digit", "column 4"},
      {"[.5]", "invalid literal", "column 2"},
      {"\"\x80\"", "ill-formed UTF-8", "column 2"},
      {"\"\xC0\xAF\"", "ill-formed UTF-8", "column 2"},
      {"\"\xED\xA0\x80\"", "ill-formed UTF-8", "column 3"},
      {"\"\xF4\x90\x80\x80\"", "ill-formed UTF-8", "column 3"},
      {"\"\\ud800\"", "surrogate", "line 1"},
      {"\"\\udc00\"", "surrogate", "line 1"},
      {"\"\\x41\"", "invalid string", "line 1"},
      {"\"a\nb\"", "control character", "line 1, column 3"},
      {"\"abc", "missing closing quote", "column 5"},
      {"'a'", "invalid literal", "column 1"},
      {"tru", "invalid literal", "line 1"},
      {"]", "unexpected ']'", "column 1"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    expect_error(ErrorCode::format, {"some.json: ", c.part, c.place},
                 [&] { static_cast<void>(parse_json(c.text, "some.json")); });
    expect_error(ErrorCode::argument, {"some.json: ", c.part}, [&] {
      static_cast<void>(parse_ordered_json(c.text, "some.json", ErrorCode::argument));
    });
  }
}

TEST_CASE("extras that people write by hand are taken out, and nothing else") {
  const auto value = [](std::string_view text) {
    return parse_json(without_json_extras(text), "text");
  };
  CHECK(value("{\"a\": [1, 2,], }") == Json::object({{"a", Json::array({1, 2})}}));
  CHECK(value("{ // one\n\"a\": 1, /* two, */ \n\t}") == Json::object({{"a", 1}}));
  CHECK(value(R"({"a,]": ",}", "b\\": "\",]", "c": "//", "d": "/*"})") ==
        Json::object({{"a,]", ",}"}, {"b\\", "\",]"}, {"c", "//"}, {"d", "/*"}}));
  for (const char* broken : {"[1,,]", "[,]", "{,}", "[1 2]", "\"open", "/* open", ",", "// only"}) {
    CAPTURE(broken);
    const std::string plain = without_json_extras(broken);
    const bool one_less = std::string_view(broken) == "[,]" || std::string_view(broken) == "{,}";
    if (one_less) {
      CHECK(parse_json(plain, "text").empty());
    } else {
      CHECK_THROWS_AS(parse_json(plain, "text"), Error);
    }
  }
}

TEST_CASE("parse_json does not take a NUL byte for the end of the text") {
  expect_error(ErrorCode::format, {"NUL byte", "line 1, column 3"},
               [] { static_cast<void>(parse_json(std::string_view("{}\0garbage", 10), "x")); });
}

TEST_CASE("parse_json bounds the depth exactly") {
  CHECK(parse_json(nested(kMaxJsonDepth), "x").is_array());
  CHECK(parse_ordered_json(nested(kMaxJsonDepth), "x").is_array());
  const auto too_deep = [](const std::string& text) {
    expect_error(ErrorCode::format, {"nested deeper than 128 levels", "column 129"},
                 [&] { static_cast<void>(parse_json(text, "x")); });
  };
  too_deep(nested(kMaxJsonDepth + 1));
  too_deep(std::string(1'000'000, '['));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) {
    objects += "{\"a\":";
  }
  expect_error(ErrorCode::format, {"nested deeper than 128 levels"},
               [&] { static_cast<void>(parse_json(objects, "x")); });
}

TEST_CASE("JSON errors quote hostile keys and long tokens safely") {
  const std::string key = std::string(100'000, 'k') + "\\n\\u2028";
  expect_error(ErrorCode::format, {"duplicate key `kkk", "..."}, [&] {
    static_cast<void>(parse_json("{\"" + key + "\":1,\"" + key + "\":2}", "x"));
  });
  expect_error(ErrorCode::format, {"number overflow"},
               [] { static_cast<void>(parse_json(std::string(100'000, '9'), "x")); });
}

TEST_CASE("read_text_file returns the bytes of the file") {
  const TempDirectory dir;
  const std::string bytes("a\r\nb\0c\xFF", 7);
  write_text(dir / "file", bytes);
  CHECK(read_text_file(dir / "file") == bytes);
  const std::string large(300'000, 'x');
  write_text(dir / "large", large);
  CHECK(read_text_file(dir / "large") == large);
  CHECK(read_text_file(dir / "large", 300'000) == large);
}

TEST_CASE("read_text_file explains what is wrong with a file") {
  const TempDirectory dir;
  const auto expect = [&](const char* name, ErrorCode code,
                          std::initializer_list<std::string_view> parts) {
    CAPTURE(std::string(name));
    expect_error(code, parts, [&] { static_cast<void>(read_text_file(dir / name, 1000)); });
  };
  expect("absent", ErrorCode::io, {dir.path().string(), "absent: no such file"});
  expect(".", ErrorCode::io, {"is a directory"});
  write_text(dir / "empty", "");
  expect("empty", ErrorCode::format, {"is empty"});
  write_text(dir / "large", std::string(1001, 'x'));
  expect("large", ErrorCode::io, {"bytes, expected 1000 at most"});
  write_text(dir / "pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n");
  expect(
      "pointer", ErrorCode::format,
      {"is a git-lfs pointer, not the file itself; run `git lfs pull` in ", dir.path().string()});
  write_text(dir / "page", "\n <!DOCTYPE html>\n<html></html>");
  expect("page", ErrorCode::format, {"is an HTML page"});
  write_text(dir / "page", "\xEF\xBB\xBF<HTML>");
  expect("page", ErrorCode::format, {"is an HTML page"});
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  expect("fifo", ErrorCode::io, {"is not a regular file"});
}

}  // namespace
}  // namespace ottobit
