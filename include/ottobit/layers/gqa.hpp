// SPDX-License-Identifier: Apache-2.0
// Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245):
//   q, k, v = Wq h + bq, Wk h + bk, Wv h + bv;  q, k normed (QkNorm) and rotated;
//   out = Wo softmax(q k^T / sqrt(A)) v
//
// with the variations of GqaSpec: windows and chunks, sinks, capped scores, scaled queries, gates,
// blocks of keys that an indexer chooses.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/layers/block_indexer.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/rope.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Gqa {
 public:
  [[nodiscard]] static Gqa bind(const GqaSpec& spec, Index dim, const NormSpec& norm,
                                const WeightScope& scope) {
    const Index q_rows = spec.heads * spec.head_dim;
    const Index kv_rows = spec.kv_heads * spec.head_dim;
    const Index value_rows = spec.kv_heads * value_dim(spec);
    const Index mixed_rows = spec.heads * value_dim(spec);
    const Index with_gate = spec.gated ? 2 * q_rows : q_rows;
    std::vector<std::string_view> names = {"q_proj", "k_proj", "v_proj"};
    std::vector<Index> rows = {with_gate, kv_rows, value_rows};
    names.resize(spec.kv_of ? 1 : spec.values_of_keys ? 2 : 3);
    rows.resize(names.size());
    std::vector<Linear> qkv = Linear::bind_rows(spec.fused, names, rows, dim, spec.qkv_bias, scope);
    qkv.resize(3);  // a matrix that is not there has no rows
    Gqa gqa{spec, qkv[0], qkv[1], qkv[2],
            Linear::bind(scope(spec.names.out), {dim, mixed_rows}, spec.out_bias)};
    if (!spec.gate.empty()) {
      const Index gates = spec.gates_heads ? spec.heads : mixed_rows;
      gqa.gate_ = Linear::bind(scope(spec.gate), {gates, dim}, false);
    }
    const auto plain = [&](Index width) {
      return RmsNorm{Floats(static_cast<std::size_t>(width), 1.0F), static_cast<float>(norm.eps)};
    };
    if (spec.value_norm) {
      gqa.v_norm_ = plain(value_dim(spec));
    }
    if (spec.qk_norm == QkNorm::rotated) {
      gqa.rotated_norm_ = plain(spec.head_dim);
    } else if (spec.qk_norm == QkNorm::plain) {
      gqa.q_norm_ = gqa.k_norm_ = plain(spec.head_dim);
    } else if (spec.qk_norm != QkNorm::none) {
      const bool each = spec.qk_norm == QkNorm::per_head;
      gqa.q_norm_ = RmsNorm::bind(scope(spec.names.q_norm), each ? spec.head_dim : q_rows, norm);
      if (!spec.kv_of) {
        gqa.k_norm_ = RmsNorm::bind(scope(spec.names.k_norm), each ? spec.head_dim : kv_rows, norm);
      }
    }
    if (!spec.sinks.empty()) {
      gqa.sinks_ = scope.vector(spec.sinks, spec.heads);
    }
    if (spec.indexer) {
      gqa.indexer_ = BlockIndexer::bind(*spec.indexer, spec.kv_heads, dim, norm, scope);
    }
    return gqa;
  }

  /// out [T, D] = attention of h [T, D], both contiguous; appends the keys and values of each
  /// sequence to its cache, unless an earlier block did.
  void forward(ExecContext& ctx, std::span<const Sequence> all, const float* h, float* out) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = total_tokens(all);
    const Index q_dim = query_width();
    const Index kv_dim = k_.rows();
    const Index v_dim = value_width();
    const Index mixed_dim = o_.weight.cols;
    auto* projected = spec_.gated ? ctx.arena.take<float>(tokens * q_.rows()) : nullptr;
    auto* q = ctx.arena.take<float>(tokens * q_dim);
    auto* k = ctx.arena.take<float>(tokens * kv_dim);
    auto* v = ctx.arena.take<float>(tokens * v_dim);
    auto* mixed = ctx.arena.take<float>(tokens * mixed_dim);
    auto* gates = ctx.arena.take<float>(tokens * gate_.rows());
    const Linear none;
    const Linear& index_q = indexer_ ? indexer_->q() : none;
    const Linear& index_k = indexer_ ? indexer_->k() : none;
    auto* index_queries = ctx.arena.take<float>(tokens * index_q.rows());
    auto* index_keys = ctx.arena.take<float>(tokens * index_k.rows());

    const Packed hidden(ctx, h, q_.weight.cols, tokens, q_.weight.cols);
    hidden.multiply({{q_, spec_.gated ? projected : q, q_.rows()},
                     {k_, k, kv_dim},
                     {v_, v, v_dim},
                     {gate_, gates, gate_.rows()},  // no rows, no product
                     {index_q, index_queries, index_q.rows()},
                     {index_k, index_keys, index_k.rows()}});

    ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
      if (spec_.gated) {
        take_queries(projected, q, {begin, end});
      }
      norm(ctx, q_norm_, q, q_dim, {begin, end});
      if (spec_.values_of_keys) {
        std::copy(k + begin * kv_dim, k + end * kv_dim, v + begin * kv_dim);
      }
      norm(ctx, k_norm_, k, kv_dim, {begin, end});
      norm(ctx, v_norm_, v, v_dim, {begin, end});
      if (spec_.value_scale != 1.0) {
        ctx.kernels.elementwise->scale(v + begin * v_dim, static_cast<float>(spec_.value_scale),
                                       (end - begin) * v_dim);
      }
      each_sequence(all, {begin, end}, [&](const Sequence& at, RowRange rows) noexcept {
        place(ctx, at, rows, {q + at.first * q_dim, k + at.first * kv_dim, v + at.first * v_dim});
        if (indexer_) {
          indexer_->place(ctx, at, rows, index_queries + at.first * index_q.rows(),
                          index_keys + at.first * index_k.rows());
        }
      });
    });

    if (indexer_) {
      attend_chosen(ctx, all, q, index_queries, mixed);
    } else {
      attend(ctx, all, q, mixed, {});
    }
    if (spec_.gated) {
      ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
        multiply_by_gates(ctx, projected, mixed, {begin, end});
      });
    } else if (gate_.rows() > 0) {
      ctx.parallel.for_rows(tokens, 1, [&](Index begin, Index end, int) noexcept {
        multiply_by(ctx, gates, mixed, {begin, end});
      });
    }

    const Packed packed(ctx, mixed, mixed_dim, tokens, mixed_dim);
    packed.multiply({{o_, out, o_.rows()}});
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    const Index mixed_dim = o_.weight.cols;
    if (spec_.gated) {
      size.take<float>(use.tokens * q_.rows());
    }
    size.take<float>(use.tokens * query_width());
    size.take<float>(use.tokens * k_.rows());
    size.take<float>(use.tokens * value_width());
    size.take<float>(use.tokens * mixed_dim);
    size.take<float>(use.tokens * gate_.rows());
    if (indexer_) {
      size.take<float>(use.tokens * indexer_->q().rows());
      size.take<float>(use.tokens * indexer_->k().rows());
      indexer_->workspace(use, size);
    }
    Packed::workspace(use, q_.weight.cols, size);
    size.take<AttentionCall>(use.sequences);
    size.take<std::byte>(attention_scratch(use.kernels) * use.threads);
    Packed::workspace(use, mixed_dim, size);
  }

  /// see(const Linear&, 1.0) for each: a token reads all of them.
  template <class See>
  void each_linear(See&& see) const {
    see(q_, 1.0);
    for (const Linear* linear : {&k_, &v_, &gate_}) {
      if (linear->rows() > 0) {
        see(*linear, 1.0);
      }
    }
    see(o_, 1.0);
    if (indexer_) {
      indexer_->each_linear(see);
    }
  }

 private:
  Gqa(GqaSpec spec, Linear q, Linear k, Linear v, Linear o)
      : spec_(spec), q_(std::move(q)), k_(std::move(k)), v_(std::move(v)), o_(std::move(o)) {}

  [[nodiscard]] Index query_width() const noexcept { return spec_.heads * spec_.head_dim; }
  /// 0 where an earlier block's values serve.
  [[nodiscard]] Index value_width() const noexcept {
    return spec_.values_of_keys ? k_.rows() : v_.rows();
  }

  /// Tokens of x [T, width] in place, as many elements together as the norm has weights; nothing
  /// without a norm.
  static void norm(const ExecContext& ctx, const RmsNorm& norm, float* x, Index width,
                   RowRange tokens) noexcept {
    if (!norm.weight.empty()) {
      const auto dim = static_cast<Index>(norm.weight.size());
      const Index rows = width / dim;  // of a token
      ctx.kernels.elementwise->rms_norm(x, dim, norm.weight.data(), norm.eps, dim, x, dim,
                                        {tokens.begin * rows, tokens.end * rows});
    }
  }

  /// The queries among projected [T, H, 2 A], to q [T, H, A].
  void take_queries(const float* projected, float* q, RowRange tokens) const noexcept {
    for (Index i = tokens.begin * spec_.heads; i < tokens.end * spec_.heads; ++i) {
      std::copy_n(projected + i * 2 * spec_.head_dim, spec_.head_dim, q + i * spec_.head_dim);
    }
  }

  /// mixed [T, H, A] times the sigmoids of the gates among projected.
  void multiply_by_gates(const ExecContext& ctx, const float* projected, float* mixed,
                         RowRange tokens) const noexcept {
    for (Index i = tokens.begin * spec_.heads; i < tokens.end * spec_.heads; ++i) {
      const float* const gate = projected + (i * 2 + 1) * spec_.head_dim;
      float* const head = mixed + i * spec_.head_dim;
      ctx.kernels.elementwise->sigmoid_mul(gate, head, head, spec_.head_dim);
    }
  }

  /// mixed [T, H, B] times the sigmoids of gates [T, H, B], or [T, H].
  void multiply_by(const ExecContext& ctx, const float* gates, float* mixed,
                   RowRange tokens) const noexcept {
    const Index heads = spec_.heads;
    const Index width = value_dim(spec_);
    if (!spec_.gates_heads) {
      float* const rows = mixed + tokens.begin * heads * width;
      return ctx.kernels.elementwise->sigmoid_mul(gates + tokens.begin * heads * width, rows, rows,
                                                  (tokens.end - tokens.begin) * heads * width);
    }
    for (Index i = tokens.begin * heads; i < tokens.end * heads; ++i) {
      ctx.kernels.elementwise->scale(mixed + i * width, 1.0F / (1.0F + std::exp(-gates[i])), width);
    }
  }

  /// Queries, keys and values of one sequence's tokens.
  struct Rows {
    float* q;
    float* k;
    float* v;
  };
  /// Rotates tokens of a sequence to their positions and stores their keys and values.
  void place(const ExecContext& ctx, const Sequence& at, RowRange tokens,
             const Rows& of) const noexcept {
    at.rope.rotate(ctx, of.q, spec_.heads, spec_.head_dim, tokens);
    norm(ctx, rotated_norm_, of.q, query_width(), tokens);
    heat(ctx, of.q, at.position, tokens);
    if (spec_.kv_of) {
      return;
    }
    at.rope.rotate(ctx, of.k, spec_.kv_heads, spec_.head_dim, tokens);
    norm(ctx, rotated_norm_, of.k, k_.rows(), tokens);
    const KvLayer kv = at.layer(ctx);
    const DType dtype = at.cache->dtype();
    const Index groups = spec_.kv_heads;
    store_rows(ctx, of.k, {groups, spec_.head_dim}, tokens, at.position, kv, dtype, kv.k);
    store_rows(ctx, of.v, {groups, value_dim(spec_)}, tokens, at.position, kv, dtype, kv.v);
  }

  /// Queries of the tokens times the factor of their positions.
  void heat(const ExecContext& ctx, float* q, Index position, RowRange tokens) const noexcept {
    if (!spec_.temperature) {
      return;
    }
    for (Index t = tokens.begin; t < tokens.end; ++t) {
      ctx.kernels.elementwise->scale(
          q + t * query_width(), temperature_at(*spec_.temperature, position + t), query_width());
    }
  }

  /// attend() to the blocks of keys that the indexer chooses, of those who would see more.
  void attend_chosen(ExecContext& ctx, std::span<const Sequence> all, const float* q,
                     const float* index_queries, float* out) const {
    for (const Sequence& at : all) {
      const Index whole = std::clamp<Index>(indexer_->whole() - at.position, 0, at.tokens);
      if (whole > 0) {
        const Arena::Mark mark(ctx.arena);
        const Sequence first = at.part(0, whole);
        attend(ctx, {&first, 1}, q, out, {});
      }
      for (Index t = whole; t < at.tokens; t += BlockIndexer::kTokens) {
        const Arena::Mark mark(ctx.arena);
        const Sequence part = at.part(t, std::min(BlockIndexer::kTokens, at.tokens - t));
        const BlockChoice choice =
            indexer_->choose(ctx, part, index_queries + part.first * indexer_->q().rows());
        attend(ctx, {&part, 1}, q, out, choice);
      }
    }
  }

  /// out [T, H, B] = softmax(q k^T / sqrt(A)) v over the keys and values that each sequence has;
  /// `choice` is of one sequence's tokens, or of none.
  void attend(ExecContext& ctx, std::span<const Sequence> all, const float* q, float* out,
              const BlockChoice& choice) const {
    const auto count = static_cast<Index>(all.size());
    auto* calls = ctx.arena.take<AttentionCall>(count);
    std::transform(all.begin(), all.end(), calls, [&](const Sequence& at) {
      const KvLayer kv = at.layer(ctx);
      AttentionCall call = shape();
      call.q_stride = query_width();
      call.out_stride = o_.weight.cols;
      call.q = q + at.first * call.q_stride;
      call.out = out + at.first * call.out_stride;
      call.tokens = at.tokens;
      call.ring = kv.ring;
      call.k = {kv.k, call.head_dim, kv.rows * call.head_dim};
      call.v = {kv.v, call.value_dim, kv.rows * call.value_dim};
      call.kv_dtype = at.cache->dtype();
      call.position = at.position;
      call.chosen = choice.chosen;
      call.block = choice.block;
      call.blocks = choice.blocks;
      return call;
    });
    const Index stride = attention_scratch(ctx.kernels);
    auto* scratch = ctx.arena.take<std::byte>(stride * ctx.parallel.threads());
    const AttentionKernels& kernels = *ctx.kernels.attention;
    for_items(ctx, std::span<const AttentionCall>(calls, all.size()), kernels.items,
              [&](const AttentionCall& call, RowRange items, int worker) noexcept {
                kernels.attention(call, items, scratch + worker * stride);
              });
  }

  [[nodiscard]] AttentionCall shape() const noexcept {
    AttentionCall call;
    call.heads = spec_.heads;
    call.kv_heads = spec_.kv_heads;
    call.head_dim = spec_.head_dim;
    call.value_dim = value_dim(spec_);
    call.scale = static_cast<float>(
        spec_.scale != 0.0 ? spec_.scale : 1.0 / std::sqrt(static_cast<double>(spec_.head_dim)));
    call.cap = static_cast<float>(spec_.cap);
    call.window = spec_.window;
    call.chunk = spec_.chunk;
    call.sinks = sinks_.empty() ? nullptr : sinks_.data();
    return call;
  }

  [[nodiscard]] Index attention_scratch(const KernelTable& kernels) const noexcept {
    return round_up(kernels.attention->scratch_bytes(shape()), kAlignment);
  }

  GqaSpec spec_;
  Linear q_, k_, v_, o_, gate_;
  RmsNorm q_norm_, k_norm_, v_norm_, rotated_norm_;
  Floats sinks_;  ///< [H] or empty
  std::optional<BlockIndexer> indexer_;
};

}  // namespace ottobit
