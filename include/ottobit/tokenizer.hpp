// SPDX-License-Identifier: Apache-2.0
// Tokenizer: text to token ids and back, exactly as the tokenizer files of a published folder say:
// tokenizer.json (byte-level BPE, BPE with byte fallback) or tokenizer.model (sentencepiece).
// Immutable after opening; shared by any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ottobit {

/// Bytes [begin, end) of a text.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct EncodeOptions {
  /// Read control words such as <|im_start|> as control tokens; off: they are just text.
  bool parse_special = false;
  /// Add what the tokenizer adds by itself around a text (BOS, for some EOS).
  bool add_bos = false;
  /// Ranges in which control words are text all the same; sorted and disjoint. Only with
  /// parse_special.
  std::span<const TextRange> plain{};
};

class Tokenizer {
 public:
  /// Opens the tokenizer of a model folder. Throws Error{io} if there is none, Error{format} for a
  /// broken file, Error{unsupported} for a kind or part that is not known.
  [[nodiscard]] static Tokenizer open(const std::filesystem::path& directory);

  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;
  Tokenizer(Tokenizer&& other) noexcept;
  Tokenizer& operator=(Tokenizer&& other) noexcept;
  ~Tokenizer();

  /// Error{argument} for text that is not UTF-8.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text,
                                                 const EncodeOptions& options = {}) const;
  /// Bytes that form no character become U+FFFD. Error{argument} for an id outside the vocabulary.
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids,
                                   bool skip_special = false) const;
  /// The bytes a token stands for, not always whole characters; empty for a hole in the vocabulary.
  /// Valid as long as the tokenizer. Error{argument} for an id outside the vocabulary.
  [[nodiscard]] std::string_view token_bytes(std::int32_t id) const;
  /// The largest id plus one; the model's own vocabulary may be larger (padding rows).
  [[nodiscard]] std::int32_t vocab_size() const noexcept;
  /// The token written so in the tokenizer's file: a control word or a piece of text.
  [[nodiscard]] std::optional<std::int32_t> find_token(std::string_view text) const;
  /// Control tokens, which generated text does not show.
  [[nodiscard]] bool is_special(std::int32_t id) const noexcept;
  /// What tokenizer_config.json names as such; empty if it names none.
  [[nodiscard]] const std::string& bos_text() const noexcept;
  [[nodiscard]] const std::string& eos_text() const noexcept;
  /// For people: "byte-level BPE (tokenizer.json)".
  [[nodiscard]] std::string_view kind() const noexcept;

 private:
  friend class IncrementalDetokenizer;
  struct Impl;
  explicit Tokenizer(std::unique_ptr<const Impl> impl) noexcept;
  std::unique_ptr<const Impl> impl_;
};

/// Turns a growing sequence of ids into text and never gives half a character: bytes wait until
/// they are whole. What push and finish give, put together, equals Tokenizer::decode of the ids.
class IncrementalDetokenizer {
 public:
  /// The tokenizer must outlive it.
  explicit IncrementalDetokenizer(const Tokenizer& tokenizer, bool skip_special = true);

  /// The text that became whole; valid until the next call. Errors as Tokenizer::decode.
  [[nodiscard]] std::string_view push(std::int32_t id);
  /// What was waiting, with U+FFFD for what never became a character; then starts anew.
  [[nodiscard]] std::string_view finish();

 private:
  const Tokenizer::Impl& tokenizer_;
  bool skip_special_;
  bool at_start_ = true;
  std::string waiting_;
  std::string out_;
};

}  // namespace ottobit
