// SPDX-License-Identifier: Apache-2.0
// UTF-8 as tokenizers need it: validity, characters one by one, and replacing what is ill-formed as
// the Unicode Standard recommends (version 15.0, section 3.9, "U+FFFD Substitution of Maximal
// Subparts"), which is what the reference tokenizers do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ottobit::utf8 {

enum class State : std::uint8_t {
  whole,       ///< `length` bytes form a character
  ill_formed,  ///< `length` bytes can never begin one
  cut,         ///< all `length` bytes to the end may yet become one
};

struct Character {
  State state = State::cut;
  std::size_t length = 0;
  char32_t code = 0;  ///< if whole
};

/// What stands at the beginning of a non-empty text.
[[nodiscard]] Character first_character(std::string_view text) noexcept;

/// The last character of a text that is valid UTF-8 and not empty.
[[nodiscard]] std::string_view last_character(std::string_view text) noexcept;

[[nodiscard]] bool is_valid(std::string_view text) noexcept;

/// Whether a text that is not empty begins with White_Space of the Unicode character database.
[[nodiscard]] bool is_space(std::string_view text) noexcept;

void append(std::string& out, char32_t code);

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Moves the characters of `bytes` to `out`, ill-formed parts as U+FFFD. A character cut at the end
/// stays in `bytes`, unless `all` is set, which replaces it too.
void move_lossy(std::string& bytes, std::string& out, bool all);

}  // namespace ottobit::utf8
