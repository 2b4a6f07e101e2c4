// SPDX-License-Identifier: Apache-2.0
// Gated delta net (Yang et al. 2024, arXiv:2412.06464), as Qwen3-Next and its successors have it:
//
//   q, k, v = silu(conv(Wqkv h));  z = Wz h;  b = Wb h;  a = Wa h
//   q, k of length 1, q / sqrt(A);  beta = sigmoid(b);  decay = exp(-exp(A_log) softplus(a + dt))
//   S = decay S;  S += k (beta (v - S^T k))^T;  o = S^T q          for each token and value head
//   out = Wo (norm(o) * gate(z))
//
// The state S [H, A, B] and the last inputs of the convolution are all that a layer keeps of the
// past, in f32; at position 0 both begin as zeros.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "ottobit/layers/causal_conv.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/recur.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/numeric/softplus.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class DeltaNet {
 public:
  [[nodiscard]] static DeltaNet bind(const DeltaNetSpec& spec, Index dim,
                                     const WeightScope& scope) {
    DeltaNet net(spec);
    const Index heads = spec.value_heads;
    if (spec.layout == DeltaLayout::grouped) {
      net.qkv_ = Linear::bind(scope("in_proj_qkvz"), {net.channels() + net.values(), dim}, false);
      net.b_ = Linear::bind(scope("in_proj_ba"), {2 * heads, dim}, false);
    } else {
      net.qkv_ = Linear::bind(scope("in_proj_qkv"), {net.channels(), dim}, false);
      net.z_ = Linear::bind(scope("in_proj_z"), {net.values(), dim}, false);
      net.b_ = Linear::bind(scope("in_proj_b"), {heads, dim}, false);
      net.a_ = Linear::bind(scope("in_proj_a"), {heads, dim}, false);
    }
    net.conv_ = CausalConv::bind(scope("conv1d"), {net.channels(), spec.taps}, false,
                                 CausalConv::Output::silu);
    net.decay_ = scope.vector("A_log", heads);
    net.step_ = scope.vector("dt_bias", heads);
    net.norm_ = {scope.vector("norm.weight", spec.value_dim), static_cast<float>(spec.norm_eps)};
    net.o_ = Linear::bind(scope("out_proj"), {dim, net.values()}, false);
    return net;
  }

  /// out [T, D] of h [T, D], both contiguous; takes the state of each sequence through its tokens.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const float* h, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = total_tokens(all);
    const Index heads = spec_.value_heads;
    auto* z = ctx.arena.take<float>(tokens * values());
    auto* beta = ctx.arena.take<float>(tokens * heads);
    auto* decay = ctx.arena.take<float>(tokens * heads);
    auto* mixed = ctx.arena.take<float>(tokens * channels());
    auto* made = ctx.arena.take<float>(tokens * values());
    const CausalConv::Inputs inputs = conv_.take(ctx, all, mixed);

    project(ctx, h, tokens, {inputs.tokens, z, beta, decay});
    conv_.gather(ctx, all, inputs);
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      conv_.forward(ctx, all, inputs, {begin, end}, mixed);
      for (Index t = begin; t < end; ++t) {
        normalise(ctx, mixed + t * channels());
        for (Index i = 0; i < heads; ++i) {
          set_rates(beta[t * heads + i], decay[t * heads + i], static_cast<std::size_t>(i));
        }
      }
    });

    recur(ctx, all, [&](const Sequence& at) {
      return recurrence(mixed + at.first * channels(), decay + at.first * heads,
                        beta + at.first * heads, made + at.first * values());
    });

    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      const ElementwiseKernels& elementwise = *ctx.kernels.elementwise;
      const Index width = spec_.value_dim;
      elementwise.rms_norm(made, width, norm_.weight.data(), norm_.eps, width, made, width,
                           {begin * heads, end * heads});
      const auto multiply =
          spec_.gate == OutputGate::silu ? elementwise.silu_mul : elementwise.sigmoid_mul;
      float* const rows = made + begin * values();
      multiply(z + begin * values(), rows, rows, (end - begin) * values());
    });
    const Packed packed(ctx, made, values(), tokens, values());
    packed.multiply({{o_, out, o_.rows()}});
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const Index heads = spec_.value_heads;
    size.take<float>(use.tokens * values());
    size.take<float>(use.tokens * heads);
    size.take<float>(use.tokens * heads);
    size.take<float>(use.tokens * channels());
    size.take<float>(use.tokens * values());
    conv_.workspace(use, size);
    recur_workspace(use, size);
    ArenaSize input;
    if (spec_.layout == DeltaLayout::grouped) {
      input.take<float>(use.tokens * qkv_.rows());
      input.take<float>(use.tokens * b_.rows());
    }
    Packed::workspace(use, qkv_.weight.cols, input);
    ArenaSize output;
    Packed::workspace(use, values(), output);
    size.take<std::byte>(std::max(input.bytes(), output.bytes()));
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    for (const Linear* linear : {&qkv_, &z_, &b_, &a_, &o_}) {
      if (linear->weight) {
        see(*linear, 1.0);
      }
    }
  }

 private:
  /// Where the input projections go.
  struct Projected {
    float* qkv;  ///< [T, channels]: queries, keys, values of all heads
    float* z;    ///< [T, H, B]
    float* b;    ///< [T, H]
    float* a;    ///< [T, H]
  };

  explicit DeltaNet(const DeltaNetSpec& spec)
      : spec_(spec),
        q_norm_(length_norm(spec.key_dim, 1.0 / static_cast<double>(spec.key_dim))),
        k_norm_(length_norm(spec.key_dim, 1.0 / std::sqrt(static_cast<double>(spec.key_dim)))) {}

  [[nodiscard]] Index keys() const noexcept { return spec_.key_heads * spec_.key_dim; }
  [[nodiscard]] Index values() const noexcept { return spec_.value_heads * spec_.value_dim; }
  [[nodiscard]] Index channels() const noexcept { return 2 * keys() + values(); }

  void project(ExecContext& ctx, const float* h, Index tokens, const Projected& to) const {
    const Arena::Mark mark(ctx.arena);
    const Index heads = spec_.value_heads;
    const Index dim = qkv_.weight.cols;
    if (spec_.layout == DeltaLayout::separate) {
      const Packed packed(ctx, h, dim, tokens, dim);
      packed.multiply(
          {{qkv_, to.qkv, channels()}, {z_, to.z, values()}, {b_, to.b, heads}, {a_, to.a, heads}});
      return;
    }
    auto* qkvz = ctx.arena.take<float>(tokens * qkv_.rows());
    auto* ba = ctx.arena.take<float>(tokens * b_.rows());
    const Packed packed(ctx, h, dim, tokens, dim);
    packed.multiply({{qkv_, qkvz, qkv_.rows()}, {b_, ba, b_.rows()}});
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        ungroup(qkvz + t * qkv_.rows(), ba + t * b_.rows(), t, to);
      }
    });
  }

  /// One token's projections, for each key head its q, k, v, z and b, a, each to its own place.
  void ungroup(const float* qkvz, const float* ba, Index t, const Projected& to) const noexcept {
    const Index shared = spec_.value_heads / spec_.key_heads;  // value heads of a key head
    const Index width = shared * spec_.value_dim;
    float* const qkv = to.qkv + t * channels();
    for (Index g = 0; g < spec_.key_heads; ++g) {
      const auto take = [](const float*& from, Index n, float* out) {
        std::copy_n(from, n, out);
        from += n;
      };
      take(qkvz, spec_.key_dim, qkv + g * spec_.key_dim);
      take(qkvz, spec_.key_dim, qkv + keys() + g * spec_.key_dim);
      take(qkvz, width, qkv + 2 * keys() + g * width);
      take(qkvz, width, to.z + t * values() + g * width);
      take(ba, shared, to.b + t * spec_.value_heads + g * shared);
      take(ba, shared, to.a + t * spec_.value_heads + g * shared);
    }
  }

  /// Queries and keys of one token [channels] in place.
  void normalise(const ExecContext& ctx, float* token) const noexcept {
    const Index dim = spec_.key_dim;
    const auto norm = [&](const RmsNorm& by, float* heads) {
      ctx.kernels.elementwise->rms_norm(heads, dim, by.weight.data(), by.eps, dim, heads, dim,
                                        {0, spec_.key_heads});
    };
    norm(q_norm_, token);
    norm(k_norm_, token + keys());
  }

  /// b becomes beta, a the decay of head i.
  void set_rates(float& b, float& a, std::size_t i) const noexcept {
    b = 1.0F / (1.0F + std::exp(-b));
    a = std::exp(-std::exp(decay_[i]) * softplus(a + step_[i]));
  }

  [[nodiscard]] RecurrenceCall recurrence(const float* mixed, const float* decay, const float* beta,
                                          float* out) const noexcept {
    RecurrenceCall call;
    call.q = {mixed, channels(), spec_.key_dim};
    call.k = {mixed + keys(), channels(), spec_.key_dim};
    call.v = {mixed + 2 * keys(), channels(), spec_.value_dim};
    call.decay = decay;
    call.decay_stride = spec_.value_heads;
    call.beta = beta;
    call.out = out;
    call.out_stride = values();
    call.heads = spec_.value_heads;
    call.key_heads = spec_.key_heads;
    call.key_dim = spec_.key_dim;
    call.value_dim = spec_.value_dim;
    return call;
  }

  DeltaNetSpec spec_;
  Linear qkv_;  ///< with z, and b_ with a, in DeltaLayout::grouped
  Linear z_, b_, a_, o_;
  CausalConv conv_;
  Floats decay_;  ///< [H], ln of the rate
  Floats step_;   ///< [H]
  RmsNorm norm_, q_norm_, k_norm_;
};

}  // namespace ottobit
