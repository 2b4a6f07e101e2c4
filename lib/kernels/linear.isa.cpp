// SPDX-License-Identifier: Apache-2.0
// The matrix products of one instruction set level. Compiled once for each level with its flags
// (cmake/isa.cmake); lib/kernels/dispatch.cpp chooses among the tables.
#include "ottobit/kernels/gemm_amx.hpp"
#include "ottobit/kernels/make_linear.hpp"

OTTOBIT_ISA_BEGIN

extern const LinearKernels linear_kernels;
constinit const LinearKernels linear_kernels = make_linear_kernels();

#if defined(OTTOBIT_HAS_BF16_DOT)
extern const LinearKernels amx_linear_kernels;
constinit const LinearKernels amx_linear_kernels = with_amx(make_linear_kernels());
#endif

OTTOBIT_ISA_END
