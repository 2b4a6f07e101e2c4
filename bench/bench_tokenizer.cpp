// SPDX-License-Identifier: Apache-2.0
// A made-up tokenizer.json of 150,000 tokens and 11 MB: opening it, and encoding English-like
// text with it on one core. tokenizer/encode counts bytes of text.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <benchmark/benchmark.h>

#include "ottobit/tokenizer.hpp"

namespace {

constexpr std::size_t kTokens = 150'000;

// How published files split text (the pattern of Qwen).
constexpr std::string_view kHead = R"({
  "version": "1.0", "added_tokens": [], "normalizer": {"type": "NFC"},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]},
  "post_processor": null, "decoder": {"type": "ByteLevel"},
  "model": {"type": "BPE", "vocab": {)";

/// Words of one to four syllables, the common ones short.
std::vector<std::string> make_words(std::size_t count) {
  std::mt19937 random(1);
  const auto letter = [&](std::string_view of) { return of[random() % of.size()]; };
  std::vector<std::string> words;
  while (words.size() < count) {
    std::string word;
    for (std::size_t left = 1 + random() % (words.size() < 1000 ? 2 : 4); left > 0; --left) {
      word += letter("bcdfghklmnprstvw");
      word += letter("aeiou");
      if (random() % 3 == 0) {
        word += letter("lmnrst");
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

/// The tokens are the beginnings of words with the space before them, each merged with one more
/// letter into the next.
class Files {
 public:
  Files() : words_(make_words(100'000)) {
    std::filesystem::create_directories(folder_);
    std::ofstream file(folder_ / "tokenizer.json");
    file << kHead;
    for (char32_t code = 33; code < 324; ++code) {  // the alphabet of bytes
      if (code < 127 || (code > 160 && code != 173)) {
        add(file, utf8(code));
      }
    }
    std::string merges;
    for (const std::string& word : words_) {
      std::string left = "\u0120";
      for (const char c : word) {
        const std::string whole = left + c;
        if (ids_.size() < kTokens && !ids_.contains(whole)) {
          add(file, whole);
          merges += (merges.empty() ? "\n      [\n        \"" : ",\n      [\n        \"") + left +
                    "\",\n        \"" + c + "\"\n      ]";
        }
        left = whole;
      }
    }
    file << "},\n    \"merges\": [" << merges << "]}}";
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  /// Sentences by Zipf's law: the n-th word comes with a probability of about 1 / n.
  [[nodiscard]] std::string text(std::size_t bytes) const {
    std::mt19937 random(2);
    std::string text;
    while (text.size() < bytes) {
      const double u = std::uniform_real_distribution<>()(random);
      const auto word = static_cast<std::size_t>(std::pow(static_cast<double>(words_.size()), u));
      text += words_[word - 1];
      const std::size_t after = random() % 100;
      text += after < 84 ? " " : after < 92 ? ", " : after < 98 ? ". " : "\n";
      if (random() % 40 == 0) {
        text += std::to_string(random() % 10'000) + (random() % 2 == 0 ? " " : " caf\u00e9 ");
      }
    }
    return text;
  }

 private:
  static std::string utf8(char32_t code) {
    if (code < 128) {
      return std::string(1, static_cast<char>(code));
    }
    return {static_cast<char>(0xC0U | code >> 6U), static_cast<char>(0x80U | (code & 0x3FU))};
  }
  void add(std::ofstream& file, const std::string& spelling) {
    file << (ids_.empty() ? "\n      \"" : ",\n      \"")
         << (spelling == "\"" || spelling == "\\" ? "\\" : "") << spelling << "\": " << ids_.size();
    ids_.emplace(spelling, static_cast<int>(ids_.size()));
  }

  std::vector<std::string> words_;
  std::unordered_map<std::string, int> ids_;
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  ("ottobit-bench-" + std::to_string(std::random_device()()));
};

const Files& files() {
  static const Files made;
  return made;
}

void open(benchmark::State& state) {
  const std::filesystem::path& folder = files().folder();
  for (auto _ : state) {
    benchmark::DoNotOptimize(ottobit::Tokenizer::open(folder).vocab_size());
  }
  state.counters["MB"] =
      static_cast<double>(std::filesystem::file_size(folder / "tokenizer.json")) / 1e6;
}
BENCHMARK(open)->Name("tokenizer/open")->Unit(benchmark::kMillisecond);

void encode(benchmark::State& state) {
  const auto tokenizer = ottobit::Tokenizer::open(files().folder());
  const std::string text = files().text(std::size_t{1} << 20U);
  std::size_t tokens = 0;
  for (auto _ : state) {
    tokens = tokenizer.encode(text).size();
    benchmark::DoNotOptimize(tokens);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["bytes/token"] = static_cast<double>(text.size()) / static_cast<double>(tokens);
}
BENCHMARK(encode)->Name("tokenizer/encode")->Unit(benchmark::kMillisecond);

}  // namespace
