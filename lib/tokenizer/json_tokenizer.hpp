// SPDX-License-Identifier: Apache-2.0
// Reading a tokenizer.json (or a tokenizer.model) into the parts a Tokenizer is made of.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/added_tokens.hpp"
#include "tokenizer/bpe.hpp"
#include "tokenizer/normalize.hpp"
#include "tokenizer/pretokenize.hpp"
#include "tokenizer/token_table.hpp"

namespace ottobit {

/// How ids become text again.
struct Decoding {
  bool byte_level = false;                                   ///< spellings are in the byte alphabet
  bool byte_fallback = false;                                ///< <0x0A> stands for a byte
  std::vector<std::pair<std::string, std::string>> replace;  ///< in each token's spelling
  bool strip_first_space = false;                            ///< one space at the very beginning
  bool strip_first_token = false;                            ///< all spaces of the first token
};

/// The vocabulary by id. Ids without a token are holes: empty bytes.
struct Vocabulary {
  std::vector<std::string> bytes;  ///< what the token stands for in a text
  std::vector<bool> special;       ///< control tokens
  std::vector<bool> is_byte;       ///< one byte of a fallback, not text by itself
  /// What is left of a token at the beginning of a text, where spaces that stand for marks go and
  /// its own stay; of others, what has no space.
  std::map<std::int32_t, std::string> at_start;
  TokenTable by_text;  ///< spelling in the file -> id

  /// Error{format} if the id lies beyond reason.
  void set(std::int32_t id, std::string_view spelling, const Decoding& decoding,
           const std::string& subject);
  /// The same of all the tokens of a table, for an empty vocabulary.
  void set_all(const TokenTable& tokens, const Decoding& decoding, const std::string& subject);
  [[nodiscard]] std::int32_t size() const noexcept {
    return static_cast<std::int32_t>(bytes.size());
  }

  /// What an id stands for; its spelling is not looked up.
  void place(std::int32_t id, std::string_view spelling, const Decoding& decoding,
             const std::string& subject);
};

struct JsonTokenizer {
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  AddedTokens added;         ///< those of the file; later those sought in raw text
  AddedTokens normalized;    ///< those sought in normalised text, normalised
  AddedTokens unnormalized;  ///< the same as they are written
  Vocabulary vocabulary;
  Decoding decoding;
  std::vector<std::int32_t> prefix, suffix;  ///< what the post-processor adds
  std::string kind;

  [[nodiscard]] static JsonTokenizer open(const std::filesystem::path& file);

  /// Once all added tokens are there: parts those that are sought in normalised text.
  void part_added();

  /// Appends the ids of text without added tokens that must be found in the raw text. `first`: it
  /// begins the input; `filter.plain` counts from its beginning.
  void encode(std::string_view text, bool first, const AddedTokens::Filter& filter,
              std::vector<std::int32_t>& ids) const;

 private:
  [[nodiscard]] std::vector<bool> plain_specials(std::string_view text,
                                                 std::string_view normal_text,
                                                 std::span<const TextRange> plain) const;
};

}  // namespace ottobit
