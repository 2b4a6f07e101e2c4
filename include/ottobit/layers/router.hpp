// SPDX-License-Identifier: Apache-2.0
// Router: which experts each token goes to and with what weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"
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
    if (!spec.table.empty()) {
      router.bind_table(scope);
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
        assign(*ctx.kernels.elementwise, table_.empty() ? 0 : ctx.ids[t], scores + t * experts,
               choice + worker * experts, best + worker * experts, out + t * spec_.chosen);
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
  void assign(const ElementwiseKernels& kernels, std::int32_t token, float* s, float* choice,
              ScoredToken* best, Assignment* out) const noexcept {
    score(kernels, s);
    if (table_.empty()) {
      choose(kernels, s, choice, best);
    } else {
      look_up(token, best);
    }
    weigh(s, best, out);
  }

 private:
  explicit Router(RouterSpec spec) : spec_(std::move(spec)) {}

  void bind_table(const WeightScope& scope) {
    const Floats numbers = scope.table(spec_.table, {spec_.vocab, spec_.chosen});
    for (const float number : numbers) {
      const auto row = table_.end() - std::ssize(table_) % spec_.chosen;
      const auto expert = static_cast<std::int32_t>(number);
      OTTOBIT_CHECK(expert >= 0 && expert < spec_.experts &&
                        std::find(row, table_.end(), expert) == table_.end(),
                    ErrorCode::checkpoint, spec_.table,
                    "sends token " + std::to_string(std::ssize(table_) / spec_.chosen) +
                        " to expert " + std::to_string(expert) + ", expected different ones of " +
                        std::to_string(spec_.experts));
      table_.push_back(expert);
    }
  }
  /// Logits s [E] to scores, in place.
  void score(const ElementwiseKernels& kernels, float* s) const noexcept {
    if (spec_.score == RouterScore::softmax) {
      kernels.softmax(s, spec_.experts);
      return;
    }
    for (Index e = 0; e < spec_.experts; ++e) {
      s[e] = spec_.score == RouterScore::sigmoid
                 ? 1.0F / (1.0F + std::exp(-s[e]))
                 : std::sqrt(std::max(s[e], 0.0F) + std::log1p(std::exp(-std::abs(s[e]))));
    }
  }

  /// The experts of one token, the first of best [E], by its scores. choice [E]: workspace.
  void choose(const ElementwiseKernels& kernels, const float* s, float* choice,
              ScoredToken* best) const noexcept {
    for (Index e = 0; e < spec_.experts; ++e) {
      choice[e] = bias_.empty() ? s[e] : s[e] + bias_[static_cast<std::size_t>(e)];
    }
    limit_groups(kernels, choice, best);
    kernels.top_k(choice, spec_.experts, spec_.chosen, best);
  }

  /// The assignments of one token to the first experts of `best`, which are sorted.
  void weigh(const float* s, ScoredToken* best, Assignment* out) const noexcept {
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

  /// By the table; as choose().
  void look_up(std::int32_t token, ScoredToken* best) const noexcept {
    const std::int32_t* const its = table_.data() + token * spec_.chosen;
    for (Index i = 0; i < spec_.chosen; ++i) {
      best[i].id = its[i];
    }
  }

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
  Floats bias_;                      ///< [E] or empty
  Floats scales_;                    ///< [E] or empty
  LargeVector<std::int32_t> table_;  ///< [V, chosen] or empty
  RmsNorm norm_;                     ///< of the input, or without weights
};

}  // namespace ottobit
