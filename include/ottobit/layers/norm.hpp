// SPDX-License-Identifier: Apache-2.0
// RmsNorm: y = w * x / sqrt(mean(x^2) + eps) (Zhang and Sennrich 2019, arXiv:1910.07467), in f32.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

struct RmsNorm {
  Floats weight;  ///< [D]
  float eps = 0.0F;
  bool centred = false;

  [[nodiscard]] static RmsNorm bind(const WeightScope& scope, Index dim, const NormSpec& spec) {
    RmsNorm norm{scope.vector("weight", dim), static_cast<float>(spec.eps), spec.centred};
    for (float& weight : norm.weight) {
      weight += spec.plus_one ? 1.0F : 0.0F;
    }
    return norm;
  }

  /// out [T, D] = norm(x [T, D]), both contiguous; out may be x.
  void forward(ExecContext& ctx, const float* x, Index tokens, float* out) const {
    const auto dim = static_cast<Index>(weight.size());
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      const float* from = x;
      if (centred) {
        centre(x, dim, {begin, end}, out);
        from = out;
      }
      ctx.kernels.elementwise->rms_norm(from, dim, weight.data(), eps, dim, out, dim, {begin, end});
    });
  }

 private:
  /// Rows of x less their means; out may be x.
  static void centre(const float* x, Index dim, RowRange rows, float* out) noexcept {
    for (Index r = rows.begin; r < rows.end; ++r) {
      double sum = 0.0;
      for (Index i = 0; i < dim; ++i) {
        sum += static_cast<double>(x[r * dim + i]);
      }
      const auto mean = static_cast<float>(sum / static_cast<double>(dim));
      for (Index i = 0; i < dim; ++i) {
        out[r * dim + i] = x[r * dim + i] - mean;
      }
    }
  }
};

/// LayerNorm: y = (x - mean) / sqrt(variance + eps) * w + b (Ba et al. 2016, arXiv:1607.06450).
struct LayerNorm {
  Floats weight;  ///< [D]
  Floats bias;    ///< [D]
  float eps = 0.0F;

  [[nodiscard]] static LayerNorm bind(const WeightScope& scope, Index dim, double eps) {
    return {scope.vector("weight", dim), scope.vector("bias", dim), static_cast<float>(eps)};
  }

  /// Rows of x [.., D] in place.
  void apply(float* x, RowRange rows) const noexcept {
    const auto dim = static_cast<Index>(weight.size());
    for (Index r = rows.begin; r < rows.end; ++r) {
      float* const row = x + r * dim;
      double sum = 0.0;
      double squares = 0.0;
      for (Index i = 0; i < dim; ++i) {
        sum += static_cast<double>(row[i]);
        squares += static_cast<double>(row[i]) * static_cast<double>(row[i]);
      }
      const double mean = sum / static_cast<double>(dim);
      const double variance = squares / static_cast<double>(dim) - mean * mean;
      const double factor = 1.0 / std::sqrt(variance + static_cast<double>(eps));
      for (Index i = 0; i < dim; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double normed = (static_cast<double>(row[i]) - mean) * factor;
        row[i] = static_cast<float>(normed) * weight[at] + bias[at];
      }
    }
  }
};

/// Makes the length of a row of `dim` elements sqrt(dim) * weight: length^2 + 1e-6 under the root,
/// as a norm by the mean square.
[[nodiscard]] inline RmsNorm length_norm(Index dim, double weight) {
  return {Floats(static_cast<std::size_t>(dim), static_cast<float>(weight)),
          static_cast<float>(1e-6 / static_cast<double>(dim))};
}

/// x [T, D] = x + y by the rule of a residual connection; h [T, D] is the norm of x, y what the
/// part made of it; all contiguous.
inline void add_residual(ExecContext& ctx, const ResidualSpec& rule, float* x, const float* h,
                         const float* y, Index tokens, Index dim) {
  const bool plain = !rule.normed && rule.keep == 1.0 && rule.add == 1.0;
  const ElementwiseKernels& kernels = *ctx.kernels.elementwise;
  ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
    const Index first = begin * dim;
    const Index n = (end - begin) * dim;
    if (plain) {
      kernels.add(x + first, y + first, n);
      return;
    }
    if (rule.normed) {
      std::copy_n(h + first, n, x + first);
    }
    kernels.scale(x + first, static_cast<float>(rule.keep), n);
    kernels.add_scaled(x + first, y + first, static_cast<float>(rule.add), n);
  });
}

}  // namespace ottobit
