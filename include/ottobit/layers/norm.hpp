// SPDX-License-Identifier: Apache-2.0
// RmsNorm: y = w * x / sqrt(mean(x^2) + eps) (Zhang and Sennrich 2019, arXiv:1910.07467), in f32.
#pragma once

#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

struct RmsNorm {
  std::vector<float> weight;  ///< [D]
  float eps = 0.0F;

  [[nodiscard]] static RmsNorm bind(const WeightScope& scope, Index dim, const NormSpec& spec) {
    RmsNorm norm{scope.vector("weight", dim), static_cast<float>(spec.eps)};
    for (float& weight : norm.weight) {
      weight += spec.plus_one ? 1.0F : 0.0F;
    }
    return norm;
  }

  /// out [T, D] = norm(x [T, D]), both contiguous; out may be x.
  void forward(ExecContext& ctx, const float* x, Index tokens, float* out) const noexcept {
    const Index dim = static_cast<Index>(weight.size());
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      ctx.kernels.elementwise->rms_norm(x, dim, weight.data(), eps, dim, out, dim, {begin, end});
    });
  }
};

/// x [T, D] += y [T, D], both contiguous: the residual connection.
inline void add_residual(ExecContext& ctx, float* x, const float* y, Index tokens,
                         Index dim) noexcept {
  ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
    ctx.kernels.elementwise->add(x + begin * dim, y + begin * dim, (end - begin) * dim);
  });
}

}  // namespace ottobit
