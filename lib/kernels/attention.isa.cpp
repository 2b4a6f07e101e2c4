// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set level: the attention kernels of that level.
#include "ottobit/kernels/make_attention.hpp"

OTTOBIT_ISA_BEGIN
extern const AttentionKernels attention_kernels;
constinit const AttentionKernels attention_kernels = make_attention_kernels();
OTTOBIT_ISA_END
