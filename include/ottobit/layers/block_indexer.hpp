// SPDX-License-Identifier: Apache-2.0
// The indexer of MiniMax M3: small queries of a token, one for each KV head, and one small key that
// all of them share. A block of keys counts as much as the best of them:
//
//   q = norm(Wq h);  k = norm(Wk h);  both rotated
//   score(t, g, b) = max over keys s of block b that t sees of  q_g . k_s
//
// Of the blocks a KV head of a token sees the best `top`, the newest among them in any case.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// Which blocks of keys each of some tokens sees; see AttentionCall.
struct BlockChoice {
  const std::uint8_t* chosen = nullptr;  ///< [tokens, G, blocks], or null: all
  Index block = 0;
  Index blocks = 0;
};

class BlockIndexer {
 public:
  static constexpr Index kTokens = 64;  ///< of one choice, at most

  [[nodiscard]] static BlockIndexer bind(const BlockIndexerSpec& spec, Index kv_heads, Index dim,
                                         const NormSpec& norm, const WeightScope& scope) {
    BlockIndexer indexer(spec, kv_heads);
    const Index width = spec.head_dim;
    indexer.q_ = Linear::bind(scope("index_q_proj"), {kv_heads * width, dim}, false);
    indexer.k_ = Linear::bind(scope("index_k_proj"), {width, dim}, false);
    indexer.q_norm_ = RmsNorm::bind(scope("index_q_norm"), width, norm);
    indexer.k_norm_ = RmsNorm::bind(scope("index_k_norm"), width, norm);
    return indexer;
  }

  [[nodiscard]] const Linear& q() const noexcept { return q_; }
  [[nodiscard]] const Linear& k() const noexcept { return k_; }
  /// Positions all of whose blocks are chosen.
  [[nodiscard]] Index whole() const noexcept { return spec_.top * spec_.block; }

  /// Norms and rotates the queries [T, G, A] and keys [T, A] of tokens of a sequence in place, and
  /// appends the keys to its cache.
  void place(const ExecContext& ctx, const Sequence& at, RowRange tokens, float* q,
             float* k) const noexcept {
    const Index dim = spec_.head_dim;
    ctx.kernels.elementwise->rms_norm(q, dim, q_norm_.weight.data(), q_norm_.eps, dim, q, dim,
                                      {tokens.begin * heads_, tokens.end * heads_});
    ctx.kernels.elementwise->rms_norm(k, dim, k_norm_.weight.data(), k_norm_.eps, dim, k, dim,
                                      tokens);
    rotate(ctx, at.rope, q, heads_, tokens);
    rotate(ctx, at.rope, k, 1, tokens);
    const KvLayer kv = at.layer(ctx);
    ctx.kernels.attention->store_kv(k + tokens.begin * dim, dim, tokens.end - tokens.begin, dim,
                                    at.cache->dtype(), kv.index, kv.rows,
                                    at.position + tokens.begin, {0, 1});
  }

  /// For the tokens of `at`, at most kTokens, with queries q [T, G, A]; all keys are cached. The
  /// memory comes from the context's arena.
  [[nodiscard]] BlockChoice choose(ExecContext& ctx, const Sequence& at, const float* q) const {
    const Index positions = at.position + at.tokens;
    const Index blocks = (positions + spec_.block - 1) / spec_.block;
    const Index rows = at.tokens * heads_;
    auto* chosen = ctx.arena.take<std::uint8_t>(rows * blocks);
    const Arena::Mark mark(ctx.arena);
    auto* scores = ctx.arena.take<float>(rows * blocks);
    score(ctx, at, q, blocks, scores);
    auto* best = ctx.arena.take<ScoredToken>(spec_.top * ctx.parallel.threads());
    ctx.parallel.for_rows(rows, 1, [&](Index begin, Index end, int worker) noexcept {
      for (Index r = begin; r < end; ++r) {
        const Index own = (at.position + r / heads_) / spec_.block;
        mark_best(ctx.kernels.elementwise->top_k, scores + r * blocks, own + 1,
                  best + worker * spec_.top, chosen + r * blocks);
        std::fill_n(chosen + r * blocks + own + 1, blocks - own - 1, std::uint8_t{0});
      }
    });
    return {chosen, spec_.block, blocks};
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const LinearKernels& kernels = *use.kernels.linear;
    const Index rows = std::min(use.tokens, kTokens) * heads_;
    const Index blocks = (use.context + spec_.block - 1) / spec_.block;
    size.take<std::uint8_t>(rows * blocks);
    size.take<float>(rows * blocks);
    size.take<ScoredToken>(spec_.top * use.threads);
    size.take<std::byte>(kernels.packed_bytes(Compute::f32, rows, spec_.head_dim));
    size.take<std::byte>(scratch_stride(kernels, rows) * use.threads);
    size.take<float>(rows * spec_.block * use.threads);
  }

  template <class See>
  void each_linear(See&& see) const {
    see(q_, 1.0);
    see(k_, 1.0);
  }

 private:
  BlockIndexer(const BlockIndexerSpec& spec, Index heads) : spec_(spec), heads_(heads) {}

  /// Element i of a head turns by the angle of element i of the heads of attention, in pairs half a
  /// rotated part apart: where a head is narrower than that part, those of a pair differ.
  void rotate(const ExecContext& ctx, const RopeRows& rope, float* x, Index heads,
              RowRange tokens) const noexcept {
    const Index dim = spec_.head_dim;
    if (dim >= 2 * rope.half_dim) {
      return rope.rotate(ctx, x, heads, dim, tokens);
    }
    for (Index t = tokens.begin; t < tokens.end; ++t) {
      const float* const cosines = rope.cosines + t * rope.half_dim;
      const float* const sines = rope.sines + t * rope.half_dim;
      for (float* head = x + t * heads * dim; head < x + (t + 1) * heads * dim; head += dim) {
        for (Index i = 0; i < dim / 2; ++i) {
          const Index j = i + dim / 2;
          const float low = head[i];
          const float high = head[j];
          head[i] = low * cosines[i % rope.half_dim] - high * sines[i % rope.half_dim];
          head[j] = high * cosines[j % rope.half_dim] + low * sines[j % rope.half_dim];
        }
      }
    }
  }

  [[nodiscard]] Index scratch_stride(const LinearKernels& kernels, Index rows) const noexcept {
    return round_up(kernels.scratch_bytes(Compute::f32, rows, spec_.head_dim), kAlignment);
  }

  /// scores [T, G, blocks]; -inf of those that a token does not see.
  void score(ExecContext& ctx, const Sequence& at, const float* q, Index blocks,
             float* scores) const {
    const Arena::Mark mark(ctx.arena);
    const LinearKernels& kernels = *ctx.kernels.linear;
    const Index rows = at.tokens * heads_;
    const Index dim = spec_.head_dim;
    const Index stride = scratch_stride(kernels, rows);
    auto* packed = ctx.arena.take<std::byte>(kernels.packed_bytes(Compute::f32, rows, dim));
    auto* scratch = ctx.arena.take<std::byte>(stride * ctx.parallel.threads());
    auto* products = ctx.arena.take<float>(rows * spec_.block * ctx.parallel.threads());
    kernels.pack(Compute::f32, q, dim, rows, dim, packed,
                 {0, (dim + Packed::kBlock - 1) / Packed::kBlock});
    const WeightView keys =
        cache_matrix(at.layer(ctx).index, at.cache->dtype(), at.position + at.tokens, dim);
    ctx.parallel.for_rows(blocks, 1, [&](Index begin, Index end, int worker) noexcept {
      float* const y = products + worker * rows * spec_.block;
      for (Index b = begin; b < end; ++b) {
        const Index first = b * spec_.block;
        const WeightView block = slice(keys, {first, std::min(keys.rows, first + spec_.block)});
        kernels.linear(Compute::f32, block, packed, rows, y, spec_.block, {0, block.rows},
                       scratch + worker * stride);
        for (Index r = 0; r < rows; ++r) {
          const Index seen = std::min(at.position + r / heads_ + 1 - first, block.rows);
          const float* const its = y + r * spec_.block;
          scores[r * blocks + b] = seen > 0 ? its[ctx.kernels.elementwise->argmax(its, seen)]
                                            : -std::numeric_limits<float>::infinity();
        }
      }
    });
  }

  /// chosen[b] of the `n` blocks that a token sees; changes their scores. `best` has room for
  /// `top`.
  void mark_best(decltype(ElementwiseKernels::top_k) top_k, float* scores, Index n,
                 ScoredToken* best, std::uint8_t* chosen) const noexcept {
    for (Index b = 0; b < n; ++b) {
      if (b < spec_.initial || b + spec_.local >= n) {
        scores[b] = std::numeric_limits<float>::infinity();
      }
    }
    const Index count = std::min(spec_.top, n);
    top_k(scores, n, count, best);
    std::fill_n(chosen, n, std::uint8_t{0});
    for (Index i = 0; i < count; ++i) {
      chosen[best[i].id] = 1;
    }
  }

  BlockIndexerSpec spec_;
  Index heads_;  ///< G
  Linear q_, k_;
  RmsNorm q_norm_, k_norm_;
};

}  // namespace ottobit
