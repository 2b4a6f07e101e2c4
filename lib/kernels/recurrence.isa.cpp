// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set level: the recurrent kernels of that level.
#include "ottobit/kernels/make_recurrence.hpp"

OTTOBIT_ISA_BEGIN
extern const RecurrentKernels recurrent_kernels;
constinit const RecurrentKernels recurrent_kernels = make_recurrent_kernels();
OTTOBIT_ISA_END
