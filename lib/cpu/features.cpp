// SPDX-License-Identifier: Apache-2.0
#include "cpu/features.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ottobit {
namespace {

struct FeatureName {
  CpuFeature feature;
  std::string_view name;
};

constexpr std::array<FeatureName, 30> kFeatureNames{{
    {CpuFeature::sse3, "sse3"},
    {CpuFeature::ssse3, "ssse3"},
    {CpuFeature::sse4_1, "sse4_1"},
    {CpuFeature::sse4_2, "sse4_2"},
    {CpuFeature::popcnt, "popcnt"},
    {CpuFeature::cx16, "cx16"},
    {CpuFeature::lahf, "lahf"},
    {CpuFeature::movbe, "movbe"},
    {CpuFeature::lzcnt, "lzcnt"},
    {CpuFeature::bmi1, "bmi1"},
    {CpuFeature::bmi2, "bmi2"},
    {CpuFeature::avx, "avx"},
    {CpuFeature::f16c, "f16c"},
    {CpuFeature::fma, "fma"},
    {CpuFeature::avx2, "avx2"},
    {CpuFeature::avx_vnni, "avx_vnni"},
    {CpuFeature::avx512f, "avx512f"},
    {CpuFeature::avx512cd, "avx512cd"},
    {CpuFeature::avx512dq, "avx512dq"},
    {CpuFeature::avx512bw, "avx512bw"},
    {CpuFeature::avx512vl, "avx512vl"},
    {CpuFeature::avx512ifma, "avx512ifma"},
    {CpuFeature::avx512vbmi, "avx512vbmi"},
    {CpuFeature::avx512vbmi2, "avx512vbmi2"},
    {CpuFeature::avx512vnni, "avx512vnni"},
    {CpuFeature::avx512bf16, "avx512bf16"},
    {CpuFeature::avx512fp16, "avx512fp16"},
    {CpuFeature::amx_tile, "amx_tile"},
    {CpuFeature::amx_bf16, "amx_bf16"},
    {CpuFeature::amx_int8, "amx_int8"},
}};

enum class Register { eax, ebx, ecx, edx };

struct CpuidBit {
  CpuFeature feature;
  std::uint32_t leaf;
  std::uint32_t subleaf;
  Register where;
  unsigned bit;
};

constexpr std::uint32_t kExtended = 0x80000001U;

constexpr std::array<CpuidBit, 30> kCpuidBits{{
    {CpuFeature::sse3, 1, 0, Register::ecx, 0},
    {CpuFeature::ssse3, 1, 0, Register::ecx, 9},
    {CpuFeature::fma, 1, 0, Register::ecx, 12},
    {CpuFeature::cx16, 1, 0, Register::ecx, 13},
    {CpuFeature::sse4_1, 1, 0, Register::ecx, 19},
    {CpuFeature::sse4_2, 1, 0, Register::ecx, 20},
    {CpuFeature::movbe, 1, 0, Register::ecx, 22},
    {CpuFeature::popcnt, 1, 0, Register::ecx, 23},
    {CpuFeature::avx, 1, 0, Register::ecx, 28},
    {CpuFeature::f16c, 1, 0, Register::ecx, 29},
    {CpuFeature::bmi1, 7, 0, Register::ebx, 3},
    {CpuFeature::avx2, 7, 0, Register::ebx, 5},
    {CpuFeature::bmi2, 7, 0, Register::ebx, 8},
    {CpuFeature::avx512f, 7, 0, Register::ebx, 16},
    {CpuFeature::avx512dq, 7, 0, Register::ebx, 17},
    {CpuFeature::avx512ifma, 7, 0, Register::ebx, 21},
    {CpuFeature::avx512cd, 7, 0, Register::ebx, 28},
    {CpuFeature::avx512bw, 7, 0, Register::ebx, 30},
    {CpuFeature::avx512vl, 7, 0, Register::ebx, 31},
    {CpuFeature::avx512vbmi, 7, 0, Register::ecx, 1},
    {CpuFeature::avx512vbmi2, 7, 0, Register::ecx, 6},
    {CpuFeature::avx512vnni, 7, 0, Register::ecx, 11},
    {CpuFeature::amx_bf16, 7, 0, Register::edx, 22},
    {CpuFeature::avx512fp16, 7, 0, Register::edx, 23},
    {CpuFeature::amx_tile, 7, 0, Register::edx, 24},
    {CpuFeature::amx_int8, 7, 0, Register::edx, 25},
    {CpuFeature::avx_vnni, 7, 1, Register::eax, 4},
    {CpuFeature::avx512bf16, 7, 1, Register::eax, 5},
    {CpuFeature::lahf, kExtended, 0, Register::ecx, 0},
    {CpuFeature::lzcnt, kExtended, 0, Register::ecx, 5},
}};

constexpr std::uint64_t kNeedsYmm = feature_mask(CpuFeature::avx, CpuFeature::f16c, CpuFeature::fma,
                                                 CpuFeature::avx2, CpuFeature::avx_vnni);
constexpr std::uint64_t kNeedsZmm = feature_mask(
    CpuFeature::avx512f, CpuFeature::avx512cd, CpuFeature::avx512dq, CpuFeature::avx512bw,
    CpuFeature::avx512vl, CpuFeature::avx512ifma, CpuFeature::avx512vbmi, CpuFeature::avx512vbmi2,
    CpuFeature::avx512vnni, CpuFeature::avx512bf16, CpuFeature::avx512fp16);
constexpr std::uint64_t kNeedsTiles =
    feature_mask(CpuFeature::amx_tile, CpuFeature::amx_bf16, CpuFeature::amx_int8);
constexpr std::uint64_t kYmmState = 0x06;  // XCR0: SSE and AVX
constexpr std::uint64_t kZmmState = 0xE6;  // and opmask, the upper halves, the upper registers
constexpr std::uint64_t kTileState = 0x60000;

std::uint32_t pick(const CpuidResult& result, Register where) noexcept {
  switch (where) {
    case Register::eax:
      return result.eax;
    case Register::ebx:
      return result.ebx;
    case Register::ecx:
      return result.ecx;
    default:
      return result.edx;
  }
}

std::uint64_t decode_bits(CpuidReader cpuid, std::uint64_t xcr0) noexcept {
  std::uint64_t bits = 0;
  for (const CpuidBit& entry : kCpuidBits) {
    // Leaf 7 says in eax how many subleaves it has.
    if (entry.subleaf > 0 && cpuid(entry.leaf, 0).eax < entry.subleaf) {
      continue;
    }
    const std::uint32_t value = pick(cpuid(entry.leaf, entry.subleaf), entry.where);
    if ((value >> entry.bit & 1U) != 0) {
      bits |= feature_mask(entry.feature);
    }
  }
  constexpr unsigned kOsxsave = 27;
  const bool reads_xcr0 = (cpuid(1, 0).ecx >> kOsxsave & 1U) != 0;
  if (!reads_xcr0 || (xcr0 & kYmmState) != kYmmState) {
    bits &= ~(kNeedsYmm | kNeedsZmm);
  }
  if ((xcr0 & kZmmState) != kZmmState) {
    bits &= ~kNeedsZmm;
  }
  if ((xcr0 & kTileState) != kTileState) {
    bits &= ~kNeedsTiles;
  }
  return bits;
}

// 48 characters in three leaves, padded with blanks or NUL on either side.
void decode_brand(CpuidReader cpuid, std::array<char, 49>& brand) noexcept {
  std::array<char, 48> text{};
  for (std::uint32_t part = 0; part < 3; ++part) {
    const CpuidResult r = cpuid(0x80000002U + part, 0);
    const std::array<std::uint32_t, 4> words{r.eax, r.ebx, r.ecx, r.edx};
    std::memcpy(text.data() + std::size_t{16} * part, words.data(), 16);
  }
  const auto* end = std::find(text.begin(), text.end(), '\0');
  const auto* begin =
      std::find_if(std::as_const(text).begin(), end, [](char c) { return c != ' '; });
  while (end != begin && *(end - 1) == ' ') {
    --end;
  }
  std::copy(begin, end, brand.begin());
}

// Leaf 4 (Intel) and leaf 0x8000001D (AMD) have the same layout.
void decode_caches(CpuidReader cpuid, std::uint32_t leaf, CpuFeatures& cpu) noexcept {
  constexpr std::uint32_t kMostCaches = 16;
  for (std::uint32_t i = 0; i < kMostCaches; ++i) {
    const CpuidResult r = cpuid(leaf, i);
    const std::uint32_t type = r.eax & 0x1FU;
    if (type == 0) {
      return;
    }
    const auto ways = static_cast<std::int64_t>((r.ebx >> 22U) + 1);
    const auto partitions = static_cast<std::int64_t>((r.ebx >> 12U & 0x3FFU) + 1);
    const auto line = static_cast<std::int64_t>((r.ebx & 0xFFFU) + 1);
    const std::int64_t bytes = ways * partitions * line * (static_cast<std::int64_t>(r.ecx) + 1);
    constexpr std::uint32_t kInstructions = 2;
    const std::uint32_t level = r.eax >> 5U & 7U;
    if (level == 1 && type != kInstructions) {
      cpu.l1d_cache_bytes = bytes;
    } else if (level == 2) {
      cpu.l2_cache_bytes = bytes;
    } else if (level == 3) {
      cpu.l3_cache_bytes = bytes;
    }
  }
}

#if defined(__x86_64__)
CpuidResult read_cpuid(std::uint32_t leaf, std::uint32_t subleaf) noexcept {
  CpuidResult r;
  if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) {
    return {};
  }
  return r;
}

// XGETBV with ecx = 0, written as bytes: the compiler may only know it under -mxsave.
std::uint64_t read_xcr0() noexcept {
  constexpr unsigned kOsxsave = 27;
  if ((read_cpuid(1, 0).ecx >> kOsxsave & 1U) == 0) {
    return 0;
  }
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32U | low;
}
#endif

}  // namespace

CpuFeatures decode_cpuid(CpuidReader cpuid, std::uint64_t xcr0) noexcept {
  CpuFeatures cpu;
  cpu.bits = decode_bits(cpuid, xcr0);
  decode_brand(cpuid, cpu.brand);
  decode_caches(cpuid, 4, cpu);
  if (cpu.l1d_cache_bytes == 0) {
    decode_caches(cpuid, 0x8000001DU, cpu);
  }
  return cpu;
}

const CpuFeatures& detect_cpu() noexcept {
#if defined(__x86_64__)
  static const CpuFeatures cpu = decode_cpuid(read_cpuid, read_xcr0());
#else
  static const CpuFeatures cpu;
#endif
  return cpu;
}

bool may_use_tiles() noexcept {
#if defined(__x86_64__) && defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM, Linux 5.16
  constexpr long kTileData = 18;
  static const bool may = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return may;
#else
  return false;
#endif
}

std::vector<std::string_view> feature_names(std::uint64_t bits) {
  std::vector<std::string_view> names;
  for (const FeatureName& entry : kFeatureNames) {
    if ((bits & feature_mask(entry.feature)) != 0) {
      names.push_back(entry.name);
    }
  }
  return names;
}

}  // namespace ottobit
