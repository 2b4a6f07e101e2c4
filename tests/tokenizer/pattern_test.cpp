// SPDX-License-Identifier: Apache-2.0
// What the regular expressions and normal forms of tokenizer files mean to the makers' library, and
// would not to ours as they stand.
#include "tokenizer/pattern.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "io/json.hpp"
#include "support/errors.hpp"
#include "tokenizer/newer_characters.hpp"
#include "tokenizer/normalize.hpp"
#include "tokenizer/regex.hpp"
#include "tokenizer/utf8.hpp"

namespace ottobit {
namespace {

std::vector<std::string> matches(const std::string& pattern, const std::string& text) {
  const Regex regex(pattern, "test");
  Regex::Search search(regex, text);
  std::vector<std::string> found;
  for (std::size_t at = 0; const auto match = search.next(at);) {
    found.push_back(text.substr(match->begin, match->end - match->begin));
    at = match->end;
  }
  return found;
}

using Pieces = std::vector<std::string>;

}  // namespace

TEST_SUITE("tokenizer") {
  TEST_CASE("patterns: scripts, words, hexadecimal digits and lines as Oniguruma has them") {
    // U+3001 is of the script Common and used with Han.
    CHECK(matches("\\p{Han}+", "\u4E00\u3001\u4E8C") == Pieces{"\u4E00", "\u4E8C"});
    CHECK(matches("\\P{Han}+", "\u4E00\u3001a") == Pieces{"\u3001a"});
    CHECK(matches("\\p{^Han}+", "\u4E00\u3001a") == Pieces{"\u3001a"});
    CHECK(matches("[\\p{Han}x]+", "x\u4E00\u3001") == Pieces{"x\u4E00"});
    CHECK(matches("\\p{L}\\pN", "a1") == Pieces{"a1"});
    CHECK(matches("\\w+", "ab\u0301_1\u203F \u00B2") == Pieces{"ab\u0301_1\u203F", "\u00B2"});
    CHECK(matches("\\W+", "a\u0301 -b") == Pieces{" -"});
    CHECK(matches("[\\w-]+", "a\u0301-b c") == Pieces{"a\u0301-b", "c"});
    CHECK(matches("\\h+|\\H", "fe g") == Pieces{"fe", " ", "g"});
    CHECK(matches("^a|b$", "ab\na") == Pieces{"a", "b", "a"});
  }

  TEST_CASE("patterns: intersections of classes") {
    CHECK(matches("[\\p{L}&&[^\\p{Han}]]+", "ab\u4E00c") == Pieces{"ab", "c"});
    CHECK(matches("[a-f&&d-z]+", "abcdefg") == Pieces{"def"});
    CHECK(matches("[a-z&&[^x]&&[^c]]+", "abcxde") == Pieces{"ab", "de"});
    CHECK(matches("[a-z&&[b-y&&[^m]]]+", "abmyz") == Pieces{"b", "y"});
    CHECK(matches("[[a-f]&&[d-z]]+", "abcdefg") == Pieces{"def"});
    CHECK(matches("[]a]+[[:digit:]]", "]a1") == Pieces{"]a1"});
    CHECK(matches("[\\[\\]&]+&&", "[&]&&") == Pieces{"[&]&&"});
  }

  TEST_CASE("patterns that would mean something else are refused") {
    const auto refused = [](const std::string& pattern, const char* problem) {
      test::expect_error(ErrorCode::unsupported, {problem},
                         [&] { static_cast<void>(pcre_pattern(pattern, "test")); });
    };
    refused("[a[b]]", "a class within a class");
    refused("[^[a]]", "a class within a negated class");
    refused("[[a]b]", "more beside a class");
    refused("[^a&&b]", "an intersection in a negated class");
    refused("[a&&[b]c]", "more beside a class");
    refused("[\\W]", "`W` within a class");
    std::string deep;
    for (int i = 0; i < 10'000; ++i) {
      deep += "[a&&";
    }
    refused(deep, "nested more than");
    test::expect_error(ErrorCode::format, {"a class does not end"},
                       [] { static_cast<void>(pcre_pattern("[abc", "test")); });
    for (const char* cut :
         {"\\", "[\\", "\\p", "\\p{", "\\p{Han", "[", "[^", "[a&&", "[[:", "(["}) {
      CHECK_THROWS_AS(Regex(cut, "test"), Error);
    }
  }

  TEST_CASE("patterns know the letters of Unicode 15 and 16, and that U+180E is no space") {
    CHECK(matches("\\s+", " \u180E\u3000") == Pieces{" ", "\u3000"});
    CHECK(matches("\\p{L}+", "-\U00031350\u1C89-") == Pieces{"\U00031350\u1C89"});
    CHECK(matches("\\p{Lu}", "\u1C89\u1C8A") == Pieces{"\u1C89"});
    CHECK(matches("[\\p{Han}]+", "\U00031350\u0E01") == Pieces{"\U00031350"});
    CHECK(matches("\\p{N}", "\U00011F50\U0001D2C0") == Pieces{"\U00011F50", "\U0001D2C0"});
    CHECK(matches("\\p{M}", "a\u0897") == Pieces{"\u0897"});
    CHECK(matches("[\\p{P}\\p{S}]+", "a\u1B4E\U0001FAE9b") == Pieces{"\u1B4E\U0001FAE9"});
    // DeepSeek names its Han by their codes: newer ones are others.
    CHECK(matches("[\u4E00-\u9FA5]+", "\u4E00\U00031350").size() == 1);
  }

  TEST_CASE("characters that stand in are as long, and only where they must") {
    CHECK(with_known_characters("plain, caf\u00E9, \u4F60\u597D, \U0001F600").empty());
    int wrong = 0;
    for (char32_t code = 0x800; code < 0x110000; ++code) {
      if (code >= 0xD800 && code < 0xE000) {
        continue;
      }
      std::string text;
      utf8::append(text, code);
      const std::string known = with_known_characters("a" + text + "b");
      wrong += !known.empty() &&
               (known.size() != text.size() + 2 || known.front() != 'a' || known.back() != 'b');
    }
    CHECK(wrong == 0);
  }

  TEST_CASE(
      "normal forms are those of the makers' library: Unicode 9, newer characters as they are") {
    const Normalizer nfc = Normalizer::parse(Json::object({{"type", "NFC"}}), "test");
    CHECK(nfc.apply("e\u0301 x e\u0323\u0302, a") == "\u00E9 x \u1EC7, a");
    CHECK(nfc.apply("\u0301e\u0301") == "\u0301\u00E9");
    CHECK(nfc.apply("a\u0618\u0316") == "a\u0618\u0316");
    CHECK(nfc.apply("a\u0316\u0618") == "a\u0618\u0316");  // classes 220, 30
    CHECK(nfc.apply("a\u1AC4\u0618") == "a\u1AC4\u0618");  // the same, of Unicode 14
    CHECK(nfc.apply("\U00011935\U00011930").size() == 8);  // composes since Unicode 13
    std::string marks = "e";
    std::string in_order = "\u1EB9";
    for (int i = 0; i < 200'000; ++i) {
      marks += "\u0301\u0323";  // classes 230 and 220: quadratic time would be minutes
      in_order += i == 0 ? "" : "\u0323";
    }
    for (int i = 0; i < 200'000; ++i) {
      in_order += "\u0301";
    }
    CHECK(nfc.apply(marks) == in_order);
    const Normalizer nfkc = Normalizer::parse(Json::object({{"type", "NFKC"}}), "test");
    CHECK(nfkc.apply("\uFB01\u32FF\u33FF") == "fi\u32FFgal");  // U+32FF is of Unicode 12.1
  }

  TEST_CASE("Lowercase and Strip know more than ASCII") {
    const Normalizer lowercase = Normalizer::parse(Json::object({{"type", "Lowercase"}}), "test");
    CHECK(lowercase.apply("\u00C9A\u0130\u03A3") == "\u00E9ai\u0307\u03C3");
    const Normalizer strip = Normalizer::parse(Json::object({{"type", "Strip"}}), "test");
    CHECK(strip.apply("\u3000\n a \u00A0b\u2028\t") == "a \u00A0b");
    CHECK(strip.apply("\u00A0") == "");
    CHECK(strip.apply("") == "");
  }
}

}  // namespace ottobit
