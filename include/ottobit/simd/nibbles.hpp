// SPDX-License-Identifier: Apache-2.0
// Packed codes of four bits to f32 by a table of 16 bf16 numbers: exact for every format whose
// values are bf16 numbers, and one routine for all of them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "ottobit/isa.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/simd/vec.hpp"

OTTOBIT_ISA_BEGIN

/// The bf16 of each code, by bytes.
struct NibbleTable {
  alignas(16) std::array<std::uint8_t, 16> low;
  alignas(16) std::array<std::uint8_t, 16> high;
};

/// `value` gives the number of a code, whose f32 must have a lower half of 0.
constexpr NibbleTable make_nibble_table(float (*value)(std::uint8_t)) noexcept {
  NibbleTable table{};
  for (std::uint8_t code = 0; code < 16; ++code) {
    const auto bits = std::bit_cast<std::uint32_t>(value(code));
    table.high[code] = static_cast<std::uint8_t>(bits >> 24U);
    table.low[code] = static_cast<std::uint8_t>((bits >> 16U) & 0xFFU);
  }
  return table;
}

#if defined(__AVX2__)

/// 16 codes, one in each byte, as bf16: elements 0 to 7 and 8 to 15.
struct NibbleWords {
  __m128i first, second;
};
OTTOBIT_INLINE NibbleWords nibbles_to_bf16(const NibbleTable& table, __m128i codes) noexcept {
  const auto bytes_of = [codes](const std::array<std::uint8_t, 16>& half) {
    const auto* const at = static_cast<const __m128i*>(static_cast<const void*>(half.data()));
    return _mm_shuffle_epi8(_mm_load_si128(at), codes);
  };
  const __m128i low = bytes_of(table.low);
  const __m128i high = bytes_of(table.high);
  return {_mm_unpacklo_epi8(low, high), _mm_unpackhi_epi8(low, high)};
}

/// The 32 elements of 16 bytes as bf16, in order: 0 to 15, 16 to 31.
struct NibblePairs {
  NibbleWords low, high;
};
OTTOBIT_INLINE NibblePairs load_nibbles_32(const NibbleTable& table, const std::byte* p) noexcept {
  const __m128i pairs = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(p)));
  const __m128i mask = _mm_set1_epi8(0xF);
  const __m128i even = _mm_and_si128(pairs, mask);
  const __m128i odd = _mm_and_si128(_mm_srli_epi16(pairs, 4), mask);
  return {nibbles_to_bf16(table, _mm_unpacklo_epi8(even, odd)),
          nibbles_to_bf16(table, _mm_unpackhi_epi8(even, odd))};
}

#if defined(__AVX512BW__)

OTTOBIT_INLINE Vf widen(const NibbleWords& words) noexcept {
  const __m256i both = _mm256_set_m128i(words.second, words.first);
  return Vf(_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(both), 16)));
}
OTTOBIT_INLINE Group load_nibbles(const NibbleTable& table, const std::byte* p) noexcept {
  const NibblePairs first = load_nibbles_32(table, p);
  const NibblePairs second = load_nibbles_32(table, p + 16);
  return {{widen(first.low), widen(first.high), widen(second.low), widen(second.high)}};
}

#else

OTTOBIT_INLINE Vf widen(__m128i words) noexcept {
  return Vf(_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(words), 16)));
}
OTTOBIT_INLINE Group load_nibbles(const NibbleTable& table, const std::byte* p) noexcept {
  const NibblePairs words = load_nibbles_32(table, p);
  return {{widen(words.low.first), widen(words.low.second), widen(words.high.first),
           widen(words.high.second)}};
}

#endif

#else

OTTOBIT_INLINE Group load_nibbles(const NibbleTable& table, const std::byte* p) noexcept {
  std::uint32_t bits[kGroup];
  for (Index i = 0; i < kGroup; ++i) {
    const auto pair = static_cast<unsigned>(p[i / 2]);
    const unsigned code = (i % 2 == 0 ? pair : pair >> 4U) & 0xFU;
    bits[i] = std::uint32_t{table.high[code]} << 24U | std::uint32_t{table.low[code]} << 16U;
  }
  const auto part = [&](Index i) { return from_bits(Vu::load_unaligned(bits + i * kLanes)); };
  return {{part(0), part(1), part(2), part(3)}};
}

#endif

OTTOBIT_ISA_END
