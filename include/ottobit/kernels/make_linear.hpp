// SPDX-License-Identifier: Apache-2.0
// make_linear_kernels(): the matrix products of the level this translation unit is compiled for. An
// application may include it, compile with its own flags and use the result without linking
// anything.
#pragma once

#include "ottobit/isa.hpp"
#include "ottobit/kernels/linear.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/kernels/transposed.hpp"

OTTOBIT_ISA_BEGIN

[[nodiscard]] constexpr LinearKernels make_linear_kernels() noexcept {
  return {.has_fast_bf16 = kHasBf16Dot,
          .dequant_f32 = dequant_f32,
          .dequant_bf16 = dequant_bf16,
          .packed_bytes = packed_bytes,
          .pack = pack,
          .scratch_bytes = scratch_bytes,
          .linear = linear,
          .linear_transposed = linear_transposed};
}

OTTOBIT_ISA_END
