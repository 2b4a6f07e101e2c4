// SPDX-License-Identifier: Apache-2.0
// Gated feed-forward network: out = Wd (f(Wg h) * (Wu h)) (Shazeer 2020, arXiv:2002.05202).
#pragma once

#include <algorithm>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/gate_function.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Mlp {
 public:
  [[nodiscard]] static Mlp bind(const MlpSpec& spec, Index dim, const WeightScope& scope) {
    const std::vector<Linear> both = Linear::bind_rows(
        spec.fused, {"gate_proj", "up_proj"}, {spec.hidden, spec.hidden}, dim, spec.bias, scope);
    return Mlp{{spec.activation, static_cast<float>(spec.limit)},
               both[0],
               both[1],
               Linear::bind(scope("down_proj"), {dim, spec.hidden}, spec.bias)};
  }

  /// out [T, D] of h [T, D], both contiguous.
  void forward(ExecContext& ctx, const float* h, Index tokens, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index hidden = gate_.rows();
    auto* gate = ctx.arena.take<float>(tokens * hidden);
    auto* up = ctx.arena.take<float>(tokens * hidden);

    const Packed packed(ctx, h, gate_.weight.cols, tokens, gate_.weight.cols);
    ctx.parallel.for_rows(hidden, Packed::kGrain, [&](Index begin, Index end, int worker) noexcept {
      packed.rows({gate_, gate, hidden}, {begin, end}, worker);
      packed.rows({up_, up, hidden}, {begin, end}, worker);
      for (Index t = 0; t < tokens; ++t) {
        float* g = gate + t * hidden;
        gate_function_(ctx.kernels, g + begin, up + t * hidden + begin, end - begin);
      }
    });

    const Packed activated(ctx, gate, hidden, tokens, hidden);
    activated.multiply({{down_, out, down_.rows()}});
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>(use.tokens * gate_.rows());
    size.take<float>(use.tokens * up_.rows());
    Packed::workspace(use, gate_.weight.cols, size);
    Packed::workspace(use, gate_.rows(), size);
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    see(gate_, 1.0);
    see(up_, 1.0);
    see(down_, 1.0);
  }

 private:
  Mlp(GateFunction function, Linear gate, Linear up, Linear down)
      : gate_function_(function),
        gate_(std::move(gate)),
        up_(std::move(up)),
        down_(std::move(down)) {}

  GateFunction gate_function_;
  Linear gate_, up_, down_;
};

}  // namespace ottobit
