// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/newer_characters.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include "tokenizer/utf8.hpp"

namespace ottobit {
namespace {

enum Class : std::uint8_t {
  upper,
  lower,
  modifier,
  letter,
  han,
  mark,
  digit,
  number,
  punctuation,
  symbol,
  format,
};

/// Of each class a character known for long that takes three bytes, and one that takes four.
constexpr std::array<std::array<std::string_view, 2>, 11> kKnown = {{
    {"\u1E00", "\U00010400"},  // Lu
    {"\u1E01", "\U00010428"},  // Ll
    {"\uA717", "\U00016B40"},  // Lm
    {"\u0E01", "\U00010280"},  // Lo, not Han
    {"\u3400", "\U00020000"},  // Lo, Han
    {"\u20D0", "\U0001D167"},  // M
    {"\u0E50", "\U000104A0"},  // Nd
    {"\u2153", "\U00010107"},  // No
    {"\u2016", "\U00010100"},  // P
    {"\u2190", "\U0001F300"},  // S
    {"\u200B", "\U000E0020"},  // Cf
}};

constexpr char32_t kMongolianVowelSeparator = 0x180E;

struct Range {
  char32_t first, last;
  Class kind;
};

// What Unicode 15.0, 15.1 and 16.0 added (DerivedGeneralCategory.txt); and one character that
// PCRE2 takes for a space, as Unicode did before 6.3.
constexpr Range kRanges[] = {
    {0x897, 0x897, mark},
    {0xCF3, 0xCF3, mark},
    {0xECE, 0xECE, mark},
    {kMongolianVowelSeparator, kMongolianVowelSeparator, format},
    {0x1B4E, 0x1B4F, punctuation},
    {0x1B7F, 0x1B7F, punctuation},
    {0x1C89, 0x1C89, upper},
    {0x1C8A, 0x1C8A, lower},
    {0x2427, 0x2429, symbol},
    {0x2FFC, 0x2FFF, symbol},
    {0x31E4, 0x31E5, symbol},
    {0x31EF, 0x31EF, symbol},
    {0xA7CB, 0xA7CC, upper},
    {0xA7CD, 0xA7CD, lower},
    {0xA7DA, 0xA7DA, upper},
    {0xA7DB, 0xA7DB, lower},
    {0xA7DC, 0xA7DC, upper},
    {0x105C0, 0x105F3, letter},
    {0x10D40, 0x10D49, digit},
    {0x10D4A, 0x10D4D, letter},
    {0x10D4E, 0x10D4E, modifier},
    {0x10D4F, 0x10D4F, letter},
    {0x10D50, 0x10D65, upper},
    {0x10D69, 0x10D6D, mark},
    {0x10D6E, 0x10D6E, punctuation},
    {0x10D6F, 0x10D6F, modifier},
    {0x10D70, 0x10D85, lower},
    {0x10D8E, 0x10D8F, symbol},
    {0x10EC2, 0x10EC4, letter},
    {0x10EFC, 0x10EFF, mark},
    {0x1123F, 0x11240, letter},
    {0x11241, 0x11241, mark},
    {0x11380, 0x11389, letter},
    {0x1138B, 0x1138B, letter},
    {0x1138E, 0x1138E, letter},
    {0x11390, 0x113B5, letter},
    {0x113B7, 0x113B7, letter},
    {0x113B8, 0x113C0, mark},
    {0x113C2, 0x113C2, mark},
    {0x113C5, 0x113C5, mark},
    {0x113C7, 0x113CA, mark},
    {0x113CC, 0x113D0, mark},
    {0x113D1, 0x113D1, letter},
    {0x113D2, 0x113D2, mark},
    {0x113D3, 0x113D3, letter},
    {0x113D4, 0x113D5, punctuation},
    {0x113D7, 0x113D8, punctuation},
    {0x113E1, 0x113E2, mark},
    {0x116D0, 0x116E3, digit},
    {0x11B00, 0x11B09, punctuation},
    {0x11BC0, 0x11BE0, letter},
    {0x11BE1, 0x11BE1, punctuation},
    {0x11BF0, 0x11BF9, digit},
    {0x11F00, 0x11F01, mark},
    {0x11F02, 0x11F02, letter},
    {0x11F03, 0x11F03, mark},
    {0x11F04, 0x11F10, letter},
    {0x11F12, 0x11F33, letter},
    {0x11F34, 0x11F3A, mark},
    {0x11F3E, 0x11F42, mark},
    {0x11F43, 0x11F4F, punctuation},
    {0x11F50, 0x11F59, digit},
    {0x11F5A, 0x11F5A, mark},
    {0x1342F, 0x1342F, letter},
    {0x13439, 0x1343F, format},
    {0x13440, 0x13440, mark},
    {0x13441, 0x13446, letter},
    {0x13447, 0x13455, mark},
    {0x13460, 0x143FA, letter},
    {0x16100, 0x1611D, letter},
    {0x1611E, 0x1612F, mark},
    {0x16130, 0x16139, digit},
    {0x16D40, 0x16D42, modifier},
    {0x16D43, 0x16D6A, letter},
    {0x16D6B, 0x16D6C, modifier},
    {0x16D6D, 0x16D6F, punctuation},
    {0x16D70, 0x16D79, digit},
    {0x18CFF, 0x18CFF, letter},
    {0x1B132, 0x1B132, letter},
    {0x1B155, 0x1B155, letter},
    {0x1CC00, 0x1CCEF, symbol},
    {0x1CCF0, 0x1CCF9, digit},
    {0x1CD00, 0x1CEB3, symbol},
    {0x1D2C0, 0x1D2D3, number},
    {0x1DF25, 0x1DF2A, lower},
    {0x1E030, 0x1E06D, modifier},
    {0x1E08F, 0x1E08F, mark},
    {0x1E4D0, 0x1E4EA, letter},
    {0x1E4EB, 0x1E4EB, modifier},
    {0x1E4EC, 0x1E4EF, mark},
    {0x1E4F0, 0x1E4F9, digit},
    {0x1E5D0, 0x1E5ED, letter},
    {0x1E5EE, 0x1E5EF, mark},
    {0x1E5F0, 0x1E5F0, letter},
    {0x1E5F1, 0x1E5FA, digit},
    {0x1E5FF, 0x1E5FF, punctuation},
    {0x1F6DC, 0x1F6DC, symbol},
    {0x1F774, 0x1F776, symbol},
    {0x1F77B, 0x1F77F, symbol},
    {0x1F7D9, 0x1F7D9, symbol},
    {0x1F8B2, 0x1F8BB, symbol},
    {0x1F8C0, 0x1F8C1, symbol},
    {0x1FA75, 0x1FA77, symbol},
    {0x1FA87, 0x1FA89, symbol},
    {0x1FA8F, 0x1FA8F, symbol},
    {0x1FAAD, 0x1FAAF, symbol},
    {0x1FABB, 0x1FABF, symbol},
    {0x1FAC6, 0x1FAC6, symbol},
    {0x1FACE, 0x1FACF, symbol},
    {0x1FADA, 0x1FADC, symbol},
    {0x1FADF, 0x1FADF, symbol},
    {0x1FAE8, 0x1FAE9, symbol},
    {0x1FAF7, 0x1FAF8, symbol},
    {0x1FBCB, 0x1FBEF, symbol},
    {0x2B739, 0x2B739, han},
    {0x2EBF0, 0x2EE5D, han},
    {0x31350, 0x323AF, han},
};

struct Span {
  char32_t first, last;
};

// What Unicode 10 to 14 added that has a combining class or a decomposition
// (DerivedCombiningClass.txt, UnicodeData.txt), or composes.
constexpr Span kNormalized[] = {
    {0x7FD, 0x7FD},     {0x898, 0x89F},     {0x8CA, 0x8D3},     {0x9FE, 0x9FE},
    {0xC3C, 0xC3C},     {0xD3B, 0xD3C},     {0xEBA, 0xEBA},     {0x1715, 0x1715},
    {0x1ABF, 0x1ACE},   {0x1DF6, 0x1DFA},   {0x32FF, 0x32FF},   {0xA7F2, 0xA7F4},
    {0xA82C, 0xA82C},   {0xAB69, 0xAB69},   {0x10781, 0x10785}, {0x10787, 0x107B0},
    {0x107B2, 0x107BA}, {0x10D24, 0x10D27}, {0x10EAB, 0x10EAC}, {0x10F46, 0x10F50},
    {0x10F82, 0x10F85}, {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x1145E, 0x1145E},
    {0x11839, 0x1183A}, {0x11930, 0x11930}, {0x11935, 0x11935}, {0x11938, 0x11938},
    {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0}, {0x11A34, 0x11A34},
    {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45},
    {0x11D97, 0x11D97}, {0x16FF0, 0x16FF1}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE},
    {0x1E2EC, 0x1E2EF}, {0x1F16C, 0x1F16C}, {0x1FBF0, 0x1FBF9},
};

template <class Table>
auto find_in(const Table& table, char32_t code) noexcept {
  const auto after =
      std::upper_bound(std::begin(table), std::end(table), code,
                       [](char32_t c, const auto& range) { return c < range.first; });
  return after == std::begin(table) || std::prev(after)->last < code ? nullptr : std::prev(after);
}

}  // namespace

bool normalizes_as_unknown(char32_t code) noexcept {
  constexpr char32_t kFirst = 0x7FD;
  return code >= kFirst && code != kMongolianVowelSeparator &&
         (find_in(kNormalized, code) != nullptr || find_in(kRanges, code) != nullptr);
}

std::string with_known_characters(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0xE0) {  // of one or two bytes none is new
      ++at;
      continue;
    }
    const utf8::Character character = utf8::first_character(text.substr(at));
    if (const Range* range = find_in(kRanges, character.code)) {
      if (out.empty()) {
        out = text;
      }
      out.replace(at, character.length, kKnown[range->kind][character.length - 3]);
    }
    at += character.length;
  }
  return out;
}

}  // namespace ottobit
