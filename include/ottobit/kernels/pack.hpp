// SPDX-License-Identifier: Apache-2.0
// How activations X [T, K] are laid out for the matrix products: rounded once, padded with zeros to
// whole blocks of K, so that the inner loops are straight lines of full vectors.
//
//   T = 1, bf16 dot products:  x as bf16 twice: in natural order, and in the order in which in-lane
//                              unpacks emit 64 E4M3 codes (then the weights need no permutation)
//   T = 1, else:               x as f32
//   T > 1: panels of 1 to 3 vectors of tokens, one after the other, each
//          bf16 dot products:  [K / 2][tokens of the panel][2] bf16
//          else:               [K][tokens of the panel] f32
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ottobit/isa.hpp"
#include "ottobit/kernels/dequant.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/simd/vec.hpp"

OTTOBIT_ISA_BEGIN

#if defined(OTTOBIT_HAS_BF16_DOT)
inline constexpr bool kHasBf16Dot = true;
#else
inline constexpr bool kHasBf16Dot = false;
#endif

/// True if the activations of this mode are packed as bf16 rather than f32.
OTTOBIT_INLINE constexpr bool packs_bf16(Compute compute) noexcept {
  return kHasBf16Dot && compute != Compute::f32;
}

/// True if those of a single token are packed as sums of two bf16.
OTTOBIT_INLINE constexpr bool packs_split(Compute compute) noexcept {
  return kHasBf16Dot && compute == Compute::bf16x2;
}

/// Vectors of tokens in all panels.
OTTOBIT_INLINE constexpr Index token_vectors(Index tokens) noexcept {
  return (tokens + kLanes - 1) / kLanes;
}

/// Vectors of the panel that begins with `left` vectors still to come: three, as the tiles are
/// widest there, but 4 = 2 + 2 since a tile of one vector waits for its broadcasts.
OTTOBIT_INLINE constexpr Index panel_width(Index left) noexcept {
  return left == 4 ? 2 : least(left, 3);
}

inline Index packed_bytes(Compute compute, Index tokens, Index k) noexcept {
  const Index columns = blocks_of(k) * kBlockK;
  if (tokens == 1) {
    return (packs_split(compute) ? 8 : 4) * columns;
  }
  return token_vectors(tokens) * kLanes * columns * (packs_bf16(compute) ? 2 : 4);
}

/// n elements of x, rounded to bf16 if asked, and zeros up to kBlockK.
OTTOBIT_INLINE void load_block_f32(const float* x, Index n, bool round, float* out) noexcept {
  for (Index i = 0; i < kBlockK; i += kLanes) {
    const Index left = n - i;
    Vf v = left >= kLanes ? load(x + i) : left > 0 ? load_partial(x + i, left) : zero();
    if (round) {
      v = widen_bf16(narrow_bf16(v));
    }
    store(out + i, v);
  }
}
OTTOBIT_INLINE void load_block_bf16(const float* x, Index n, std::uint16_t* out) noexcept {
  for (Index i = 0; i < kBlockK; i += kLanes) {
    const Index left = n - i;
    store_bf16(out + i, left >= kLanes ? load(x + i)
                        : left > 0     ? load_partial(x + i, left)
                                       : zero());
  }
}

/// One token in bf16 words: x, or its upper part, in natural order [columns], the same in the order
/// in which `unpack` delivers weights; behind them the lower part likewise, if there is one.
struct TokenWords {
  const std::uint16_t* words;
  Index columns;

  OTTOBIT_INLINE const std::uint16_t* natural() const noexcept { return words; }
  OTTOBIT_INLINE const std::uint16_t* unpacked() const noexcept { return words + columns; }
  OTTOBIT_INLINE TokenWords low() const noexcept { return {words + 2 * columns, columns}; }
};

/// n elements of x as high and low parts, zeros up to kBlockK.
OTTOBIT_INLINE void load_block_split(const float* x, Index n, std::uint16_t* high,
                                     std::uint16_t* low) noexcept {
  for (Index i = 0; i < kBlockK; i += kLanes) {
    const Index left = n - i;
    const Vf v = left >= kLanes ? load(x + i) : left > 0 ? load_partial(x + i, left) : zero();
    store_bf16(high + i, v);
    store_bf16(low + i, v - load_bf16(high + i));
  }
}

/// The block in the order in which the in-lane unpacks deliver E4M3 weights.
OTTOBIT_INLINE void copy_unpacked(const std::uint16_t* natural, std::uint16_t* out) noexcept {
  for (Index half = 0; half < kBlockK; half += 64) {
    for (Index from = 0; from < 16; from += 8) {
      for (Index lane = 0; lane < 64; lane += 16, out += 8) {
        std::memcpy(out, natural + half + lane + from, 16);
      }
    }
  }
}

/// One block of one token; `columns` is K rounded up to whole blocks.
inline void pack_one(Compute compute, const float* x, Index n, Index block, Index columns,
                     std::byte* packed) noexcept {
  if (!packs_bf16(compute)) {
    float* const out = reinterpret_cast<float*>(packed) + block * kBlockK;
    load_block_f32(x, n, compute == Compute::bf16, out);
    return;
  }
  auto* const words = reinterpret_cast<std::uint16_t*>(packed) + block * kBlockK;
  if (packs_split(compute)) {
    std::uint16_t* const low = words + 2 * columns;
    load_block_split(x, n, words, low);
    copy_unpacked(low, low + columns);
  } else {
    load_block_bf16(x, n, words);
  }
  copy_unpacked(words, words + columns);
}

/// One block of the panel of tokens [first, first + width * kLanes): `Unit` is a float, or a pair
/// of bf16 as one 32-bit number.
template <class Unit>
OTTOBIT_INLINE void scatter(const Unit* from, Index units, Unit* to, Index stride) noexcept {
  for (Index i = 0; i < units; ++i) {
    to[i * stride] = from[i];
  }
}

inline void pack_panel(Compute compute, const float* x, Index x_stride, Index tokens, Index n,
                       std::byte* out, Index lanes) noexcept {
  alignas(64) float values[kBlockK];
  alignas(64) std::uint16_t codes[kBlockK];
  alignas(64) std::uint32_t pairs[kBlockK / 2];
  const bool bf16 = packs_bf16(compute);
  for (Index t = 0; t < lanes; ++t) {
    const Index known = t < tokens ? n : 0;
    const float* const row = t < tokens ? x + t * x_stride : x;
    if (bf16) {
      load_block_bf16(row, known, codes);
      std::memcpy(pairs, codes, sizeof(pairs));
      scatter(pairs, kBlockK / 2, reinterpret_cast<std::uint32_t*>(out) + t, lanes);
    } else {
      load_block_f32(row, known, compute != Compute::f32, values);
      scatter(values, kBlockK, reinterpret_cast<float*>(out) + t, lanes);
    }
  }
}

inline void pack(Compute compute, const float* x, Index x_stride, Index tokens, Index k,
                 std::byte* packed, RowRange blocks) noexcept {
  const Index columns = blocks_of(k) * kBlockK;
  const Index column_bytes = packs_bf16(compute) ? 2 : 4;
  for (Index block = blocks.begin; block < blocks.end; ++block) {
    const float* const from = x + block * kBlockK;
    const Index n = least(kBlockK, k - block * kBlockK);
    if (tokens == 1) {
      pack_one(compute, from, n, block, columns, packed);
      continue;
    }
    const Index vectors = token_vectors(tokens);
    Index width = 0;
    for (Index v = 0; v < vectors; v += width) {
      width = panel_width(vectors - v);
      const Index first = v * kLanes;
      const Index lanes = width * kLanes;
      std::byte* const panel = packed + first * columns * column_bytes;
      pack_panel(compute, from + first * x_stride, x_stride, tokens - first, n,
                 panel + block * kBlockK * lanes * column_bytes, lanes);
    }
  }
}

OTTOBIT_ISA_END
