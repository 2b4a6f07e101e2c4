// SPDX-License-Identifier: Apache-2.0
// Tokenizers against ids and texts that the makers' own libraries give.
#include "ottobit/tokenizer.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"
#include "support/json.hpp"
#include "support/paths.hpp"
#include "support/random.hpp"
#include "support/temp_directory.hpp"
#include "tokenizer/utf8.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

/// How equal ids must be.
enum class Ties {
  none,
  order,  ///< where pieces may stand in several orders of the same score, in any of them
};

void check_ids(Ids ids, Ids expected, Ties ties) {
  if (ties == Ties::order) {
    std::sort(ids.begin(), ids.end());
    std::sort(expected.begin(), expected.end());
  }
  CHECK(ids == expected);
}

/// Checks a list of {text, ids, bos, decoded} and of {text, ids} with control words.
void check_cases(const Tokenizer& tokenizer, const nlohmann::json& texts,
                 const nlohmann::json& control, Ties ties) {
  for (const nlohmann::json& item : texts) {
    const auto text = item["text"].get<std::string>();
    CAPTURE(text);
    const Ids ids = item["ids"].get<Ids>();
    check_ids(tokenizer.encode(text), ids, ties);
    if (item.contains("bos")) {
      check_ids(tokenizer.encode(text, {.add_bos = true}), item["bos"].get<Ids>(), ties);
    }
    if (item.contains("decoded")) {
      CHECK(tokenizer.decode(ids) == item["decoded"].get<std::string>());
    }
  }
  for (const nlohmann::json& item : control) {
    const auto text = item["text"].get<std::string>();
    CAPTURE(text);
    CHECK(tokenizer.encode(text, {.parse_special = true}) == item["ids"].get<Ids>());
  }
}

void check_folder(const fs::path& folder, Ties ties = Ties::none) {
  CAPTURE(folder.string());
  const Tokenizer tokenizer = Tokenizer::open(folder);
  if (fs::exists(folder / "cases.json")) {
    const nlohmann::json cases = nlohmann::json::parse(read_text_file(folder / "cases.json"));
    check_cases(tokenizer, cases["text"], cases.value("control", nlohmann::json::array()), ties);
  } else {
    check_cases(tokenizer, nlohmann::json::parse(read_text_file(folder / "tokens.json")), {}, ties);
  }
}

Tokenizer seed() {
  return Tokenizer::open(test::test_data("tokenizer-seed_oss"));
}

std::string random_text(test::Random& random) {
  std::string text;
  const Index length = random.index(40);
  for (Index i = 0; i < length; ++i) {
    const Index kind = random.index(8);
    char32_t code = static_cast<char32_t>(32 + random.index(95));
    code = kind == 0 ? static_cast<char32_t>(random.index(0x250)) : code;
    code = kind == 1 ? static_cast<char32_t>(0x4E00 + random.index(0x500)) : code;
    code = kind == 2 ? static_cast<char32_t>(0x1F300 + random.index(0x300)) : code;
    code = kind == 3 ? U' ' : code;
    code = kind == 4 ? U'\n' : code;
    utf8::append(text, code);
  }
  return text;
}

}  // namespace

TEST_CASE("the Seed-OSS tokenizer equals its makers' on every case") {
  check_folder(test::test_data("tokenizer-seed_oss"));
  check_folder(test::test_data("seed_oss-fp8"));
}

TEST_CASE("the tokenizers of the model folders equal their makers'") {
  check_folder(test::test_data("llama3-bf16-tied"));
#if defined(OTTOBIT_SENTENCEPIECE)
  check_folder(test::test_data("llama2-bf16"));
  check_folder(test::test_data("gemma2-bf16"));
#endif
  check_folder(test::test_data("kimi_k2-int4"));
}

TEST_CASE("every published tokenizer equals its makers'") {
  const auto root = test::shared_fixture("tokenizers");
  if (!root) {
    MESSAGE("skipped: the shared fixtures are absent");
    return;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(*root)) {
#if !defined(OTTOBIT_SENTENCEPIECE)
    if (!fs::exists(entry.path() / "tokenizer.json") &&
        fs::exists(entry.path() / "tokenizer.model")) {
      continue;
    }
#endif
    // Releases of sentencepiece differ in which of the segmentations with the same score they take.
    check_folder(entry.path(), entry.path().filename() == "unigram_spm" ? Ties::order : Ties::none);
  }
}

TEST_CASE("byte-level tokens spell any text and give it back") {
  const Tokenizer tokenizer = seed();
  test::Random random(21);
  for (int i = 0; i < 300; ++i) {
    const std::string text = random_text(random);
    CAPTURE(text);
    CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
  }
}

TEST_CASE("incremental text equals the text decoded at once and is never cut in a character") {
  const Tokenizer tokenizer = seed();
  test::Random random(22);
  for (int i = 0; i < 300; ++i) {
    Ids ids = tokenizer.encode(random_text(random));
    for (Index extra = random.index(4); extra > 0; --extra) {  // bytes that form no character
      ids.insert(ids.begin() + random.index(static_cast<Index>(ids.size()) + 1),
                 static_cast<std::int32_t>(random.index(tokenizer.vocab_size())));
    }
    for (const bool skip : {true, false}) {
      IncrementalDetokenizer detokenizer(tokenizer, skip);
      std::string text;
      for (const std::int32_t id : ids) {
        const std::string_view piece = detokenizer.push(id);
        CHECK(utf8::is_valid(piece));
        text += piece;
      }
      text += detokenizer.finish();
      CHECK(text == tokenizer.decode(ids, skip));
    }
  }
}

TEST_CASE("control words are text unless asked for, and text again in plain ranges") {
  const Tokenizer tokenizer = seed();
  const std::int32_t eos = *tokenizer.find_token("<seed:eos>");
  const std::string text = "a<seed:eos>b<seed:eos>c";
  const auto count = [&](const EncodeOptions& options) {
    const Ids ids = tokenizer.encode(text, options);
    CHECK(tokenizer.decode(ids) == text);
    return std::count(ids.begin(), ids.end(), eos);
  };
  CHECK(count({}) == 0);
  CHECK(count({.parse_special = true}) == 2);
  const std::vector<TextRange> first = {{0, 11}};
  CHECK(count({.parse_special = true, .plain = first}) == 1);
  const std::vector<TextRange> touching = {{21, 22}};  // one byte of the second is enough
  CHECK(count({.parse_special = true, .plain = touching}) == 1);
  const std::vector<TextRange> beside = {{0, 1}, {11, 12}, {22, 23}};
  CHECK(count({.parse_special = true, .plain = beside}) == 2);
  CHECK(tokenizer.decode(tokenizer.encode(text, {.parse_special = true}), true) == "abc");
}

TEST_CASE("a tokenizer tells what it holds") {
  const Tokenizer tokenizer = seed();
  CHECK(tokenizer.kind() == "byte-level BPE (tokenizer.json)");
  CHECK(tokenizer.bos_text() == "<seed:bos>");
  CHECK(tokenizer.eos_text() == "<seed:eos>");
  CHECK(tokenizer.is_special(*tokenizer.find_token("<seed:bos>")));
  CHECK_FALSE(tokenizer.is_special(tokenizer.encode("a")[0]));
  CHECK_FALSE(tokenizer.is_special(-1));
  CHECK_FALSE(tokenizer.is_special(tokenizer.vocab_size()));
  CHECK(tokenizer.token_bytes(tokenizer.encode("a")[0]) == "a");
  CHECK_FALSE(tokenizer.find_token("no such token").has_value());
  std::string joined;
  for (const std::int32_t id : tokenizer.encode("h\u00e9llo \U0001F600")) {
    joined += tokenizer.token_bytes(id);
  }
  CHECK(joined == "h\u00e9llo \U0001F600");
}

TEST_CASE("bad input to a tokenizer is refused by name") {
  const Tokenizer tokenizer = seed();
  test::expect_error(ErrorCode::argument, {"UTF-8"}, [&] { (void)tokenizer.encode("\xC3("); });
  test::expect_error(ErrorCode::argument, {"id -1"}, [&] { (void)tokenizer.token_bytes(-1); });
  test::expect_error(ErrorCode::argument, {"is not in the tokenizer"},
                     [&] { (void)tokenizer.decode(Ids{1 << 20}); });
}

TEST_CASE("normalisers and decoders that double the text again and again end in an error") {
  const test::TempDirectory folder;
  const auto open = [&](const std::string& more) {
    test::write_text(
        folder / "tokenizer.json",
        R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}, )" + more + "}");
    return Tokenizer::open(folder.path());
  };
  const auto sixty = [](const char* pattern) {
    std::string steps;
    for (int i = 0; i < 60; ++i) {
      steps += std::string(i == 0 ? "" : ", ") + R"({"type": "Replace", "pattern": {")" + pattern +
               R"(": "a"}, "content": "aa"})";
    }
    return "[" + steps + "]";
  };
  for (const char* pattern : {"String", "Regex"}) {
    const Tokenizer doubling =
        open(R"("normalizer": {"type": "Sequence", "normalizers": )" + sixty(pattern) + "}");
    test::expect_error(ErrorCode::format, {"grows beyond"}, [&] { (void)doubling.encode("a"); });
    CHECK(doubling.encode("b") == Ids{1});
  }
  test::expect_error(ErrorCode::format, {"grows beyond"}, [&] {
    (void)open(R"("decoder": {"type": "Sequence", "decoders": )" + sixty("String") + "}");
  });
}

TEST_CASE("a megabyte without spaces is encoded, not merely begun") {
  const Tokenizer tokenizer = seed();
  const std::string text(1 << 20, 'a');
  CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
}

TEST_CASE("a million letters of one word are one piece for every pattern") {
  for (const char* folder : {"kimi_k2-int4", "llama3-bf16-tied", "tokenizer-seed_oss"}) {
    CAPTURE(folder);
    const Tokenizer tokenizer = Tokenizer::open(test::test_data(folder));
    for (const std::string_view unit : {"a", "aB", "\u00e9", "\u3042", " ", "\r\n", "1a"}) {
      std::string text;
      while (text.size() < 1'000'000) {
        text += unit;
      }
      CHECK(tokenizer.decode(tokenizer.encode(text)) == text);
    }
  }
}

}  // namespace ottobit
