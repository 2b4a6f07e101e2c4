// SPDX-License-Identifier: Apache-2.0
// How weights of 4 and 8 bits meet bf16 dot products (gemv.hpp, gemm.hpp). Their numbers are bf16
// numbers, or sums of two: a code of 4 bits is looked up in a table of 16 (VPERMW takes 5 bits of
// an index; the table repeats, so nothing is masked), less its zero point where there is one; one
// of 8 bits is 16 times its upper half plus its lower half, looked up each for itself.
//
// Products of one token: weights in the order of the in-lane unpacks, as E4M3 (pack.hpp). Of 128
// columns each half is summed for itself, and its lanes hold columns in groups of 16:
//   lanes 0 to 3: columns 0 to 15, 4 to 7: 16 to 31, 8 to 11: 32 to 47, 12 to 15: 48 to 63
// so that one vector holds the scales of all its groups.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ottobit/format/list.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/kernels/dequant.hpp"
#include "ottobit/kernels/gemv.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/simd/vec.hpp"

OTTOBIT_ISA_BEGIN

#if defined(OTTOBIT_HAS_BF16_DOT)

/// The numbers of 16 codes as bf16, twice.
struct alignas(64) CodeTable {
  std::array<std::uint16_t, 32> words;

  OTTOBIT_INLINE __m512i load() const noexcept { return _mm512_load_si512(words.data()); }
};

constexpr CodeTable make_code_table(float (*value)(std::uint8_t)) noexcept {
  CodeTable table{};
  for (std::uint8_t code = 0; code < 32; ++code) {
    const auto bits = std::bit_cast<std::uint32_t>(value(static_cast<std::uint8_t>(code % 16)));
    table.words[code] = static_cast<std::uint16_t>(bits >> 16U);
  }
  return table;
}

/// first + 0, 1, ... 15 as such a table; exact up to 256 in magnitude.
OTTOBIT_INLINE __m512i counting_table(float first) noexcept {
  const __m512 steps = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const auto words =
      std::bit_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_add_ps(steps, _mm512_set1_ps(first))));
  return _mm512_broadcast_i64x4(words);
}

/// The 64 codes of 32 bytes, one in the lower half of each byte, in order.
OTTOBIT_INLINE __m512i spread_nibbles(const std::byte* p) noexcept {
  const __m512i pairs = _mm512_cvtepu8_epi16(
      _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(p))));
  return _mm512_or_si512(pairs, _mm512_slli_epi16(pairs, 4));
}

inline constexpr CodeTable kE2m1Words = make_code_table(E2m1::decode);

/// INT4 less each zero point, -8 to 7.
constexpr std::array<CodeTable, 16> make_int4_tables() noexcept {
  std::array<CodeTable, 16> tables{};
  for (std::size_t zero = 0; zero < 16; ++zero) {
    for (std::size_t code = 0; code < 32; ++code) {
      const float value = static_cast<float>(code % 16) - static_cast<float>(zero);
      tables[zero].words[code] =
          static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16U);
    }
  }
  return tables;
}
inline constexpr std::array<CodeTable, 16> kInt4Tables = make_int4_tables();

/// What the codes of a format mean, less a zero point that fits four bits.
template <class F>
OTTOBIT_INLINE __m512i nibble_table([[maybe_unused]] float zero_point) noexcept {
  if constexpr (std::is_same_v<F, Int4>) {
    return kInt4Tables[static_cast<std::size_t>(static_cast<int>(zero_point) + 8) % 16].load();
  } else {
    return kE2m1Words.load();
  }
}

/// Weights of 4 bits against tokens.
template <class F, class X>
struct DotNibbles {
  using Format = F;
  using Token = X;
  using Weights = BlockWords;
  static constexpr bool kZeroPoints = F::kHasZeros;
  static constexpr Index kInFlight = 4;
  static constexpr Index kRowsAtOnce = 4;
  using ForOne = DotNibbles;
  __m512i table = nibble_table<F>(0.0F);

  OTTOBIT_INLINE static Token token(const PackedToken& packed) noexcept {
    return Token::unpacked(packed);
  }
  OTTOBIT_INLINE void read(const std::byte* w, float zero_point, Weights& out) const noexcept {
    const __m512i words = kZeroPoints ? nibble_table<F>(zero_point) : table;
    const __m512i low = spread_nibbles(w);
    const __m512i high = spread_nibbles(w + 32);
    out = {_mm512_permutexvar_epi16(_mm512_unpacklo_epi8(low, low), words),
           _mm512_permutexvar_epi16(_mm512_unpackhi_epi8(low, low), words),
           _mm512_permutexvar_epi16(_mm512_unpacklo_epi8(high, high), words),
           _mm512_permutexvar_epi16(_mm512_unpackhi_epi8(high, high), words)};
  }
  /// The first 64 columns of the block of x at `at`, in lanes, and those behind them.
  OTTOBIT_INLINE static Vf first_half(const Weights& w, const Token& x, Index at) noexcept {
    return x.dot(at, w.a, w.b);
  }
  OTTOBIT_INLINE static Vf second_half(const Weights& w, const Token& x, Index at) noexcept {
    return x.dot(at + 64, w.c, w.d);
  }
  OTTOBIT_INLINE static Vf multiply(const Weights& w, const Token& x, Index at) noexcept {
    return first_half(w, x, at) + second_half(w, x, at);
  }
  OTTOBIT_INLINE Vf block(const std::byte* w, const Token& x, Index at,
                          float zero_point) const noexcept {
    Weights words;
    read(w, zero_point, words);
    return multiply(words, x, at);
  }
};

/// Weights of 8 bits against tokens.
template <class F, class X>
struct DotInt8 {
  using Format = F;
  using Token = X;
  /// Lower and upper parts of the two halves of a block.
  struct Weights {
    __m512i low[4], high[4];
  };
  static constexpr bool kZeroPoints = true;
  static constexpr Index kInFlight = 2;
  static constexpr Index kRowsAtOnce = 2;
  using ForOne = DotInt8;

  OTTOBIT_INLINE static Token token(const PackedToken& packed) noexcept {
    return Token::unpacked(packed);
  }
  OTTOBIT_INLINE static void read(const std::byte* w, float zero_point, Weights& out) noexcept {
    static constexpr CodeTable kUpper = make_code_table(
        [](std::uint8_t code) { return 16.0F * static_cast<float>(code < 8 ? code : code - 16); });
    const __m512i lower = counting_table(-zero_point);
    const __m512i upper = kUpper.load();
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(F::kZeros));
    OTTOBIT_UNROLL
    for (Index i = 0; i < 2; ++i) {
      const __m512i codes = _mm512_xor_si512(_mm512_loadu_si512(w + 64 * i), flip);
      const __m512i first = _mm512_unpacklo_epi8(codes, codes);
      const __m512i second = _mm512_unpackhi_epi8(codes, codes);
      out.low[2 * i] = _mm512_permutexvar_epi16(first, lower);
      out.low[2 * i + 1] = _mm512_permutexvar_epi16(second, lower);
      out.high[2 * i] = _mm512_permutexvar_epi16(_mm512_srli_epi16(first, 4), upper);
      out.high[2 * i + 1] = _mm512_permutexvar_epi16(_mm512_srli_epi16(second, 4), upper);
    }
  }
  OTTOBIT_INLINE static Vf multiply(const Weights& w, const Token& x, Index at) noexcept {
    return (x.dot(at, w.low[0], w.low[1]) + x.dot(at, w.high[0], w.high[1])) +
           (x.dot(at + 64, w.low[2], w.low[3]) + x.dot(at + 64, w.high[2], w.high[3]));
  }
  OTTOBIT_INLINE static Vf block(const std::byte* w, const Token& x, Index at,
                                 float zero_point) noexcept {
    Weights words;
    read(w, zero_point, words);
    return multiply(words, x, at);
  }
};

/// Groups of columns that have one scale and are narrower than a block, but as wide as a group of
/// lanes at least.
OTTOBIT_INLINE bool has_narrow_groups(const WeightView& w) noexcept {
  const bool fits = w.block_cols == 16 || w.block_cols == 32 || w.block_cols == 64;
  return w.scales != nullptr && fits && w.block_rows == 1 && w.zeros == nullptr &&
         w.groups == nullptr;
}

/// Which groups of a block the lanes of its two halves belong to.
struct NarrowLanes {
  __m512i first, second;

  OTTOBIT_INLINE explicit NarrowLanes(Index block_cols) noexcept {
    alignas(64) std::int32_t lanes[2][kLanes];
    for (Index i = 0; i < kLanes; ++i) {
      lanes[0][i] = static_cast<std::int32_t>(i / 4 * 16 / block_cols);
      lanes[1][i] = static_cast<std::int32_t>((64 + i / 4 * 16) / block_cols);
    }
    first = _mm512_load_si512(lanes[0]);
    second = _mm512_load_si512(lanes[1]);
  }
};

/// y[r] of `rows`, of which each group of columns has a scale; scratch [groups + kLanes].
template <class Dot>
inline void gemv_narrow(const WeightView& w, const std::byte* packed, float* y, RowRange rows,
                        float* scratch) noexcept {
  using F = typename Dot::Format;
  constexpr Index kStep = bytes_of<F>(kBlockK);
  const Index per_block = kBlockK / w.block_cols;
  const Index groups = (w.cols + w.block_cols - 1) / w.block_cols;
  const NarrowLanes lanes(w.block_cols);
  const Dot dot;
  const typename Dot::Token x = Dot::token({packed, blocks_of(w.cols) * kBlockK, 1, 0});
  BlockCopy<F> copy;
  for (Index r = rows.begin; r < rows.end; ++r) {
    decode_row_scales(w, r, scratch);
    store(scratch + groups, zero());
    const std::byte* p = w.data + r * w.row_bytes;
    Vf low = zero();
    Vf high = zero();
    for (Index b = 0; b < blocks_of(w.cols); ++b, p += kStep) {
      const Index at = b * step_of<typename Dot::Token>(1);
      typename Dot::Weights words;
      dot.read(whole_block<F>(p, w.cols - b * kBlockK, copy), 0.0F, words);
      const __m512 scales = _mm512_loadu_ps(scratch + b * per_block);
      low = fma(Dot::first_half(words, x, at), Vf(_mm512_permutexvar_ps(lanes.first, scales)), low);
      high = fma(Dot::second_half(words, x, at), Vf(_mm512_permutexvar_ps(lanes.second, scales)),
                 high);
    }
    y[r] = reduce_add(low + high);
  }
}

/// kBlockK weights, less their zero point, as bf16 in their order.
template <class F>
OTTOBIT_INLINE void integers_to_bf16(const std::byte* p, float zero_point,
                                     std::uint16_t* out) noexcept {
  if constexpr (F::kBits == 4) {
    const __m512i table = nibble_table<F>(zero_point);
    for (Index i = 0; i < kBlockK; i += 64) {
      const __m512i codes = spread_nibbles(p + i / 2);
      const __m512i first = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(codes));
      const __m512i second = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(codes, 1));
      _mm512_store_si512(out + i, _mm512_permutexvar_epi16(first, table));
      _mm512_store_si512(out + i + 32, _mm512_permutexvar_epi16(second, table));
    }
  } else {
    for (Index i = 0; i < kBlockK; i += kGroup) {
      const Group group = F::load(p + i);
      OTTOBIT_UNROLL
      for (Index j = 0; j < 4; ++j) {
        store_bf16(out + i + j * kLanes, group.v[j] - broadcast(zero_point));
      }
    }
  }
}

#endif

OTTOBIT_ISA_END
