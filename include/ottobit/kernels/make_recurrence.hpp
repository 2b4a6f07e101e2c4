// SPDX-License-Identifier: Apache-2.0
// The recurrent kernels of this translation unit's instruction set level as one group.
#pragma once

#include "ottobit/kernels/recurrence.hpp"
#include "ottobit/kernels/table.hpp"

OTTOBIT_ISA_BEGIN

constexpr RecurrentKernels make_recurrent_kernels() noexcept {
  return {.items = recurrence_items, .recurrence = recurrence, .short_conv = short_conv};
}

OTTOBIT_ISA_END
