// SPDX-License-Identifier: Apache-2.0
// A gated short convolution, as LFM2 has it in most layers (Liquid AI 2025, arXiv:2511.23404):
//
//   b, c, x = Win h;  out = Wout (c * conv(b * x))
#pragma once

#include <span>
#include <vector>

#include "ottobit/layers/causal_conv.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class ShortConv {
 public:
  [[nodiscard]] static ShortConv bind(const ShortConvSpec& spec, Index dim,
                                      const WeightScope& scope) {
    const std::vector<Linear> parts =
        Linear::bind_rows("in_proj", {"b", "c", "x"}, {dim, dim, dim}, dim, spec.bias, scope);
    return {parts[0], parts[1], parts[2],
            CausalConv::bind(scope("conv"), {dim, spec.taps}, spec.bias, CausalConv::Output::plain),
            Linear::bind(scope("out_proj"), {dim, dim}, spec.bias)};
  }

  /// out [T, D] of h [T, D], both contiguous; takes the state of each sequence through its tokens.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const float* h, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = total_tokens(all);
    const Index dim = conv_.channels();
    auto* c = ctx.arena.take<float>(tokens * dim);
    auto* x = ctx.arena.take<float>(tokens * dim);
    auto* made = ctx.arena.take<float>(tokens * dim);
    const CausalConv::Inputs inputs = conv_.take(ctx, all, made);
    const Packed hidden(ctx, h, dim, tokens, dim);
    hidden.multiply({{b_, inputs.tokens, dim}, {c_, c, dim}, {x_, x, dim}});
    const ElementwiseKernels& elementwise = *ctx.kernels.elementwise;
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      elementwise.multiply(inputs.tokens + begin * dim, x + begin * dim, (end - begin) * dim);
    });
    conv_.gather(ctx, all, inputs);
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      conv_.forward(ctx, all, inputs, {begin, end}, made);
      elementwise.multiply(made + begin * dim, c + begin * dim, (end - begin) * dim);
    });
    const Packed packed(ctx, made, dim, tokens, dim);
    packed.multiply({{out_, out, dim}});
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const Index dim = conv_.channels();
    for (int i = 0; i < 3; ++i) {
      size.take<float>(use.tokens * dim);
    }
    conv_.workspace(use, size);
    Packed::workspace(use, dim, size);
    Packed::workspace(use, dim, size);
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    for (const Linear* linear : {&b_, &c_, &x_, &out_}) {
      see(*linear, 1.0);
    }
  }

 private:
  ShortConv(Linear b, Linear c, Linear x, CausalConv conv, Linear out)
      : b_(std::move(b)),
        c_(std::move(c)),
        x_(std::move(x)),
        conv_(std::move(conv)),
        out_(std::move(out)) {}

  Linear b_, c_, x_;
  CausalConv conv_;
  Linear out_;
};

}  // namespace ottobit
