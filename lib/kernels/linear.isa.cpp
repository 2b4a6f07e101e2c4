// SPDX-License-Identifier: Apache-2.0
// The matrix products of one instruction set level. Compiled once for each level with its flags
// (cmake/isa.cmake); lib/kernels/dispatch.cpp chooses among the tables.
#include "ottobit/kernels/make_linear.hpp"

OTTOBIT_ISA_BEGIN

extern const LinearKernels linear_kernels;
constinit const LinearKernels linear_kernels = make_linear_kernels();

OTTOBIT_ISA_END
