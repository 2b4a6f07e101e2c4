// SPDX-License-Identifier: Apache-2.0
// Byte pair encoding against its definition, and the tables it looks things up in against the
// standard library's.
#include "tokenizer/bpe.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tokenizer/byte_level.hpp"
#include "tokenizer/token_table.hpp"
#include "tokenizer/utf8.hpp"

namespace ottobit {
namespace {

/// A vocabulary of the bytes and of random merges, as a trainer could have left it.
struct Trained {
  Bpe::Source source;
  std::map<std::pair<std::int32_t, std::int32_t>, Merge> merges;
};

std::string spelling_of(const std::string& bytes) {
  std::string spelling;
  for (const char c : bytes) {
    utf8::append(spelling, byte_level_character(static_cast<std::uint8_t>(c)));
  }
  return spelling;
}

Trained train(unsigned seed, std::size_t letters, std::size_t count) {
  std::mt19937 random(seed);
  Trained result;
  result.source.options = Json::object();
  result.source.vocab = OrderedJson::object();
  result.source.merges = OrderedJson::array();
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) {
    tokens.emplace_back(1, static_cast<char>(byte));
    result.source.vocab[spelling_of(tokens.back())] = static_cast<unsigned>(byte);
  }
  std::vector<std::int32_t> used;  // what merges are made of
  for (std::size_t i = 0; i < letters; ++i) {
    used.push_back('a' + static_cast<std::int32_t>(i));
  }
  for (std::int32_t rank = 0; result.merges.size() < count;) {
    const std::int32_t left = used[random() % used.size()];
    const std::int32_t right = used[random() % used.size()];
    const std::string& a = tokens[static_cast<std::size_t>(left)];
    const std::string& b = tokens[static_cast<std::size_t>(right)];
    const std::string whole = spelling_of(a + b);
    if (result.merges.contains({left, right}) || whole.size() > 12) {
      continue;
    }
    if (!result.source.vocab.contains(whole)) {  // two pairs may make the same token
      result.source.vocab[whole] = tokens.size();
      used.push_back(static_cast<std::int32_t>(tokens.size()));
    }
    result.source.merges.push_back(OrderedJson::array({spelling_of(a), spelling_of(b)}));
    const auto id = result.source.vocab[whole].get<std::int32_t>();
    result.merges[{left, right}] = {rank++, id};
    if (static_cast<std::size_t>(id) == tokens.size()) {
      tokens.push_back(a + b);
    }
  }
  return result;
}

/// The definition: of all adjacent pairs the one with the lowest rank, the leftmost of several.
std::vector<std::int32_t> merge_plainly(const Trained& trained, const std::string& piece) {
  std::vector<std::int32_t> symbols;
  for (const char c : piece) {
    symbols.push_back(static_cast<unsigned char>(c));
  }
  for (;;) {
    std::size_t best = symbols.size();
    Merge merge;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = trained.merges.find({symbols[i], symbols[i + 1]});
      if (found != trained.merges.end() && (merge.rank < 0 || found->second.rank < merge.rank)) {
        merge = found->second;
        best = i;
      }
    }
    if (best == symbols.size()) {
      return symbols;
    }
    symbols[best] = merge.id;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

}  // namespace

TEST_SUITE("tokenizer") {
  TEST_CASE("BPE merges as defined, in words and in pieces of any length") {
    std::mt19937 random(7);
    for (unsigned seed = 1; seed <= 20; ++seed) {
      const std::size_t letters = 1 + seed % 4;
      const Trained trained = train(seed, letters, 30);
      const Bpe bpe = Bpe::parse(trained.source, true, "test");
      for (std::size_t length = 0; length <= 80; ++length) {
        std::string piece;
        while (piece.size() < length) {
          // One letter in thirty has no merges.
          piece += static_cast<char>(random() % 30 == 0 ? 'z' : 'a' + random() % letters);
        }
        std::vector<std::int32_t> ids;
        bpe.encode(piece, ids);
        CAPTURE(piece);
        CHECK(ids == merge_plainly(trained, piece));
      }
    }
  }

  TEST_CASE("a token table finds what was added first, and nothing else") {
    std::mt19937 random(3);
    for (const bool reserved : {false, true}) {
      TokenTable table;
      CHECK(table.find("") == -1);
      if (reserved) {
        table.reserve(5000);
      }
      std::unordered_map<std::string, std::int32_t> expected;
      std::vector<std::string> order;
      for (std::int32_t id = 0; id < 5000; ++id) {
        std::string text;
        for (std::size_t i = random() % 5; i > 0; --i) {
          text += static_cast<char>(random() % 7);  // NUL among them
        }
        const bool fresh = expected.emplace(text, id).second;
        CHECK(table.add(text, id) == fresh);
        if (fresh) {
          order.push_back(text);
        }
      }
      CHECK(table.size() == expected.size());
      for (const auto& [text, id] : expected) {
        CHECK(table.find(text) == id);
        CHECK(table.find(text + "\x07") == -1);
      }
      std::size_t at = 0;
      table.for_each([&](std::string_view text, std::int32_t id) {
        CHECK(text == order.at(at++));
        CHECK(id == expected.at(std::string(text)));
      });
      CHECK(at == order.size());
    }
  }

  TEST_CASE("a merge table keeps the latest merge of a pair") {
    std::mt19937 random(5);
    MergeTable table;
    CHECK(table.find(0, 0).rank == -1);
    std::map<std::pair<std::int32_t, std::int32_t>, Merge> expected;
    for (std::int32_t rank = 0; rank < 20'000; ++rank) {
      const auto left = static_cast<std::int32_t>(random() % 120);
      const auto right = static_cast<std::int32_t>(random() % 120) << (random() % 17);
      table.set(left, right, {rank, rank + 1});
      expected[{left, right}] = {rank, rank + 1};
    }
    for (const auto& [pair, merge] : expected) {
      CHECK(table.find(pair.first, pair.second).rank == merge.rank);
      CHECK(table.find(pair.first, pair.second).id == merge.id);
      CHECK(table.find(pair.first + 120, pair.second).rank == -1);
    }
  }
}

}  // namespace ottobit
