// SPDX-License-Identifier: Apache-2.0
// How much the small heads of an indexer like each key (DeepSeek-V3.2, arXiv:2512.02556, section
// 2.1): score(t, s) = sum over heads of w_h relu(q_h . k_s).
#pragma once

#include <algorithm>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/linear.hpp"

namespace ottobit {

/// What an indexer makes of the tokens of a pass.
struct IndexQueries {
  float* q;        ///< [T, heads, A]
  float* weights;  ///< [T, heads]
};

struct IndexShape {
  Index heads;
  Index head_dim;  ///< A

  [[nodiscard]] Index packed_stride(const LinearKernels& kernels) const noexcept {
    return round_up(kernels.packed_bytes(Compute::f32, heads, head_dim), kAlignment);
  }
  [[nodiscard]] Index scratch_stride(const LinearKernels& kernels) const noexcept {
    return round_up(kernels.scratch_bytes(Compute::f32, heads, head_dim), kAlignment);
  }
};

/// scores [count, keys.rows] of some tokens of the pass: products of the cached keys with the heads
/// of each token in f32, a block of keys after the other.
inline void score_keys(ExecContext& ctx, const IndexShape& shape, const IndexQueries& in,
                       RowRange tokens, const WeightView& keys, float* scores) {
  const Arena::Mark mark(ctx.arena);
  const LinearKernels& kernels = *ctx.kernels.linear;
  const Index heads = shape.heads;
  const Index width = shape.head_dim;
  const Index count = tokens.end - tokens.begin;
  const Index packed_bytes = shape.packed_stride(kernels);
  const Index scratch_bytes = shape.scratch_stride(kernels);
  auto* packed = ctx.arena.take<std::byte>(packed_bytes * count);
  auto* scratch = ctx.arena.take<std::byte>(scratch_bytes * ctx.parallel.threads());
  auto* products = ctx.arena.take<float>(heads * Packed::kGrain * ctx.parallel.threads());
  const float* const q = in.q + tokens.begin * heads * width;
  const float* const weights = in.weights + tokens.begin * heads;
  const Index k_blocks = (width + Packed::kBlock - 1) / Packed::kBlock;
  ctx.parallel.for_rows(count, 1, [&](Index begin, Index end, int) noexcept {
    for (Index t = begin; t < end; ++t) {
      kernels.pack(Compute::f32, q + t * heads * width, width, heads, width,
                   packed + t * packed_bytes, {0, k_blocks});
    }
  });
  const Index grains = (keys.rows + Packed::kGrain - 1) / Packed::kGrain;
  ctx.parallel.for_rows(grains, 1, [&](Index begin, Index end, int worker) noexcept {
    float* const y = products + worker * heads * Packed::kGrain;
    for (Index g = begin; g < end; ++g) {
      const Index first = g * Packed::kGrain;
      const WeightView part = slice(keys, {first, std::min(keys.rows, first + Packed::kGrain)});
      for (Index t = 0; t < count; ++t) {
        kernels.linear(Compute::f32, part, packed + t * packed_bytes, heads, y, Packed::kGrain,
                       {0, part.rows}, scratch + worker * scratch_bytes);
        float* const score = scores + t * keys.rows + first;
        std::fill_n(score, part.rows, 0.0F);
        for (Index h = 0; h < heads; ++h) {
          for (Index s = 0; s < part.rows; ++s) {
            score[s] += weights[t * heads + h] * std::max(y[h * Packed::kGrain + s], 0.0F);
          }
        }
      }
    }
  });
}

inline void score_workspace(const WorkspaceFor& use, const IndexShape& shape, Index count,
                            ArenaSize& size) {
  const LinearKernels& kernels = *use.kernels.linear;
  size.take<std::byte>(shape.packed_stride(kernels) * count);
  size.take<std::byte>(shape.scratch_stride(kernels) * use.threads);
  size.take<float>(shape.heads * Packed::kGrain * use.threads);
}

}  // namespace ottobit
