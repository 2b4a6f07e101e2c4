// SPDX-License-Identifier: Apache-2.0
// The attention kernels of this translation unit's instruction set level as one group.
#pragma once

#include "ottobit/kernels/attention.hpp"
#include "ottobit/kernels/table.hpp"

OTTOBIT_ISA_BEGIN

constexpr AttentionKernels make_attention_kernels() noexcept {
  return {.items = attention_items,
          .scratch_bytes = attention_scratch_bytes,
          .attention = attention,
          .store_kv = store_kv};
}

OTTOBIT_ISA_END
