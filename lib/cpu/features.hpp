// SPDX-License-Identifier: Apache-2.0
// What this processor and its operating system can do, and how many cores this process may use.
// Compiled without instruction set flags and outside link-time optimisation: it runs before
// anything is known about the machine. Own CPUID code, because the names __builtin_cpu_supports
// accepts differ between compilers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ottobit {

/// One bit each. A feature is set only if the operating system saves the registers it needs.
enum class CpuFeature : std::uint64_t {
  sse3 = 1ULL << 0U,
  ssse3 = 1ULL << 1U,
  sse4_1 = 1ULL << 2U,
  sse4_2 = 1ULL << 3U,
  popcnt = 1ULL << 4U,
  cx16 = 1ULL << 5U,
  lahf = 1ULL << 6U,
  movbe = 1ULL << 7U,
  lzcnt = 1ULL << 8U,
  bmi1 = 1ULL << 9U,
  bmi2 = 1ULL << 10U,
  avx = 1ULL << 11U,
  f16c = 1ULL << 12U,
  fma = 1ULL << 13U,
  avx2 = 1ULL << 14U,
  avx_vnni = 1ULL << 15U,
  avx512f = 1ULL << 16U,
  avx512cd = 1ULL << 17U,
  avx512dq = 1ULL << 18U,
  avx512bw = 1ULL << 19U,
  avx512vl = 1ULL << 20U,
  avx512ifma = 1ULL << 21U,
  avx512vbmi = 1ULL << 22U,
  avx512vbmi2 = 1ULL << 23U,
  avx512vnni = 1ULL << 24U,
  avx512bf16 = 1ULL << 25U,
  avx512fp16 = 1ULL << 26U,
  amx_tile = 1ULL << 27U,
  amx_bf16 = 1ULL << 28U,
  amx_int8 = 1ULL << 29U,
};

/// The union of several features.
template <class... Features>
constexpr std::uint64_t feature_mask(Features... features) noexcept {
  return (std::uint64_t{0} | ... | static_cast<std::uint64_t>(features));
}

struct CpuFeatures {
  std::uint64_t bits = 0;            ///< of CpuFeature; 0 on processors other than x86-64
  std::array<char, 49> brand{};      ///< as the processor names itself, NUL-terminated; may be ""
  std::int64_t l1d_cache_bytes = 0;  ///< per core; 0 where unknown
  std::int64_t l2_cache_bytes = 0;
  std::int64_t l3_cache_bytes = 0;  ///< of one group of cores that share it

  /// True if every feature of `mask` is there.
  [[nodiscard]] bool has(std::uint64_t mask) const noexcept { return (bits & mask) == mask; }
};

/// This machine; found out at the first call, in any thread.
const CpuFeatures& detect_cpu() noexcept;

/// Asks the operating system, at the first call, to let this process use the tile registers of AMX,
/// which processes may not by themselves. From then on it refuses signal stacks (sigaltstack) that
/// could not hold them: less than getauxval(AT_MINSIGSTKSZ), some 11 KB. False: it does not, or one
/// of the process's threads has such a stack already.
bool may_use_tiles() noexcept;

/// The names of the features that are set, in the order of CpuFeature, e.g. "avx512f".
std::vector<std::string_view> feature_names(std::uint64_t bits);

/// Registers after CPUID.
struct CpuidResult {
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;
};

/// Reads one leaf of CPUID; all zero for a leaf the processor does not have.
using CpuidReader = CpuidResult (*)(std::uint32_t leaf, std::uint32_t subleaf) noexcept;

/// The meaning of CPUID and of XCR0 (the register state the operating system saves), without
/// executing either. Intel SDM vol. 2A, CPUID, and vol. 1, ch. 13.
CpuFeatures decode_cpuid(CpuidReader cpuid, std::uint64_t xcr0) noexcept;

// --- cores
// ----------------------------------------------------------------------------------------

/// Physical cores this process may use, at least 1: of the affinity mask one logical processor per
/// core, on hybrid processors performance cores only (if the mask has any), and no more than the
/// CPU quota of its control group.
int usable_cores();

/// Logical processors this process may use, at least 1.
int usable_processors();

/// "0-3,8,10-11" as numbers; what cannot be read ends the list. At most 4096.
std::vector<int> parse_cpu_list(std::string_view text);

/// Cores among the logical processors `cpus`, by the topology below `sysfs` ("/sys"); processors
/// without an entry count as cores.
int count_cores(const std::vector<int>& cpus, const std::string& sysfs);

/// CPUs granted by the control groups that `proc_cgroup` (the text of /proc/self/cgroup) names
/// below `mount` ("/sys/fs/cgroup"): the smallest quota / period up to the root; 0 where there is
/// none.
double cgroup_cpus(std::string_view proc_cgroup, const std::string& mount);

}  // namespace ottobit
