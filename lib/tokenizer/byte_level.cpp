// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/byte_level.hpp"

#include <array>

#include "tokenizer/utf8.hpp"

namespace ottobit {
namespace {

constexpr bool is_printable(unsigned byte) noexcept {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

constexpr unsigned kMoved = 68;

struct Alphabet {
  std::array<char32_t, 256> character{};
  std::array<std::int16_t, 256 + kMoved> byte{};  // -1: not in the alphabet
};

constexpr Alphabet make_alphabet() noexcept {
  Alphabet alphabet;
  for (std::int16_t& byte : alphabet.byte) {
    byte = -1;
  }
  char32_t next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char32_t character = is_printable(byte) ? byte : next++;
    alphabet.character[byte] = character;
    alphabet.byte[character] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

char32_t byte_level_character(std::uint8_t byte) noexcept {
  return kAlphabet.character[byte];
}

std::optional<std::string> byte_level_bytes(std::string_view spelling) {
  std::string bytes;
  while (!spelling.empty()) {
    const utf8::Character character = utf8::first_character(spelling);
    if (character.state != utf8::State::whole || character.code >= kAlphabet.byte.size() ||
        kAlphabet.byte[character.code] < 0) {
      return std::nullopt;
    }
    bytes += static_cast<char>(static_cast<unsigned char>(kAlphabet.byte[character.code]));
    spelling.remove_prefix(character.length);
  }
  return bytes;
}

}  // namespace ottobit
