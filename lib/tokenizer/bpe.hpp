// SPDX-License-Identifier: Apache-2.0
// Bpe: byte pair encoding (Sennrich, Haddow and Birch 2016, arXiv:1508.07909): the adjacent pair
// with the lowest rank is merged until none has a rank. Symbols begin as bytes (byte-level) or as
// characters with bytes as the fallback for unknown ones.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.hpp"
#include "tokenizer/token_table.hpp"

namespace ottobit {

class Bpe {
 public:
  /// From the `model` of a tokenizer.json, the two long members of which come by themselves: a
  /// tree of some hundred thousand keys would take longer to build than all the rest. Spellings are
  /// those of the file.
  struct Source {
    Json options;
    OrderedJson vocab;   ///< null: absent
    OrderedJson merges;  ///< null: absent
  };
  [[nodiscard]] static Bpe parse(const Source& source, bool byte_level, const std::string& subject);

  /// From tokens whose ids are their priorities, without a list of merges: two symbols merge where
  /// their bytes together are a token. Error{format} if one of the 256 bytes is none.
  [[nodiscard]] static Bpe from_ranks(const TokenTable& tokens, const std::string& subject);

  /// Appends the ids of one piece (bytes as they are, not in the spelling of the file).
  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;

  /// Every token: its spelling in the file.
  [[nodiscard]] const TokenTable& vocab() const noexcept { return vocab_; }
  [[nodiscard]] bool byte_fallback() const noexcept { return byte_fallback_; }

 private:
  void parse_vocab(const OrderedJson& vocab, const std::string& subject);
  void parse_merges(const OrderedJson& merges, const std::string& subject);
  void symbols_of(std::string_view piece, std::vector<std::int32_t>& symbols) const;
  void merge(std::vector<std::int32_t>& symbols) const;
  void merge_short(std::vector<std::int32_t>& symbols) const;

  TokenTable vocab_;
  TokenTable whole_;  // ignore_merges: bytes of a piece -> id
  MergeTable merges_;
  std::array<std::int32_t, 256> bytes_{};  // symbol of each byte, -1: none
  std::int32_t unknown_ = -1;
  bool byte_level_ = false;
  bool byte_fallback_ = false;
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
};

}  // namespace ottobit
