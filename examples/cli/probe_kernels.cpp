// SPDX-License-Identifier: Apache-2.0
// Straight-line kernels at the limit of the execution units. 16 chains on AVX-512 and 12 below: the
// latency of the slowest instruction here is 6 cycles (VDPBF16PS on Zen 4, uops.info) at one or two
// a cycle, and 16 registers must hold the chains and two operands. Empty asm statements hide values
// from the compiler: it could otherwise compute an integer chain as one multiplication.
#include "probe_kernels.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ottobit::cli {
namespace {

using Vec4f __attribute__((vector_size(16))) = float;
using Vec2l __attribute__((vector_size(16))) = long long;

constexpr int kChains = 12;  // with 16 registers
constexpr int kChains512 = 16;

void read_baseline(const std::byte* data, std::size_t bytes) {
  Vec2l sum[8] = {};
  for (std::size_t at = 0; at < bytes; at += sizeof sum) {
    for (std::size_t i = 0; i < 8; ++i) {
      sum[i] |= *static_cast<const Vec2l*>(static_cast<const void*>(data + at + 16 * i));
    }
  }
  for (Vec2l& part : sum) {
    asm volatile("" : : "m"(part));
  }
}

void f32_baseline(long rounds) {
  Vec4f chain[kChains];
  for (int i = 0; i < kChains; ++i) {
    const auto start = static_cast<float>(i);
    chain[i] = Vec4f{start, start, start, start};
  }
  const Vec4f scale = {0.999F, 0.999F, 0.999F, 0.999F};
  const Vec4f step = {0.5F, 0.5F, 0.5F, 0.5F};
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) {
      chain[i] = chain[i] * scale + step;
    }
  }
  for (Vec4f& part : chain) {
    asm volatile("" : : "m"(part));
  }
}

#if defined(__x86_64__)

void int8_baseline(long rounds) {
  __m128i chain[kChains] = {};
  __m128i a = _mm_set1_epi16(3);
  const __m128i b = _mm_set1_epi16(5);
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) {
      asm("" : "+x"(a));
      chain[i] = _mm_add_epi32(chain[i], _mm_madd_epi16(a, b));
    }
  }
  for (__m128i& part : chain) {
    asm volatile("" : : "x"(part));
  }
}

#define OTTOBIT_TARGET(features) __attribute__((target(features)))

OTTOBIT_TARGET("avx2") void read_avx2(const std::byte* data, std::size_t bytes) {
  __m256i sum[8];
  for (__m256i& part : sum) {
    part = _mm256_setzero_si256();
  }
  for (std::size_t at = 0; at < bytes; at += 8 * 32) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      const void* from = data + at + 32 * i;
      sum[i] = _mm256_or_si256(sum[i], _mm256_load_si256(static_cast<const __m256i*>(from)));
    }
  }
  for (__m256i& part : sum) {
    asm volatile("" : : "x"(part));
  }
}

OTTOBIT_TARGET("avx2,fma") void f32_avx2(long rounds) {
  __m256 chain[kChains];
  for (int i = 0; i < kChains; ++i) {
    chain[i] = _mm256_set1_ps(static_cast<float>(i));
  }
  const __m256 scale = _mm256_set1_ps(0.999F);
  const __m256 step = _mm256_set1_ps(0.5F);
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) {
      chain[i] = _mm256_fmadd_ps(chain[i], scale, step);
    }
  }
  for (__m256& part : chain) {
    asm volatile("" : : "x"(part));
  }
}

OTTOBIT_TARGET("avx2") void int8_avx2(long rounds) {
  __m256i chain[kChains];
  for (__m256i& part : chain) {
    part = _mm256_setzero_si256();
  }
  __m256i a = _mm256_set1_epi8(3);
  const __m256i b = _mm256_set1_epi8(5);
  const __m256i ones = _mm256_set1_epi16(1);
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) {
      asm("" : "+x"(a));
      const __m256i pairs = _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones);
      chain[i] = _mm256_add_epi32(chain[i], pairs);
    }
  }
  for (__m256i& part : chain) {
    asm volatile("" : : "x"(part));
  }
}

OTTOBIT_TARGET("avx512f") void read_avx512(const std::byte* data, std::size_t bytes) {
  __m512i sum[8];
  for (__m512i& part : sum) {
    part = _mm512_setzero_si512();
  }
  for (std::size_t at = 0; at < bytes; at += 8 * 64) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      sum[i] = _mm512_or_si512(sum[i], _mm512_load_si512(data + at + 64 * i));
    }
  }
  for (__m512i& part : sum) {
    asm volatile("" : : "v"(part));
  }
}

OTTOBIT_TARGET("avx512f") void f32_avx512(long rounds) {
  __m512 chain[kChains512];
  for (int i = 0; i < kChains512; ++i) {
    chain[i] = _mm512_set1_ps(static_cast<float>(i));
  }
  const __m512 scale = _mm512_set1_ps(0.999F);
  const __m512 step = _mm512_set1_ps(0.5F);
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains512; ++i) {
      chain[i] = _mm512_fmadd_ps(chain[i], scale, step);
    }
  }
  for (__m512& part : chain) {
    asm volatile("" : : "v"(part));
  }
}

OTTOBIT_TARGET("avx512f,avx512bw") void int8_avx512(long rounds) {
  __m512i chain[kChains512];
  for (__m512i& part : chain) {
    part = _mm512_setzero_si512();
  }
  __m512i a = _mm512_set1_epi8(3);
  const __m512i b = _mm512_set1_epi8(5);
  const __m512i ones = _mm512_set1_epi16(1);
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains512; ++i) {
      asm("" : "+v"(a));
      const __m512i pairs = _mm512_madd_epi16(_mm512_maddubs_epi16(a, b), ones);
      chain[i] = _mm512_add_epi32(chain[i], pairs);
    }
  }
  for (__m512i& part : chain) {
    asm volatile("" : : "v"(part));
  }
}

OTTOBIT_TARGET("avx512f,avx512bf16") void bf16_avx512(long rounds) {
  __m512 chain[kChains512];
  for (int i = 0; i < kChains512; ++i) {
    chain[i] = _mm512_set1_ps(static_cast<float>(i));
  }
  const __m512 values = _mm512_set1_ps(0.015625F);
  const __m512bh a = _mm512_cvtne2ps_pbh(values, values);
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains512; ++i) {
      chain[i] = _mm512_dpbf16_ps(chain[i], a, a);
    }
  }
  for (__m512& part : chain) {
    asm volatile("" : : "v"(part));
  }
}

OTTOBIT_TARGET("avx512f,avx512vnni") void int8_vnni(long rounds) {
  __m512i chain[kChains512];
  for (__m512i& part : chain) {
    part = _mm512_setzero_si512();
  }
  __m512i a = _mm512_set1_epi8(3);
  const __m512i b = _mm512_set1_epi8(5);
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kChains512; ++i) {
      asm("" : "+v"(a));
      chain[i] = _mm512_dpbusd_epi32(chain[i], a, b);
    }
  }
  for (__m512i& part : chain) {
    asm volatile("" : : "v"(part));
  }
}

constexpr ProbeKernels kAvx2 = {"avx2",  read_avx2, f32_avx2,  kChains * 8 * 2.0,
                                nullptr, 0,         int8_avx2, kChains * 32 * 2.0};
constexpr ProbeKernels kAvx512 = {"avx512", read_avx512, f32_avx512,  kChains512 * 16 * 2.0,
                                  nullptr,  0,           int8_avx512, kChains512 * 64 * 2.0};
constexpr ProbeKernels kAvx512Bf16 = {
    "avx512_bf16", read_avx512,           f32_avx512, kChains512 * 16 * 2.0,
    bf16_avx512,   kChains512 * 32 * 2.0, int8_vnni,  kChains512 * 64 * 2.0};
constexpr ProbeKernels kBaseline = {"baseline",        read_baseline,    f32_baseline,
                                    kChains * 4 * 2.0, nullptr,          0,
                                    int8_baseline,     kChains * 8 * 2.0};

bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
}

bool has_avx512_bf16() {
  return has_avx512() && __builtin_cpu_supports("avx512vnni") != 0 &&
         __builtin_cpu_supports("avx512bf16") != 0;
}

#else

constexpr ProbeKernels kBaseline = {
    "baseline", read_baseline, f32_baseline, kChains * 4 * 2.0, nullptr, 0, nullptr, 0};

#endif

}  // namespace

const ProbeKernels& probe_kernels([[maybe_unused]] std::string_view isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (isa == kAvx512Bf16.isa && has_avx512_bf16()) {
    return kAvx512Bf16;
  }
  if (isa == kAvx512.isa && has_avx512()) {
    return kAvx512;
  }
  if (isa == kAvx2.isa && has_avx2()) {
    return kAvx2;
  }
#endif
  return kBaseline;
}

}  // namespace ottobit::cli
