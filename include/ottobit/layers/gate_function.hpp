// SPDX-License-Identifier: Apache-2.0
// GateFunction: what a gated feed-forward network makes of its gate and its up projection.
#pragma once

#include "ottobit/kernels/table.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

struct GateFunction {
  Activation activation = Activation::silu;
  float limit = 0.0F;

  /// Whether it takes what a gate and what another matrix make of the input; else only the latter.
  [[nodiscard]] bool is_gated() const noexcept { return activation != Activation::relu_squared; }
  /// gate[i] = f(gate[i], up[i]) for i < n; without a gate, f(gate[i]).
  void operator()(const KernelTable& kernels, float* gate, const float* up,
                  Index n) const noexcept {
    switch (activation) {
      case Activation::silu:
        return kernels.elementwise->silu_mul(gate, up, gate, n);
      case Activation::gelu_tanh:
        return kernels.elementwise->gelu_mul(gate, up, gate, n);
      case Activation::swiglu_limited:
        return kernels.elementwise->swiglu_limited(gate, up, limit, gate, n);
      case Activation::silu_limited:
        return kernels.elementwise->silu_mul_limited(gate, up, {.gate = limit, .up = limit}, gate,
                                                     n);
      case Activation::limited_silu:
        return kernels.elementwise->silu_mul_limited(gate, up, {.activated = limit, .up = limit},
                                                     gate, n);
      case Activation::relu_squared:
        return kernels.elementwise->relu_squared(gate, n);
    }
  }
};

}  // namespace ottobit
