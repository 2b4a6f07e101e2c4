// SPDX-License-Identifier: Apache-2.0
// AddedTokens: the words of `added_tokens` in a tokenizer.json, which are found in a text before
// anything else happens to it: leftmost first, the longest of those.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit/tokenizer.hpp"

namespace ottobit {

struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool special = false;      ///< a control word
  bool normalized = false;   ///< sought in the normalised text
  bool single_word = false;  ///< not inside a word
  bool lstrip = false;       ///< takes the white space before it
  bool rstrip = false;       ///< and after it
};

/// A part of a text: an added token, or (id < 0) what lies between.
struct TextPart {
  TextRange range;
  std::int32_t id = -1;
};

class AddedTokens {
 public:
  void add(AddedToken token);
  [[nodiscard]] const std::vector<AddedToken>& tokens() const noexcept { return tokens_; }

  /// Which of them a search looks for.
  struct Filter {
    bool special = true;
    bool ordinary = true;
    std::span<const TextRange> plain{};  ///< here special ones are text
  };
  /// Cuts a text into parts without gaps; empty parts are left out.
  [[nodiscard]] std::vector<TextPart> split(std::string_view text, const Filter& filter) const;

 private:
  [[nodiscard]] const AddedToken* match(std::string_view text, std::size_t at,
                                        const Filter& filter) const;

  std::vector<AddedToken> tokens_;
  std::array<std::vector<std::size_t>, 256> by_first_byte_;  // indices, longest content first
};

}  // namespace ottobit
