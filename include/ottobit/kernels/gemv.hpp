// SPDX-License-Identifier: Apache-2.0
// One token: y[r] = sum_k W[r, k] x[k]. Memory bounds it, so each thread reads its rows as one
// linear stream, one row after the other. Reading 2 or 4 neighbouring rows side by side measured
// half the bandwidth on Zen 4. Latency is hidden by independent accumulators for consecutive blocks
// of K instead. Where x is too wide for that, see gemv_groups.
//
// Order of summation: lanes over a block of kBlockK columns, the block times its scale added to the
// lanes of the row by one fma, lanes by reduce_add. It depends on K only, never on the row range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ottobit/format/scale.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/kernels/dequant.hpp"
#include "ottobit/kernels/pack.hpp"
#include "ottobit/kernels/row_scales.hpp"
#include "ottobit/simd/bytes.hpp"
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
/// Rows that gemv_groups reads at once; their scales are the scratch of a single token.
inline constexpr Index kGemvGroupRows = 6;

/// Packed activations of one token as f32 vectors.
struct XFloats {
  static constexpr Index kBytes = 4;  ///< of an element
  const float* x;
  OTTOBIT_INLINE Vf at(Index k) const noexcept { return load(x + k); }
};
struct XBf16 {
  static constexpr Index kBytes = 2;
  const std::uint16_t* x;
  OTTOBIT_INLINE Vf at(Index k) const noexcept { return load_bf16(x + k); }
};
struct XBf16x2 {
  static constexpr Index kBytes = 4;
  const std::uint16_t* high;
  const std::uint16_t* low;
  OTTOBIT_INLINE Vf at(Index k) const noexcept { return load_bf16(high + k) + load_bf16(low + k); }
};

/// The block at w, less its zero point if `Zeros`, against columns [k, k + kBlockK), in lanes.
template <class F, bool Zeros = false, class X>
OTTOBIT_INLINE Vf dot_block(const std::byte* w, X x, Index k, float zero_point = 0.0F) noexcept {
  Vf a = zero();
  Vf b = zero();
  Vf c = zero();
  Vf d = zero();
  OTTOBIT_UNROLL
  for (Index i = 0; i < kBlockK; i += kGroup) {
    Group group = F::load(w + bytes_of<F>(i));
    if constexpr (Zeros) {
      for (Vf& part : group.v) {
        part = part - broadcast(zero_point);
      }
    }
    a = fma(group.v[0], x.at(k + i), a);
    b = fma(group.v[1], x.at(k + i + kLanes), b);
    c = fma(group.v[2], x.at(k + i + 2 * kLanes), c);
    d = fma(group.v[3], x.at(k + i + 3 * kLanes), d);
  }
  const Vf sum = (a + b) + (c + d);
  if constexpr (F::kUnit != 1.0F) {
    return sum * broadcast(1.0F / F::kUnit);
  } else {
    return sum;
  }
}

/// Exact weights times f32 activations; any format on every level.
template <class F, class X, bool Zeros = false>
struct DotFma {
  using Format = F;
  static constexpr bool kZeroPoints = Zeros;
  static constexpr Index kTokenBytes = X::kBytes;
  static constexpr Index kInFlight = 1;  ///< blocks of a row whose products cover one another
  X x;

  OTTOBIT_INLINE Vf block(const std::byte* w, Index k, float zero_point = 0.0F) const noexcept {
    return dot_block<F, Zeros>(w, x, k, zero_point);
  }
};

/// Blocks that hold several scales: each weight is scaled (rounded once to f32) before its product.
template <class F, class X>
inline void gemv_scaled(const WeightView& w, X x, float* y, RowRange rows) noexcept {
  alignas(64) float block[kBlockK];
  for (Index r = rows.begin; r < rows.end; ++r) {
    Vf total = zero();
    for (Index k = 0; k < w.cols; k += kBlockK) {
      dequant_scaled_block<F>(w, r, k, least(kBlockK, w.cols - k), block);
      const auto* const bytes = reinterpret_cast<const std::byte*>(block);
      total = total + dot_block<F32Format>(bytes, x, k);
    }
    y[r] = reduce_add(total);
  }
}

#if defined(OTTOBIT_HAS_BF16_DOT)

/// One token in bf16 against 128 weights in four registers, in lanes.
struct TokenBf16 {
  static constexpr Index kBytes = 2;  ///< of an element
  const std::uint16_t* x;

  OTTOBIT_INLINE Vf dot(Index k, __m512i a, __m512i b, __m512i c, __m512i d) const noexcept {
    const std::uint16_t* const at = x + k;
    __m512 acc = dot_bf16(_mm512_setzero_ps(), a, _mm512_load_si512(at));
    acc = dot_bf16(acc, b, _mm512_load_si512(at + 32));
    acc = dot_bf16(acc, c, _mm512_load_si512(at + 64));
    return dot_bf16(acc, d, _mm512_load_si512(at + 96));
  }
  /// Against 64 of them.
  OTTOBIT_INLINE Vf dot(Index k, __m512i a, __m512i b) const noexcept {
    const __m512 acc = dot_bf16(_mm512_setzero_ps(), a, _mm512_load_si512(x + k));
    return dot_bf16(acc, b, _mm512_load_si512(x + k + 32));
  }
};
/// The same with a token in two parts.
struct TokenBf16x2 {
  static constexpr Index kBytes = 4;
  TokenBf16 high, low;

  OTTOBIT_INLINE Vf dot(Index k, __m512i a, __m512i b, __m512i c, __m512i d) const noexcept {
    return high.dot(k, a, b, c, d) + low.dot(k, a, b, c, d);
  }
  OTTOBIT_INLINE Vf dot(Index k, __m512i a, __m512i b) const noexcept {
    return high.dot(k, a, b) + low.dot(k, a, b);
  }
};

template <class Token>
OTTOBIT_INLINE Token natural_token(TokenWords token) noexcept {
  if constexpr (std::is_same_v<Token, TokenBf16x2>) {
    return {{token.natural()}, {token.low().natural()}};
  } else {
    return {token.natural()};
  }
}
template <class Token>
OTTOBIT_INLINE Token unpacked_token(TokenWords token) noexcept {
  if constexpr (std::is_same_v<Token, TokenBf16x2>) {
    return {{token.unpacked()}, {token.low().unpacked()}};
  } else {
    return {token.unpacked()};
  }
}

/// Products of bf16 pairs: how the two formats meet the packed token.
template <class Token>
struct DotFp8 {
  using Format = Fp8E4m3;
  static constexpr bool kZeroPoints = false;
  static constexpr Index kTokenBytes = Token::kBytes;
  static constexpr Index kInFlight = 4;
  Token x;
  E4m3Converter converter;

  OTTOBIT_INLINE explicit DotFp8(TokenWords token) noexcept : x(unpacked_token<Token>(token)) {}
  OTTOBIT_INLINE Vf block(const std::byte* w, Index k) const noexcept {
    const Bf16x64 a = converter.unpack(_mm512_loadu_si512(w));
    const Bf16x64 b = converter.unpack(_mm512_loadu_si512(w + 64));
    return x.dot(k, a.first, a.second, b.first, b.second);
  }
};
template <class Token>
struct DotBf16 {
  using Format = Bf16Format;
  static constexpr bool kZeroPoints = false;
  static constexpr Index kTokenBytes = Token::kBytes;
  static constexpr Index kInFlight = 2;  // with 4, reads are so far apart that the prefetcher slows
  Token x;

  OTTOBIT_INLINE explicit DotBf16(TokenWords token) noexcept : x(natural_token<Token>(token)) {}
  OTTOBIT_INLINE Vf block(const std::byte* w, Index k) const noexcept {
    return x.dot(k, _mm512_loadu_si512(w), _mm512_loadu_si512(w + 64), _mm512_loadu_si512(w + 128),
                 _mm512_loadu_si512(w + 192));
  }
};

#endif

/// Block b of a row whose scales and zero points lie at `scale`.
template <class Dot>
OTTOBIT_INLINE Vf dot_at(const Dot& dot, const std::byte* p, Index b, const float* scale,
                         Index blocks) noexcept {
  if constexpr (Dot::kZeroPoints) {
    return dot.block(p, b * kBlockK, scale[blocks + b]);
  } else {
    return dot.block(p, b * kBlockK);
  }
}

/// One row after the other, some blocks in flight: as many chains of four dot products cover their
/// latency and the conversions.
template <class Dot>
inline void gemv_rows(const WeightView& w, const Dot& dot, float* y, RowRange rows,
                      float* scratch) noexcept {
  using F = typename Dot::Format;
  RowScales scales(w, scratch);
  BlockCopy<F> copy;
  const Index blocks = blocks_of(w.cols);
  constexpr Index kStep = bytes_of<F>(kBlockK);
  constexpr Index kMany = Dot::kInFlight;
  for (Index r = rows.begin; r < rows.end; ++r) {
    const std::byte* p = w.data + r * w.row_bytes;
    const float* const scale = scales.of_row(r);
    Vf total = zero();
    Index b = 0;
    for (; (b + kMany) * kBlockK <= w.cols; b += kMany, p += kMany * kStep) {
      Vf block[kMany];
      OTTOBIT_UNROLL
      for (Index i = 0; i < kMany; ++i) {
        block[i] = dot_at(dot, p + i * kStep, b + i, scale, blocks);
      }
      OTTOBIT_UNROLL
      for (Index i = 0; i < kMany; ++i) {
        total = fma(block[i], broadcast(scale[b + i]), total);
      }
    }
    for (; b < blocks; ++b, p += kStep) {
      const Index k = b * kBlockK;
      const std::byte* const at = whole_block<F>(p, w.cols - k, copy);
      total = fma(dot_at(dot, at, b, scale, blocks), broadcast(scale[b]), total);
    }
    y[r] = reduce_add(total);
  }
}

/// Some adjacent rows at once share every read of x, for tokens so wide that x comes from the
/// second-level cache again for each row, which then costs more than the weights. The next rows are
/// meanwhile asked for in the order of their addresses: memory sees one linear stream, and several
/// are read from the cache. (27648 columns of E4M3, one thread of Zen 4: 2.5 times the rate of
/// gemv_rows; 8 rows are as good, 4 and 12 slower.) Returns the first row left over.
template <class Dot>
inline Index gemv_groups(const WeightView& w, const Dot& dot, float* y, RowRange rows,
                         float* scratch) noexcept {
  using F = typename Dot::Format;
  constexpr Index kMany = kGemvGroupRows;
  constexpr Index kStep = bytes_of<F>(kBlockK);
  const Index blocks = blocks_of(w.cols);
  const Index whole = w.cols / kBlockK;
  RowScales scales[kMany] = {{w, scratch},
                             {w, scratch + 2 * blocks},
                             {w, scratch + 4 * blocks},
                             {w, scratch + 6 * blocks},
                             {w, scratch + 8 * blocks},
                             {w, scratch + 10 * blocks}};
  BlockCopy<F> copy;
  Index r = rows.begin;
  for (; r + kMany <= rows.end; r += kMany) {
    const std::byte* p = w.data + r * w.row_bytes;
    const std::byte* next = r + 2 * kMany <= rows.end ? p + kMany * w.row_bytes : p;
    const float* scale[kMany];
    Vf total[kMany];
    OTTOBIT_UNROLL
    for (Index i = 0; i < kMany; ++i) {
      scale[i] = scales[i].of_row(r + i);
      total[i] = zero();
    }
    for (Index b = 0; b < whole; ++b, p += kStep, next += kMany * kStep) {
      prefetch<kMany * kStep>(next);
      OTTOBIT_UNROLL
      for (Index i = 0; i < kMany; ++i) {
        const Vf block = dot_at(dot, p + i * w.row_bytes, b, scale[i], blocks);
        total[i] = fma(block, broadcast(scale[i][b]), total[i]);
      }
    }
    for (Index i = 0; i < kMany; ++i) {
      if (whole < blocks) {
        const Index k = whole * kBlockK;
        const std::byte* const at = whole_block<F>(p + i * w.row_bytes, w.cols - k, copy);
        const Vf block = dot_at(dot, at, whole, scale[i], blocks);
        total[i] = fma(block, broadcast(scale[i][whole]), total[i]);
      }
      y[r + i] = reduce_add(total[i]);
    }
  }
  return r;
}

/// y[r] of `rows`; `scratch` as linear.hpp's scratch_bytes says.
template <class Dot>
inline void gemv(const WeightView& w, const Dot& dot, float* y, RowRange rows,
                 float* scratch) noexcept {
  constexpr Index kNear = 16384;  // bytes of x that stay in 32 KiB beside the stream of weights
  if (w.cols * Dot::kTokenBytes > kNear) {
    rows.begin = gemv_groups(w, dot, y, rows, scratch);
  }
  gemv_rows(w, dot, y, rows, scratch);
}

OTTOBIT_ISA_END
