// SPDX-License-Identifier: Apache-2.0
// The functions of LinearKernels for this translation unit's level: each finds the road for a
// storage format, a compute mode and a number of tokens.
//
//   weights            bf16 modes, dot products      bf16 modes, else       Compute::f32
//   bf16, E4M3,        bf16 dot products             f32 fma                f32 fma
//   4 and 8 bits
//   others             f32 fma                       f32 fma                f32 fma
//   several scales in  few tokens, 4 bits: bf16 dot  f32 fma of scaled      f32 fma of scaled
//   128 columns        products; else f32 fma of     weights                weights
//                      scaled weights
//
// Weights are never rounded; in Compute::bf16 the activations are, on every road and level, and in
// Compute::bf16x2 those of more than kSplitTokens tokens; Compute::bf16x2_all keeps 17 bits of all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ottobit/format/list.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/kernels/dequant.hpp"
#include "ottobit/kernels/gemm.hpp"
#include "ottobit/kernels/gemv.hpp"
#include "ottobit/kernels/gemv_few.hpp"
#include "ottobit/kernels/integer_dots.hpp"
#include "ottobit/kernels/pack.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

/// LinearKernels::scratch_bytes.
inline Index scratch_bytes(Compute compute, Index tokens, Index k) noexcept {
  constexpr Index kFloat = sizeof(float);
  if (tokens <= kFewTokens) {
    // Scales of up to 8 groups in a block of each of four rows, or with zero points of two.
    constexpr Index kScales = 4 * 8;
    return (kScales * blocks_of(k) + 4 * kLanes) * kFloat;
  }
  // Other roads than the mode's own may be taken: room for f32 pieces.
  const Index vectors = lane_vectors(lanes_of(compute, tokens));
  return kFloat * (kStripRows * (kPieceK + kPieceBlocks + vectors * kLanes));
}

inline void dequant_f32(const WeightView& w, RowRange rows, float* out, Index out_stride) noexcept {
  with_format(w.format, [&](auto format) noexcept {
    dequant_rows<decltype(format)>(w, rows, out, out_stride);
  });
}

inline void dequant_bf16(const WeightView& w, RowRange rows, std::uint16_t* out,
                         Index out_stride) noexcept {
  with_format(w.format, [&](auto format) noexcept {
    dequant_rows_bf16<decltype(format)>(w, rows, out, out_stride);
  });
}

/// The arguments of LinearKernels::linear behind the compute mode.
struct LinearCall {
  const WeightView& w;
  const std::byte* packed;
  Index tokens;
  bool split;  ///< more than a few, packed in two parts
  float* y;
  Index y_stride;
  RowRange rows;
  std::byte* scratch;
};

/// One token, or a few, whose weights have a scale for each block of columns.
template <class Dot>
inline void multiply_few(const LinearCall& c) noexcept {
  auto* const scratch = reinterpret_cast<float*>(c.scratch);
  constexpr Index kNear = 16384;  // bytes of x that stay in 32 KiB beside the stream of weights
  if (c.tokens > 1) {
    gemv_few<ByBlock<Dot>>(c.w, c.packed, c.tokens, c.y, c.y_stride, c.rows, scratch);
  } else if (c.w.cols * Dot::Token::kBytes > kNear) {
    gemv_few<ByBlock<typename Dot::ForOne>, 1>(c.w, c.packed, 1, c.y, c.y_stride, c.rows, scratch);
  } else {
    gemv_rows<Dot>(c.w, c.packed, c.y, c.rows, scratch);
  }
}

/// f32 products with activations X (few tokens) or Columns (more), with one scale in each block.
template <class F, class X, class Columns>
inline void multiply_fma(const LinearCall& c) noexcept {
  if (c.tokens > kFewTokens) {
    return gemm<FmaEngine<Columns>, F, false>(c.w, c.packed, c.tokens, c.split, c.y, c.y_stride,
                                              c.rows, c.scratch);
  }
  if constexpr (F::kHasZeros) {
    if (c.w.zeros != nullptr) {
      return multiply_few<DotFma<F, X, true>>(c);
    }
  }
  multiply_few<DotFma<F, X>>(c);
}

template <class Road>
inline void multiply_along(const LinearCall& c) noexcept {
  gemv_few<Road>(c.w, c.packed, c.tokens, c.y, c.y_stride, c.rows,
                 reinterpret_cast<float*>(c.scratch));
}

/// The same with several scales in a block.
template <class F, class X, class Columns>
inline void multiply_scaled(const LinearCall& c) noexcept {
  if (c.tokens > kFewTokens) {
    return gemm<FmaEngine<Columns>, F, true>(c.w, c.packed, c.tokens, c.split, c.y, c.y_stride,
                                             c.rows, c.scratch);
  }
  if constexpr (F::kHasDot && F::kBits <= 8) {
    if (has_groups(c.w)) {
      return c.w.block_cols == 16   ? multiply_along<ByGroup<F, X, 16>>(c)
             : c.w.block_cols == 32 ? multiply_along<ByGroup<F, X, 32>>(c)
                                    : multiply_along<ByGroup<F, X, 64>>(c);
    }
  }
  if (c.tokens == 1) {
    gemv_scaled<F>(c.w, X::of({c.packed, blocks_of(c.w.cols) * kBlockK, 1, 0}), c.y, c.rows);
  } else {
    multiply_along<ByWeight<F, X>>(c);
  }
}

#if defined(OTTOBIT_HAS_BF16_DOT)

/// How a format meets the packed token.
template <class F, class Token>
struct DotOf {
  using Type = std::conditional_t<F::kBits == 4, DotNibbles<F, Token>, DotInt8<F, Token>>;
};
template <class Token>
struct DotOf<Fp8E4m3, Token> {
  using Type = DotFp8<Token>;
};
template <class Token>
struct DotOf<Bf16Format, Token> {
  using Type = DotBf16<Token>;
};

/// Activations packed as bf16, those of few tokens as `Token`: dot products where the weights allow
/// it.
template <class F, class Token, class X>
inline void multiply_bf16(const LinearCall& c) noexcept {
  const bool few = c.tokens <= kFewTokens;
  if constexpr (F::kHasDot) {
    using Dot = typename DotOf<F, Token>::Type;
    if (one_scale_per_block(c.w)) {
      if (few) {
        return multiply_few<Dot>(c);
      }
      return gemm<DotEngine, F, false>(c.w, c.packed, c.tokens, c.split, c.y, c.y_stride, c.rows,
                                       c.scratch);
    }
    if constexpr (F::kBits == 4) {
      if (few && has_narrow_groups(c.w)) {
        auto* const scratch = reinterpret_cast<float*>(c.scratch);
        if (c.tokens == 1) {
          return gemv_narrow<Dot>(c.w, c.packed, c.y, c.rows, scratch);
        }
        return gemv_few<ByLanes<Dot>>(c.w, c.packed, c.tokens, c.y, c.y_stride, c.rows, scratch);
      }
    }
  } else if (one_scale_per_block(c.w)) {
    return multiply_fma<F, X, PairColumns>(c);
  }
  multiply_scaled<F, X, PairColumns>(c);
}

#endif

template <class F>
inline void multiply(Compute compute, const LinearCall& c) noexcept {
#if defined(OTTOBIT_HAS_BF16_DOT)
  if (packs_split(compute, c.tokens)) {
    return multiply_bf16<F, TokenBf16x2, XBf16x2>(c);
  }
  if (packs_bf16(compute)) {
    return multiply_bf16<F, TokenBf16, XBf16>(c);
  }
#endif
  static_cast<void>(compute);  // the rounding of the modes was done by `pack`
  if (one_scale_per_block(c.w)) {
    multiply_fma<F, XFloats, FloatColumns>(c);
  } else {
    multiply_scaled<F, XFloats, FloatColumns>(c);
  }
}

inline void linear(Compute compute, const WeightView& w, const std::byte* packed, Index tokens,
                   float* y, Index y_stride, RowRange rows, std::byte* scratch) noexcept {
  const bool split = tokens > kFewTokens && packs_split(compute, tokens);
  const LinearCall call{w, packed, tokens, split, y, y_stride, rows, scratch};
  with_format(w.format, [&](auto format) noexcept { multiply<decltype(format)>(compute, call); });
}

OTTOBIT_ISA_END
