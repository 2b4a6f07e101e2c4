// SPDX-License-Identifier: Apache-2.0
// How activations X [T, K] are laid out for the matrix products: rounded once, padded with zeros to
// whole blocks of K, so that the inner loops are straight lines of full vectors.
//
//   few tokens (kFewTokens):
//          bf16 dot products:  [2 orders][K / 128][T][1 or 2 parts][128] bf16: in natural order,
//          and
//                              in the order in which in-lane unpacks emit 64 E4M3 codes (then the
//                              weights need no permutation)
//          else:               [K / 128][T][128] f32
//   more: panels of 1 to 3 vectors of lanes, one after the other, each
//          bf16 dot products:  [K / 2][lanes of the panel][2] bf16
//          else:               [K][lanes of the panel] f32
//
// A lane is a token or, where tokens are kept as sums of two bf16, one of its two parts: the first
// half of a panel's lanes are upper parts, the second half the lower parts of the same tokens, and
// their products are added at the end.
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

/// Tokens of a call that are multiplied as a single one is, to the same bits (gemv_few.hpp).
inline constexpr Index kFewTokens = 8;

/// True if the mode keeps 17 bits of so many tokens.
OTTOBIT_INLINE constexpr bool splits(Compute compute, Index tokens) noexcept {
  return compute == Compute::bf16x2_all || (compute == Compute::bf16x2 && tokens <= kSplitTokens);
}

/// True if the activations are kept in f32 or as sums of two bf16.
OTTOBIT_INLINE constexpr bool keeps_activations(Compute compute, Index tokens) noexcept {
  return compute == Compute::f32 || splits(compute, tokens);
}

/// True if they are packed as sums of two bf16.
OTTOBIT_INLINE constexpr bool packs_split(Compute compute, Index tokens) noexcept {
  return kHasBf16Dot && splits(compute, tokens);
}

/// Lanes of more than kFewTokens tokens.
OTTOBIT_INLINE constexpr Index lanes_of(Compute compute, Index tokens) noexcept {
  return packs_split(compute, tokens) ? 2 * tokens : tokens;
}

/// Vectors of lanes in all panels.
OTTOBIT_INLINE constexpr Index lane_vectors(Index lanes) noexcept {
  return (lanes + kLanes - 1) / kLanes;
}

/// Vectors of the panel that begins with `left` vectors still to come: three, as the tiles are
/// widest there, but 4 = 2 + 2 since a tile of one vector waits for its broadcasts.
OTTOBIT_INLINE constexpr Index panel_width(Index left) noexcept {
  return left == 4 ? 2 : least(left, 3);
}

inline Index packed_bytes(Compute compute, Index tokens, Index k) noexcept {
  const Index columns = blocks_of(k) * kBlockK;
  if (tokens <= kFewTokens) {
    return tokens * (packs_split(compute, 1) ? 8 : 4) * columns;
  }
  return lane_vectors(lanes_of(compute, tokens)) * kLanes * columns * (packs_bf16(compute) ? 2 : 4);
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

/// The activations in a call of `pack`.
struct Activations {
  Compute compute;
  const float* x;
  Index stride;
  Index tokens;
};

/// Where a token of few lies in what `pack` wrote.
struct PackedToken {
  const std::byte* packed;
  Index columns;  ///< K rounded up to whole blocks
  Index tokens;   ///< of the call
  Index token;

  /// f32 numbers of its first block; those of the next are tokens * kBlockK further on.
  OTTOBIT_INLINE const float* floats() const noexcept {
    return reinterpret_cast<const float*>(packed) + token * kBlockK;
  }
  /// bf16 numbers of the first part of its first block; the second part is kBlockK further on, the
  /// next block tokens * parts * kBlockK.
  OTTOBIT_INLINE const std::uint16_t* natural(Index parts) const noexcept {
    return reinterpret_cast<const std::uint16_t*>(packed) + token * parts * kBlockK;
  }
  OTTOBIT_INLINE const std::uint16_t* unpacked(Index parts) const noexcept {
    return natural(parts) + columns * tokens * parts;
  }
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

/// One block of each of few tokens.
inline void pack_few(const Activations& a, Index block, Index columns, Index n,
                     std::byte* packed) noexcept {
  const Index parts = packs_split(a.compute, a.tokens) ? 2 : 1;
  for (Index t = 0; t < a.tokens; ++t) {
    const float* const x = a.x + t * a.stride + block * kBlockK;
    const Index at = (block * a.tokens + t) * parts * kBlockK;
    if (!packs_bf16(a.compute)) {
      const bool round = !keeps_activations(a.compute, a.tokens);
      load_block_f32(x, n, round, reinterpret_cast<float*>(packed) + at);
      continue;
    }
    std::uint16_t* const natural = reinterpret_cast<std::uint16_t*>(packed) + at;
    std::uint16_t* const unpacked = natural + columns * a.tokens * parts;
    if (parts == 2) {
      load_block_split(x, n, natural, natural + kBlockK);
      copy_unpacked(natural + kBlockK, unpacked + kBlockK);
    } else {
      load_block_bf16(x, n, natural);
    }
    copy_unpacked(natural, unpacked);
  }
}

/// A column of units to a lane of a panel: `Unit` is a float, or a pair of bf16 as one 32-bit
/// number.
template <class Unit>
OTTOBIT_INLINE void scatter(const Unit* from, Index units, Unit* to, Index stride) noexcept {
  for (Index i = 0; i < units; ++i) {
    to[i * stride] = from[i];
  }
}

/// One block of the panel of lanes [first, first + lanes): n columns from `column` on.
inline void pack_panel(const Activations& a, Index column, Index n, Index first, Index lanes,
                       std::byte* out) noexcept {
  alignas(64) float values[kBlockK];
  alignas(64) std::uint16_t codes[2][kBlockK];
  alignas(64) std::uint32_t pairs[kBlockK / 2];
  const bool round = !keeps_activations(a.compute, a.tokens);
  const bool split = packs_split(a.compute, a.tokens);
  const Index tokens = split ? lanes / 2 : lanes;  // of the panel
  for (Index i = 0; i < lanes; ++i) {
    const Index token = (split ? first / 2 : first) + i % tokens;
    const Index part = i / tokens;
    const Index known = token < a.tokens ? n : 0;
    const float* const row = a.x + (known == 0 ? 0 : token * a.stride) + column;
    if (!packs_bf16(a.compute)) {
      load_block_f32(row, known, round, values);
      scatter(values, kBlockK, reinterpret_cast<float*>(out) + i, lanes);
      continue;
    }
    if (split) {
      load_block_split(row, known, codes[0], codes[1]);
    } else {
      load_block_bf16(row, known, codes[0]);
    }
    std::memcpy(pairs, codes[part], sizeof(pairs));
    scatter(pairs, kBlockK / 2, reinterpret_cast<std::uint32_t*>(out) + i, lanes);
  }
}

inline void pack(Compute compute, const float* x, Index x_stride, Index tokens, Index k,
                 std::byte* packed, RowRange blocks) noexcept {
  const Activations activations{compute, x, x_stride, tokens};
  const Index columns = blocks_of(k) * kBlockK;
  const Index column_bytes = packs_bf16(compute) ? 2 : 4;
  for (Index block = blocks.begin; block < blocks.end; ++block) {
    const Index column = block * kBlockK;
    const Index n = least(kBlockK, k - column);
    if (tokens <= kFewTokens) {
      pack_few(activations, block, columns, n, packed);
      continue;
    }
    const Index vectors = lane_vectors(lanes_of(compute, tokens));
    Index width = 0;
    for (Index v = 0; v < vectors; v += width) {
      width = panel_width(vectors - v);
      const Index first = v * kLanes;
      const Index lanes = width * kLanes;
      std::byte* const panel = packed + first * columns * column_bytes;
      pack_panel(activations, column, n, first, lanes, panel + column * lanes * column_bytes);
    }
  }
}

OTTOBIT_ISA_END
