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

#define OTTOBIT_TARGET(features) __attribute__((target(features)))

// Reads into 8 sums of the type Vector.
#define OTTOBIT_READ(name, features, Vector, zero, combine, load)                \
  OTTOBIT_TARGET(features) void name(const std::byte* data, std::size_t bytes) { \
    Vector sum[8];                                                               \
    for (Vector & part : sum) {                                                  \
      part = zero();                                                             \
    }                                                                            \
    for (std::size_t at = 0; at < bytes; at += sizeof sum) {                     \
      _Pragma("GCC unroll 8") for (std::size_t i = 0; i < 8; ++i) {              \
        const void* from = data + at + sizeof(Vector) * i;                       \
        sum[i] = combine(sum[i], load(static_cast<const Vector*>(from)));        \
      }                                                                          \
    }                                                                            \
    for (Vector & part : sum) {                                                  \
      asm volatile("" : : "v"(part));                                            \
    }                                                                            \
  }

// Runs `count` chains, each of which begins as `start` of its number i and goes from x to `next` in
// a round. The operand a, one of those declared in `operands`, is made anew for each step.
#define OTTOBIT_CHAINS(name, features, Vector, count, start, operands, next) \
  OTTOBIT_TARGET(features) void name(long rounds) {                          \
    Vector chain[count];                                                     \
    for (int i = 0; i < count; ++i) {                                        \
      chain[i] = start;                                                      \
    }                                                                        \
    operands;                                                                \
    for (long round = 0; round < rounds; ++round) {                          \
      _Pragma("GCC unroll 16") for (Vector & x : chain) {                    \
        asm("" : "+v"(a));                                                   \
        x = next;                                                            \
      }                                                                      \
    }                                                                        \
    for (Vector & x : chain) {                                               \
      asm volatile("" : : "v"(x));                                           \
    }                                                                        \
  }

OTTOBIT_CHAINS(int8_baseline, "sse2", __m128i, kChains, _mm_setzero_si128(),
               __m128i a = _mm_set1_epi16(3);
               const __m128i b = _mm_set1_epi16(5), _mm_add_epi32(x, _mm_madd_epi16(a, b)))

OTTOBIT_READ(read_avx2, "avx2", __m256i, _mm256_setzero_si256, _mm256_or_si256, _mm256_load_si256)
OTTOBIT_CHAINS(f32_avx2, "avx2,fma", __m256, kChains, _mm256_set1_ps(static_cast<float>(i)),
               __m256 a = _mm256_set1_ps(0.999F);
               const __m256 step = _mm256_set1_ps(0.5F), _mm256_fmadd_ps(x, a, step))
OTTOBIT_CHAINS(int8_avx2, "avx2", __m256i, kChains, _mm256_setzero_si256(),
               __m256i a = _mm256_set1_epi8(3);
               const __m256i b = _mm256_set1_epi8(5);
               const __m256i ones = _mm256_set1_epi16(1),
               _mm256_add_epi32(x, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones)))

OTTOBIT_READ(read_avx512, "avx512f", __m512i, _mm512_setzero_si512, _mm512_or_si512,
             _mm512_load_si512)
OTTOBIT_CHAINS(f32_avx512, "avx512f", __m512, kChains512, _mm512_set1_ps(static_cast<float>(i)),
               __m512 a = _mm512_set1_ps(0.999F);
               const __m512 step = _mm512_set1_ps(0.5F), _mm512_fmadd_ps(x, a, step))
OTTOBIT_CHAINS(int8_avx512, "avx512f,avx512bw", __m512i, kChains512, _mm512_setzero_si512(),
               __m512i a = _mm512_set1_epi8(3);
               const __m512i b = _mm512_set1_epi8(5);
               const __m512i ones = _mm512_set1_epi16(1),
               _mm512_add_epi32(x, _mm512_madd_epi16(_mm512_maddubs_epi16(a, b), ones)))
OTTOBIT_CHAINS(int8_vnni, "avx512f,avx512vnni", __m512i, kChains512, _mm512_setzero_si512(),
               __m512i a = _mm512_set1_epi8(3);
               const __m512i b = _mm512_set1_epi8(5), _mm512_dpbusd_epi32(x, a, b))
OTTOBIT_CHAINS(bf16_avx512, "avx512f,avx512bf16", __m512, kChains512,
               _mm512_set1_ps(static_cast<float>(i)),
               __m512i a = _mm512_set1_epi16(0x3C80),  // 2^-6 in bf16
               _mm512_dpbf16_ps(x, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(a)))

constexpr ProbeKernels kAvx2 = {"avx2",  read_avx2, f32_avx2,  kChains * 8 * 2.0,
                                nullptr, 0,         int8_avx2, kChains * 32 * 2.0};
constexpr ProbeKernels kAvx512 = {"avx512", read_avx512, f32_avx512,  kChains512 * 16 * 2.0,
                                  nullptr,  0,           int8_avx512, kChains512 * 64 * 2.0};
constexpr ProbeKernels kAvx512Bf16 = {
    "avx512_bf16", read_avx512,           f32_avx512, kChains512 * 16 * 2.0,
    bf16_avx512,   kChains512 * 32 * 2.0, int8_vnni,  kChains512 * 64 * 2.0};
// The library has asked for the tile registers where it says that it uses them.
void bf16_amx(long rounds) {
  struct alignas(64) Config {
    unsigned char palette = 1;
    unsigned char reserved[15] = {};
    unsigned short row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    unsigned char rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  };
  constexpr static Config kConfig;
  asm volatile("ldtilecfg %0" : : "m"(kConfig));  // which makes all tiles 0
  for (long round = 0; round < rounds; ++round) {
    asm volatile(
        "tdpbf16ps %%tmm7, %%tmm6, %%tmm0\n\ttdpbf16ps %%tmm7, %%tmm6, %%tmm1\n\t"
        "tdpbf16ps %%tmm7, %%tmm6, %%tmm2\n\ttdpbf16ps %%tmm7, %%tmm6, %%tmm3\n\t"
        "tdpbf16ps %%tmm7, %%tmm6, %%tmm4\n\ttdpbf16ps %%tmm7, %%tmm6, %%tmm5" ::);
  }
  asm volatile("tilerelease");
}

constexpr ProbeKernels kAmxBf16 = {"amx_bf16", read_avx512,
                                   f32_avx512, kChains512 * 16 * 2.0,
                                   bf16_amx,   6 * 16 * 16 * 32 * 2.0,
                                   int8_vnni,  kChains512 * 64 * 2.0};
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
  if (isa == kAmxBf16.isa && has_avx512_bf16()) {
    return kAmxBf16;
  }
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
