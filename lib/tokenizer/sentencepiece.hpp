// SPDX-License-Identifier: Apache-2.0
// SentencePiece: a tokenizer.model, read by the sentencepiece library (Kudo and Richardson 2018,
// arXiv:1808.06226).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/json_tokenizer.hpp"

namespace ottobit {

class SentencePiece {
 public:
  /// Error{format} if the file is none, Error{unsupported} if built without the library.
  [[nodiscard]] static SentencePiece open(const std::filesystem::path& file);
  SentencePiece(SentencePiece&&) noexcept;
  SentencePiece& operator=(SentencePiece&&) noexcept;
  ~SentencePiece();

  /// Appends the ids of text without control words.
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const;
  /// Its pieces; control pieces are special.
  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return vocabulary_; }
  /// The pieces <s> and </s>, -1 without.
  [[nodiscard]] std::int32_t bos() const noexcept { return bos_; }
  [[nodiscard]] std::int32_t eos() const noexcept { return eos_; }
  [[nodiscard]] bool adds_space() const noexcept { return adds_space_; }

 private:
  struct Processor;
  SentencePiece();
  std::unique_ptr<Processor> processor_;
  Vocabulary vocabulary_;
  std::int32_t bos_ = -1;
  std::int32_t eos_ = -1;
  bool adds_space_ = false;
};

}  // namespace ottobit
