// SPDX-License-Identifier: Apache-2.0
// Compressed sparse attention (DeepSeek V4). One vector of a token is key and value of all heads:
//
//   cq = norm(Wqa h);  q = Wqb cq, each head normed;  kv = norm(Wkv h);  their ends rotated
//   o = softmax(q k^T / sqrt(A)) k  over a window of tokens and over entries of the compressor,
//     all that end before the query or those that the indexer chooses; a sink for each head
//   out = Wb (Wa_g o_g for each group g of heads), the ends of o turned back
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "ottobit/layers/compressor.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/csa_attend.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Csa {
 public:
  [[nodiscard]] static Csa bind(const CsaSpec& spec, Index dim, const WeightScope& scope) {
    Csa csa(spec);
    const Index width = spec.heads * spec.head_dim;
    csa.q_a_ = Linear::bind(scope("wq_a"), {spec.q_rank, dim}, false);
    csa.q_norm_ = RmsNorm::bind(scope("q_norm"), spec.q_rank, spec.norm);
    csa.q_b_ = Linear::bind(scope("wq_b"), {width, spec.q_rank}, false);
    csa.head_norm_ = {Floats(static_cast<std::size_t>(spec.head_dim), 1.0F),
                      static_cast<float>(spec.norm.eps)};
    csa.kv_ = Linear::bind(scope("wkv"), {spec.head_dim, dim}, false);
    csa.kv_norm_ = RmsNorm::bind(scope("kv_norm"), spec.head_dim, spec.norm);
    csa.out_a_ =
        Linear::bind(scope("wo_a"), {spec.groups * spec.out_rank, width / spec.groups}, false);
    csa.out_b_ = Linear::bind(scope("wo_b"), {dim, spec.groups * spec.out_rank}, false);
    csa.sinks_ = scope.vector("attn_sink", spec.heads);
    if (spec.ratio > 0) {
      csa.compressor_ = Compressor::bind(spec, spec.head_dim, dim, scope("compressor"));
    }
    if (spec.indexer) {
      csa.indexer_ = EntryIndexer::bind(spec, dim, scope("indexer"));
    }
    return csa;
  }

  /// out [T, D] = attention of h [T, D], both contiguous; appends what is kept of the tokens to the
  /// cache of each sequence.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const float* h, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = total_tokens(all);
    const Index rank = q_a_.rows();
    const Index width = q_b_.rows();
    auto* const compressed = ctx.arena.take<float>(tokens * rank);
    auto* const q = ctx.arena.take<float>(tokens * width);
    auto* const kv = ctx.arena.take<float>(tokens * spec_.head_dim);
    auto* const mixed = ctx.arena.take<float>(tokens * width);
    const Said said = take_said(ctx, compressor_, tokens);
    const Said index_said = take_said(ctx, compressor_of_index(), tokens);
    const IndexQueries index = take_queries(ctx, tokens);
    {
      const Arena::Mark packing(ctx.arena);
      const Packed hidden(ctx, h, kv_.weight.cols, tokens, kv_.weight.cols);
      const Linear none;  // no rows, no product
      const Linear& weights = indexer_ ? indexer_->weights : none;
      hidden.multiply(
          {{q_a_, compressed, rank},
           {kv_, kv, spec_.head_dim},
           {said.of == nullptr ? none : said.of->kv(), said.c, said.width},
           {said.of == nullptr ? none : said.of->gate(), said.s, said.width},
           {index_said.of == nullptr ? none : index_said.of->kv(), index_said.c, index_said.width},
           {index_said.of == nullptr ? none : index_said.of->gate(), index_said.s,
            index_said.width},
           {weights, index.weights, weights.rows()}});
      q_norm_.forward(ctx, compressed, tokens, compressed);
      const Packed latents(ctx, compressed, rank, tokens, rank);
      const Linear& index_q = indexer_ ? indexer_->q : none;
      latents.multiply({{q_b_, q, width}, {index_q, index.q, index_q.rows()}});
    }
    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      each_sequence(all, {begin, end}, [&](const Sequence& at, RowRange rows) noexcept {
        place(ctx, at, rows, {q + at.first * width, kv + at.first * spec_.head_dim});
        said.place(ctx, at, rows, 1);
        index_said.place(ctx, at, rows, 3);
        if (indexer_) {
          indexer_->place(ctx, at, rows, index);
        }
      });
    });
    for (const Sequence& at : all) {
      const Arena::Mark its(ctx.arena);
      if (compressor_) {
        const KvLayer entries = layer(ctx, at, 2);
        compressor_->complete(ctx, at, layer(ctx, at, 1), entries, entries.k);
        if (indexer_) {
          indexer_->compressor.complete(ctx, at, layer(ctx, at, 3), entries, entries.v);
        }
      }
      EntryAttention(spec_, compressor_ ? &*compressor_ : nullptr, indexer_ ? &*indexer_ : nullptr,
                     sinks_.data())
          .forward(ctx, at, q + at.first * width, index, mixed + at.first * width);
    }
    turn_back(ctx, all, mixed);
    project(ctx, mixed, tokens, out);
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const Index width = q_b_.rows();
    const Index latent = out_a_.rows();
    size.take<float>(use.tokens * q_a_.rows());
    size.take<float>(use.tokens * width);
    size.take<float>(use.tokens * spec_.head_dim);
    size.take<float>(use.tokens * width);
    ArenaSize attend;
    for (const Compressor* compressor :
         {compressor_ ? &*compressor_ : nullptr, indexer_ ? &indexer_->compressor : nullptr}) {
      size.take<float>(compressor == nullptr ? 0 : use.tokens * compressor->kv().rows());
      size.take<float>(compressor == nullptr ? 0 : use.tokens * compressor->kv().rows());
      if (compressor != nullptr) {
        compressor->workspace(use, attend);
      }
    }
    size.take<float>(indexer_ ? use.tokens * indexer_->q.rows() : 0);
    size.take<float>(indexer_ ? use.tokens * indexer_->weights.rows() : 0);
    ArenaSize products;
    Packed::workspace(use, kv_.weight.cols, products);
    Packed::workspace(use, q_a_.rows(), products);
    EntryAttention::workspace(use, spec_, attend);
    ArenaSize output;
    output.take<float>(use.threads * spec_.rope.dim);
    output.take<float>(use.tokens * latent);
    Packed::workspace(use, std::max(out_a_.weight.cols, latent), output);
    size.take<std::byte>(std::max({products.bytes(), attend.bytes(), output.bytes()}));
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    for (const Linear* linear : {&q_a_, &q_b_, &kv_, &out_a_, &out_b_}) {
      see(*linear, 1.0);
    }
    if (compressor_) {
      compressor_->each_linear(see);
    }
    if (indexer_) {
      see(indexer_->q, 1.0);
      see(indexer_->weights, 1.0);
      indexer_->compressor.each_linear(see);
    }
  }

 private:
  explicit Csa(const CsaSpec& spec) : spec_(spec) {}

  [[nodiscard]] static KvLayer layer(const ExecContext& ctx, const Sequence& at,
                                     std::size_t behind) noexcept {
    return at.cache->layer(static_cast<std::size_t>(ctx.layer), behind);
  }

  /// What the tokens of a pass say to a compressor, [T, width] each; nothing without one.
  struct Said {
    const Compressor* of;
    Index width;
    float* c;
    float* s;

    void place(const ExecContext& ctx, const Sequence& at, RowRange rows,
               std::size_t behind) const noexcept {
      if (of != nullptr) {
        of->place(ctx, at, rows, c + at.first * width, s + at.first * width,
                  layer(ctx, at, behind));
      }
    }
  };
  [[nodiscard]] static Said take_said(ExecContext& ctx, const std::optional<Compressor>& of,
                                      Index tokens) {
    return take_said(ctx, of ? &*of : nullptr, tokens);
  }
  [[nodiscard]] static Said take_said(ExecContext& ctx, const Compressor* of, Index tokens) {
    const Index width = of == nullptr ? 0 : of->kv().rows();
    auto* const c = ctx.arena.take<float>(tokens * width);
    return {of, width, c, ctx.arena.take<float>(tokens * width)};
  }
  [[nodiscard]] const Compressor* compressor_of_index() const noexcept {
    return indexer_ ? &indexer_->compressor : nullptr;
  }
  [[nodiscard]] IndexQueries take_queries(ExecContext& ctx, Index tokens) const {
    auto* const q = ctx.arena.take<float>(indexer_ ? tokens * indexer_->q.rows() : 0);
    return {q, ctx.arena.take<float>(indexer_ ? tokens * indexer_->weights.rows() : 0)};
  }

  struct Rows {
    float* q;
    float* kv;
  };
  /// Norms and rotates tokens of a sequence and stores their keys.
  void place(const ExecContext& ctx, const Sequence& at, RowRange tokens,
             const Rows& of) const noexcept {
    const Index dim = spec_.head_dim;
    const Index tail = dim - spec_.rope.dim;
    ctx.kernels.elementwise->rms_norm(of.q, dim, head_norm_.weight.data(), head_norm_.eps, dim,
                                      of.q, dim,
                                      {tokens.begin * spec_.heads, tokens.end * spec_.heads});
    ctx.kernels.elementwise->rms_norm(of.kv, dim, kv_norm_.weight.data(), kv_norm_.eps, dim, of.kv,
                                      dim, tokens);
    at.rope.rotate(ctx, of.q + tail, spec_.heads, dim, tokens);
    at.rope.rotate(ctx, of.kv + tail, 1, dim, tokens);
    const KvLayer kv = at.layer(ctx);
    store_rows(ctx, of.kv, {1, dim}, tokens, at.position, kv, at.cache->dtype(), kv.k);
  }

  /// The ends of the heads' results, mixtures of rotated keys, by the angles of their queries.
  void turn_back(ExecContext& ctx, std::span<const Sequence> all, float* mixed) const {
    const Arena::Mark mark(ctx.arena);
    const Index half = spec_.rope.dim / 2;
    auto* const sines = ctx.arena.take<float>(half * ctx.parallel.threads());
    const Index tail = spec_.head_dim - spec_.rope.dim;
    const Index width = q_b_.rows();
    ctx.parallel.for_rows(total_tokens(all), 1, [&](Index begin, Index end, int worker) noexcept {
      each_sequence(all, {begin, end}, [&](const Sequence& at, RowRange rows) noexcept {
        for (Index t = rows.begin; t < rows.end; ++t) {
          RopeRows back = at.rope.from(t);
          float* const negated = sines + worker * half;
          std::transform(back.sines, back.sines + half, negated, [](float x) { return -x; });
          back.sines = negated;
          back.rotate(ctx, mixed + (at.first + t) * width + tail, spec_.heads, spec_.head_dim,
                      {0, 1});
        }
      });
    });
  }

  /// out [T, D] of the heads' results [T, H A].
  void project(ExecContext& ctx, const float* mixed, Index tokens, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index latent = out_a_.rows();
    const Index part = out_a_.weight.cols;
    const Index rank = spec_.out_rank;
    auto* const latents = ctx.arena.take<float>(tokens * latent);
    for (Index g = 0; g < spec_.groups; ++g) {
      const Arena::Mark its(ctx.arena);
      const Packed packed(ctx, mixed + g * part, q_b_.rows(), tokens, part);
      const Linear rows{slice(out_a_.weight, {g * rank, (g + 1) * rank}), {}};
      packed.multiply({{rows, latents + g * rank, latent}});
    }
    const Packed packed(ctx, latents, latent, tokens, latent);
    packed.multiply({{out_b_, out, out_b_.rows()}});
  }

  CsaSpec spec_;
  Linear q_a_, q_b_, kv_, out_a_, out_b_;
  RmsNorm q_norm_, head_norm_, kv_norm_;
  Floats sinks_;  ///< [H]
  std::optional<Compressor> compressor_;
  std::optional<EntryIndexer> indexer_;
};

}  // namespace ottobit
