// SPDX-License-Identifier: Apache-2.0
// Names the instruction set level this translation unit is compiled for. Code that computes with
// vectors lives in the inline namespace ottobit::OTTOBIT_ISA, so that the same text compiled for
// several levels never clashes at link time. Types that cross translation units stay outside.
#pragma once

#include <cstddef>

#if defined(__AVX512BF16__) && defined(__AVX512VBMI__)
#define OTTOBIT_ISA avx512_bf16
#elif defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define OTTOBIT_ISA avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define OTTOBIT_ISA avx2
#else
#define OTTOBIT_ISA baseline
#endif

#define OTTOBIT_ISA_BEGIN \
  namespace ottobit {     \
  inline namespace OTTOBIT_ISA {
#define OTTOBIT_ISA_END \
  }                     \
  }

#define OTTOBIT_INLINE inline __attribute__((always_inline))
#define OTTOBIT_RESTRICT __restrict__

namespace ottobit {
/// Signed sizes and loop counters; dimensions are multiplied as Index, never as int.
using Index = std::ptrdiff_t;
}  // namespace ottobit
