// SPDX-License-Identifier: Apache-2.0
// What the queries of compressed sparse attention (csa.hpp) see: the keys of a window and entries
// of several tokens, side by side in memory for each query, so that one kernel goes over both.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>

#include "ottobit/layers/compressor.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/index_scores.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// Small heads that score entries, by keys that a compressor of their own makes.
struct EntryIndexer {
  IndexerSpec spec;
  Index rotated;  ///< elements at the end of a query
  Linear q;
  Linear weights;
  Compressor compressor;

  [[nodiscard]] static EntryIndexer bind(const CsaSpec& csa, Index dim, const WeightScope& scope) {
    const IndexerSpec& spec = *csa.indexer;
    return {spec, csa.rope.dim,
            Linear::bind(scope("wq_b"), {spec.heads * spec.head_dim, csa.q_rank}, false),
            Linear::bind(scope("weights_proj"), {spec.heads, dim}, false),
            Compressor::bind(csa, spec.head_dim, dim, scope("compressor"))};
  }

  /// Rotates the queries of tokens of a sequence and scales their weights.
  void place(const ExecContext& ctx, const Sequence& at, RowRange tokens,
             const IndexQueries& all) const noexcept {
    at.rope.rotate(ctx, all.q + at.first * q.rows() + spec.head_dim - rotated, spec.heads,
                   spec.head_dim, tokens);
    const float scale =
        1.0F / std::sqrt(static_cast<float>(spec.heads) * static_cast<float>(spec.head_dim));
    ctx.kernels.elementwise->scale(all.weights + (at.first + tokens.begin) * spec.heads, scale,
                                   (tokens.end - tokens.begin) * spec.heads);
  }
};

class EntryAttention {
 public:
  /// `compressor` and `indexer`: null where there is none.
  EntryAttention(const CsaSpec& spec, const Compressor* compressor, const EntryIndexer* indexer,
                 const float* sinks)
      : spec_(spec), compressor_(compressor), indexer_(indexer), sinks_(sinks) {}

  /// out [T, H, A] of the tokens of a sequence with queries q [T, H, A]; `index`: of the pass.
  void forward(ExecContext& ctx, const Sequence& at, const float* q, const IndexQueries& index,
               float* out) const {
    const Index width = spec_.heads * spec_.head_dim;
    const Sizes sizes(spec_, at.position + at.tokens, dtype_bits(at.cache->dtype()) / 8);
    for (Index t = 0; t < at.tokens; t += sizes.tokens) {
      const Arena::Mark mark(ctx.arena);
      const Sequence part = at.part(t, std::min(sizes.tokens, at.tokens - t));
      const std::int32_t* const chosen =
          sizes.entries > sizes.most ? choose(ctx, part, index) : nullptr;
      attend(ctx, part, sizes, chosen, q + t * width, out + t * width);
    }
  }

  static void workspace(const WorkspaceFor& use, const CsaSpec& spec, ArenaSize& size) {
    const Sizes sizes(spec, use.context, sizeof(float));
    size.take<std::byte>(std::max(kGathered, sizes.bytes()));
    size.take<std::byte>(scratch_stride(*use.kernels.attention, call_of(spec)) * use.threads);
    if (spec.indexer) {
      size.take<std::int32_t>(kTokens * spec.indexer->top);
      size.take<float>(kTokens * sizes.entries);
      size.take<ScoredToken>(spec.indexer->top * use.threads);
      score_workspace(use, {spec.indexer->heads, spec.indexer->head_dim}, kTokens, size);
    }
  }

 private:
  static constexpr Index kTokens = 16;  ///< that go together, at most
  static constexpr Index kGathered = Index{8}
                                     << 20;  ///< bytes of what they see, if it is more than one

  /// Of what some tokens before position `end` see.
  struct Sizes {
    Sizes(const CsaSpec& spec, Index end, Index element)
        : row_bytes(spec.head_dim * element),
          entries(spec.ratio == 0 ? 0 : end / spec.ratio),
          most(spec.indexer ? std::min(entries, spec.indexer->top) : entries),
          rows(std::min(spec.window, end) + most),
          tokens(std::clamp<Index>(kGathered / bytes(), 1, kTokens)) {}
    Index row_bytes;
    Index entries;  ///< that there are
    Index most;     ///< of them that a token sees
    Index rows;     ///< that a token sees
    Index tokens;   ///< that go together

    [[nodiscard]] Index bytes() const noexcept { return rows * row_bytes; }
  };

  /// Entries [T, top] that the indexer chooses for tokens of a sequence, ascending.
  [[nodiscard]] const std::int32_t* choose(ExecContext& ctx, const Sequence& at,
                                           const IndexQueries& index) const {
    const IndexerSpec& spec = indexer_->spec;
    auto* const chosen = ctx.arena.take<std::int32_t>(at.tokens * spec.top);
    const Arena::Mark mark(ctx.arena);
    const Index entries = compressor_->visible(at.position + at.tokens - 1);
    auto* const scores = ctx.arena.take<float>(at.tokens * entries);
    auto* const best = ctx.arena.take<ScoredToken>(spec.top * ctx.parallel.threads());
    const KvLayer stored = at.cache->layer(static_cast<std::size_t>(ctx.layer), 2);
    score_keys(ctx, {spec.heads, spec.head_dim}, index, {at.first, at.first + at.tokens},
               cache_matrix(stored.v, at.cache->dtype(), entries, spec.head_dim), scores);
    ctx.parallel.for_rows(at.tokens, 1, [&](Index begin, Index end, int worker) noexcept {
      ScoredToken* const top = best + worker * spec.top;
      for (Index t = begin; t < end; ++t) {
        std::int32_t* const its = chosen + t * spec.top;
        const Index visible = compressor_->visible(at.position + t);
        if (visible <= spec.top) {
          std::iota(its, its + visible, 0);
          continue;
        }
        ctx.kernels.elementwise->top_k(scores + t * entries, visible, spec.top, top);
        std::transform(top, top + spec.top, its, [](const ScoredToken& s) { return s.id; });
        std::sort(its, its + spec.top);
      }
    });
    return chosen;
  }

  /// Copies what a token at this position sees to `to`, its own key last; returns how many rows.
  Index gather(const ExecContext& ctx, const Sequence& at, Index position,
               const std::int32_t* chosen, Index row_bytes, std::byte* to) const noexcept {
    const std::byte* const begin = to;
    const auto copy = [&](const std::byte* rows, Index first, Index count) {
      std::memcpy(to, rows + first * row_bytes, static_cast<std::size_t>(count * row_bytes));
      to += count * row_bytes;
    };
    if (compressor_ != nullptr) {
      const KvLayer entries = at.cache->layer(static_cast<std::size_t>(ctx.layer), 2);
      const Index visible = compressor_->visible(position);
      if (chosen == nullptr) {
        copy(entries.k, 0, visible);
      } else {
        const Index count = std::min(visible, indexer_->spec.top);
        std::for_each_n(chosen, count, [&](std::int32_t entry) { copy(entries.k, entry, 1); });
      }
    }
    const KvLayer kv = at.layer(ctx);
    for (Index p = std::max<Index>(position + 1 - spec_.window, 0); p <= position;) {
      const Index row = kv.ring == 0 ? p : p % kv.ring;
      const Index count = std::min(position + 1 - p, kv.rows - row);
      copy(kv.k, row, count);
      p += count;
    }
    return (to - begin) / row_bytes;
  }

  void attend(ExecContext& ctx, const Sequence& at, const Sizes& sizes, const std::int32_t* chosen,
              const float* q, float* out) const {
    const AttentionKernels& kernels = *ctx.kernels.attention;
    const int threads = ctx.parallel.threads();
    const Index stride = scratch_stride(kernels, call_of(spec_));
    auto* const gathered = ctx.arena.take<std::byte>(at.tokens * sizes.bytes());
    auto* const scratch = ctx.arena.take<std::byte>(stride * threads);
    Index rows[kTokens];
    ctx.parallel.for_rows(at.tokens, 1, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        rows[t] = gather(ctx, at, at.position + t,
                         chosen == nullptr ? nullptr : chosen + t * indexer_->spec.top,
                         sizes.row_bytes, gathered + t * sizes.bytes());
      }
    });
    // Few tokens: their heads in parts, one for each thread.
    const Index parts = std::clamp<Index>(threads / at.tokens, 1, spec_.heads);
    ctx.parallel.for_rows(at.tokens * parts, 1, [&](Index begin, Index end, int worker) noexcept {
      for (Index i = begin; i < end; ++i) {
        const Index t = i / parts;
        const Index first = i % parts * spec_.heads / parts;
        const Index offset = (t * spec_.heads + first) * spec_.head_dim;
        AttentionCall call = call_of(spec_);
        call.heads = (i % parts + 1) * spec_.heads / parts - first;
        call.q = q + offset;
        call.out = out + offset;
        call.position = rows[t] - 1;
        call.k = call.v = {gathered + t * sizes.bytes(), spec_.head_dim, 0};
        call.kv_dtype = at.cache->dtype();
        call.sinks = sinks_ + first;
        kernels.attention(call, {0, kernels.items(call)}, scratch + worker * stride);
      }
    });
  }

  /// Of one token.
  [[nodiscard]] static AttentionCall call_of(const CsaSpec& spec) noexcept {
    AttentionCall call;
    call.tokens = 1;
    call.heads = spec.heads;
    call.kv_heads = 1;
    call.head_dim = call.value_dim = spec.head_dim;
    call.q_stride = call.out_stride = spec.heads * spec.head_dim;
    call.scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim));
    return call;
  }
  [[nodiscard]] static Index scratch_stride(const AttentionKernels& kernels,
                                            const AttentionCall& call) noexcept {
    return round_up(kernels.scratch_bytes(call), kAlignment);
  }

  const CsaSpec& spec_;
  const Compressor* compressor_;
  const EntryIndexer* indexer_;
  const float* sinks_;  ///< [H]
};

}  // namespace ottobit
