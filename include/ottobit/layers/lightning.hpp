// SPDX-License-Identifier: Apache-2.0
// Lightning attention (Qin et al. 2024, arXiv:2401.04658), as MiniMax-01 and M1 have it
// (arXiv:2501.08313, section 2.2):
//
//   q, k, v = silu(Wqkv h) for each head;  S = decay S + k v^T;  o = S^T q
//   out = Wo (norm(o) * sigmoid(Wg h))
//
// The states S [H, A, A] are all that a layer keeps of the past, in f32; at position 0 they begin
// as zeros.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/recur.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Lightning {
 public:
  [[nodiscard]] static Lightning bind(const LightningSpec& spec, Index dim,
                                      const WeightScope& scope) {
    Lightning layer(spec);
    const Index width = spec.heads * spec.head_dim;
    layer.qkv_ = Linear::bind(scope("qkv_proj"), {3 * width, dim}, false);
    layer.gate_ = Linear::bind(scope("output_gate"), {width, dim}, false);
    layer.norm_ = RmsNorm::bind(scope("norm"), width, {.eps = spec.norm_eps});
    layer.o_ = Linear::bind(scope("out_proj"), {dim, width}, false);
    return layer;
  }

  /// out [T, D] of h [T, D], both contiguous; takes the state of each sequence through its tokens.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const float* h, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = total_tokens(all);
    const Index width = gate_.rows();
    auto* qkv = ctx.arena.take<float>(tokens * 3 * width);
    auto* gate = ctx.arena.take<float>(tokens * width);
    auto* made = ctx.arena.take<float>(tokens * width);
    const ElementwiseKernels& elementwise = *ctx.kernels.elementwise;
    const Packed hidden(ctx, h, qkv_.weight.cols, tokens, qkv_.weight.cols);
    hidden.multiply({{qkv_, qkv, 3 * width}, {gate_, gate, width}});
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      float* const rows = qkv + begin * 3 * width;
      elementwise.sigmoid_mul(rows, rows, rows, (end - begin) * 3 * width);
    });

    recur(ctx, all, [&](const Sequence& at) {
      return recurrence(qkv + at.first * 3 * width, made + at.first * width);
    });

    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      elementwise.rms_norm(made, width, norm_.weight.data(), norm_.eps, width, made, width,
                           {begin, end});
      float* const rows = made + begin * width;
      elementwise.sigmoid_mul(gate + begin * width, rows, rows, (end - begin) * width);
    });
    const Packed packed(ctx, made, width, tokens, width);
    packed.multiply({{o_, out, o_.rows()}});
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const Index width = gate_.rows();
    size.take<float>(use.tokens * 3 * width);
    size.take<float>(use.tokens * width);
    size.take<float>(use.tokens * width);
    recur_workspace(use, size);
    Packed::workspace(use, qkv_.weight.cols, size);
    Packed::workspace(use, width, size);
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    see(qkv_, 1.0);
    see(gate_, 1.0);
    see(o_, 1.0);
  }

 private:
  explicit Lightning(const LightningSpec& spec) : spec_(spec) {
    for (Index h = 0; h < spec.heads; ++h) {
      const double share = static_cast<double>(h + 1) / static_cast<double>(spec.heads);
      decay_.push_back(static_cast<float>(std::exp(-spec.slope * std::exp2(-8.0 * share))));
    }
  }

  [[nodiscard]] RecurrenceCall recurrence(const float* qkv, float* out) const noexcept {
    const Index dim = spec_.head_dim;
    const Index row = qkv_.rows();
    RecurrenceCall call;
    call.q = {qkv, row, 3 * dim};
    call.k = {qkv + dim, row, 3 * dim};
    call.v = {qkv + 2 * dim, row, 3 * dim};
    call.decay = decay_.data();
    call.out = out;
    call.out_stride = spec_.heads * dim;
    call.heads = spec_.heads;
    call.key_heads = spec_.heads;
    call.key_dim = dim;
    call.value_dim = dim;
    return call;
  }

  LightningSpec spec_;
  Linear qkv_, gate_, o_;
  RmsNorm norm_;
  Floats decay_;  ///< [H]
};

}  // namespace ottobit
