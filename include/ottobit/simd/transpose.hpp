// SPDX-License-Identifier: Apache-2.0
// Transposes square blocks of 32-bit lanes in registers.
#pragma once

#include "ottobit/simd/vec.hpp"

OTTOBIT_ISA_BEGIN

#if defined(__AVX512F__)

/// v[i] lane j becomes v[j] lane i. Four rounds of 16 shuffles: pairs of lanes, pairs of pairs,
/// then 128-bit quarters twice.
OTTOBIT_INLINE void transpose(Vf (&v)[kLanes]) noexcept {
  __m512 a[16];
  __m512 b[16];
  OTTOBIT_UNROLL
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
    a[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
  }
  OTTOBIT_UNROLL
  for (int i = 0; i < 16; i += 4) {
    // Quarter q of b[i + c] is column 4q + c of rows i to i + 3.
    const __m512d lo0 = _mm512_castps_pd(a[i]);
    const __m512d hi0 = _mm512_castps_pd(a[i + 1]);
    const __m512d lo1 = _mm512_castps_pd(a[i + 2]);
    const __m512d hi1 = _mm512_castps_pd(a[i + 3]);
    b[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(lo0, lo1));
    b[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(lo0, lo1));
    b[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(hi0, hi1));
    b[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(hi0, hi1));
  }
  OTTOBIT_UNROLL
  for (int c = 0; c < 4; ++c) {
    const __m512 even01 = _mm512_shuffle_f32x4(b[c], b[c + 4], 0x88);
    const __m512 odd01 = _mm512_shuffle_f32x4(b[c], b[c + 4], 0xDD);
    const __m512 even23 = _mm512_shuffle_f32x4(b[c + 8], b[c + 12], 0x88);
    const __m512 odd23 = _mm512_shuffle_f32x4(b[c + 8], b[c + 12], 0xDD);
    v[c] = _mm512_shuffle_f32x4(even01, even23, 0x88);
    v[c + 4] = _mm512_shuffle_f32x4(odd01, odd23, 0x88);
    v[c + 8] = _mm512_shuffle_f32x4(even01, even23, 0xDD);
    v[c + 12] = _mm512_shuffle_f32x4(odd01, odd23, 0xDD);
  }
}

#elif defined(__AVX2__)

OTTOBIT_INLINE void transpose(Vf (&v)[kLanes]) noexcept {
  __m256 a[8];
  __m256 b[8];
  OTTOBIT_UNROLL
  for (int i = 0; i < 8; i += 2) {
    a[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
    a[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
  }
  OTTOBIT_UNROLL
  for (int i = 0; i < 8; i += 4) {
    // Half h of b[i + c] is column 4h + c of rows i to i + 3.
    b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
    b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xEE);
    b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xEE);
  }
  OTTOBIT_UNROLL
  for (int c = 0; c < 4; ++c) {
    v[c] = _mm256_permute2f128_ps(b[c], b[c + 4], 0x20);
    v[c + 4] = _mm256_permute2f128_ps(b[c], b[c + 4], 0x31);
  }
}

#elif defined(__SSE2__)

OTTOBIT_INLINE void transpose(Vf (&v)[kLanes]) noexcept {
  const __m128 a0 = _mm_unpacklo_ps(v[0], v[1]);
  const __m128 a1 = _mm_unpackhi_ps(v[0], v[1]);
  const __m128 a2 = _mm_unpacklo_ps(v[2], v[3]);
  const __m128 a3 = _mm_unpackhi_ps(v[2], v[3]);
  v[0] = _mm_movelh_ps(a0, a2);
  v[1] = _mm_movehl_ps(a2, a0);
  v[2] = _mm_movelh_ps(a1, a3);
  v[3] = _mm_movehl_ps(a3, a1);
}

#else

OTTOBIT_INLINE void transpose(Vf (&v)[kLanes]) noexcept {
  float lanes[kLanes][kLanes];
  float turned[kLanes];
  for (Index i = 0; i < kLanes; ++i) {
    store(lanes[i], v[i]);
  }
  for (Index i = 0; i < kLanes; ++i) {
    for (Index j = 0; j < kLanes; ++j) {
      turned[j] = lanes[j][i];
    }
    v[i] = load(turned);
  }
}

#endif

OTTOBIT_ISA_END
