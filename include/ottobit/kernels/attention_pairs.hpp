// SPDX-License-Identifier: Apache-2.0
// Panels of attention for bf16 dot products: a 32-bit word holds the bf16 of two dimensions of a
// key, or of two keys in one dimension, so that PanelBlock multiplies two at a time. Numbers are
// rounded to nearest even; those of a bf16 cache are taken as they are.
#pragma once

#include "ottobit/kernels/attention_cache.hpp"
#include "ottobit/simd/bytes.hpp"

#if defined(OTTOBIT_HAS_BF16_DOT)

OTTOBIT_ISA_BEGIN

/// Word i is the bf16 (subnormal ones 0) of even[i] in its low half and of odd[i] in its high half.
OTTOBIT_INLINE Vf pair_bf16(Vf even, Vf odd) noexcept {
  const auto widen = [](Vf v) noexcept {
    return _mm512_cvtepu16_epi32(std::bit_cast<__m256i>(_mm512_cvtneps_pbh(v)));
  };
  return Vf(_mm512_castsi512_ps(_mm512_or_si512(widen(even), _mm512_slli_epi32(widen(odd), 16))));
}

/// In place: n floats, a multiple of 2 * kLanes, to n / 2 words of neighbours.
OTTOBIT_INLINE void pair_neighbours(float* x, Index n) noexcept {
  for (Index i = 0; i < n; i += 2 * kLanes) {
    const __m512bh words = _mm512_cvtne2ps_pbh(load(x + i + kLanes), load(x + i));
    store(x + i / 2, Vf(_mm512_castsi512_ps(std::bit_cast<__m512i>(words))));
  }
}

/// As transpose_keys, in words: panel[d / 2, j] holds keys[j, d] and keys[j, d + 1].
///   panel [dim rounded up to 2 * kLanes, halved, kKeyBlock], 64-byte aligned
template <class Cache>
OTTOBIT_INLINE void transpose_key_pairs(const CacheRows<Cache>& keys, Index ahead, Index n,
                                        float* panel) noexcept {
  constexpr Index kStep = Cache::kPerWord == 2 ? 1 : 2;
  for (Index j = 0; j < kKeyBlock; j += kLanes) {
    float* to = panel + j;
    for (Index d = 0; d < keys.dim; d += Cache::kStep) {
      Vf v[kLanes];
      load_square<Cache>(keys.at + j * keys.stride + d, ahead * keys.stride, keys.stride, n - j,
                         keys.dim - d, v);
      OTTOBIT_UNROLL
      for (Index i = 0; i < kLanes; i += kStep) {
        if constexpr (std::is_same_v<Cache, CacheBf16>) {
          store(to, v[i]);
        } else {
          store(to, pair_bf16(Cache::template unpack<0>(v[i]),
                              Cache::template unpack<1>(v[i + kStep - 1])));
        }
        to += kKeyBlock;
      }
    }
  }
}

/// As widen_values, in words: panel[j / 2, d] holds values[j, d] and values[j + 1, d], 0 for the
/// row behind an odd n.
///   panel [kKeyBlock / 2, width], 64-byte aligned
template <class Cache>
OTTOBIT_INLINE void pair_values(const CacheRows<Cache>& values, Index ahead, Index n, Index width,
                                float* panel) noexcept {
  const Index dim = values.dim;
  for (Index j = 0; j < n; j += 2) {
    const auto* row = values.at + j * values.stride;
    const Index next = j + 1 < n ? values.stride : 0;
    float* to = panel + j / 2 * width;
    for (Index d = 0; d < dim; d += kLanes) {
      const Index left = dim - d < kLanes ? dim - d : kLanes;
      prefetch(row + d + ahead * values.stride);
      prefetch(row + d + (ahead + 1) * values.stride);
      const Vf odd = next == 0 ? zero() : Cache::load_row(row + next + d, left);
      store(to + d, pair_bf16(Cache::load_row(row + d, left), odd));
    }
  }
}

OTTOBIT_ISA_END

#endif
