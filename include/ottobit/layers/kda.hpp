// SPDX-License-Identifier: Apache-2.0
// Kimi delta attention (Kimi Team 2025, arXiv:2510.26692): a gated delta net each channel of whose
// keys forgets at a rate of its own.
//
//   q, k, v = silu(conv(Wqkv h));  q, k of length 1, q / sqrt(A);  beta = sigmoid(Wb h)
//   decay = exp(-exp(A_log) softplus(Wf2 Wf1 h + dt_bias))          for each channel of a key
//   S = diag(decay) S;  S += k (beta (v - S^T k))^T;  o = S^T q     for each token and head
//   out = Wo (norm(o) * sigmoid(Wg2 Wg1 h))
//
// The state S [H, A, A] and the last inputs of the convolutions are all that a layer keeps of the
// past, in f32; at position 0 both begin as zeros.
#pragma once

#include <cmath>
#include <span>
#include <utility>

#include "ottobit/layers/causal_conv.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/recur.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/numeric/softplus.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Kda {
 public:
  [[nodiscard]] static Kda bind(const KdaSpec& spec, Index dim, const WeightScope& scope) {
    Kda kda(spec);
    const Index width = kda.width();
    for (const auto& [linear, name] :
         {std::pair{&kda.q_, "q_proj"}, {&kda.k_, "k_proj"}, {&kda.v_, "v_proj"}}) {
      *linear = Linear::bind(scope(name), {width, dim}, false);
    }
    kda.b_ = Linear::bind(scope("b_proj"), {spec.heads, dim}, false);
    for (const auto& [low, name] : {std::pair{&kda.forget_, "f"}, {&kda.gate_, "g"}}) {
      const std::string front = name;
      low->down = Linear::bind(scope(front + "_a_proj"), {spec.head_dim, dim}, false);
      low->up = Linear::bind(scope(front + "_b_proj"), {width, spec.head_dim}, false);
    }
    kda.conv_ = CausalConv::bind(scope, {"q_conv1d", "k_conv1d", "v_conv1d"}, {width, spec.taps},
                                 CausalConv::Output::silu);
    const bool is_flat = scope.has("A_log", {spec.heads});
    kda.rate_ =
        is_flat ? scope.vector("A_log", spec.heads) : scope.tensor("A_log", {1, 1, spec.heads, 1});
    for (float& rate : kda.rate_) {
      rate = std::exp(rate);
    }
    kda.dt_bias_ = scope.vector("dt_bias", width);
    kda.norm_ = RmsNorm::bind(scope("o_norm"), spec.head_dim, {.eps = spec.norm_eps});
    kda.o_ = Linear::bind(scope("o_proj"), {dim, width}, false);
    return kda;
  }

  /// out [T, D] of h [T, D], both contiguous; takes the state of each sequence through its tokens.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const float* h, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = total_tokens(all);
    const Index heads = spec_.heads;
    const Index width = this->width();
    auto* mixed = ctx.arena.take<float>(tokens * 3 * width);
    auto* beta = ctx.arena.take<float>(tokens * heads);
    auto* decay = ctx.arena.take<float>(tokens * width);
    auto* gate = ctx.arena.take<float>(tokens * width);
    auto* made = ctx.arena.take<float>(tokens * width);
    const CausalConv::Inputs inputs = conv_.take(ctx, all, mixed);

    project(ctx, h, tokens, {inputs.tokens, beta, decay, gate});
    conv_.gather(ctx, all, inputs);
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      conv_.forward(ctx, all, inputs, {begin, end}, mixed);
      for (Index t = begin; t < end; ++t) {
        normalise(ctx, mixed + t * 3 * width);
      }
    });
    ctx.parallel.for_rows(tokens * heads, 1, [&](Index begin, Index end, int) noexcept {
      for (Index i = begin; i < end; ++i) {
        set_rates(beta[i], decay + i * spec_.head_dim, i % heads);
      }
    });

    recur(ctx, all, [&](const Sequence& at) {
      RecurrenceCall call = shape();
      const float* const qkv = mixed + at.first * 3 * width;
      call.q.data = qkv;
      call.k.data = qkv + width;
      call.v.data = qkv + 2 * width;
      call.decay = decay + at.first * width;
      call.beta = beta + at.first * heads;
      call.out = made + at.first * width;
      return call;
    });

    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      const ElementwiseKernels& elementwise = *ctx.kernels.elementwise;
      const Index dim = spec_.head_dim;
      elementwise.rms_norm(made, dim, norm_.weight.data(), norm_.eps, dim, made, dim,
                           {begin * heads, end * heads});
      float* const rows = made + begin * width;
      elementwise.sigmoid_mul(gate + begin * width, rows, rows, (end - begin) * width);
    });
    const Packed packed(ctx, made, width, tokens, width);
    packed.multiply({{o_, out, o_.rows()}});
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>(use.tokens * 3 * width());
    size.take<float>(use.tokens * spec_.heads);
    for (int i = 0; i < 3; ++i) {
      size.take<float>(use.tokens * width());
    }
    conv_.workspace(use, size);
    recur_workspace(use, size);
    size.take<float>(use.tokens * spec_.head_dim);
    size.take<float>(use.tokens * spec_.head_dim);
    Packed::workspace(use, q_.weight.cols, size);
    Packed::workspace(use, spec_.head_dim, size);
    Packed::workspace(use, spec_.head_dim, size);
    Packed::workspace(use, width(), size);
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    for (const Linear* linear :
         {&q_, &k_, &v_, &b_, &forget_.down, &forget_.up, &gate_.down, &gate_.up, &o_}) {
      see(*linear, 1.0);
    }
  }

 private:
  /// A matrix of low rank, as two.
  struct LowRank {
    Linear down, up;
  };
  /// Where the input projections go.
  struct Projected {
    float* qkv;     ///< [T, 3 H A]
    float* beta;    ///< [T, H]
    float* forget;  ///< [T, H A]
    float* gate;    ///< [T, H A]
  };

  explicit Kda(const KdaSpec& spec)
      : spec_(spec),
        q_norm_(length_norm(spec.head_dim, 1.0 / static_cast<double>(spec.head_dim))),
        k_norm_(length_norm(spec.head_dim, 1.0 / std::sqrt(static_cast<double>(spec.head_dim)))) {}

  [[nodiscard]] Index width() const noexcept { return spec_.heads * spec_.head_dim; }

  void project(ExecContext& ctx, const float* h, Index tokens, const Projected& to) const {
    const Arena::Mark mark(ctx.arena);
    const Index dim = q_.weight.cols;
    const Index rank = spec_.head_dim;
    const Index width = this->width();
    auto* forget = ctx.arena.take<float>(tokens * rank);
    auto* gate = ctx.arena.take<float>(tokens * rank);
    const Packed hidden(ctx, h, dim, tokens, dim);
    hidden.multiply({{q_, to.qkv, 3 * width},
                     {k_, to.qkv + width, 3 * width},
                     {v_, to.qkv + 2 * width, 3 * width},
                     {b_, to.beta, spec_.heads},
                     {forget_.down, forget, rank},
                     {gate_.down, gate, rank}});
    const Packed low_forget(ctx, forget, rank, tokens, rank);
    low_forget.multiply({{forget_.up, to.forget, width}});
    const Packed low_gate(ctx, gate, rank, tokens, rank);
    low_gate.multiply({{gate_.up, to.gate, width}});
  }

  /// Queries and keys of one token [3 H A] in place.
  void normalise(const ExecContext& ctx, float* token) const noexcept {
    const Index dim = spec_.head_dim;
    for (const auto& [norm, first] : {std::pair{&q_norm_, Index{0}}, {&k_norm_, width()}}) {
      ctx.kernels.elementwise->rms_norm(token + first, dim, norm->weight.data(), norm->eps, dim,
                                        token + first, dim, {0, spec_.heads});
    }
  }

  /// b becomes beta, f [A] the decay of the channels of a head.
  void set_rates(float& b, float* f, Index head) const noexcept {
    b = 1.0F / (1.0F + std::exp(-b));
    const float* const bias = dt_bias_.data() + head * spec_.head_dim;
    for (Index i = 0; i < spec_.head_dim; ++i) {
      f[i] = std::exp(-rate_[static_cast<std::size_t>(head)] * softplus(f[i] + bias[i]));
    }
  }

  /// A recurrence without its data.
  [[nodiscard]] RecurrenceCall shape() const noexcept {
    RecurrenceCall call;
    call.q = call.k = call.v = {nullptr, 3 * width(), spec_.head_dim};
    call.decay_stride = width();
    call.decays_by_channel = true;
    call.out_stride = width();
    call.heads = call.key_heads = spec_.heads;
    call.key_dim = call.value_dim = spec_.head_dim;
    return call;
  }

  KdaSpec spec_;
  Linear q_, k_, v_, b_, o_;
  LowRank forget_, gate_;
  CausalConv conv_;
  Floats rate_;     ///< [H], e^A_log
  Floats dt_bias_;  ///< [H A]
  RmsNorm norm_, q_norm_, k_norm_;
};

}  // namespace ottobit
