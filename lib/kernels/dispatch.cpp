// SPDX-License-Identifier: Apache-2.0
// Which kernel tables this machine can run. The build announces the levels it compiled with
// OTTOBIT_HAVE_<LEVEL>; the baseline is always there. Compiled without instruction set flags.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "ottobit/kernels/table.hpp"

#include "cpu/features.hpp"

// Defined in *.isa.cpp, each compiled once per level.
#define OTTOBIT_DECLARE_LEVEL(level)                   \
  namespace ottobit::level {                           \
  extern const LinearKernels linear_kernels;           \
  extern const AttentionKernels attention_kernels;     \
  extern const ElementwiseKernels elementwise_kernels; \
  extern const RecurrentKernels recurrent_kernels;     \
  }
#define OTTOBIT_LEVEL_TABLE(level)                                                          \
  {                                                                                         \
#level, &level::linear_kernels, &level::attention_kernels, &level::elementwise_kernels, \
        &level::recurrent_kernels                                                           \
  }

OTTOBIT_DECLARE_LEVEL(baseline)
#if defined(OTTOBIT_HAVE_AVX2)
OTTOBIT_DECLARE_LEVEL(avx2)
#endif
#if defined(OTTOBIT_HAVE_AVX512)
OTTOBIT_DECLARE_LEVEL(avx512)
#endif
#if defined(OTTOBIT_HAVE_AVX512_BF16)
OTTOBIT_DECLARE_LEVEL(avx512_bf16)
namespace ottobit::avx512_bf16 {
extern const LinearKernels amx_linear_kernels;
}
#endif

namespace ottobit {
namespace {

using enum CpuFeature;

// Everything the compiler may use under the flags of a level (psABI x86-64-v3 and -v4), not only
// what the kernels name.
[[maybe_unused]] constexpr std::uint64_t kAvx2Features =
    feature_mask(sse3, ssse3, sse4_1, sse4_2, popcnt, cx16, lahf, movbe, lzcnt, bmi1, bmi2, avx,
                 f16c, fma, avx2);
[[maybe_unused]] constexpr std::uint64_t kAvx512Features =
    kAvx2Features | feature_mask(avx512f, avx512cd, avx512dq, avx512bw, avx512vl);
[[maybe_unused]] constexpr std::uint64_t kAvx512Bf16Features =
    kAvx512Features | feature_mask(avx512ifma, avx512vbmi, avx512vbmi2, avx512vnni, avx512bf16);
constexpr std::uint64_t kTileFeatures = feature_mask(amx_tile, amx_bf16);

struct Level {
  KernelTable table;
  std::uint64_t required;
};

// Best first.
constexpr Level kLevels[] = {
#if defined(OTTOBIT_HAVE_AVX512_BF16)
    {{"amx_bf16", &avx512_bf16::amx_linear_kernels, &avx512_bf16::attention_kernels,
      &avx512_bf16::elementwise_kernels, &avx512_bf16::recurrent_kernels},
     kAvx512Bf16Features | kTileFeatures},
    {OTTOBIT_LEVEL_TABLE(avx512_bf16), kAvx512Bf16Features},
#endif
#if defined(OTTOBIT_HAVE_AVX512)
    {OTTOBIT_LEVEL_TABLE(avx512), kAvx512Features},
#endif
#if defined(OTTOBIT_HAVE_AVX2)
    {OTTOBIT_LEVEL_TABLE(avx2), kAvx2Features},
#endif
    {OTTOBIT_LEVEL_TABLE(baseline), 0},
};

struct Supported {
  std::array<const KernelTable*, std::size(kLevels)> tables{};
  std::size_t count = 0;
};

bool is_usable(const Level& level) noexcept {
  return detect_cpu().has(level.required) &&
         ((level.required & kTileFeatures) == 0 || may_use_tiles());
}

Supported find_supported() noexcept {
  Supported supported;
  for (const Level& level : kLevels) {
    if (is_usable(level)) {
      supported.tables[supported.count++] = &level.table;
    }
  }
  return supported;
}

}  // namespace

std::span<const KernelTable* const> supported_kernel_tables() noexcept {
  static const Supported supported = find_supported();
  return {supported.tables.data(), supported.count};
}

const KernelTable* find_kernel_table(std::string_view isa) noexcept {
  if (isa.empty()) {
    return supported_kernel_tables().front();
  }
  const auto* const level = std::find_if(std::begin(kLevels), std::end(kLevels),
                                         [&](const Level& each) { return each.table.isa == isa; });
  return level != std::end(kLevels) && is_usable(*level) ? &level->table : nullptr;
}

}  // namespace ottobit
