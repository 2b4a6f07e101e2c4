// SPDX-License-Identifier: Apache-2.0
// Per-layer embeddings (Gemma 3n and 4, the E models): each block has an input of its own, of P
// elements for each token, made from a table and from the embedding x0 [D] of the token, before the
// first block:
//   p = (E' [id] sqrt(P) + norm(W x0 / sqrt(D))) / sqrt(2),  W [L P, D], the norm over P
// and lets it into the residual stream by a gate:
//   x += norm(Wo (gelu(Wg x) * p))
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/embedding.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// The inputs of all L blocks.
class LayerInputs {
 public:
  /// `scope`: that of the model.
  [[nodiscard]] static LayerInputs bind(const LayerInputSpec& spec, Index blocks, Index dim,
                                        const NormSpec& norm, const WeightScope& scope) {
    const Index width = blocks * spec.dim;
    return {{scope.matrix("embed_tokens_per_layer", {spec.vocab, width}),
             static_cast<float>(std::sqrt(static_cast<double>(spec.dim)))},
            Linear::bind(scope("per_layer_model_projection"), {width, dim}, false),
            RmsNorm::bind(scope("per_layer_projection_norm"), spec.dim, norm)};
  }

  /// out [T, L, P] of the ids and their embeddings x0 [T, D].
  void forward(ExecContext& ctx, std::span<const std::int32_t> ids, const float* x0,
               float* out) const {
    const Arena::Mark mark(ctx.arena);
    const auto tokens = static_cast<Index>(ids.size());
    const Index width = projection.rows();
    const Index dim = projection.weight.cols;
    const auto p = static_cast<Index>(norm.weight.size());
    auto* looked_up = ctx.arena.take<float>(tokens * width);
    table.forward(ctx, ids, looked_up);
    const Packed packed(ctx, x0, dim, tokens, dim);
    packed.multiply({{projection, out, width}});
    const auto shrink = static_cast<float>(1.0 / std::sqrt(static_cast<double>(dim)));
    constexpr float kHalfPower = 0.70710678118654752F;
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      const ElementwiseKernels& kernels = *ctx.kernels.elementwise;
      for (Index t = begin; t < end; ++t) {
        float* const row = out + t * width;
        kernels.scale(row, shrink, width);
        kernels.rms_norm(row, p, norm.weight.data(), norm.eps, p, row, p, {0, width / p});
        kernels.add(row, looked_up + t * width, width);
        kernels.scale(row, kHalfPower, width);
      }
    });
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>(use.tokens * projection.rows());
    Packed::workspace(use, projection.weight.cols, size);
  }

  Embedding table;    ///< E' [V', L P]
  Linear projection;  ///< W
  RmsNorm norm;
};

/// Where a block takes its input.
class LayerGate {
 public:
  /// `scope`: that of the block.
  [[nodiscard]] static LayerGate bind(Index width, Index dim, const NormSpec& norm,
                                      const WeightScope& scope) {
    return {Linear::bind(scope("per_layer_input_gate"), {width, dim}, false),
            Linear::bind(scope("per_layer_projection"), {dim, width}, false),
            RmsNorm::bind(scope("post_per_layer_input_norm"), dim, norm)};
  }

  /// out [T, D] of x [T, D], both contiguous, and the inputs [T, P], a stride apart.
  void forward(ExecContext& ctx, const float* x, const float* inputs, Index stride, Index tokens,
               float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index dim = gate.weight.cols;
    const Index width = gate.rows();
    auto* gated = ctx.arena.take<float>(tokens * width);
    const Packed packed(ctx, x, dim, tokens, dim);
    packed.multiply({{gate, gated, width}});
    for (Index t = 0; t < tokens; ++t) {
      float* const row = gated + t * width;
      ctx.kernels.elementwise->gelu_mul(row, inputs + t * stride, row, width);
    }
    const Packed activated(ctx, gated, width, tokens, width);
    activated.multiply({{projection, out, dim}});
    norm.forward(ctx, out, tokens, out);
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>(use.tokens * gate.rows());
    Packed::workspace(use, gate.weight.cols, size);
    Packed::workspace(use, gate.rows(), size);
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    see(gate, 1.0);
    see(projection, 1.0);
  }

  Linear gate;        ///< Wg [P, D]
  Linear projection;  ///< Wo [D, P]
  RmsNorm norm;
};

}  // namespace ottobit
