// SPDX-License-Identifier: Apache-2.0
// Embedding: x[t] = E[id[t]] * scale, rows of a weight matrix [V, D] in any storage format.
#pragma once

#include <cstdint>
#include <span>

#include "ottobit/layers/context.hpp"
#include "ottobit/weight.hpp"

namespace ottobit {

struct Embedding {
  WeightView weight;
  float scale = 1.0F;

  /// x [T, D] contiguous; every id lies in [0, V).
  void forward(ExecContext& ctx, std::span<const std::int32_t> ids, float* x) const {
    const auto tokens = static_cast<Index>(ids.size());
    ctx.parallel.for_rows(tokens, 16, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        const Index id = ids[static_cast<std::size_t>(t)];
        ctx.kernels.linear->dequant_f32(weight, {id, id + 1}, x + t * weight.cols, weight.cols);
        if (scale != 1.0F) {
          ctx.kernels.elementwise->scale(x + t * weight.cols, scale, weight.cols);
        }
      }
    });
  }
};

}  // namespace ottobit
