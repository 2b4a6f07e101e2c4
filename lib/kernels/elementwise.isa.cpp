// SPDX-License-Identifier: Apache-2.0
// Compiled once for each instruction set level: the elementwise kernels of that level.
#include "ottobit/kernels/make_elementwise.hpp"

OTTOBIT_ISA_BEGIN
extern const ElementwiseKernels elementwise_kernels;
constinit const ElementwiseKernels elementwise_kernels = make_elementwise_kernels();
OTTOBIT_ISA_END
