// SPDX-License-Identifier: Apache-2.0
// The vector vocabulary of the kernels: Vf, as many floats as a register of this level holds, and
// the few operations the kernels are written in. The one place that knows xsimd (8.1 to 14); where
// xsimd stops (masked tails, 16-bit formats, a fixed order of reduction) it uses intrinsics on x86
// and plain loops elsewhere. Functions of the exponential family are in math.hpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

// g++ 12 warns of the deliberately undefined operands inside its own AVX-512 intrinsics (GCC bug
// 105593). Include this header rather than <immintrin.h>: where the latter is read first counts.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
#if defined(__SSE2__)
#include <immintrin.h>
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "ottobit/isa.hpp"

/// Unrolls the next loop completely; its bounds are constants. Keeps arrays of vectors in
/// registers.
#if defined(__clang__)
#define OTTOBIT_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define OTTOBIT_UNROLL _Pragma("GCC unroll 32")
#else
#define OTTOBIT_UNROLL
#endif

OTTOBIT_ISA_BEGIN

using Vf = xsimd::batch<float>;
using Vu = xsimd::batch<std::uint32_t>;

/// Floats in a Vf: 16 with AVX-512, 8 with AVX2, 4 at the baseline.
inline constexpr Index kLanes = static_cast<Index>(Vf::size);

// --- arithmetic: + - * / and comparisons are Vf's own operators
// -----------------------------------

OTTOBIT_INLINE Vf broadcast(float x) noexcept {
  return Vf(x);
}
OTTOBIT_INLINE Vf zero() noexcept {
  return Vf(0.0F);
}

/// a * b + c: rounded once where the level has the instruction, twice at the x86 baseline.
OTTOBIT_INLINE Vf fma(Vf a, Vf b, Vf c) noexcept {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);  // xsimd 8.1 multiplies, then adds
#else
  return xsimd::fma(a, b, c);
#endif
}

/// The larger (smaller) of each pair. Where a lane of either is NaN, x86 gives that of `b`.
OTTOBIT_INLINE Vf max(Vf a, Vf b) noexcept {
  return xsimd::max(a, b);
}
OTTOBIT_INLINE Vf min(Vf a, Vf b) noexcept {
  return xsimd::min(a, b);
}

/// The same bits as another type.
OTTOBIT_INLINE Vu to_bits(Vf v) noexcept {
  return std::bit_cast<Vu>(v);
}
OTTOBIT_INLINE Vf from_bits(Vu v) noexcept {
  return std::bit_cast<Vf>(v);
}

// --- f32 in memory: any alignment, exactly the elements named
// -------------------------------------

OTTOBIT_INLINE Vf load(const float* p) noexcept {
  return Vf::load_unaligned(p);
}
OTTOBIT_INLINE void store(float* p, Vf v) noexcept {
  v.store_unaligned(p);
}

#if defined(__AVX512F__)
/// One bit for each of the first n lanes.
OTTOBIT_INLINE __mmask16 lane_mask(Index n) noexcept {
  return static_cast<__mmask16>((1U << static_cast<unsigned>(n)) - 1U);
}
#elif defined(__AVX2__)
/// All bits set in each of the first n lanes.
OTTOBIT_INLINE __m256i lane_mask(Index n) noexcept {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

/// The first n floats, 0 <= n <= kLanes, the other lanes 0. Nothing past p[n - 1] is touched.
OTTOBIT_INLINE Vf load_partial(const float* p, Index n) noexcept {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(lane_mask(n), p);
#elif defined(__AVX2__)
  return _mm256_maskload_ps(p, lane_mask(n));
#else
  float lanes[kLanes] = {};
  for (Index i = 0; i < n; ++i) {
    lanes[i] = p[i];
  }
  return load(lanes);
#endif
}

/// Stores the first n lanes, 0 <= n <= kLanes. Nothing past p[n - 1] is touched.
OTTOBIT_INLINE void store_partial(float* p, Vf v, Index n) noexcept {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, lane_mask(n), v);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(p, lane_mask(n), v);
#else
  float lanes[kLanes];
  store(lanes, v);
  for (Index i = 0; i < n; ++i) {
    p[i] = lanes[i];
  }
#endif
}

/// The first n lanes of v, `fill` in the others.
OTTOBIT_INLINE Vf keep_first(Vf v, Index n, Vf fill) noexcept {
#if defined(__AVX512F__)
  return _mm512_mask_blend_ps(lane_mask(n), fill, v);
#elif defined(__AVX2__)
  return _mm256_blendv_ps(fill, v, _mm256_castsi256_ps(lane_mask(n)));
#else
  float lanes[kLanes];
  store(lanes, fill);
  float kept[kLanes];
  store(kept, v);
  for (Index i = 0; i < n; ++i) {
    lanes[i] = kept[i];
  }
  return load(lanes);
#endif
}

/// Asks for the line at p to be brought into the second-level cache. p may be any address.
OTTOBIT_INLINE void prefetch(const void* p) noexcept {
#if defined(__SSE2__)
  _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1);
#else
  __builtin_prefetch(p, 0, 2);
#endif
}

// --- pairs: (x[2i], x[2i + 1])
// ----------------------------------------------------------------------

/// Lane 2i with lane 2i + 1 exchanged.
OTTOBIT_INLINE Vf swap_pairs(Vf v) noexcept {
#if defined(__AVX512F__)
  return _mm512_permute_ps(v, 0xB1);
#elif defined(__AVX2__)
  return _mm256_permute_ps(v, 0xB1);
#elif defined(__SSE2__)
  const __m128 x = v;
  return _mm_shuffle_ps(x, x, 0xB1);
#else
  float lanes[kLanes];
  float swapped[kLanes];
  store(lanes, v);
  for (Index i = 0; i < kLanes; ++i) {
    swapped[i] = lanes[i ^ 1];
  }
  return load(swapped);
#endif
}

/// p[0 .. kLanes / 2), each in two neighbouring lanes.
OTTOBIT_INLINE Vf load_twice(const float* p) noexcept {
#if defined(__AVX512F__)
  const __m512i order = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  return _mm512_permutexvar_ps(order, _mm512_castps256_ps512(_mm256_loadu_ps(p)));
#elif defined(__AVX2__)
  const __m256i order = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
  return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), order);
#else
  float lanes[kLanes];
  for (Index i = 0; i < kLanes; ++i) {
    lanes[i] = p[i / 2];
  }
  return load(lanes);
#endif
}

/// The even lanes with their sign changed, the odd ones as they are.
OTTOBIT_INLINE Vf negate_even(Vf v) noexcept {
  return from_bits(to_bits(v) ^ std::bit_cast<Vu>(xsimd::batch<std::uint64_t>(0x80000000U)));
}

// --- reductions: lane i with lane i + half, then again, so always in the same order
// -----------------

#if defined(__SSE2__)
struct ReduceAdd {
  OTTOBIT_INLINE static __m128 of(__m128 a, __m128 b) noexcept { return _mm_add_ps(a, b); }
#if defined(__AVX__)
  OTTOBIT_INLINE static __m256 of(__m256 a, __m256 b) noexcept {
    return _mm256_add_ps(a, b);
  }
#endif
};
struct ReduceMax {
  OTTOBIT_INLINE static __m128 of(__m128 a, __m128 b) noexcept { return _mm_max_ps(a, b); }
#if defined(__AVX__)
  OTTOBIT_INLINE static __m256 of(__m256 a, __m256 b) noexcept {
    return _mm256_max_ps(a, b);
  }
#endif
};

template <class Op>
OTTOBIT_INLINE float reduce(Vf v) noexcept {
#if defined(__AVX512F__)
  const __m256d upper = _mm512_extractf64x4_pd(_mm512_castps_pd(v), 1);
  const __m256 eight = Op::of(_mm512_castps512_ps256(v), _mm256_castpd_ps(upper));
#elif defined(__AVX2__)
  const __m256 eight = v;
#endif
#if defined(__AVX2__)
  const __m128 four = Op::of(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
#else
  const __m128 four = v;
#endif
  const __m128 two = Op::of(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(Op::of(two, _mm_shuffle_ps(two, two, 1)));
}
#else
struct ReduceAdd {
  OTTOBIT_INLINE static float of(float a, float b) noexcept { return a + b; }
};
struct ReduceMax {
  OTTOBIT_INLINE static float of(float a, float b) noexcept { return a > b ? a : b; }
};

template <class Op>
OTTOBIT_INLINE float reduce(Vf v) noexcept {
  float lanes[kLanes];
  store(lanes, v);
  for (Index half = kLanes / 2; half > 0; half /= 2) {
    for (Index i = 0; i < half; ++i) {
      lanes[i] = Op::of(lanes[i], lanes[i + half]);
    }
  }
  return lanes[0];
}
#endif

OTTOBIT_INLINE float reduce_add(Vf v) noexcept {
  return reduce<ReduceAdd>(v);
}
/// Without NaN in v: its largest lane. With NaN: any of its lanes.
OTTOBIT_INLINE float reduce_max(Vf v) noexcept {
  return reduce<ReduceMax>(v);
}

// --- 16-bit formats
// -------------------------------------------------------------------------------

/// The 16-bit codes at p[0 .. n), one in the low half of each lane, 0 in the other lanes.
OTTOBIT_INLINE Vu load_u16(const std::uint16_t* p) noexcept {
#if defined(__AVX512F__)
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
#elif defined(__AVX2__)
  return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
#elif defined(__SSE2__)
  return _mm_unpacklo_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)),
                            _mm_setzero_si128());
#else
  std::uint32_t lanes[kLanes];
  for (Index i = 0; i < kLanes; ++i) {
    lanes[i] = p[i];
  }
  return Vu::load_unaligned(lanes);
#endif
}

OTTOBIT_INLINE Vu load_u16_partial(const std::uint16_t* p, Index n) noexcept {
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
  return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lane_mask(n), p));
#else
  std::uint32_t lanes[kLanes] = {};
  for (Index i = 0; i < n; ++i) {
    lanes[i] = p[i];
  }
  return Vu::load_unaligned(lanes);
#endif
}

/// Stores the low halves of all (the first n) lanes; the high halves must be 0.
OTTOBIT_INLINE void store_u16(std::uint16_t* p, Vu v) noexcept {
#if defined(__AVX512F__)
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
#elif defined(__AVX2__)
  const __m256i pairs = _mm256_packus_epi32(v, v);
  const __m256i packed = _mm256_permute4x64_epi64(pairs, 0x08);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(packed));
#else
  std::uint32_t lanes[kLanes];
  v.store_unaligned(lanes);
  for (Index i = 0; i < kLanes; ++i) {
    p[i] = static_cast<std::uint16_t>(lanes[i]);
  }
#endif
}

OTTOBIT_INLINE void store_u16_partial(std::uint16_t* p, Vu v, Index n) noexcept {
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
  _mm256_mask_storeu_epi16(p, lane_mask(n), _mm512_cvtepi32_epi16(v));
#else
  std::uint32_t lanes[kLanes];
  v.store_unaligned(lanes);
  for (Index i = 0; i < n; ++i) {
    p[i] = static_cast<std::uint16_t>(lanes[i]);
  }
#endif
}

/// bf16 codes in the low halves of the lanes to their values; exact.
OTTOBIT_INLINE Vf widen_bf16(Vu codes) noexcept {
  return from_bits(codes << 16);
}

/// Rounds to the nearest bf16, ties to even; NaN stays NaN (sign and upper payload kept, made
/// quiet). Integer arithmetic even where there is an instruction: VCVTNEPS2BF16 flushes subnormals.
OTTOBIT_INLINE Vu narrow_bf16(Vf v) noexcept {
  const Vu bits = to_bits(v);
  const Vu rounded = (bits + Vu(0x7FFFU) + ((bits >> 16) & Vu(1U))) >> 16;
  const Vu quiet = (bits >> 16) | Vu(0x40U);
  return to_bits(xsimd::select(xsimd::isnan(v), from_bits(quiet), from_bits(rounded)));
}

/// IEEE half-precision codes in the low halves of the lanes to their values; exact, signalling NaN
/// made quiet.
OTTOBIT_INLINE Vf widen_f16(Vu codes) noexcept {
#if defined(__AVX512F__)
  return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(codes));
#elif defined(__AVX2__) && defined(__F16C__)
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(codes, codes), 0x08);
  return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
#else
  // The value is that of the f32 with the same bits moved to the f32 places, times 2^(127 - 15);
  // the multiplication also makes subnormals right. Infinity and NaN need the larger exponent.
  const Vu magnitude = (codes & Vu(0x7FFFU)) << 13;
  const Vf scaled = from_bits(magnitude) * broadcast(0x1p112F);
  const Vf finite_end = broadcast(0x1p16F);
  const Vf special = from_bits(to_bits(scaled) | Vu(0x7F800000U));
  const Vf quiet = special + special;
  const Vf value = xsimd::select(scaled >= finite_end, quiet, scaled);
  return from_bits(to_bits(value) | ((codes & Vu(0x8000U)) << 16));
#endif
}

/// Rounds to the nearest half-precision number, ties to even; beyond 65504 + 1/2 ulp infinity; NaN
/// stays NaN, made quiet.
OTTOBIT_INLINE Vu narrow_f16(Vf v) noexcept {
#if defined(__AVX512F__)
  return _mm512_cvtepu16_epi32(_mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__AVX2__) && defined(__F16C__)
  return _mm256_cvtepu16_epi32(_mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
#else
  const Vu bits = to_bits(v);
  const Vu sign = (bits >> 16) & Vu(0x8000U);
  const Vf magnitude = from_bits(bits & Vu(0x7FFFFFFFU));
  // Normal results: round the mantissa to 10 bits by an integer addition, then rebias. A carry into
  // the exponent is right, also the one that makes infinity.
  const Vu m = to_bits(magnitude);
  const Vu normal = (m + Vu(0x0FFFU) + ((m >> 13) & Vu(1U)) - Vu(112U << 23)) >> 13;
  // Subnormal results: adding 1/2 leaves the multiple of 2^-24 in the low bits of the sum, rounded
  // to nearest even by the addition itself.
  const Vu subnormal = to_bits(magnitude + broadcast(0.5F)) - Vu(0x3F000000U);
  Vf code = xsimd::select(magnitude < broadcast(0x1p-14F), from_bits(subnormal), from_bits(normal));
  code = xsimd::select(magnitude >= broadcast(65520.0F), from_bits(Vu(0x7C00U)), code);
  const Vu quiet = Vu(0x7E00U) | ((m >> 13) & Vu(0x3FFU));
  code = xsimd::select(xsimd::isnan(v), from_bits(quiet), code);
  return to_bits(code) | sign;
#endif
}

OTTOBIT_INLINE Vf load_bf16(const std::uint16_t* p) noexcept {
  return widen_bf16(load_u16(p));
}
OTTOBIT_INLINE Vf load_bf16_partial(const std::uint16_t* p, Index n) noexcept {
  return widen_bf16(load_u16_partial(p, n));
}
OTTOBIT_INLINE void store_bf16(std::uint16_t* p, Vf v) noexcept {
  store_u16(p, narrow_bf16(v));
}
OTTOBIT_INLINE void store_bf16_partial(std::uint16_t* p, Vf v, Index n) noexcept {
  store_u16_partial(p, narrow_bf16(v), n);
}

OTTOBIT_INLINE Vf load_f16(const std::uint16_t* p) noexcept {
#if defined(__AVX512F__)
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
#elif defined(__AVX2__) && defined(__F16C__)
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
#else
  return widen_f16(load_u16(p));
#endif
}
OTTOBIT_INLINE Vf load_f16_partial(const std::uint16_t* p, Index n) noexcept {
  return widen_f16(load_u16_partial(p, n));
}
OTTOBIT_INLINE void store_f16(std::uint16_t* p, Vf v) noexcept {
  store_u16(p, narrow_f16(v));
}
OTTOBIT_INLINE void store_f16_partial(std::uint16_t* p, Vf v, Index n) noexcept {
  store_u16_partial(p, narrow_f16(v), n);
}

OTTOBIT_ISA_END
