// SPDX-License-Identifier: Apache-2.0
// tiktoken.model files: what they must be, and how ranks decide.
#include "tokenizer/tiktoken.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

std::string base64(const std::string& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t j = i; j < i + 3; ++j) {
      bits = bits << 8U | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += i + j <= bytes.size() ? kDigits[bits >> (18 - 6 * j) & 63U] : '=';
    }
  }
  return text;
}

/// All bytes, ranked by value, then the tokens given.
std::string ranks(const std::vector<std::string>& tokens) {
  std::string text;
  int rank = 0;
  for (int byte = 0; byte < 256; ++byte) {
    text += base64(std::string(1, static_cast<char>(byte))) + " " + std::to_string(rank++) + "\n";
  }
  for (const std::string& token : tokens) {
    text += base64(token) + " " + std::to_string(rank++) + "\n";
  }
  return text;
}

Tiktoken open(const std::string& text) {
  const test::TempDirectory directory;
  const auto file = directory.path() / "tiktoken.model";
  std::ofstream(file, std::ios::binary) << text;
  return Tiktoken::open(file);
}

std::vector<std::int32_t> encode(const Tiktoken& tokenizer, const std::string& text) {
  std::vector<std::int32_t> ids;
  tokenizer.encode(text, ids);
  return ids;
}

}  // namespace

TEST_CASE("tiktoken: the lowest rank merges first, the leftmost of equals") {
  const Tiktoken t = open(ranks({"bc", "ab", "abc", "cd", "aa"}));  // ranks 256 to 260
  CHECK(encode(t, "abc") == std::vector<std::int32_t>{258});
  CHECK(encode(t, "xabcd") == std::vector<std::int32_t>{'x', 258, 'd'});  // bc, then abc
  CHECK(encode(t, "aaa") == std::vector<std::int32_t>{260, 'a'});
  CHECK(encode(t, "acd") == std::vector<std::int32_t>{'a', 259});
}

TEST_CASE("tiktoken: a piece that is a token is taken whole, though no merges lead to it") {
  const Tiktoken t = open(ranks({"hello"}));
  CHECK(encode(t, "hello") == std::vector<std::int32_t>{256});
  CHECK(encode(t, "hellos") == std::vector<std::int32_t>{'h', 'e', 'l', 'l', 'o', 's'});
}

TEST_CASE("tiktoken: merges do not cross Han, digits in threes, signs, or the end of a line") {
  const Tiktoken t = open(ranks({"12", "34",
                                 "\xE4\xB8\xAD"
                                 "a",
                                 "!a", "\n\n", "\nx"}));
  CHECK(encode(t, "1234") == std::vector<std::int32_t>{256, '3', '4'});  // 123|4
  CHECK(encode(t,
               "\xE4\xB8\xAD"
               "a")
            .size() == 4);
  CHECK(encode(t, "!a") == std::vector<std::int32_t>{259});  // one sign may lead a word
  CHECK(encode(t, "\n\nx") == std::vector<std::int32_t>{260, 'x'});
}

TEST_CASE("tiktoken: errors name the line") {
  const std::string good = ranks({});
  const auto fails = [&](const std::string& text, const char* part) {
    CAPTURE(part);
    test::expect_error(ErrorCode::format, {part}, [&] { static_cast<void>(open(text)); });
  };
  fails(good + "QUI=\n", "line 257");        // no rank
  fails(good + "Q*I= 256\n", "line 257");    // no base64
  fails(good + "QUI 256\n", "not a token");  // no padding
  fails(good + "QUI= -1\n", "not a rank");
  fails(good + "QUI= 2x\n", "not a rank");
  fails(good + "QUI= 99999999999\n", "not a rank");
  fails(good + "QUI= 255\n", "twice");
  fails(good + "QUI= 256\nQUI= 257\n", "line 258");
  fails(good + "QUI= 99999999\n", "expected 0 to");
  fails(good.substr(0, good.size() - 9), "<0xFF>");
  fails("", "is empty");
  fails("<!DOCTYPE html>\n", "HTML page");
}

}  // namespace ottobit
