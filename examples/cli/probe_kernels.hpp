// SPDX-License-Identifier: Apache-2.0
// The kernels behind Probe, one set for each ISA level of the library. Each function carries its
// own target attribute, so the file needs no flags, and nothing of it may be called on a processor
// without that level.
#pragma once

#include <cstddef>
#include <string_view>

namespace ottobit::cli {

struct ProbeKernels {
  std::string_view isa;
  /// Loads `bytes` (a multiple of 1024) from `data`, aligned to 64.
  void (*read)(const std::byte* data, std::size_t bytes);
  /// Each runs `rounds` rounds of independent chains that stay in registers; the second member is
  /// the number of operations in a round. Null where the level has no such instruction.
  void (*f32)(long rounds);
  double f32_operations;
  void (*bf16)(long rounds);
  double bf16_operations;
  void (*int8)(long rounds);
  double int8_operations;
};

/// The kernels of a level; the baseline's where the level is unknown or this CPU lacks it.
[[nodiscard]] const ProbeKernels& probe_kernels(std::string_view isa);

}  // namespace ottobit::cli
