// SPDX-License-Identifier: Apache-2.0
// The byte alphabet of byte-level BPE: each byte is written as one printable character in the
// files, 33-126, 161-172 and 174-255 as themselves, the other 68 in order from U+0100 (Radford et
// al. 2019, "Language Models are Unsupervised Multitask Learners", as published with GPT-2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ottobit {

/// The character that stands for a byte.
[[nodiscard]] char32_t byte_level_character(std::uint8_t byte) noexcept;

/// The bytes that a token's spelling stands for; nothing if a character is none of the alphabet.
[[nodiscard]] std::optional<std::string> byte_level_bytes(std::string_view spelling);

}  // namespace ottobit
