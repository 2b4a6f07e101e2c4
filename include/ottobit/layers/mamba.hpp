// SPDX-License-Identifier: Apache-2.0
// Mamba-2 (Dao and Gu 2024, arXiv:2405.21060), as Granite 4, Nemotron and others have it:
//
//   z, xbc, dt = Win h;  x, b, c = silu(conv(xbc));  dt = softplus(dt + dt_bias), within limits
//   S = exp(-exp(A_log) dt) S + b (dt x)^T;  y = S^T c + D x     for each token and head
//   out = Wout (norm(y * silu(z)))
//
// b and c [G, N] serve the heads of a group each. The state S [H, N, P] and the last inputs of the
// convolution are all that a layer keeps of the past, in f32; at position 0 both begin as zeros.
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

class Mamba {
 public:
  [[nodiscard]] static Mamba bind(const MambaSpec& spec, Index dim, const WeightScope& scope) {
    Mamba mamba(spec);
    const Index channels = mamba.width() + 2 * mamba.shared();
    const std::vector<Linear> parts =
        Linear::bind_rows("in_proj", {"z", "xbc", "dt"}, {mamba.width(), channels, spec.heads}, dim,
                          spec.bias, scope);
    mamba.z_ = parts[0];
    mamba.xbc_ = parts[1];
    mamba.dt_ = parts[2];
    mamba.conv_ = CausalConv::bind(scope("conv1d"), {channels, spec.taps}, spec.conv_bias,
                                   CausalConv::Output::silu);
    mamba.rate_ = scope.vector("A_log", spec.heads);
    for (float& rate : mamba.rate_) {
      rate = std::exp(rate);
    }
    mamba.dt_bias_ = scope.vector("dt_bias", spec.heads);
    mamba.skip_ = scope.vector("D", spec.heads);
    mamba.norm_ = RmsNorm::bind(scope("norm"), mamba.width(), {.eps = spec.norm_eps});
    mamba.out_ = Linear::bind(scope("out_proj"), {dim, mamba.width()}, spec.bias);
    return mamba;
  }

  /// out [T, D] of h [T, D], both contiguous; takes the state of each sequence through its tokens.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const float* h, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = total_tokens(all);
    const Index heads = spec_.heads;
    const Index channels = conv_.channels();
    auto* z = ctx.arena.take<float>(tokens * width());
    auto* dt = ctx.arena.take<float>(tokens * heads);
    auto* decay = ctx.arena.take<float>(tokens * heads);
    auto* xbc = ctx.arena.take<float>(tokens * channels);
    auto* driven = ctx.arena.take<float>(tokens * width());
    auto* made = ctx.arena.take<float>(tokens * width());
    const CausalConv::Inputs inputs = conv_.take(ctx, all, xbc);

    const Packed hidden(ctx, h, xbc_.weight.cols, tokens, xbc_.weight.cols);
    hidden.multiply({{z_, z, width()}, {xbc_, inputs.tokens, channels}, {dt_, dt, heads}});
    conv_.gather(ctx, all, inputs);
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      conv_.forward(ctx, all, inputs, {begin, end}, xbc);
      for (Index t = begin; t < end; ++t) {
        std::copy_n(xbc + t * channels, width(), driven + t * width());
        drive(ctx, dt + t * heads, decay + t * heads, driven + t * width());
      }
    });

    recur(ctx, all, [&](const Sequence& at) {
      RecurrenceCall call = shape();
      call.q.data = xbc + at.first * channels + width() + shared();
      call.k.data = xbc + at.first * channels + width();
      call.v.data = driven + at.first * width();
      call.decay = decay + at.first * heads;
      call.out = made + at.first * width();
      return call;
    });

    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        skip(ctx, xbc + t * channels, made + t * width());
      }
      float* const rows = made + begin * width();
      ctx.kernels.elementwise->silu_mul(z + begin * width(), rows, rows, (end - begin) * width());
      normalise(ctx, made, {begin, end});
    });
    const Packed packed(ctx, made, width(), tokens, width());
    packed.multiply({{out_, out, out_.rows()}});
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>(use.tokens * width());
    size.take<float>(use.tokens * spec_.heads);
    size.take<float>(use.tokens * spec_.heads);
    size.take<float>(use.tokens * conv_.channels());
    size.take<float>(use.tokens * width());
    size.take<float>(use.tokens * width());
    conv_.workspace(use, size);
    recur_workspace(use, size);
    Packed::workspace(use, xbc_.weight.cols, size);
    Packed::workspace(use, width(), size);
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    for (const Linear* linear : {&z_, &xbc_, &dt_, &out_}) {
      see(*linear, 1.0);
    }
  }

 private:
  explicit Mamba(const MambaSpec& spec) : spec_(spec) {}

  [[nodiscard]] Index width() const noexcept { return spec_.heads * spec_.head_dim; }
  /// Elements of b, and of c, of all groups.
  [[nodiscard]] Index shared() const noexcept { return spec_.groups * spec_.state; }

  /// One token's dt [H] becomes its time steps; from them its decays, and x [H, P] times them.
  void drive(const ExecContext& ctx, float* dt, float* decay, float* x) const noexcept {
    const auto least = static_cast<float>(spec_.least_step);
    const auto most = static_cast<float>(spec_.most_step);
    for (Index i = 0; i < spec_.heads; ++i) {
      const auto head = static_cast<std::size_t>(i);
      dt[i] = std::clamp(softplus(dt[i] + dt_bias_[head]), least, most);
      decay[i] = std::exp(-rate_[head] * dt[i]);
      ctx.kernels.elementwise->scale(x + i * spec_.head_dim, dt[i], spec_.head_dim);
    }
  }

  /// made [H, P] += D x of one token.
  void skip(const ExecContext& ctx, const float* x, float* made) const noexcept {
    for (Index i = 0; i < spec_.heads; ++i) {
      ctx.kernels.elementwise->add_scaled(made + i * spec_.head_dim, x + i * spec_.head_dim,
                                          skip_[static_cast<std::size_t>(i)], spec_.head_dim);
    }
  }

  /// Each part of the rows by itself.
  void normalise(const ExecContext& ctx, float* made, RowRange rows) const noexcept {
    const Index part = width() / spec_.norm_parts;
    for (Index first = 0; first < width(); first += part) {
      ctx.kernels.elementwise->rms_norm(made + first, width(), norm_.weight.data() + first,
                                        norm_.eps, part, made + first, width(), rows);
    }
  }

  /// A recurrence without its data.
  [[nodiscard]] RecurrenceCall shape() const noexcept {
    RecurrenceCall call;
    call.q = call.k = {nullptr, conv_.channels(), spec_.state};
    call.v = {nullptr, width(), spec_.head_dim};
    call.decay_stride = spec_.heads;
    call.out_stride = width();
    call.heads = spec_.heads;
    call.key_heads = spec_.groups;
    call.key_dim = spec_.state;
    call.value_dim = spec_.head_dim;
    return call;
  }

  MambaSpec spec_;
  Linear z_, xbc_, dt_, out_;
  CausalConv conv_;
  Floats rate_;     ///< [H], e^A_log
  Floats dt_bias_;  ///< [H]
  Floats skip_;     ///< [H], D
  RmsNorm norm_;
};

}  // namespace ottobit
