// SPDX-License-Identifier: Apache-2.0
// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434, section 2.1). The cache keeps, for
// all heads together, a latent c of R elements and one rotated key kr:
//
//   cq = norm(Wqa h);  (qn, qr) = Wqb cq;  (c, kr) = Wkva h, c normed;  qr, kr rotated
//   (kn, v) = Wkvb c for each head;  out = Wo softmax((qn kn^T + qr kr^T) scale) v
//
// That is one function in two forms. Expanded, keys and values of every position are made from
// their latents, a head at a time. Absorbed, the heads' rows of Wkvb move to the other side of both
// products, (qn Wk) c^T and Wv (p c), and attention runs on the latents as they are cached. Many
// queries repay the expansion, few do not.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/indexer.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/mla_forms.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Mla {
 public:
  [[nodiscard]] static Mla bind(const MlaSpec& spec, Index dim, const WeightScope& scope) {
    Mla mla(spec);
    mla.temperature_ = spec.temperature;
    const Index q_rows = spec.heads * (spec.nope_dim + spec.rope.dim);
    if (spec.q_rank > 0) {
      mla.q_a_ = Linear::bind(scope("q_a_proj"), {spec.q_rank, dim}, spec.bias);
      mla.q_norm_ = RmsNorm::bind(scope("q_a_layernorm"), spec.q_rank, spec.norm);
      mla.q_ = Linear::bind(scope("q_b_proj"), {q_rows, spec.q_rank}, false);
    } else {
      mla.q_ = Linear::bind(scope("q_proj"), {q_rows, dim}, false);
    }
    mla.kv_a_ = Linear::bind(scope("kv_a_proj_with_mqa"), {mla.sizes_.row(), dim}, spec.bias);
    mla.kv_norm_ = RmsNorm::bind(scope("kv_a_layernorm"), spec.kv_rank, spec.norm);
    const Index head_rows = spec.nope_dim + spec.value_dim;
    mla.kv_b_ = Linear::bind(scope("kv_b_proj"), {spec.heads * head_rows, spec.kv_rank}, false);
    for (Index h = 0; h < spec.heads; ++h) {
      const Index row = h * head_rows;
      mla.heads_.push_back({{slice(mla.kv_b_.weight, {row, row + spec.nope_dim}), {}},
                            {slice(mla.kv_b_.weight, {row + spec.nope_dim, row + head_rows}), {}}});
    }
    mla.shared_top_ = spec.indexer && spec.indexer->shared ? spec.indexer->top : 0;
    if (spec.indexer && !spec.indexer->shared) {
      mla.indexer_ = Indexer::bind(*spec.indexer, dim, spec.q_rank, scope("indexer"));
    }
    mla.o_ = Linear::bind(scope("o_proj"), {dim, spec.heads * spec.value_dim}, spec.bias);
    return mla;
  }

  /// out [T, D] = attention of h [T, D], both contiguous; appends the latents of each sequence to
  /// its cache.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const float* h, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = total_tokens(all);
    const Index dim = kv_a_.weight.cols;
    const Index width = o_.weight.cols;
    auto* q = ctx.arena.take<float>(tokens * q_.rows());
    auto* latents = ctx.arena.take<float>(tokens * sizes_.row());
    auto* mixed = ctx.arena.take<float>(tokens * width);
    auto* compressed = ctx.arena.take<float>(tokens * q_a_.rows());
    project(ctx, h, dim, tokens, q, compressed, latents);

    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      ctx.kernels.elementwise->rms_norm(latents, sizes_.row(), kv_norm_.weight.data(), kv_norm_.eps,
                                        sizes_.rank, latents, sizes_.row(), {begin, end});
      each_sequence(all, {begin, end}, [&](const Sequence& at, RowRange rows) noexcept {
        place(ctx, at, rows, q + at.first * q_.rows(), latents + at.first * sizes_.row());
      });
    });

    for (const Sequence& at : all) {
      const Arena::Mark its(ctx.arena);
      const float* const queries = q + at.first * q_.rows();
      float* const values = mixed + at.first * width;
      if (shared_top_ > 0) {
        attend_shared(ctx, at, queries, values);
      } else if (indexer_) {
        attend_indexed(ctx, at, queries, compressed + at.first * q_a_.rows(), h + at.first * dim,
                       values);
      } else {
        attend(ctx, at, queries, values);
      }
    }
    const Packed packed(ctx, mixed, width, tokens, width);
    packed.multiply({{o_, out, o_.rows()}});
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>(use.tokens * q_.rows());
    size.take<float>(use.tokens * sizes_.row());
    size.take<float>(use.tokens * o_.weight.cols);
    size.take<float>(use.tokens * q_a_.rows());
    ArenaSize project;
    Packed::workspace(use, kv_a_.weight.cols, project);
    Packed::workspace(use, q_.weight.cols, project);
    ArenaSize expanded;
    expanded_workspace(use, sizes_, expanded);
    ArenaSize absorbed;
    if (indexer_) {
      indexer_->workspace(use, std::min(use.tokens, kAbsorbedTokens), size);
    }
    absorbed_workspace(use, sizes_, indexer_ ? indexer_->top() : shared_top_, absorbed);
    ArenaSize output;
    Packed::workspace(use, o_.weight.cols, output);
    size.take<std::byte>(
        std::max({project.bytes(), expanded.bytes(), absorbed.bytes(), output.bytes()}));
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    if (q_a_.rows() > 0) {
      see(q_a_, 1.0);
    }
    see(q_, 1.0);
    see(kv_a_, 1.0);
    see(kv_b_, 1.0);
    see(o_, 1.0);
    if (indexer_) {
      indexer_->each_linear(see);
    }
  }

 private:
  explicit Mla(const MlaSpec& spec)
      : sizes_{spec.heads,    spec.kv_rank,   spec.nope_dim,
               spec.rope.dim, spec.value_dim, static_cast<float>(spec.scale)},
        rotates_(spec.rotates) {}

  /// Rotates tokens of a sequence to their positions and stores their latents.
  void place(const ExecContext& ctx, const Sequence& at, RowRange tokens, float* q,
             float* latents) const noexcept {
    if (rotates_) {
      at.rope.rotate(ctx, latents + sizes_.rank, 1, sizes_.row(), tokens);
      at.rope.rotate(ctx, q + sizes_.nope, sizes_.heads, sizes_.query(), tokens);
    }
    for (Index t = tokens.begin; temperature_ && t < tokens.end; ++t) {
      ctx.kernels.elementwise->scale(q + t * q_.rows(),
                                     temperature_at(*temperature_, at.position + t), q_.rows());
    }
    const KvLayer kv = at.layer(ctx);
    ctx.kernels.attention->store_kv(latents + tokens.begin * sizes_.row(), sizes_.row(),
                                    tokens.end - tokens.begin, sizes_.row(), at.cache->dtype(),
                                    kv.k, kv.rows, at.position + tokens.begin, {0, 1});
  }

  [[nodiscard]] static LatentRows cached(const ExecContext& ctx, const Sequence& at) noexcept {
    return {at.layer(ctx).k, at.cache->dtype()};
  }

  /// The first tokens see all there is, the others what the indexer chooses.
  void attend_indexed(ExecContext& ctx, const Sequence& at, const float* q, const float* compressed,
                      const float* h, float* out) const {
    const IndexQueries index = indexer_->project(ctx, at, compressed, h);
    const Index whole = std::clamp<Index>(indexer_->top() - at.position, 0, at.tokens);
    attend(ctx, at.part(0, whole), q, out);
    for (Index t = whole; t < at.tokens; t += kAbsorbedTokens) {
      const Arena::Mark part(ctx.arena);
      const Index count = std::min(kAbsorbedTokens, at.tokens - t);
      const KeySelection keys = indexer_->select(ctx, at, index, t, count);
      if (ctx.choices != nullptr) {
        std::copy_n(keys.keys, count * keys.top, ctx.choices + (at.first + t) * keys.top);
      }
      attend_absorbed(ctx, sizes_, heads_, at.part(t, count), q + t * q_.rows(), cached(ctx, at),
                      keys, out + t * o_.weight.cols);
    }
  }

  /// By what the last indexer chose.
  void attend_shared(ExecContext& ctx, const Sequence& at, const float* q, float* out) const {
    const Index whole = std::clamp<Index>(shared_top_ - at.position, 0, at.tokens);
    attend(ctx, at.part(0, whole), q, out);
    for (Index t = whole; t < at.tokens; t += kAbsorbedTokens) {
      const Arena::Mark part(ctx.arena);
      const Index count = std::min(kAbsorbedTokens, at.tokens - t);
      const KeySelection keys{ctx.choices + (at.first + t) * shared_top_, shared_top_};
      attend_absorbed(ctx, sizes_, heads_, at.part(t, count), q + t * q_.rows(), cached(ctx, at),
                      keys, out + t * o_.weight.cols);
    }
  }

  /// In the form that costs less.
  void attend(ExecContext& ctx, const Sequence& at, const float* q, float* out) const {
    if (sizes_.repays_expansion(at.tokens, at.position + at.tokens)) {
      attend_expanded(ctx, sizes_, heads_, at, q, cached(ctx, at), out);
    } else {
      attend_absorbed(ctx, sizes_, heads_, at, q, cached(ctx, at), {}, out);
    }
  }

  /// q [T, H, nope + rope], the queries' normed latents, and latents [T, R + rope] before norm and
  /// rotation, of h.
  void project(ExecContext& ctx, const float* h, Index dim, Index tokens, float* q,
               float* compressed, float* latents) const {
    const Arena::Mark mark(ctx.arena);
    const Packed hidden(ctx, h, dim, tokens, dim);
    if (!q_a_.weight) {
      hidden.multiply({{q_, q, q_.rows()}, {kv_a_, latents, sizes_.row()}});
      return;
    }
    const Index rank = q_a_.rows();
    hidden.multiply({{q_a_, compressed, rank}, {kv_a_, latents, sizes_.row()}});
    q_norm_.forward(ctx, compressed, tokens, compressed);
    const Packed packed(ctx, compressed, rank, tokens, rank);
    packed.multiply({{q_, q, q_.rows()}});
  }

  MlaSizes sizes_;
  bool rotates_;
  Linear q_a_, q_, kv_a_, kv_b_, o_;
  RmsNorm q_norm_, kv_norm_;
  std::vector<MlaHead> heads_;
  std::optional<TemperatureSpec> temperature_;
  Index shared_top_ = 0;  ///< of an indexer of another block; 0: there is none
  std::optional<Indexer> indexer_;
};

}  // namespace ottobit
