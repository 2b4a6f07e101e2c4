// SPDX-License-Identifier: Apache-2.0
// The lightning indexer of DeepSeek V3.2 (arXiv:2512.02556, section 2.1): small heads of its own
// that score every earlier position, of which attention then sees the best `top` only.
//
//   q = Wq cq;  k = LayerNorm(Wk h);  both rotated at their beginning
//   score(t, s) = sum over heads of  w_h relu(q_h . k_s),   w = Ww h / sqrt(heads A)
//
// The reference rounds q and k to FP8 after a rotation that spreads outliers; products of numbers
// that are not rounded need neither.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/index_scores.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/mla_forms.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Indexer {
 public:
  [[nodiscard]] static Indexer bind(const IndexerSpec& spec, Index dim, Index q_rank,
                                    const WeightScope& scope) {
    Indexer indexer(spec);
    indexer.q_ = Linear::bind(scope("wq_b"), {spec.heads * spec.head_dim, q_rank}, false);
    indexer.k_ = Linear::bind(scope("wk"), {spec.head_dim, dim}, false);
    indexer.k_norm_ = LayerNorm::bind(scope("k_norm"), spec.head_dim, spec.norm_eps);
    indexer.weights_ = Linear::bind(scope("weights_proj"), {spec.heads, dim}, false);
    return indexer;
  }

  /// Queries of the T tokens from their normed latents cq and hidden states h, both contiguous;
  /// appends the keys to the sequence's cache. The memory comes from the context's arena.
  [[nodiscard]] IndexQueries project(ExecContext& ctx, const Sequence& at, const float* cq,
                                     const float* h) const {
    const Index tokens = at.tokens;
    const IndexQueries out{ctx.arena.take<float>(tokens * q_.rows()),
                           ctx.arena.take<float>(tokens * spec_.heads)};
    const Arena::Mark mark(ctx.arena);
    auto* k = ctx.arena.take<float>(tokens * spec_.head_dim);
    {
      const Arena::Mark packing(ctx.arena);
      const Packed latents(ctx, cq, q_.weight.cols, tokens, q_.weight.cols);
      latents.multiply({{q_, out.q, q_.rows()}});
    }
    const Packed hidden(ctx, h, k_.weight.cols, tokens, k_.weight.cols);
    hidden.multiply({{k_, k, spec_.head_dim}, {weights_, out.weights, spec_.heads}});
    const float scale =
        1.0F / std::sqrt(static_cast<float>(spec_.heads) * static_cast<float>(spec_.head_dim));
    RopeRows rope = at.rope;
    rope.layout = spec_.layout;
    const KvLayer kv = at.layer(ctx);
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      const RowRange rows{begin, end};
      k_norm_.apply(k, rows);
      rope.rotate(ctx, k, 1, spec_.head_dim, rows);
      rope.rotate(ctx, out.q, spec_.heads, spec_.head_dim, rows);
      ctx.kernels.elementwise->scale(out.weights + begin * spec_.heads, scale,
                                     (end - begin) * spec_.heads);
      ctx.kernels.attention->store_kv(k + begin * spec_.head_dim, spec_.head_dim, end - begin,
                                      spec_.head_dim, at.cache->dtype(), kv.v, kv.rows,
                                      at.position + begin, {0, 1});
    });
    return out;
  }

  /// The best keys of tokens [first, first + count) of a pass, each of which sees more than `top`.
  [[nodiscard]] KeySelection select(ExecContext& ctx, const Sequence& at, const IndexQueries& in,
                                    Index first, Index count) const {
    auto* chosen = ctx.arena.take<std::int32_t>(count * spec_.top);
    const Arena::Mark mark(ctx.arena);
    const Index positions = at.position + first + count;
    auto* scores = ctx.arena.take<float>(count * positions);
    auto* best = ctx.arena.take<ScoredToken>(spec_.top * ctx.parallel.threads());
    const WeightView keys =
        cache_matrix(at.layer(ctx).v, at.cache->dtype(), positions, spec_.head_dim);
    score_keys(ctx, shape(), in, {first, first + count}, keys, scores);
    ctx.parallel.for_rows(count, 1, [&](Index begin, Index end, int worker) noexcept {
      ScoredToken* const top = best + worker * spec_.top;
      for (Index t = begin; t < end; ++t) {
        const Index visible = at.position + first + t + 1;
        ctx.kernels.elementwise->top_k(scores + t * positions, visible, spec_.top, top);
        std::int32_t* const its = chosen + t * spec_.top;
        std::transform(top, top + spec_.top, its, [](const ScoredToken& s) { return s.id; });
        std::sort(its, its + spec_.top);
      }
    });
    return {chosen, spec_.top};
  }

  /// For project() and, after it, select() of `count` tokens.
  void workspace(const WorkspaceFor& use, Index count, ArenaSize& size) const {
    size.take<float>(use.tokens * q_.rows());
    size.take<float>(use.tokens * spec_.heads);
    ArenaSize project;
    project.take<float>(use.tokens * spec_.head_dim);
    Packed::workspace(use, std::max(q_.weight.cols, k_.weight.cols), project);
    ArenaSize select;
    select.take<std::int32_t>(count * spec_.top);
    select.take<float>(count * use.context);
    select.take<ScoredToken>(spec_.top * use.threads);
    score_workspace(use, shape(), count, select);
    size.take<std::byte>(std::max(project.bytes(), select.bytes()));
  }

  [[nodiscard]] Index top() const noexcept { return spec_.top; }

  template <class See>
  void each_linear(See&& see) const {
    see(q_, 1.0);
    see(k_, 1.0);
    see(weights_, 1.0);
  }

 private:
  explicit Indexer(const IndexerSpec& spec) : spec_(spec) {}

  [[nodiscard]] IndexShape shape() const noexcept { return {spec_.heads, spec_.head_dim}; }

  IndexerSpec spec_;
  Linear q_, k_, weights_;
  LayerNorm k_norm_;
};

}  // namespace ottobit
