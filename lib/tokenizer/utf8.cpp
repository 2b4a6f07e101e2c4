// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/utf8.hpp"

namespace ottobit::utf8 {
namespace {

/// Range of the second byte after each lead (Unicode 15.0, table 3-7) and the length.
struct Lead {
  std::size_t length;
  unsigned low;
  unsigned high;
};

Lead lead_of(unsigned byte) noexcept {
  if (byte >= 0xC2 && byte <= 0xDF) {
    return {2, 0x80, 0xBF};
  }
  if (byte >= 0xE0 && byte <= 0xEF) {
    return {3, byte == 0xE0 ? 0xA0U : 0x80U, byte == 0xED ? 0x9FU : 0xBFU};
  }
  if (byte >= 0xF0 && byte <= 0xF4) {
    return {4, byte == 0xF0 ? 0x90U : 0x80U, byte == 0xF4 ? 0x8FU : 0xBFU};
  }
  return {0, 0, 0};
}

}  // namespace

Character first_character(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0x80) {
    return {State::whole, 1, first};
  }
  const Lead lead = lead_of(first);
  if (lead.length == 0) {
    return {State::ill_formed, 1, 0};
  }
  char32_t code = first & (0x7FU >> lead.length);
  for (std::size_t i = 1; i < lead.length; ++i) {
    if (i == text.size()) {
      return {State::cut, i, 0};
    }
    const unsigned low = i == 1 ? lead.low : 0x80U;
    const unsigned high = i == 1 ? lead.high : 0xBFU;
    if (at(i) < low || at(i) > high) {
      return {State::ill_formed, i, 0};
    }
    code = (code << 6U) | (at(i) & 0x3FU);
  }
  return {State::whole, lead.length, code};
}

std::string_view last_character(std::string_view text) noexcept {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) {
    --at;
  }
  return text.substr(at);
}

bool is_space(std::string_view text) noexcept {
  const char32_t code = first_character(text).code;
  return (code >= 9 && code <= 13) || code == 32 || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

bool is_valid(std::string_view text) noexcept {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.state != State::whole) {
      return false;
    }
    text.remove_prefix(character.length);
  }
  return true;
}

void append(std::string& out, char32_t code) {
  const auto put = [&](char32_t bits) {
    out += static_cast<char>(static_cast<unsigned char>(bits));
  };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

void move_lossy(std::string& bytes, std::string& out, bool all) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const Character character = first_character(rest);
    if (character.state == State::cut && !all) {
      break;
    }
    if (character.state == State::whole) {
      out += rest.substr(0, character.length);
    } else {
      out += kReplacement;
    }
    rest.remove_prefix(character.length);
  }
  bytes.erase(0, bytes.size() - rest.size());
}

}  // namespace ottobit::utf8
