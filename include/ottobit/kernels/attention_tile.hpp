// SPDX-License-Identifier: Apache-2.0
// The two matrix products of attention on tiles that stay in registers: scores S = Q K^T of a few
// rows of queries against a block of keys, and the weighted sums O = O * alpha + P V of its values.
// PanelBlock takes keys and values from panels of f32 or of pairs of bf16, CacheBlock straight from
// the cache. Each element is one chain from 0 in ascending order of the dimension or key, so that
// f32 panels and the cache give the same.
#pragma once

#include <type_traits>

#include "ottobit/kernels/attention_cache.hpp"
#include "ottobit/kernels/attention_pairs.hpp"
#include "ottobit/simd/vec.hpp"

OTTOBIT_ISA_BEGIN

/// Rows of a tile and its width in vectors: 6 x 4 accumulators, 4 of the panel and one broadcast
/// fit the 32 registers of AVX-512, 6 x 2 the 16 of the other levels.
inline constexpr Index kTileRows = 6;
inline constexpr Index kTileVectors = kLanes == 16 ? 4 : 2;

/// Up to this many tiles of rows read the cache themselves instead of a converted panel.
inline constexpr Index kDirectTiles = 2;

/// Calls f with the number of rows as a constant, 1 to kTileRows.
template <class F>
OTTOBIT_INLINE void with_rows(Index rows, const F& f) noexcept {
  switch (rows) {
    case 1:
      return f(std::integral_constant<Index, 1>{});
    case 2:
      return f(std::integral_constant<Index, 2>{});
    case 3:
      return f(std::integral_constant<Index, 3>{});
    case 4:
      return f(std::integral_constant<Index, 4>{});
    case 5:
      return f(std::integral_constant<Index, 5>{});
    default:
      return f(std::integral_constant<Index, kTileRows>{});
  }
}

/// How tiles multiply: one f32 by another.
struct MultiplyFloats {
  static constexpr Index kPerWord = 1;
  /// n floats in place to the words that are multiplied.
  OTTOBIT_INLINE static void prepare(float*, Index) noexcept {}
  /// n rows of the cache to the panel of a block.
  template <class Cache>
  OTTOBIT_INLINE static void pack_keys(const CacheRows<Cache>& keys, Index ahead, Index n,
                                       float* panel) noexcept {
    transpose_keys(keys, ahead, n, panel);
  }
  template <class Cache>
  OTTOBIT_INLINE static void pack_values(const CacheRows<Cache>& values, Index ahead, Index n,
                                         Index width, float* panel) noexcept {
    widen_values(values, ahead, n, width, panel);
  }
  OTTOBIT_INLINE static Vf add(Vf sum, Vf a, Vf b) noexcept { return fma(a, b, sum); }
};

#if defined(OTTOBIT_HAS_BF16_DOT)
/// Two bf16 of a word by two others.
struct MultiplyPairs {
  static constexpr Index kPerWord = 2;
  OTTOBIT_INLINE static void prepare(float* x, Index n) noexcept { pair_neighbours(x, n); }
  template <class Cache>
  OTTOBIT_INLINE static void pack_keys(const CacheRows<Cache>& keys, Index ahead, Index n,
                                       float* panel) noexcept {
    transpose_key_pairs(keys, ahead, n, panel);
  }
  template <class Cache>
  OTTOBIT_INLINE static void pack_values(const CacheRows<Cache>& values, Index ahead, Index n,
                                         Index width, float* panel) noexcept {
    pair_values(values, ahead, n, width, panel);
  }
  OTTOBIT_INLINE static Vf add(Vf sum, Vf a, Vf b) noexcept {
    return Vf(dot_bf16(sum, _mm512_castps_si512(a), _mm512_castps_si512(b)));
  }
};
#endif

/// C = A B, or C = C * alpha[row] + A B where alpha is not null. A [Rows, depth], C [Rows, Vectors
/// * kLanes] with row strides in floats; b(k, i) is vector i of row k of B. A B is summed on its
/// own first: over a long context that keeps the rounding error that of a sum of sums.
template <Index Rows, Index Vectors, class Multiply = MultiplyFloats, class B>
OTTOBIT_INLINE void tile(const float* OTTOBIT_RESTRICT a, Index a_stride, const B& b, Index depth,
                         float* OTTOBIT_RESTRICT c, Index c_stride, const float* alpha) noexcept {
  Vf sum[Rows][Vectors];
  OTTOBIT_UNROLL
  for (Index r = 0; r < Rows; ++r) {
    OTTOBIT_UNROLL
    for (Index i = 0; i < Vectors; ++i) {
      sum[r][i] = zero();
    }
  }
  for (Index k = 0; k < depth; ++k) {
    Vf row[Vectors];
    OTTOBIT_UNROLL
    for (Index i = 0; i < Vectors; ++i) {
      row[i] = b(k, i);
    }
    OTTOBIT_UNROLL
    for (Index r = 0; r < Rows; ++r) {
      const Vf x = broadcast(a[r * a_stride + k]);
      OTTOBIT_UNROLL
      for (Index i = 0; i < Vectors; ++i) {
        sum[r][i] = Multiply::add(sum[r][i], x, row[i]);
      }
    }
  }
  OTTOBIT_UNROLL
  for (Index r = 0; r < Rows; ++r) {
    OTTOBIT_UNROLL
    for (Index i = 0; i < Vectors; ++i) {
      float* to = c + r * c_stride + i * kLanes;
      store(to, alpha == nullptr ? sum[r][i] : fma(load(to), broadcast(alpha[r]), sum[r][i]));
    }
  }
}

/// What mix() computes: out [Rows, width] = out * alpha (or 0 where alpha is null) + P V.
struct Weighted {
  const float* weights;  ///< P [Rows, kKeyBlock]
  Index keys;            ///< columns of P, rows of V that count
  float* out;
  Index width;  ///< stride of out, whole vectors
  const float* alpha;
};

/// A block of keys and values as panels that Multiply packed; queries and weights are words of the
/// same kind.
template <class MultiplyWords>
struct PanelBlock {
  using Multiply = MultiplyWords;
  static constexpr Index kPerWord = Multiply::kPerWord;
  const float* keys;
  const float* values;
  Index dim;
  Index width;

  OTTOBIT_INLINE static Index words(Index n) noexcept { return (n + kPerWord - 1) / kPerWord; }

  struct Columns {
    const float* at;
    Index stride;
    OTTOBIT_INLINE Vf operator()(Index k, Index i) const noexcept {
      return load(at + k * stride + i * kLanes);
    }
  };

  /// scores[r, j] = sum_d q[r, d] keys[d, j] for j < n, and beyond to the end of a vector.
  template <Index Rows>
  inline void score(const float* q, Index q_stride, Index n, float* scores) const noexcept {
    Index j = 0;
    for (; j + kTileVectors * kLanes <= n; j += kTileVectors * kLanes) {
      tile<Rows, kTileVectors, Multiply>(q, q_stride, Columns{keys + j, kKeyBlock}, words(dim),
                                         scores + j, kKeyBlock, nullptr);
    }
    for (; j < n; j += kLanes) {
      tile<Rows, 1, Multiply>(q, q_stride, Columns{keys + j, kKeyBlock}, words(dim), scores + j,
                              kKeyBlock, nullptr);
    }
  }

  template <Index Rows>
  inline void mix(const Weighted& w) const noexcept {
    Index d = 0;
    for (; d + kTileVectors * kLanes <= width; d += kTileVectors * kLanes) {
      tile<Rows, kTileVectors, Multiply>(w.weights, kKeyBlock, Columns{values + d, width},
                                         words(w.keys), w.out + d, w.width, w.alpha);
    }
    for (; d < width; d += kLanes) {
      tile<Rows, 1, Multiply>(w.weights, kKeyBlock, Columns{values + d, width}, words(w.keys),
                              w.out + d, w.width, w.alpha);
    }
  }
};

/// A block of keys and values as rows of the cache.
template <class Cache>
struct CacheBlock {
  using Multiply = MultiplyFloats;
  using Element = typename Cache::Element;
  CacheRows<Cache> keys;
  CacheRows<Cache> values;
  Index ahead;  ///< rows to the next block, which is asked for; 0 at the end
  Index n;      ///< rows that exist

  struct Columns {
    const Element* at;
    Index ahead;
    Index stride;
    OTTOBIT_INLINE Vf operator()(Index k, Index i) const noexcept {
      const Element* p = at + k * stride + i * kLanes;
      if (i % Cache::kPerWord == 0) {
        prefetch(p + ahead);
      }
      return Cache::load_row(p);
    }
  };
  struct LastColumn {
    const Element* at;
    Index stride;
    Index left;  ///< elements, fewer than kLanes
    OTTOBIT_INLINE Vf operator()(Index k, Index) const noexcept {
      return Cache::load_row(at + k * stride, left);
    }
  };

  /// As PanelBlock::score; q is 0 from keys.dim to the next multiple of kStep.
  template <Index Rows>
  inline void score(const float* q, Index q_stride, Index count, float* scores) const noexcept {
    for (Index j = 0; j < count; j += kLanes) {
      Vf sum[Rows];
      OTTOBIT_UNROLL
      for (Index r = 0; r < Rows; ++r) {
        sum[r] = zero();
      }
      for (Index d = 0; d < keys.dim; d += Cache::kStep) {
        Vf v[kLanes];
        load_square<Cache>(keys.at + j * keys.stride + d, ahead * keys.stride, keys.stride, n - j,
                           keys.dim - d, v);
        const float* x = q + d;
        OTTOBIT_UNROLL
        for (Index i = 0; i < kLanes; ++i) {
          OTTOBIT_UNROLL
          for (Index r = 0; r < Rows; ++r) {
            sum[r] = fma(broadcast(x[r * q_stride]), Cache::template unpack<0>(v[i]), sum[r]);
          }
          ++x;
          if (Cache::kPerWord == 2) {
            OTTOBIT_UNROLL
            for (Index r = 0; r < Rows; ++r) {
              sum[r] = fma(broadcast(x[r * q_stride]), Cache::template unpack<1>(v[i]), sum[r]);
            }
            ++x;
          }
        }
      }
      OTTOBIT_UNROLL
      for (Index r = 0; r < Rows; ++r) {
        store(scores + r * kKeyBlock + j, sum[r]);
      }
    }
  }

  template <Index Rows>
  inline void mix(const Weighted& w) const noexcept {
    // Few rows: a wider tile, for enough independent sums to hide the latency of fma.
    constexpr Index kWide = Rows <= 3 ? 2 * kTileVectors : kTileVectors;
    const Index dim = values.dim;
    const Index stride = values.stride;
    const Index skip = ahead * stride;
    Index d = 0;
    for (; d + kWide * kLanes <= dim; d += kWide * kLanes) {
      tile<Rows, kWide>(w.weights, kKeyBlock, Columns{values.at + d, skip, stride}, w.keys,
                        w.out + d, w.width, w.alpha);
    }
    for (; d + kLanes <= dim; d += kLanes) {
      tile<Rows, 1>(w.weights, kKeyBlock, Columns{values.at + d, skip, stride}, w.keys, w.out + d,
                    w.width, w.alpha);
    }
    if (d < dim) {
      tile<Rows, 1>(w.weights, kKeyBlock, LastColumn{values.at + d, stride, dim - d}, w.keys,
                    w.out + d, w.width, w.alpha);
    }
  }
};

OTTOBIT_ISA_END
