// SPDX-License-Identifier: Apache-2.0
// Bpe: byte pair encoding (Sennrich, Haddow and Birch 2016, arXiv:1508.07909): the adjacent pair
// with the lowest rank is merged until none has a rank. Symbols begin as bytes (byte-level) or as
// characters with bytes as the fallback for unknown ones.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/json.hpp"

namespace ottobit {

class Bpe {
 public:
  /// From the `model` of a tokenizer.json. Spellings are those of the file.
  [[nodiscard]] static Bpe parse(const Json& model, bool byte_level, const std::string& subject);

  /// From tokens whose ids are their priorities, without a list of merges: two symbols merge where
  /// their bytes together are a token. Error{format} if one of the 256 bytes is none.
  [[nodiscard]] static Bpe from_ranks(const std::unordered_map<std::string, std::int32_t>& tokens,
                                      const std::string& subject);

  /// Appends the ids of one piece (bytes as they are, not in the spelling of the file).
  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;

  /// Every token: its spelling in the file.
  [[nodiscard]] const std::unordered_map<std::string, std::int32_t>& vocab() const noexcept {
    return vocab_;
  }
  [[nodiscard]] bool byte_fallback() const noexcept { return byte_fallback_; }

 private:
  struct Merge {
    std::int32_t rank;
    std::int32_t id;  // of the merged symbol
  };
  void parse_vocab(const Json& vocab, const std::string& subject);
  void parse_merges(const Json& merges, const std::string& subject);
  void symbols_of(std::string_view piece, std::vector<std::int32_t>& symbols) const;
  void merge(std::vector<std::int32_t>& symbols) const;
  [[nodiscard]] const Merge* find_merge(std::int32_t left, std::int32_t right) const;

  std::unordered_map<std::string, std::int32_t> vocab_;
  std::unordered_map<std::string, std::int32_t> whole_;  // ignore_merges: bytes of a piece -> id
  std::unordered_map<std::uint64_t, Merge> merges_;      // left << 32 | right
  std::array<std::int32_t, 256> bytes_{};                // symbol of each byte, -1: none
  std::int32_t unknown_ = -1;
  bool byte_level_ = false;
  bool byte_fallback_ = false;
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
};

}  // namespace ottobit
