// SPDX-License-Identifier: Apache-2.0
// One token: y[r] = sum_k W[r, k] x[k]. Memory bounds it, so each thread reads its rows as one
// linear stream, one row after the other. Reading 2 or 4 neighbouring rows side by side measured
// half the bandwidth on Zen 4. Latency is hidden by independent accumulators for consecutive blocks
// of K instead. Where x is too wide for that, see gemv_few.hpp.
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

/// Packed activations of one token as f32 vectors; `at` counts elements as `step` does, which is
/// how far the blocks of a token of so many lie apart.
struct XFloats {
  static constexpr Index kParts = 1;
  static constexpr Index kBytes = 4;  ///< of an element
  const float* x;
  OTTOBIT_INLINE static XFloats of(const PackedToken& token) noexcept { return {token.floats()}; }
  OTTOBIT_INLINE Vf at(Index i) const noexcept { return load(x + i); }
};
struct XBf16 {
  static constexpr Index kParts = 1;
  static constexpr Index kBytes = 2;
  const std::uint16_t* x;
  OTTOBIT_INLINE static XBf16 of(const PackedToken& token) noexcept { return {token.natural(1)}; }
  OTTOBIT_INLINE Vf at(Index i) const noexcept { return load_bf16(x + i); }
};
struct XBf16x2 {
  static constexpr Index kParts = 2;
  static constexpr Index kBytes = 4;
  const std::uint16_t* x;
  OTTOBIT_INLINE static XBf16x2 of(const PackedToken& token) noexcept { return {token.natural(2)}; }
  OTTOBIT_INLINE Vf at(Index i) const noexcept {
    return load_bf16(x + i) + load_bf16(x + kBlockK + i);
  }
};
template <class Token>
OTTOBIT_INLINE constexpr Index step_of(Index tokens) noexcept {
  return tokens * Token::kParts * kBlockK;
}

/// A sum of products with weights as the format stores them.
template <class F>
OTTOBIT_INLINE Vf in_units(Vf sum) noexcept {
  if constexpr (F::kUnit != 1.0F) {
    return sum * broadcast(1.0F / F::kUnit);
  } else {
    return sum;
  }
}

/// The block at w, less its zero point if `Zeros`, against the one of x at `at`, in lanes and in
/// the format's units.
template <class F, bool Zeros = false, class X>
OTTOBIT_INLINE Vf dot_block(const std::byte* w, X x, Index at, float zero_point = 0.0F) noexcept {
  Vf a = zero();
  Vf b = zero();
  Vf c = zero();
  Vf d = zero();
  OTTOBIT_UNROLL
  for (Index i = 0; i < kBlockK; i += kGroup) {
    Group group = F::load(w + bytes_of<F>(i));
    if constexpr (Zeros) {
      OTTOBIT_UNROLL
      for (Index j = 0; j < 4; ++j) {
        group.v[j] = group.v[j] - broadcast(zero_point);
      }
    }
    a = fma(group.v[0], x.at(at + i), a);
    b = fma(group.v[1], x.at(at + i + kLanes), b);
    c = fma(group.v[2], x.at(at + i + 2 * kLanes), c);
    d = fma(group.v[3], x.at(at + i + 3 * kLanes), d);
  }
  return (a + b) + (c + d);
}

/// Exact weights times f32 activations; any format on every level: for one token, as they are read.
template <class F, class X, bool Zeros>
struct DirectFma {
  using Format = F;
  using Token = X;
  static constexpr bool kZeroPoints = Zeros;
  static constexpr Index kRowsAtOnce = 6;
  struct Weights {
    const std::byte* bytes;
    float zero_point;
  };
  OTTOBIT_INLINE static Token token(const PackedToken& packed) noexcept { return X::of(packed); }
  OTTOBIT_INLINE static void read(const std::byte* w, float zero_point, Weights& out) noexcept {
    out = {w, zero_point};
  }
  OTTOBIT_INLINE static Vf multiply(const Weights& w, const Token& x, Index at) noexcept {
    return in_units<F>(dot_block<F, Zeros>(w.bytes, x, at, w.zero_point));
  }
};

/// The same for several tokens.
template <class F, class X, bool Zeros = false>
struct DotFma {
  using Format = F;
  using Token = X;
  static constexpr bool kZeroPoints = Zeros;
  static constexpr Index kInFlight = 1;    ///< blocks of a row whose products cover one another
  static constexpr Index kRowsAtOnce = 2;  ///< that gemv_few takes
  using ForOne = DirectFma<F, X, Zeros>;   ///< what it takes for a single token

  OTTOBIT_INLINE static Token token(const PackedToken& packed) noexcept { return X::of(packed); }
  /// A block in the order and units of its format, less its zero point.
  struct Weights {
    alignas(64) float values[kBlockK];
  };
  OTTOBIT_INLINE static void read(const std::byte* w, float zero_point, Weights& out) noexcept {
    OTTOBIT_UNROLL
    for (Index i = 0; i < kBlockK; i += kGroup) {
      const Group group = F::load(w + bytes_of<F>(i));
      OTTOBIT_UNROLL
      for (Index j = 0; j < 4; ++j) {
        store(out.values + i + j * kLanes, Zeros ? group.v[j] - broadcast(zero_point) : group.v[j]);
      }
    }
  }
  OTTOBIT_INLINE static Vf multiply(const Weights& w, const Token& x, Index at) noexcept {
    return in_units<F>(dot_block<F32Format>(reinterpret_cast<const std::byte*>(w.values), x, at));
  }
  OTTOBIT_INLINE static Vf block(const std::byte* w, const Token& x, Index at,
                                 float zero_point) noexcept {
    return in_units<F>(dot_block<F, Zeros>(w, x, at, zero_point));
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
      total = total + dot_block<F32Format>(bytes, x, k / kBlockK * step_of<X>(1));
    }
    y[r] = reduce_add(total);
  }
}

#if defined(OTTOBIT_HAS_BF16_DOT)

/// One token in bf16 against 128 weights in four registers, in lanes; `at` as in XBf16.
struct TokenBf16 {
  static constexpr Index kParts = 1;
  static constexpr Index kBytes = 2;  ///< of an element
  const std::uint16_t* x;

  OTTOBIT_INLINE static TokenBf16 natural(const PackedToken& token) noexcept {
    return {token.natural(kParts)};
  }
  OTTOBIT_INLINE static TokenBf16 unpacked(const PackedToken& token) noexcept {
    return {token.unpacked(kParts)};
  }
  OTTOBIT_INLINE Vf dot(Index at, __m512i a, __m512i b, __m512i c, __m512i d) const noexcept {
    __m512 acc = dot_bf16(_mm512_setzero_ps(), a, _mm512_load_si512(x + at));
    acc = dot_bf16(acc, b, _mm512_load_si512(x + at + 32));
    acc = dot_bf16(acc, c, _mm512_load_si512(x + at + 64));
    return dot_bf16(acc, d, _mm512_load_si512(x + at + 96));
  }
  /// Against 64 of them.
  OTTOBIT_INLINE Vf dot(Index at, __m512i a, __m512i b) const noexcept {
    const __m512 acc = dot_bf16(_mm512_setzero_ps(), a, _mm512_load_si512(x + at));
    return dot_bf16(acc, b, _mm512_load_si512(x + at + 32));
  }
};
/// The same with a token in two parts.
struct TokenBf16x2 {
  static constexpr Index kParts = 2;
  static constexpr Index kBytes = 4;
  TokenBf16 x;

  OTTOBIT_INLINE static TokenBf16x2 natural(const PackedToken& token) noexcept {
    return {{token.natural(kParts)}};
  }
  OTTOBIT_INLINE static TokenBf16x2 unpacked(const PackedToken& token) noexcept {
    return {{token.unpacked(kParts)}};
  }
  OTTOBIT_INLINE Vf dot(Index at, __m512i a, __m512i b, __m512i c, __m512i d) const noexcept {
    return x.dot(at, a, b, c, d) + x.dot(at + kBlockK, a, b, c, d);
  }
  OTTOBIT_INLINE Vf dot(Index at, __m512i a, __m512i b) const noexcept {
    return x.dot(at, a, b) + x.dot(at + kBlockK, a, b);
  }
};

/// A block of weights as bf16.
struct BlockWords {
  __m512i a, b, c, d;

  template <class Token>
  OTTOBIT_INLINE Vf times(const Token& x, Index at) const noexcept {
    return x.dot(at, a, b, c, d);
  }
};

/// Products of bf16 pairs: how the two formats meet the packed token.
template <class X>
struct DotFp8 {
  using Format = Fp8E4m3;
  using Token = X;
  using Weights = BlockWords;
  static constexpr bool kZeroPoints = false;
  static constexpr Index kInFlight = 4;
  static constexpr Index kRowsAtOnce = 4;
  using ForOne = DotFp8;
  E4m3Converter converter;

  OTTOBIT_INLINE static Token token(const PackedToken& packed) noexcept {
    return Token::unpacked(packed);
  }
  OTTOBIT_INLINE void read(const std::byte* w, float, Weights& out) const noexcept {
    const Bf16x64 a = converter.unpack(_mm512_loadu_si512(w));
    const Bf16x64 b = converter.unpack(_mm512_loadu_si512(w + 64));
    out = {a.first, a.second, b.first, b.second};
  }
  OTTOBIT_INLINE static Vf multiply(const Weights& w, const Token& x, Index at) noexcept {
    return w.times(x, at);
  }
  OTTOBIT_INLINE Vf block(const std::byte* w, const Token& x, Index at, float) const noexcept {
    Weights words;
    read(w, 0.0F, words);
    return words.times(x, at);
  }
};
template <class X>
struct DotBf16 {
  using Format = Bf16Format;
  using Token = X;
  using Weights = BlockWords;
  static constexpr bool kZeroPoints = false;
  static constexpr Index kInFlight = 2;  // with 4, reads are so far apart that the prefetcher slows
  static constexpr Index kRowsAtOnce = 4;
  using ForOne = DotBf16;

  OTTOBIT_INLINE static Token token(const PackedToken& packed) noexcept {
    return Token::natural(packed);
  }
  OTTOBIT_INLINE static void read(const std::byte* w, float, Weights& out) noexcept {
    out = {_mm512_loadu_si512(w), _mm512_loadu_si512(w + 64), _mm512_loadu_si512(w + 128),
           _mm512_loadu_si512(w + 192)};
  }
  OTTOBIT_INLINE static Vf multiply(const Weights& w, const Token& x, Index at) noexcept {
    return w.times(x, at);
  }
  OTTOBIT_INLINE static Vf block(const std::byte* w, const Token& x, Index at, float) noexcept {
    Weights words;
    read(w, 0.0F, words);
    return words.times(x, at);
  }
};

#endif

/// One token and how the weights of a format meet it.
template <class Dot>
struct OneToken {
  Dot dot;
  typename Dot::Token x;

  /// Block b, at p, of a row whose scales and zero points lie at `scale`.
  OTTOBIT_INLINE Vf block(const std::byte* p, Index b, const float* scale,
                          Index blocks) const noexcept {
    return dot.block(p, x, b * step_of<typename Dot::Token>(1),
                     Dot::kZeroPoints ? scale[blocks + b] : 0.0F);
  }
};

/// y[r] of `rows`, one row after the other, some blocks in flight: as many chains of four dot
/// products cover their latency and the conversions. `scratch` as linear.hpp's scratch_bytes says.
template <class Dot>
inline void gemv_rows(const WeightView& w, const std::byte* packed, float* y, RowRange rows,
                      float* scratch) noexcept {
  using F = typename Dot::Format;
  RowScales scales(w, scratch);
  BlockCopy<F> copy;
  const Index blocks = blocks_of(w.cols);
  const OneToken<Dot> one{{}, Dot::token({packed, blocks * kBlockK, 1, 0})};
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
        block[i] = one.block(p + i * kStep, b + i, scale, blocks);
      }
      OTTOBIT_UNROLL
      for (Index i = 0; i < kMany; ++i) {
        total = fma(block[i], broadcast(scale[b + i]), total);
      }
    }
    for (; b < blocks; ++b, p += kStep) {
      const Index k = b * kBlockK;
      const std::byte* const at = whole_block<F>(p, w.cols - k, copy);
      total = fma(one.block(at, b, scale, blocks), broadcast(scale[b]), total);
    }
    y[r] = reduce_add(total);
  }
}

OTTOBIT_ISA_END
