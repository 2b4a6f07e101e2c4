// SPDX-License-Identifier: Apache-2.0
// Mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): each token's sum of the gated
// feed-forward networks of its experts, weighted by the router, plus that of the shared expert.
//
// Tokens are sorted by expert, so that each chosen expert's weights are read once. The experts are
// worked off in waves that fit the workspace (expert_wave.hpp). An output element receives its
// experts in ascending order, whatever the waves and threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ottobit/layers/bind_experts.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/expert_wave.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/mlp.hpp"
#include "ottobit/layers/router.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Moe {
 public:
  [[nodiscard]] static Moe bind(const MoeSpec& spec, Index dim, const NormSpec& norm,
                                const WeightScope& scope) {
    const Index width = spec.latent > 0 ? spec.latent : dim;
    Moe moe(dim, width, spec.hidden, Router::bind(spec.router, dim, norm, scope));
    moe.gate_function_ = {spec.activation, static_cast<float>(spec.limit)};
    moe.weighs_input_ = spec.weighs_input;
    moe.experts_ = std::visit(
        [&](const auto& names) {
          return bind_experts(names, spec.router.experts, spec.hidden, width, scope(spec.experts));
        },
        spec.names);
    if (spec.latent > 0) {
      moe.latent_ = {Linear::bind(scope("fc1_latent_proj"), {width, dim}, false),
                     Linear::bind(scope("fc2_latent_proj"), {dim, width}, false)};
    }
    if (spec.shared.hidden > 0) {
      moe.shared_ = Mlp::bind(spec.shared, dim, scope(spec.shared.scope));
    }
    if (!spec.shared_gate.empty()) {
      moe.shared_gate_ = Linear::bind(scope(spec.shared_gate), {1, dim}, false);
    }
    return moe;
  }

  /// out [T, D] of h [T, D], both contiguous.
  void forward(ExecContext& ctx, const float* h, Index tokens, float* out) const {
    forward(ctx, h, h, tokens, out);
  }

  /// The same where the router reads `routed` [T, D] instead of h.
  void forward(ExecContext& ctx, const float* routed, const float* h, Index tokens,
               float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index count = tokens * router_.spec().chosen;
    auto* assignments = ctx.arena.take<Assignment>(count);
    auto* rows = ctx.arena.take<ExpertRow>(count);
    auto* first = ctx.arena.take<Index>(experts() + 1);
    router_.forward(ctx, routed, tokens, assignments);
    sort_by_expert(assignments, tokens, rows, first);
    if (shared_) {
      shared_->forward(ctx, h, tokens, out);
      weigh_shared(ctx, h, tokens, out);
    } else {
      std::fill_n(out, tokens * dim_, 0.0F);
    }
    if (latent_) {
      add_through_latents(ctx, h, tokens, {rows, first}, out);
    } else {
      add_experts(ctx, h, tokens, {rows, first}, out);
    }
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const Index count = use.tokens * router_.spec().chosen;
    size.take<Assignment>(count);
    size.take<ExpertRow>(count);
    size.take<Index>(experts() + 1);
    ArenaSize router;
    router_.workspace(use, router);
    ArenaSize shared;
    if (shared_) {
      shared_->workspace(use, shared);
    }
    ArenaSize gate;
    if (shared_gate_) {
      gate.take<float>(use.tokens);
      Packed::workspace(use, dim_, gate);
    }
    ArenaSize wave;
    if (latent_) {
      wave.take<float>(use.tokens * width_);
      wave.take<float>(use.tokens * width_);
      wave.take<float>(use.tokens * dim_);
      Packed::workspace(use, dim_, wave);
      Packed::workspace(use, width_, wave);
    }
    ExpertWave::workspace(
        use, WaveSize(*use.kernels.linear, use.compute, use.tokens, width_, hidden_), wave);
    size.take<std::byte>(std::max({router.bytes(), shared.bytes(), gate.bytes(), wave.bytes()}));
  }

  /// see(const Linear&, share) for each, with the share of it that a token reads on average.
  template <class See>
  void each_linear(See&& see) const {
    const double share = static_cast<double>(chosen()) / static_cast<double>(experts());
    see(router_.gate(), 1.0);
    for (const Expert& expert : experts_) {
      for (const Linear* linear : {&expert.gate, &expert.up, &expert.down}) {
        if (linear->rows() > 0) {
          see(*linear, share);
        }
      }
    }
    if (latent_) {
      see(latent_->in, 1.0);
      see(latent_->out, 1.0);
    }
    if (shared_) {
      shared_->each_linear(see);
    }
    if (shared_gate_) {
      see(*shared_gate_, 1.0);
    }
  }
  [[nodiscard]] Index experts() const noexcept { return router_.spec().experts; }
  [[nodiscard]] Index chosen() const noexcept { return router_.spec().chosen; }

 private:
  /// To and from the width of the experts.
  struct Latent {
    Linear in, out;
  };

  Moe(Index dim, Index width, Index hidden, Router router)
      : dim_(dim), width_(width), hidden_(hidden), router_(std::move(router)) {}

  /// Tokens by expert.
  struct Sorted {
    const ExpertRow* rows;
    const Index* first;  ///< [E + 1], rows of each expert
  };

  /// out [T, width_] += what the experts make of h [T, width_].
  void add_experts(ExecContext& ctx, const float* h, Index tokens, const Sorted& sorted,
                   float* out) const {
    const WaveSize size(*ctx.kernels.linear, ctx.compute, tokens, width_, hidden_);
    ExpertWave wave(ctx, size, gate_function_, weighs_input_);
    const auto [rows, first] = sorted;
    for (Index e = 0; e < experts(); ++e) {
      const Index n = first[e + 1] - first[e];
      if (n == 0) {
        continue;
      }
      if (!wave.fits(n)) {
        wave.run(h, rows, out);
      }
      wave.add(experts_[static_cast<std::size_t>(e)], first[e], n);
    }
    wave.run(h, rows, out);
  }

  /// The same for models whose experts work in another width than theirs, D.
  void add_through_latents(ExecContext& ctx, const float* h, Index tokens, const Sorted& sorted,
                           float* out) const {
    const Arena::Mark mark(ctx.arena);
    auto* in = ctx.arena.take<float>(tokens * width_);
    auto* sum = ctx.arena.take<float>(tokens * width_);
    auto* back = ctx.arena.take<float>(tokens * dim_);
    {
      const Packed hidden(ctx, h, dim_, tokens, dim_);
      hidden.multiply({{latent_->in, in, width_}});
    }
    std::fill_n(sum, tokens * width_, 0.0F);
    add_experts(ctx, in, tokens, sorted, sum);
    const Packed packed(ctx, sum, width_, tokens, width_);
    packed.multiply({{latent_->out, back, dim_}});
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      ctx.kernels.elementwise->add(out + begin * dim_, back + begin * dim_, (end - begin) * dim_);
    });
  }

  /// out [T, D] times the sigmoid of the shared expert's gate, where there is one.
  void weigh_shared(ExecContext& ctx, const float* h, Index tokens, float* out) const {
    if (!shared_gate_) {
      return;
    }
    const Arena::Mark mark(ctx.arena);
    auto* gate = ctx.arena.take<float>(tokens);
    const Packed packed(ctx, h, dim_, tokens, dim_);
    packed.multiply({{*shared_gate_, gate, 1}});
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        const float sigmoid = 1.0F / (1.0F + std::exp(-gate[t]));
        ctx.kernels.elementwise->scale(out + t * dim_, sigmoid, dim_);
      }
    });
  }

  /// rows: the assignments by expert, tokens ascending; those of expert e are [first[e],
  /// first[e + 1]).
  void sort_by_expert(const Assignment* assignments, Index tokens, ExpertRow* rows,
                      Index* first) const noexcept {
    const Index count = tokens * chosen();
    std::fill_n(first, experts() + 1, Index{0});
    for (Index i = 0; i < count; ++i) {
      ++first[assignments[i].expert + 1];
    }
    for (Index e = 0; e < experts(); ++e) {
      first[e + 1] += first[e];
    }
    for (Index i = 0; i < count; ++i) {
      rows[first[assignments[i].expert]++] = {i / chosen(), assignments[i].weight};
    }
    for (Index e = experts(); e > 0; --e) {  // first[e] ran to the end of its expert
      first[e] = first[e - 1];
    }
    first[0] = 0;
  }

  Index dim_;    ///< D
  Index width_;  ///< of what the experts read and make: D, or that of the latents
  Index hidden_;
  Router router_;
  GateFunction gate_function_;
  bool weighs_input_ = false;
  LargeVector<Expert> experts_;
  std::optional<Latent> latent_;
  std::optional<Mlp> shared_;
  std::optional<Linear> shared_gate_;
};

}  // namespace ottobit
