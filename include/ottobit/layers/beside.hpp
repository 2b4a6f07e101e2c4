// SPDX-License-Identifier: Apache-2.0
// Experts beside a dense feed-forward network (Gemma 4): both take the residual stream x through
// norms of their own, and their results, normed, are added:
//   y = norm_1(ffn(norm(x))) + norm_2(moe(norm_in(x)))
// The router reads x through a norm of its own (Router).
#pragma once

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/moe.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Beside {
 public:
  /// `scope`: that of the block.
  [[nodiscard]] static Beside bind(const BesideSpec& spec, Index dim, const NormSpec& norm,
                                   const WeightScope& scope) {
    return {Moe::bind(spec.experts, dim, norm, scope(spec.experts.scope)),
            RmsNorm::bind(scope(spec.ffn_out), dim, norm),
            RmsNorm::bind(scope(spec.experts_in), dim, norm),
            RmsNorm::bind(scope(spec.experts_out), dim, norm)};
  }

  /// y [T, D] is what the dense network made, and becomes the sum; x [T, D] the residual stream,
  /// both contiguous.
  void forward(ExecContext& ctx, const float* x, Index tokens, float* y) const {
    const Arena::Mark mark(ctx.arena);
    const auto dim = static_cast<Index>(ffn_out.weight.size());
    auto* h = ctx.arena.take<float>(tokens * dim);
    auto* added = ctx.arena.take<float>(tokens * dim);
    ffn_out.forward(ctx, y, tokens, y);
    experts_in.forward(ctx, x, tokens, h);
    experts.forward(ctx, x, h, tokens, added);
    experts_out.forward(ctx, added, tokens, added);
    add_residual(ctx, {}, y, h, added, tokens, dim);
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const auto dim = static_cast<Index>(ffn_out.weight.size());
    size.take<float>(use.tokens * dim);
    size.take<float>(use.tokens * dim);
    experts.workspace(use, size);
  }

  Moe experts;
  RmsNorm ffn_out;
  RmsNorm experts_in;
  RmsNorm experts_out;
};

}  // namespace ottobit
