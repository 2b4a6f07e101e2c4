// SPDX-License-Identifier: Apache-2.0
// The functions of LinearKernels for this translation unit's level: each finds the road for a
// storage format, a compute mode and a number of tokens.
//
//   weights            bf16 modes, dot products      bf16 modes, else       Compute::f32
//   bf16, E4M3,        bf16 dot products             f32 fma                f32 fma
//   4 and 8 bits
//   others             f32 fma                       f32 fma                f32 fma
//   several scales in  one token, 4 bits: bf16 dot   f32 fma of scaled      f32 fma of scaled
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
#include "ottobit/kernels/integer_dots.hpp"
#include "ottobit/kernels/pack.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

/// LinearKernels::scratch_bytes.
inline Index scratch_bytes(Compute compute, Index tokens, Index k) noexcept {
  constexpr Index kFloat = sizeof(float);
  if (tokens == 1) {
    // Scales and zero points of the rows read at once, or those of many groups in one row.
    return (2 * kGemvGroupRows * blocks_of(k) + kLanes) * kFloat;
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
  bool split;  ///< packed in two parts
  float* y;
  Index y_stride;
  RowRange rows;
  std::byte* scratch;
};

/// f32 products with activations X (one token) or Columns (more).
template <class F, class X, class Columns>
inline void multiply_fma(const LinearCall& c, X x) noexcept {
  using Engine = FmaEngine<Columns>;
  const bool scaled = !one_scale_per_block(c.w);
  if (c.tokens == 1) {
    if (scaled) {
      gemv_scaled<F>(c.w, x, c.y, c.rows);
    } else {
      auto* const scratch = reinterpret_cast<float*>(c.scratch);
      if constexpr (F::kHasZeros) {
        if (c.w.zeros != nullptr) {
          return gemv(c.w, DotFma<F, X, true>{x}, c.y, c.rows, scratch);
        }
      }
      gemv(c.w, DotFma<F, X>{x}, c.y, c.rows, scratch);
    }
  } else if (scaled) {
    gemm<Engine, F, true>(c.w, c.packed, c.tokens, c.split, c.y, c.y_stride, c.rows, c.scratch);
  } else {
    gemm<Engine, F, false>(c.w, c.packed, c.tokens, c.split, c.y, c.y_stride, c.rows, c.scratch);
  }
}

#if defined(OTTOBIT_HAS_BF16_DOT)

template <class F, class Dot>
inline void multiply_dot(const LinearCall& c) noexcept {
  if (c.tokens == 1) {
    const TokenWords token{reinterpret_cast<const std::uint16_t*>(c.packed),
                           blocks_of(c.w.cols) * kBlockK};
    gemv(c.w, Dot(token), c.y, c.rows, reinterpret_cast<float*>(c.scratch));
  } else {
    gemm<DotEngine, F, false>(c.w, c.packed, c.tokens, c.split, c.y, c.y_stride, c.rows, c.scratch);
  }
}

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

/// Activations packed as bf16, a single token as `Token`: dot products where the weights allow it.
template <class F, class Token, class X>
inline void multiply_bf16(const LinearCall& c, X x) noexcept {
  if constexpr (F::kHasDot) {
    using Dot = typename DotOf<F, Token>::Type;
    if (one_scale_per_block(c.w)) {
      return multiply_dot<F, Dot>(c);
    }
    if constexpr (F::kBits == 4) {
      if (c.tokens == 1 && has_narrow_groups(c.w)) {
        const TokenWords token{reinterpret_cast<const std::uint16_t*>(c.packed),
                               blocks_of(c.w.cols) * kBlockK};
        return gemv_narrow(c.w, Dot(token), c.y, c.rows, reinterpret_cast<float*>(c.scratch));
      }
    }
  }
  multiply_fma<F, X, PairColumns>(c, x);
}

#endif

template <class F>
inline void multiply(Compute compute, const LinearCall& c) noexcept {
#if defined(OTTOBIT_HAS_BF16_DOT)
  const TokenWords token{reinterpret_cast<const std::uint16_t*>(c.packed),
                         blocks_of(c.w.cols) * kBlockK};
  if (packs_split(compute, c.tokens)) {
    return multiply_bf16<F, TokenBf16x2>(c, XBf16x2{token.natural(), token.low().natural()});
  }
  if (packs_bf16(compute)) {
    return multiply_bf16<F, TokenBf16>(c, XBf16{token.natural()});
  }
#endif
  static_cast<void>(compute);  // the rounding of the modes was done by `pack`
  multiply_fma<F, XFloats, FloatColumns>(c, {reinterpret_cast<const float*>(c.packed)});
}

inline void linear(Compute compute, const WeightView& w, const std::byte* packed, Index tokens,
                   float* y, Index y_stride, RowRange rows, std::byte* scratch) noexcept {
  const bool split = tokens > 1 && packs_split(compute, tokens);
  const LinearCall call{w, packed, tokens, split, y, y_stride, rows, scratch};
  with_format(w.format, [&](auto format) noexcept { multiply<decltype(format)>(compute, call); });
}

OTTOBIT_ISA_END
