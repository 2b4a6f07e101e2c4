// SPDX-License-Identifier: Apache-2.0
// Tiktoken: a tiktoken.model, one `base64(bytes) rank` a line, as Moonshot publishes it. The rank
// is the token's id and the priority of the merges that make it. The pattern that cuts the text is
// in none of the files; it is Kimi's, whose folders are the only ones of this kind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "tokenizer/bpe.hpp"
#include "tokenizer/json_tokenizer.hpp"
#include "tokenizer/regex.hpp"

namespace ottobit {

class Tiktoken {
 public:
  /// Error{format} naming the line if the file is none.
  [[nodiscard]] static Tiktoken open(const std::filesystem::path& file);

  /// Appends the ids of text without control words.
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const;
  /// Its tokens, none of them special.
  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return vocabulary_; }

 private:
  Tiktoken(Bpe bpe, Vocabulary vocabulary);

  Bpe bpe_;
  Vocabulary vocabulary_;
  Regex pattern_;
};

}  // namespace ottobit
