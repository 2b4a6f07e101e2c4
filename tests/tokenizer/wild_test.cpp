// SPDX-License-Identifier: Apache-2.0
// Tokenizers as people have them, against the makers' library: tests/data/wild.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/tokenizer.hpp"

#include "support/errors.hpp"
#include "support/json.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

/// A BPE of single letters, with added tokens and parts as given.
Tokenizer tokenizer_of(const std::string& parts, const std::string& config = "{}") {
  const test::TempDirectory folder;
  test::write_text(folder / "tokenizer.json",
                   R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "▁": 3, "<": 4,
                       "s": 5, ">": 6, " ": 7, "d": 8}, "merges": []}, )" +
                       parts + "}");
  test::write_text(folder / "tokenizer_config.json", config);
  return Tokenizer::open(folder.path());
}

}  // namespace

TEST_CASE("wild tokenizers equal the makers' library on every case") {
  int folders = 0;
  for (const auto& entry : fs::directory_iterator(test::test_data("wild/tokenizers"))) {
    CAPTURE(entry.path().filename().string());
    const Tokenizer tokenizer = Tokenizer::open(entry.path());
    const nlohmann::json cases =
        nlohmann::json::parse(test::read_text(entry.path() / "cases.json"));
    CHECK(cases.size() >= 20);
    for (const nlohmann::json& item : cases) {
      const auto text = item["text"].get<std::string>();
      CAPTURE(text);
      const Ids ids = item["ids"].get<Ids>();
      CHECK(tokenizer.encode(text, {.parse_special = true}) == ids);
      CHECK(tokenizer.encode(text, {.parse_special = true, .add_bos = true}) ==
            item["bos"].get<Ids>());
      CHECK(tokenizer.decode(ids) == item["decoded"].get<std::string>());
      std::string streamed;
      IncrementalDetokenizer detokenizer(tokenizer, false);
      for (const std::int32_t id : ids) {
        streamed += detokenizer.push(id);
      }
      streamed += detokenizer.finish();
      CHECK(streamed == item["decoded"].get<std::string>());
    }
    ++folders;
  }
  CHECK(folders >= 12);
}

TEST_CASE("control words sought in normalised text are text in plain ranges") {
  const Tokenizer tokenizer = tokenizer_of(R"(
      "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
      "added_tokens": [{"id": 9, "content": "<s>", "special": true, "normalized": true},
                       {"id": 10, "content": "b c", "special": true, "normalized": true}])");
  const std::string text = "a <s> <s>b c<s>";
  const Ids all = {0, 3, 9, 3, 9, 10, 9};
  CHECK(tokenizer.encode(text, {.parse_special = true}) == all);
  CHECK(tokenizer.encode(text) == Ids{0, 3, 4, 5, 6, 3, 4, 5, 6, 1, 3, 2, 4, 5, 6});
  const std::vector<TextRange> second = {{6, 9}};
  CHECK(tokenizer.encode(text, {.parse_special = true, .plain = second}) ==
        Ids{0, 3, 9, 3, 4, 5, 6, 10, 9});
  const std::vector<TextRange> part = {{10, 11}};
  CHECK(tokenizer.encode(text, {.parse_special = true, .plain = part}) ==
        Ids{0, 3, 9, 3, 9, 1, 3, 2, 9});
  const std::vector<TextRange> everything = {{0, text.size()}};
  CHECK(tokenizer.encode(text, {.parse_special = true, .plain = everything}) ==
        tokenizer.encode(text));
}

TEST_CASE("text that only its normal form makes a control word stays text in plain ranges") {
  const Tokenizer tokenizer = tokenizer_of(R"(
      "normalizer": {"type": "NFKC"},
      "added_tokens": [{"id": 9, "content": "<s>", "special": true, "normalized": true}])");
  const std::string text = "a<s>b\xEF\xBC\x9Cs\xEF\xBC\x9E";  // full-width signs at the end
  CHECK(tokenizer.encode(text, {.parse_special = true}) == Ids{0, 9, 1, 9});
  const std::vector<TextRange> plain = {{5, text.size()}};
  CHECK(tokenizer.encode(text, {.parse_special = true, .plain = plain}) ==
        Ids{0, 4, 5, 6, 1, 4, 5, 6});
}

TEST_CASE("special tokens are those that any file names as such") {
  const Tokenizer tokenizer =
      tokenizer_of(R"("added_tokens": [{"id": 9, "content": "<s>", "special": false}])",
                   R"({"eos_token": {"content": "<s>"}, "pad_token": "<d>", "image_token": "<c>",
          "extra_special_tokens": ["b", {"content": "<a>", "rstrip": true}],
          "additional_special_tokens": null, "padding_side": "left"})");
  CHECK(tokenizer.find_token("<d>") == 10);
  CHECK(tokenizer.find_token("<c>") == 11);
  CHECK(tokenizer.find_token("<a>") == 12);
  CHECK(tokenizer.is_special(1));
  CHECK(tokenizer.is_special(10));
  CHECK_FALSE(tokenizer.is_special(9));  // its own file says so
  CHECK(tokenizer.encode("<a>  a<c>b", {.parse_special = true}) == Ids{12, 0, 11, 1});
  CHECK(tokenizer.encode("ab") == Ids{0, 1});  // as text
  CHECK(tokenizer.eos_text() == "<s>");
}

TEST_CASE("lists of added tokens in another shape are refused by name") {
  test::expect_error(ErrorCode::format, {"added_tokens_decoder", "`x`"}, [] {
    (void)tokenizer_of("\"added_tokens\": []", R"({"added_tokens_decoder": {"x": {}}})");
  });
  test::expect_error(ErrorCode::format, {"added_tokens_decoder", "`9`", "content"}, [] {
    (void)tokenizer_of("\"added_tokens\": []", R"({"added_tokens_decoder": {"9": {}}})");
  });
  const test::TempDirectory folder;
  test::write_text(folder / "tokenizer.json",
                   R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})");
  test::write_text(folder / "added_tokens.json", R"({"<x>": -1})");
  test::expect_error(ErrorCode::format, {"added_tokens.json", "<x>", "-1"},
                     [&] { (void)Tokenizer::open(folder.path()); });
}

TEST_CASE("a hundred thousand added words that begin alike are opened and found at once") {
  std::string added;
  for (int i = 0; i < 100000; ++i) {
    added += (i == 0 ? "" : ", ") + std::string(R"({"id": )") + std::to_string(9 + i) +
             R"(, "content": "<w)" + std::to_string(i) + R"(>"})";
  }
  const Tokenizer tokenizer = tokenizer_of("\"added_tokens\": [" + added + "]");
  std::string text;
  Ids expected;
  for (int i = 0; i < 100000; ++i) {
    text += "<w" + std::to_string(i) + ">";
    expected.push_back(9 + i);
  }
  CHECK(tokenizer.encode(text) == expected);
}

}  // namespace ottobit
