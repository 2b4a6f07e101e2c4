// SPDX-License-Identifier: Apache-2.0
// Weights of 8 and 16 bits in registers: E4M3 to f32 on every level, and at avx512_bf16 E4M3 to
// bf16 by byte tables and the dot product of bf16 pairs. All conversions are exact for all codes,
// NaN included, and never read beyond the elements named.
//
// What VDPBF16PS computes (Intel, "Architecture Instruction Set Extensions Programming Reference"):
// acc + a[2i+1] b[2i+1], rounded to nearest even, then + a[2i] b[2i], rounded again; subnormal
// inputs count as 0 and subnormal results become 0, whatever MXCSR says.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/fp8.hpp"
#include "ottobit/simd/vec.hpp"

/// Unrolls the next loop completely; its bounds are constants. Keeps arrays of vectors in
/// registers.
#if defined(__clang__)
#define OTTOBIT_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define OTTOBIT_UNROLL _Pragma("GCC unroll 32")
#else
#define OTTOBIT_UNROLL
#endif

OTTOBIT_ISA_BEGIN

/// Floats at any address: packed bytes of a file need no alignment.
OTTOBIT_INLINE const float* as_floats(const std::byte* p) noexcept {
  return static_cast<const float*>(static_cast<const void*>(p));
}
OTTOBIT_INLINE const std::uint16_t* as_u16(const std::byte* p) noexcept {
  return static_cast<const std::uint16_t*>(static_cast<const void*>(p));
}

/// Elements a format converts at a time.
inline constexpr Index kGroup = 4 * kLanes;
/// kGroup consecutive elements: v[i] holds elements [i * kLanes, (i + 1) * kLanes).
struct Group {
  Vf v[4];
};

#if defined(__AVX512BF16__) && defined(__AVX512VBMI__)

#define OTTOBIT_HAS_BF16_DOT 1

/// High and low byte of the bf16 with the value of each non-negative E4M3 code.
struct E4m3Bytes {
  alignas(64) std::array<std::uint8_t, 128> high;
  alignas(64) std::array<std::uint8_t, 128> low;
};

constexpr E4m3Bytes make_e4m3_bytes() noexcept {
  E4m3Bytes bytes{};
  for (unsigned code = 0; code < 128; ++code) {
    // Every E4M3 value is a normal bf16: the lower half of the f32 is 0.
    const auto bits = std::bit_cast<std::uint32_t>(E4m3::decode(static_cast<std::uint8_t>(code)));
    bytes.high[code] = static_cast<std::uint8_t>(bits >> 24);
    bytes.low[code] = static_cast<std::uint8_t>((bits >> 16) & 0xFFU);
  }
  return bytes;
}
inline constexpr E4m3Bytes kE4m3Bytes = make_e4m3_bytes();

/// Byte j of the register goes where the in-lane unpacks of `unpack` deliver it in natural order.
constexpr std::array<std::uint8_t, 64> make_natural_order() noexcept {
  std::array<std::uint8_t, 64> order{};
  for (unsigned j = 0; j < 64; ++j) {
    const unsigned half = (j % 16) / 8;  // unpacklo takes the first half of each 16-byte lane
    order[j] = static_cast<std::uint8_t>(half * 32 + (j / 16) * 8 + j % 8);
  }
  return order;
}
/// The same such that the even words of each 32 come first, then the odd ones.
constexpr std::array<std::uint8_t, 64> make_split_order() noexcept {
  std::array<std::uint8_t, 64> order{};
  for (unsigned j = 0; j < 64; ++j) {
    const unsigned half = (j % 16) / 8;
    const unsigned word = (j / 16) * 8 + j % 8;  // of the unpacked register `half`
    order[j] = static_cast<std::uint8_t>(half * 32 + (word % 2) * 16 + word / 2);
  }
  return order;
}
alignas(64) inline constexpr std::array<std::uint8_t, 64> kNaturalOrder = make_natural_order();
alignas(64) inline constexpr std::array<std::uint8_t, 64> kSplitOrder = make_split_order();

/// 64 bf16 in two registers of 32.
struct Bf16x64 {
  __m512i first, second;
};

/// Converts E4M3 by two look-ups in 128-byte tables (VPERMI2B ignores bit 7 of an index, so the
/// sign needs no masking), the sign put back by one ternary operation and two unpacks. Keeps the
/// tables in registers: make one outside the loop.
class E4m3Converter {
 public:
  OTTOBIT_INLINE E4m3Converter() noexcept
      : high0_(_mm512_load_si512(kE4m3Bytes.high.data())),
        high1_(_mm512_load_si512(kE4m3Bytes.high.data() + 64)),
        low0_(_mm512_load_si512(kE4m3Bytes.low.data())),
        low1_(_mm512_load_si512(kE4m3Bytes.low.data() + 64)) {}

  /// In the order of the in-lane unpacks: bytes 0-7, 16-23, 32-39, 48-55, then the others.
  OTTOBIT_INLINE Bf16x64 unpack(__m512i codes) const noexcept {
    asm("" : "+v"(codes));  // or g++ loads the codes again for each look-up
    const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
    const __m512i magnitude = _mm512_permutex2var_epi8(high0_, codes, high1_);
    const __m512i high = _mm512_ternarylogic_epi64(magnitude, codes, sign, 0xF8);  // a | (b & c)
    const __m512i low = _mm512_permutex2var_epi8(low0_, codes, low1_);
    return {_mm512_unpacklo_epi8(low, high), _mm512_unpackhi_epi8(low, high)};
  }
  OTTOBIT_INLINE Bf16x64 natural(__m512i codes) const noexcept {
    return unpack(_mm512_permutexvar_epi8(_mm512_load_si512(kNaturalOrder.data()), codes));
  }

 private:
  __m512i high0_, high1_, low0_, low1_;
};

/// acc[i] + a[2i] b[2i] + a[2i+1] b[2i+1], as the file header says.
OTTOBIT_INLINE __m512 dot_bf16(__m512 acc, __m512i a, __m512i b) noexcept {
  return _mm512_dpbf16_ps(acc, std::bit_cast<__m512bh>(a), std::bit_cast<__m512bh>(b));
}

/// What loads multiply their values by; a power of two.
inline constexpr float kE4m3Unit = 1.0F;

OTTOBIT_INLINE Group load_e4m3(const std::byte* p) noexcept {
  const E4m3Converter converter;
  const __m512i order = _mm512_load_si512(kSplitOrder.data());
  const __m512i codes = _mm512_permutexvar_epi8(order, _mm512_loadu_si512(p));
  const Bf16x64 words = converter.unpack(codes);
  const __m512i odd = _mm512_set1_epi32(static_cast<int>(0xFFFF0000U));
  return {{Vf(_mm512_castsi512_ps(_mm512_slli_epi32(words.first, 16))),
           Vf(_mm512_castsi512_ps(_mm512_and_si512(words.first, odd))),
           Vf(_mm512_castsi512_ps(_mm512_slli_epi32(words.second, 16))),
           Vf(_mm512_castsi512_ps(_mm512_and_si512(words.second, odd)))}};
}

#elif defined(__AVX2__) && defined(__F16C__)

// A code in the high half of a 16-bit word, shifted right by one with its sign, bit 14 cleared: the
// half-precision number S 0EEEE MMM0000000, whose bias is larger by 8 than that of E4M3. So it is
// the value times 2^-8, subnormals included; only NaN (which would be 480 * 2^-8) must be set.
inline constexpr float kE4m3Unit = 0x1p-8F;

#if defined(__AVX512BW__)
OTTOBIT_INLINE void load_e4m3_half(const std::byte* p, Vf* out) noexcept {
  const __m256i codes =
      _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(p)));
  const __m512i high = _mm512_slli_epi16(_mm512_cvtepu8_epi16(codes), 8);
  const __m512i half =
      _mm512_and_si512(_mm512_srai_epi16(high, 1), _mm512_set1_epi16(static_cast<short>(0xBFFF)));
  const __mmask32 nan = _mm512_cmpeq_epi16_mask(_mm512_add_epi16(high, high),
                                                _mm512_set1_epi16(static_cast<short>(0xFE00)));
  const __m512i fixed = _mm512_mask_mov_epi16(half, nan, _mm512_set1_epi16(0x7E00));
  out[0] = _mm512_cvtph_ps(_mm512_castsi512_si256(fixed));
  out[1] = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(fixed, 1));
}
OTTOBIT_INLINE Group load_e4m3(const std::byte* p) noexcept {
  Group group;
  load_e4m3_half(p, group.v);
  load_e4m3_half(p + 2 * kLanes, group.v + 2);
  return group;
}
#else
OTTOBIT_INLINE __m256i e4m3_half(__m256i high, __m256i nan) noexcept {
  const __m256i bias = _mm256_set1_epi16(static_cast<short>(0xBFFF));
  return _mm256_or_si256(_mm256_and_si256(_mm256_srai_epi16(high, 1), bias), nan);
}
/// Unpacking takes eight codes of each half of the register: 0-7 and 16-23, then the others.
OTTOBIT_INLINE Group load_e4m3(const std::byte* p) noexcept {
  const __m256i codes =
      _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(p)));
  const __m256i nan =
      _mm256_cmpeq_epi8(_mm256_add_epi8(codes, codes), _mm256_set1_epi8(static_cast<char>(0xFE)));
  const __m256i none = _mm256_setzero_si256();
  const __m256i even = e4m3_half(_mm256_unpacklo_epi8(none, codes), _mm256_unpacklo_epi8(nan, nan));
  const __m256i odd = e4m3_half(_mm256_unpackhi_epi8(none, codes), _mm256_unpackhi_epi8(nan, nan));
  return {{_mm256_cvtph_ps(_mm256_castsi256_si128(even)),
           _mm256_cvtph_ps(_mm256_castsi256_si128(odd)),
           _mm256_cvtph_ps(_mm256_extracti128_si256(even, 1)),
           _mm256_cvtph_ps(_mm256_extracti128_si256(odd, 1))}};
}
#endif

#else

// A code at the top of a 32-bit word, its magnitude shifted right by 4: the f32 with exponent
// 0EEEE, the value times 2^-120. Subnormal codes are subnormal f32 here, made normal by the
// multiplication; that relies on the default floating-point environment (no DAZ).
inline constexpr float kE4m3Unit = 1.0F;

OTTOBIT_INLINE Vf load_e4m3_lanes(const std::byte* p) noexcept {
  std::uint32_t lanes[kLanes];
  for (Index i = 0; i < kLanes; ++i) {
    lanes[i] = static_cast<std::uint32_t>(p[i]);
  }
  const Vu codes = Vu::load_unaligned(lanes);
  const Vf magnitude = from_bits((codes & Vu(0x7FU)) << 20) * broadcast(0x1p120F);
  const Vf quiet = from_bits(to_bits(magnitude) | Vu(0x7FC00000U));
  const Vf value = xsimd::select(magnitude == broadcast(480.0F), quiet, magnitude);
  return from_bits(to_bits(value) | ((codes & Vu(0x80U)) << 24));
}

OTTOBIT_INLINE Group load_e4m3(const std::byte* p) noexcept {
  return {{load_e4m3_lanes(p), load_e4m3_lanes(p + kLanes), load_e4m3_lanes(p + 2 * kLanes),
           load_e4m3_lanes(p + 3 * kLanes)}};
}

#endif

// An E5M2 code is the upper half of the f16 of the same value.
OTTOBIT_INLINE Group load_e5m2(const std::byte* p) noexcept {
  std::uint16_t words[kGroup];
  for (Index i = 0; i < kGroup; ++i) {
    words[i] = static_cast<std::uint16_t>(static_cast<unsigned>(p[i]) << 8U);
  }
  return {{load_f16(words), load_f16(words + kLanes), load_f16(words + 2 * kLanes),
           load_f16(words + 3 * kLanes)}};
}

/// kLanes signed bytes, after their bits of `flip` were turned over.
OTTOBIT_INLINE Vf widen_i8(const std::byte* p, std::uint8_t flip) noexcept {
#if defined(__AVX512F__)
  const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(p)));
  const __m128i codes = _mm_xor_si128(bytes, _mm_set1_epi8(static_cast<char>(flip)));
  return Vf(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes)));
#elif defined(__AVX2__)
  const __m128i bytes = _mm_loadl_epi64(static_cast<const __m128i*>(static_cast<const void*>(p)));
  const __m128i codes = _mm_xor_si128(bytes, _mm_set1_epi8(static_cast<char>(flip)));
  return Vf(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)));
#else
  float values[kLanes];
  for (Index i = 0; i < kLanes; ++i) {
    const auto code = static_cast<std::uint8_t>(p[i]);
    values[i] = static_cast<float>(static_cast<std::int8_t>(code ^ flip));
  }
  return load(values);
#endif
}
OTTOBIT_INLINE Group load_i8(const std::byte* p, std::uint8_t flip) noexcept {
  return {{widen_i8(p, flip), widen_i8(p + kLanes, flip), widen_i8(p + 2 * kLanes, flip),
           widen_i8(p + 3 * kLanes, flip)}};
}

OTTOBIT_ISA_END
