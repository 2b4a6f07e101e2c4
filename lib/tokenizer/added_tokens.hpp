// SPDX-License-Identifier: Apache-2.0
// AddedTokens: words of a tokenizer that are found in a text before it is cut into pieces: leftmost
// first, the longest of those. Searched twice, as the tokenizers library does: in the text as it
// is, and those that are `normalized`, normalised themselves, in what is left, normalised.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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
  /// Takes the place of one with the same content.
  void add(AddedToken token);
  [[nodiscard]] const std::vector<AddedToken>& tokens() const noexcept { return tokens_; }
  [[nodiscard]] bool empty() const noexcept { return tokens_.empty(); }
  [[nodiscard]] bool contains(std::string_view content) const noexcept;

  /// Which of them a search looks for.
  struct Filter {
    bool special = true;
    bool ordinary = true;
    std::span<const TextRange> plain{};  ///< here special ones are text
    const std::vector<bool>* texts{};    ///< of the special ones found, in order: which are text
  };
  /// Cuts a text into parts without gaps; empty parts are left out. As in the tokenizers library, a
  /// word within the white space that another took is found all the same, and what is behind it is
  /// text again.
  [[nodiscard]] std::vector<TextPart> split(std::string_view text, const Filter& filter) const;

 private:
  /// The longest that begins there and is not plain text.
  [[nodiscard]] const AddedToken* match(std::string_view text, std::size_t at, const Filter& filter,
                                        std::size_t& specials) const;

  std::vector<AddedToken> tokens_;
  std::map<std::string, std::size_t, std::less<>> by_content_;  // indices
  std::array<bool, 256> begins_{};                              // first bytes of any
};

}  // namespace ottobit
