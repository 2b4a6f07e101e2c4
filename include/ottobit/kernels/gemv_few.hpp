// SPDX-License-Identifier: Apache-2.0
// Few tokens: Y[t, r] = sum_k W[r, k] X[t, k], T <= kFewTokens, each to the bits that gemv.hpp
// gives it alone. The weights are read and converted once: of some adjacent rows a block at a time,
// which then meets one token after the other, so that the rows share the reads of X.
//
//   for each group of kRowsAtOnce rows
//     for each block of 128 columns: convert the block of every row, then
//       for each token, for each row: sum[row][token] += scale * (block . token), in lanes
//
// The next rows are asked for meanwhile, in the order of their addresses: memory sees one linear
// stream, and several are read from the cache. So a single token is read this way, too, where x is
// so wide that it comes from the second-level cache again for each row, which then costs more than
// the weights (27648 columns of E4M3, one thread of Zen 4: 2.5 times the rate of gemv_rows).
#pragma once

#include "ottobit/isa.hpp"
#include "ottobit/kernels/dequant.hpp"
#include "ottobit/kernels/gemv.hpp"
#include "ottobit/kernels/integer_dots.hpp"
#include "ottobit/kernels/pack.hpp"
#include "ottobit/kernels/row_scales.hpp"
#include "ottobit/simd/vec.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

/// Asks for the n bytes at p, some way ahead of what is read, to be brought into the second-level
/// cache. Nothing is read: an address beyond the weights is harmless.
template <Index n>
OTTOBIT_INLINE void prefetch(const std::byte* p) noexcept {
  constexpr Index kLine = 64;
  OTTOBIT_UNROLL
  for (Index at = 0; at < n; at += kLine) {
    prefetch(static_cast<const void*>(p + at));
  }
}

/// One scale for each row and block of columns: gemv.
template <class D>
struct ByBlock {
  using Dot = D;
  using Format = typename Dot::Format;
  using Token = typename Dot::Token;
  using Sum = Vf;
  struct Block {
    typename Dot::Weights weights;
    float scale;
  };
  static constexpr Index kRows = Dot::kRowsAtOnce;

  Dot dot;
  Index blocks;
  RowScales scales[kRows];
  const float* scale[kRows];

  OTTOBIT_INLINE ByBlock(const WeightView& w, float* scratch) noexcept : blocks(blocks_of(w.cols)) {
    for (Index i = 0; i < kRows; ++i) {
      scales[i] = RowScales(w, scratch + 2 * i * blocks);
    }
  }
  OTTOBIT_INLINE void enter(Index i, Index r) noexcept { scale[i] = scales[i].of_row(r); }
  OTTOBIT_INLINE static Sum empty() noexcept { return zero(); }
  OTTOBIT_INLINE void read(Index i, Index b, const std::byte* p, Block& out) const noexcept {
    dot.read(p, Dot::kZeroPoints ? scale[i][blocks + b] : 0.0F, out.weights);
    out.scale = scale[i][b];
  }
  OTTOBIT_INLINE static void add(const Block& block, const Token& x, Index at, Sum& sum) noexcept {
    sum = fma(Dot::multiply(block.weights, x, at), broadcast(block.scale), sum);
  }
  OTTOBIT_INLINE static float total(const Sum& sum) noexcept { return reduce_add(sum); }
};

/// Groups of columns that have one scale and are narrower than a block.
OTTOBIT_INLINE bool has_groups(const WeightView& w) noexcept {
  return w.scales != nullptr && w.groups == nullptr &&
         (w.block_cols == 16 || w.block_cols == 32 || w.block_cols == 64);
}

/// A scale, and perhaps a zero point, for each kCols columns of a row: products of a group are
/// summed in lanes, then scaled. A single token goes this way, too.
template <class F, class X, Index kCols>
struct ByGroup {
  using Dot = DotFma<F, X>;
  using Format = F;
  using Token = X;
  using Sum = Vf;
  static constexpr Index kRows = Dot::kRowsAtOnce;
  static constexpr Index kGroups = kBlockK / kCols;  ///< of a block
  struct Block {
    alignas(64) float values[kBlockK];
    float scales[kGroups];
  };

  const WeightView& w;
  Index groups;    ///< of a row, rounded up to whole blocks
  float* scratch;  ///< [kRows][2][groups]: scales, zero points

  OTTOBIT_INLINE ByGroup(const WeightView& view, float* room) noexcept
      : w(view), groups(blocks_of(view.cols) * kGroups), scratch(room) {}
  [[nodiscard]] OTTOBIT_INLINE float* scales(Index i) const noexcept {
    return scratch + 2 * i * groups;
  }
  OTTOBIT_INLINE void enter(Index i, Index r) noexcept {
    float* const its = scales(i);
    for (Index g = (w.cols + kCols - 1) / kCols; g < groups; ++g) {
      its[g] = its[groups + g] = 0.0F;
    }
    decode_row_scales(w, r, its);
    if (w.zeros != nullptr) {
      decode_row_zeros(w, r, its + groups);
    }
  }
  OTTOBIT_INLINE static Sum empty() noexcept { return zero(); }
  OTTOBIT_INLINE void read(Index i, Index b, const std::byte* p, Block& out) const noexcept {
    dequant_block<F>(p, out.values);
    const float* const its = scales(i) + b * kGroups;
    OTTOBIT_UNROLL
    for (Index g = 0; g < kGroups; ++g) {
      out.scales[g] = its[g];
    }
    if constexpr (F::kHasZeros) {
      if (w.zeros != nullptr) {
        OTTOBIT_UNROLL
        for (Index k = 0; k < kBlockK; k += kLanes) {
          store(out.values + k, load(out.values + k) - broadcast(its[groups + k / kCols]));
        }
      }
    }
  }
  OTTOBIT_INLINE static void add(const Block& block, const Token& x, Index at, Sum& sum) noexcept {
    OTTOBIT_UNROLL
    for (Index g = 0; g < kGroups; ++g) {
      Vf part = zero();
      OTTOBIT_UNROLL
      for (Index k = g * kCols; k < (g + 1) * kCols; k += kLanes) {
        part = fma(load(block.values + k), x.at(at + k), part);
      }
      sum = fma(part, broadcast(block.scales[g]), sum);
    }
  }
  OTTOBIT_INLINE static float total(const Sum& sum) noexcept { return reduce_add(sum); }
};

/// Scales of any other layout, each weight times its own: gemv_scaled.
template <class F, class X>
struct ByWeight {
  using Dot = DotFma<F32Format, X>;
  using Format = F;
  using Token = X;
  using Sum = Vf;
  using Block = typename Dot::Weights;
  static constexpr Index kRows = Dot::kRowsAtOnce;

  const WeightView& w;
  Index row[kRows];

  OTTOBIT_INLINE ByWeight(const WeightView& view, float*) noexcept : w(view) {}
  OTTOBIT_INLINE void enter(Index i, Index r) noexcept { row[i] = r; }
  OTTOBIT_INLINE static Sum empty() noexcept { return zero(); }
  OTTOBIT_INLINE void read(Index i, Index b, const std::byte*, Block& out) const noexcept {
    const Index k = b * kBlockK;
    dequant_scaled_block<F>(w, row[i], k, least(kBlockK, w.cols - k), out.values);
  }
  OTTOBIT_INLINE static void add(const Block& block, const Token& x, Index at, Sum& sum) noexcept {
    sum = sum + Dot::multiply(block, x, at);
  }
  OTTOBIT_INLINE static float total(const Sum& sum) noexcept { return reduce_add(sum); }
};

#if defined(OTTOBIT_HAS_BF16_DOT)

/// Several scales in a block, one for each group of lanes: gemv_narrow.
template <class D>
struct ByLanes {
  using Dot = D;
  using Format = typename Dot::Format;
  using Token = typename Dot::Token;
  struct Sum {
    Vf low, high;
  };
  struct Block {
    typename Dot::Weights weights;
    Vf low, high;  ///< scales of the lanes
  };
  static constexpr Index kRows = Dot::kRowsAtOnce;

  const WeightView& w;
  Dot dot;
  NarrowLanes lanes;
  Index per_block;
  Index groups;
  float* scratch;  ///< [kRows][groups + kLanes]

  OTTOBIT_INLINE ByLanes(const WeightView& view, float* room) noexcept
      : w(view),
        lanes(view.block_cols),
        per_block(kBlockK / view.block_cols),
        groups((view.cols + view.block_cols - 1) / view.block_cols),
        scratch(room) {}
  [[nodiscard]] OTTOBIT_INLINE float* scales(Index i) const noexcept {
    return scratch + i * (groups + kLanes);
  }
  OTTOBIT_INLINE void enter(Index i, Index r) noexcept {
    decode_row_scales(w, r, scales(i));
    store(scales(i) + groups, zero());
  }
  OTTOBIT_INLINE static Sum empty() noexcept { return {zero(), zero()}; }
  OTTOBIT_INLINE void read(Index i, Index b, const std::byte* p, Block& out) const noexcept {
    dot.read(p, 0.0F, out.weights);
    const __m512 scale = _mm512_loadu_ps(scales(i) + b * per_block);
    out.low = Vf(_mm512_permutexvar_ps(lanes.first, scale));
    out.high = Vf(_mm512_permutexvar_ps(lanes.second, scale));
  }
  OTTOBIT_INLINE static void add(const Block& block, const Token& x, Index at, Sum& sum) noexcept {
    sum.low = fma(Dot::first_half(block.weights, x, at), block.low, sum.low);
    sum.high = fma(Dot::second_half(block.weights, x, at), block.high, sum.high);
  }
  OTTOBIT_INLINE static float total(const Sum& sum) noexcept {
    return reduce_add(sum.low + sum.high);
  }
};

#endif

/// y[t, r] of `rows` for T <= kFewTokens tokens; `scratch` as linear.hpp's scratch_bytes says.
template <class Road, Index kTokens = 0>
inline void gemv_few(const WeightView& w, const std::byte* packed, Index count, float* y,
                     Index y_stride, RowRange rows, float* scratch) noexcept {
  using F = typename Road::Format;
  constexpr Index kRows = Road::kRows;
  constexpr Index kMost = kTokens > 0 ? kTokens : kFewTokens;
  const Index tokens = kTokens > 0 ? kTokens : count;
  constexpr Index kStep = bytes_of<F>(kBlockK);
  const Index blocks = blocks_of(w.cols);
  const Index step = step_of<typename Road::Token>(tokens);
  typename Road::Token x[kMost];
  for (Index t = 0; t < kMost; ++t) {
    const Index known = t < tokens ? t : 0;
    x[t] = Road::Dot::token({packed, blocks * kBlockK, tokens, known});
  }
  Road road(w, scratch);
  BlockCopy<F> copy[kRows];
  for (Index first = rows.begin; first < rows.end; first += kRows) {
    Index row[kRows];  // the last one again where there are fewer
    const std::byte* p[kRows];
    for (Index i = 0; i < kRows; ++i) {
      row[i] = least(first + i, rows.end - 1);
      p[i] = w.data + row[i] * w.row_bytes;
      road.enter(i, row[i]);
    }
    const std::byte* next =
        first + 2 * kRows <= rows.end ? w.data + (first + kRows) * w.row_bytes : p[0];
    typename Road::Sum sums[kMost][kRows];
    for (Index t = 0; t < tokens; ++t) {
      for (Index i = 0; i < kRows; ++i) {
        sums[t][i] = Road::empty();
      }
    }
    for (Index b = 0; b < blocks; ++b, next += kRows * kStep) {
      prefetch<kRows * kStep>(next);
      typename Road::Block block[kRows];
      OTTOBIT_UNROLL
      for (Index i = 0; i < kRows; ++i) {
        road.read(i, b, whole_block<F>(p[i] + b * kStep, w.cols - b * kBlockK, copy[i]), block[i]);
      }
      for (Index t = 0; t < tokens; ++t) {
        OTTOBIT_UNROLL
        for (Index i = 0; i < kRows; ++i) {
          Road::add(block[i], x[t], b * step, sums[t][i]);
        }
      }
    }
    for (Index t = 0; t < tokens; ++t) {
      for (Index i = 0; i < kRows; ++i) {
        y[t * y_stride + row[i]] = Road::total(sums[t][i]);
      }
    }
  }
}

OTTOBIT_ISA_END
