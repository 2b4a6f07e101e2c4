// SPDX-License-Identifier: Apache-2.0
// Gated feed-forward network: out = Wd (f(Wg h) * (Wu h)) (Shazeer 2020, arXiv:2002.05202); without
// a gate, out = Wd f(Wu h).
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/gate_function.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Mlp {
 public:
  [[nodiscard]] static Mlp bind(const MlpSpec& spec, Index dim, const WeightScope& scope) {
    const GateFunction function{spec.activation, static_cast<float>(spec.limit)};
    std::vector<std::string_view> names = {spec.names.gate, spec.names.up};
    if (!function.is_gated()) {
      names.erase(names.begin());
    }
    std::vector<Linear> made = Linear::bind_rows(
        spec.fused, names, std::vector<Index>(names.size(), spec.hidden), dim, spec.bias, scope);
    made.resize(2);  // a matrix that is not there has no rows
    return Mlp{function, made[0], made[1],
               Linear::bind(scope(spec.names.down), {dim, spec.hidden}, spec.bias)};
  }

  /// out [T, D] of h [T, D], both contiguous.
  void forward(ExecContext& ctx, const float* h, Index tokens, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index hidden = gate_.rows();
    auto* gate = ctx.arena.take<float>(tokens * hidden);
    auto* up = ctx.arena.take<float>(tokens * up_.rows());

    const Packed packed(ctx, h, gate_.weight.cols, tokens, gate_.weight.cols);
    ctx.parallel.for_rows(hidden, Packed::kGrain, [&](Index begin, Index end, int worker) noexcept {
      packed.rows({gate_, gate, hidden}, {begin, end}, worker);
      if (up_.rows() > 0) {
        packed.rows({up_, up, hidden}, {begin, end}, worker);
      }
      for (Index t = 0; t < tokens; ++t) {
        float* g = gate + t * hidden;
        gate_function_(ctx.kernels, g + begin, up + t * up_.rows() + begin, end - begin);
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
    for (const Linear* linear : {&gate_, &up_, &down_}) {
      if (linear->rows() > 0) {
        see(*linear, 1.0);
      }
    }
  }

 private:
  Mlp(GateFunction function, Linear gate, Linear up, Linear down)
      : gate_function_(function),
        gate_(std::move(gate)),
        up_(std::move(up)),
        down_(std::move(down)) {}

  GateFunction gate_function_;
  Linear gate_;  ///< what the activation takes: without a gate, Wu
  Linear up_;    ///< what multiplies it; without a gate, no rows
  Linear down_;
};

}  // namespace ottobit
