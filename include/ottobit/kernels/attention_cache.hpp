// SPDX-License-Identifier: Apache-2.0
// The key and value cache as attention reads and writes it: rows of f32, f16 or bf16, converted a
// block of keys at a time into the f32 panels that the matrix tiles work on.
#pragma once

#include "ottobit/kernels/table.hpp"
#include "ottobit/simd/transpose.hpp"
#include "ottobit/simd/vec.hpp"

OTTOBIT_ISA_BEGIN

/// Keys that attention handles at a time: a panel of 64 keys x 128 dimensions of f32 is 32 KiB, and
/// a row of 64 scores is a tile's width of four AVX-512 registers.
inline constexpr Index kKeyBlock = 64;
static_assert(AttentionCall::kKeyAlignment % kKeyBlock == 0);

// One struct per element type of the cache. `kPerWord` elements share a 32-bit word of memory,
// kStep a vector; unpack<i> gives the i-th element of each word.
struct CacheF32 {
  using Element = float;
  static constexpr Index kPerWord = 1;
  static constexpr Index kStep = kLanes;
  OTTOBIT_INLINE static Vf load_row(const float* p) noexcept { return load(p); }
  OTTOBIT_INLINE static Vf load_row(const float* p, Index n) noexcept { return load_partial(p, n); }
  OTTOBIT_INLINE static void store_row(float* p, Vf v, Index n) noexcept { store_partial(p, v, n); }
  OTTOBIT_INLINE static Vf words(const float* p) noexcept { return load(p); }
  OTTOBIT_INLINE static Vf words(const float* p, Index n) noexcept { return load_partial(p, n); }
  template <Index I>
  OTTOBIT_INLINE static Vf unpack(Vf words) noexcept {
    return words;
  }
};

struct Cache16 {
  using Element = std::uint16_t;
  static constexpr Index kPerWord = 2;
  static constexpr Index kStep = 2 * kLanes;
  OTTOBIT_INLINE static Vf words(const std::uint16_t* p) noexcept {
    return load(static_cast<const float*>(static_cast<const void*>(p)));
  }
  /// n <= kStep elements, the others 0.
  OTTOBIT_INLINE static Vf words(const std::uint16_t* p, Index n) noexcept {
    alignas(64) std::uint16_t codes[kStep] = {};
    for (Index i = 0; i < n; ++i) {
      codes[i] = p[i];
    }
    return words(codes);
  }
  template <Index I>
  OTTOBIT_INLINE static Vu code(Vf words) noexcept {
    return I == 0 ? to_bits(words) & Vu(0xFFFFU) : to_bits(words) >> 16;
  }
};

struct CacheF16 : Cache16 {
  OTTOBIT_INLINE static Vf load_row(const std::uint16_t* p) noexcept { return load_f16(p); }
  OTTOBIT_INLINE static Vf load_row(const std::uint16_t* p, Index n) noexcept {
    return load_f16_partial(p, n);
  }
  /// Numbers beyond the range become the largest; NaN stays.
  OTTOBIT_INLINE static void store_row(std::uint16_t* p, Vf v, Index n) noexcept {
    const Vf most = broadcast(65504.0F);
    const Vf least = broadcast(-65504.0F);
    const Vf above = xsimd::select(v > most, most, v);
    store_f16_partial(p, xsimd::select(above < least, least, above), n);
  }
  template <Index I>
  OTTOBIT_INLINE static Vf unpack(Vf words) noexcept {
    return widen_f16(code<I>(words));
  }
};

struct CacheBf16 : Cache16 {
  OTTOBIT_INLINE static Vf load_row(const std::uint16_t* p) noexcept { return load_bf16(p); }
  OTTOBIT_INLINE static Vf load_row(const std::uint16_t* p, Index n) noexcept {
    return load_bf16_partial(p, n);
  }
  OTTOBIT_INLINE static void store_row(std::uint16_t* p, Vf v, Index n) noexcept {
    store_bf16_partial(p, v, n);
  }
  template <Index I>
  OTTOBIT_INLINE static Vf unpack(Vf words) noexcept {
    return I == 0 ? from_bits(to_bits(words) << 16) : from_bits(to_bits(words) & Vu(0xFFFF0000U));
  }
};

/// Calls f with the cache struct of that type. Anything but f32 and f16 is taken for bf16.
template <class F>
OTTOBIT_INLINE void with_cache_type(DType dtype, const F& f) noexcept {
  if (dtype == DType::f32) {
    f(CacheF32{});
  } else if (dtype == DType::f16) {
    f(CacheF16{});
  } else {
    f(CacheBf16{});
  }
}

/// Rows of keys or values of one KV head.
template <class Cache>
struct CacheRows {
  const typename Cache::Element* at;
  Index stride;  ///< elements from one row to the next
  Index dim;     ///< elements of a row that count

  [[nodiscard]] OTTOBIT_INLINE CacheRows from(Index row) const noexcept {
    return {at + row * stride, stride, dim};
  }
};

/// A square of keys transposed in registers: lane j of v[i] is word i of row j, where row j is
/// keys + j * stride and words begin at dimension 0. Rows from `rows` on and words from `width`
/// elements on are 0. Asks for the square `ahead` elements further on: the processor's own
/// prefetching loses the thread where the streams of keys and values alternate (without this,
/// decoding took 1.6 times as long on Zen 4).
template <class Cache>
OTTOBIT_INLINE void load_square(const typename Cache::Element* keys, Index ahead, Index stride,
                                Index rows, Index width, Vf (&v)[kLanes]) noexcept {
  if (rows >= kLanes && width >= Cache::kStep) {
    OTTOBIT_UNROLL
    for (Index i = 0; i < kLanes; ++i) {
      prefetch(keys + ahead);
      v[i] = Cache::words(keys);
      keys += stride;
    }
  } else {
    const Index n = width < Cache::kStep ? width : Cache::kStep;
    for (Index i = 0; i < kLanes; ++i) {
      v[i] = i < rows ? Cache::words(keys + i * stride, n) : zero();
    }
  }
  transpose(v);
}

/// panel[d, j] = keys[j, d] for j < n, 0 for n <= j < kKeyBlock and where d >= dim.
/// Asks for the keys `ahead` rows further on.   panel [dim rounded up to kStep, kKeyBlock], 64-byte
/// aligned
template <class Cache>
OTTOBIT_INLINE void transpose_keys(const CacheRows<Cache>& keys, Index ahead, Index n,
                                   float* panel) noexcept {
  for (Index j = 0; j < kKeyBlock; j += kLanes) {
    for (Index d = 0; d < keys.dim; d += Cache::kStep) {
      Vf v[kLanes];
      load_square<Cache>(keys.at + j * keys.stride + d, ahead * keys.stride, keys.stride, n - j,
                         keys.dim - d, v);
      float* to = panel + d * kKeyBlock + j;
      OTTOBIT_UNROLL
      for (Index i = 0; i < kLanes; ++i) {
        store(to, Cache::template unpack<0>(v[i]));
        to += kKeyBlock;
        if (Cache::kPerWord == 2) {
          store(to, Cache::template unpack<1>(v[i]));
          to += kKeyBlock;
        }
      }
    }
  }
}

/// panel[j, d] = values[j, d] for j < n and d < dim, 0 for dim <= d < width (a multiple of kLanes).
///   panel [kKeyBlock, width], 64-byte aligned
template <class Cache>
OTTOBIT_INLINE void widen_values(const CacheRows<Cache>& values, Index ahead, Index n, Index width,
                                 float* panel) noexcept {
  constexpr Index kStep = Cache::kStep;
  const Index dim = values.dim;
  for (Index j = 0; j < n; ++j) {
    const typename Cache::Element* row = values.at + j * values.stride;
    float* to = panel + j * width;
    Index d = 0;
    for (; d + kStep <= dim; d += kStep) {
      prefetch(row + d + ahead * values.stride);
      OTTOBIT_UNROLL
      for (Index i = 0; i < kStep; i += kLanes) {
        store(to + d + i, Cache::load_row(row + d + i));
      }
    }
    for (; d < dim; d += kLanes) {
      store(to + d, Cache::load_row(row + d, dim - d < kLanes ? dim - d : kLanes));
    }
  }
}

/// cache[g, position + t] = round(x[t, g]) (nearest even; F16 to its finite numbers) for g in heads
/// and t < tokens.
///   x [tokens, G, head_dim] with a row stride in floats   cache [G, capacity, head_dim]
inline void store_kv(const float* x, Index x_stride, Index tokens, Index head_dim, DType kv_dtype,
                     std::byte* cache, Index capacity, Index position, RowRange heads) noexcept {
  with_cache_type(kv_dtype, [&](auto type) noexcept {
    using Cache = decltype(type);
    auto* rows = static_cast<typename Cache::Element*>(static_cast<void*>(cache));
    for (Index g = heads.begin; g < heads.end; ++g) {
      for (Index t = 0; t < tokens; ++t) {
        const float* from = x + t * x_stride + g * head_dim;
        auto* to = rows + (g * capacity + position + t) * head_dim;
        for (Index d = 0; d < head_dim; d += kLanes) {
          const Index n = head_dim - d < kLanes ? head_dim - d : kLanes;
          Cache::store_row(to + d, load_partial(from + d, n), n);
        }
      }
    }
  });
}

OTTOBIT_ISA_END
