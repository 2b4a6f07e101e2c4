// SPDX-License-Identifier: Apache-2.0
// The elementwise kernels of this translation unit's instruction set level as one group.
#pragma once

#include "ottobit/kernels/activation.hpp"
#include "ottobit/kernels/norm.hpp"
#include "ottobit/kernels/rope.hpp"
#include "ottobit/kernels/select.hpp"
#include "ottobit/kernels/softmax.hpp"
#include "ottobit/kernels/table.hpp"

OTTOBIT_ISA_BEGIN

constexpr ElementwiseKernels make_elementwise_kernels() noexcept {
  return {.rms_norm = rms_norm,
          .rope = rope,
          .silu_mul = silu_mul,
          .gelu_mul = gelu_mul,
          .swiglu_limited = swiglu_limited,
          .silu_mul_limited = silu_mul_limited,
          .sigmoid_mul = sigmoid_mul,
          .relu_squared = relu_squared,
          .soft_cap = soft_cap,
          .scale = scale,
          .multiply = multiply,
          .add = add,
          .add_scaled = add_scaled,
          .softmax = softmax,
          .argmax = argmax,
          .top_k = top_k};
}

OTTOBIT_ISA_END
