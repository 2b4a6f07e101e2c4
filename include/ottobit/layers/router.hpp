// SPDX-License-Identifier: Apache-2.0
// Router: which experts each token goes to and with what weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// One expert of one token.
struct Assignment {
  std::int32_t expert = 0;
  float weight = 0.0F;
};

class Router {
 public:
  [[nodiscard]] static Router bind(const RouterSpec& spec, Index dim, const NormSpec& norm,
                                   const WeightScope& scope) {
    Router router(spec);
    router.gate_ = Linear::bind(scope(spec.name), {spec.experts, dim}, spec.bias);
    if (!spec.correction_bias.empty()) {
      const bool is_row = scope.has(spec.correction_bias, {1, spec.experts});
      router.bias_ = is_row ? scope.table(spec.correction_bias, {1, spec.experts})
                            : scope.vector(spec.correction_bias, spec.experts);
    }
    if (!spec.scales.empty()) {
      router.scales_ = scope.vector(spec.scales, spec.experts);
    }
    if (!spec.norm.empty()) {
      router.norm_ = {scope.vector(spec.norm, dim), static_cast<float>(norm.eps)};
      const auto root = static_cast<float>(std::sqrt(static_cast<double>(dim)));
      for (float& weight : router.norm_.weight) {
        weight /= root;
      }
    }
    return router;
  }

  /// out [T, chosen] of h [T, D], contiguous; a token's experts in ascending order.
  void forward(ExecContext& ctx, const float* h, Index tokens, Assignment* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index experts = spec_.experts;
    auto* scores = ctx.arena.take<float>(tokens * experts);
    auto* choice = ctx.arena.take<float>(ctx.parallel.threads() * experts);
    auto* best = ctx.arena.take<ScoredToken>(ctx.parallel.threads() * experts);
    if (!norm_.weight.empty()) {
      auto* normed = ctx.arena.take<float>(tokens * gate_.weight.cols);
      norm_.forward(ctx, h, tokens, normed);
      h = normed;
    }
    const Packed packed(ctx, h, gate_.weight.cols, tokens, gate_.weight.cols);
    packed.multiply({{gate_, scores, experts}});
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int worker) noexcept {
      for (Index t = begin; t < end; ++t) {
        choose(*ctx.kernels.elementwise, scores + t * experts, choice + worker * experts,
               best + worker * experts, out + t * spec_.chosen);
      }
    });
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>(use.tokens * spec_.experts);
    size.take<float>(use.threads * spec_.experts);
    size.take<ScoredToken>(use.threads * spec_.experts);
    size.take<float>(use.tokens * static_cast<Index>(norm_.weight.size()));
    Packed::workspace(use, gate_.weight.cols, size);
  }

  [[nodiscard]] const RouterSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] const Linear& gate() const noexcept { return gate_; }

  /// The assignments of one token by its logits s [E], which become scores. choice [E], best [E]:
  /// workspace.
  void choose(const ElementwiseKernels& kernels, float* s, float* choice, ScoredToken* best,
              Assignment* out) const noexcept {
    const Index experts = spec_.experts;
    if (spec_.score == RouterScore::softmax) {
      kernels.softmax(s, experts);
    } else {
      for (Index e = 0; e < experts; ++e) {
        s[e] = 1.0F / (1.0F + std::exp(-s[e]));
      }
    }
    for (Index e = 0; e < experts; ++e) {
      choice[e] = bias_.empty() ? s[e] : s[e] + bias_[static_cast<std::size_t>(e)];
    }
    limit_groups(kernels, choice, best);
    kernels.top_k(choice, experts, spec_.chosen, best);
    std::sort(best, best + spec_.chosen,
              [](const ScoredToken& a, const ScoredToken& b) { return a.id < b.id; });
    float sum = 0.0F;
    for (Index i = 0; i < spec_.chosen; ++i) {
      out[i] = {best[i].id, s[best[i].id]};
      sum += out[i].weight;
    }
    const auto scale = static_cast<float>(spec_.scale);
    for (Index i = 0; i < spec_.chosen; ++i) {
      out[i].weight = (spec_.normalised ? out[i].weight / (sum + 1e-20F) : out[i].weight) * scale;
      out[i].weight *= scales_.empty() ? 1.0F : scales_[static_cast<std::size_t>(out[i].expert)];
    }
  }

 private:
  explicit Router(RouterSpec spec) : spec_(std::move(spec)) {}

  /// Takes the experts of all but the best groups out of the choice.
  void limit_groups(const ElementwiseKernels& kernels, float* choice,
                    ScoredToken* best) const noexcept {
    if (spec_.groups <= spec_.chosen_groups) {
      return;
    }
    const Index size = spec_.experts / spec_.groups;
    const Index counted = std::min<Index>(size, spec_.group_counts);
    const auto value = [&](Index group) {
      ScoredToken top[2];
      kernels.top_k(choice + group * size, size, counted, top);
      const float sum = top[0].score + (counted > 1 ? top[1].score : 0.0F);
      return std::isnan(sum) ? -HUGE_VALF : sum;
    };
    for (Index group = 0; group < spec_.groups; ++group) {
      best[group] = {static_cast<std::int32_t>(group), value(group)};
    }
    std::sort(best, best + spec_.groups, [](const ScoredToken& a, const ScoredToken& b) {
      return a.score > b.score || (a.score == b.score && a.id < b.id);
    });
    for (Index i = spec_.chosen_groups; i < spec_.groups; ++i) {
      std::fill_n(choice + best[i].id * size, size, -HUGE_VALF);
    }
  }

  RouterSpec spec_;
  Linear gate_;
  Floats bias_;    ///< [E] or empty
  Floats scales_;  ///< [E] or empty
  RmsNorm norm_;   ///< of the input, or without weights
};

}  // namespace ottobit
