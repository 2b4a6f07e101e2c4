// SPDX-License-Identifier: Apache-2.0
// The two forms of multi-head latent attention (mla.hpp): from queries [T, H, nope + rope],
// rotated, and the cached latents of all positions to the heads' values [T, H, B].
#pragma once

#include <algorithm>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/numeric/dtype.hpp"

namespace ottobit {

struct MlaSizes {
  Index heads;  ///< H
  Index rank;   ///< R, of the latent
  Index nope;   ///< elements of a head's query and key that are not rotated
  Index rope;   ///< those that are
  Index value;  ///< B
  float scale;

  /// Positions whose keys and values one thread expands at a time; beyond, attention is absorbed.
  static constexpr Index kMostExpanded = 8192;

  [[nodiscard]] Index query() const noexcept { return nope + rope; }
  [[nodiscard]] Index row() const noexcept { return rank + rope; }
  /// Whether the expansion of a position, rank * (nope + value) multiplications for each head,
  /// costs less than what it saves T queries: keys of nope instead of rank elements, values of B.
  [[nodiscard]] bool repays_expansion(Index tokens, Index positions) const noexcept {
    return positions <= kMostExpanded && tokens * (2 * rank - nope - value) > rank * (nope + value);
  }
};

/// A head's rows of the matrix that makes keys and values of latents.
struct MlaHead {
  Linear key;    ///< [nope, R]
  Linear value;  ///< [B, R]
};

/// Latents and rotated keys as they are cached, [positions, R + rope].
struct LatentRows {
  const std::byte* data;
  DType dtype;
};

/// Positions that each of some tokens sees, ascending.
struct KeySelection {
  const std::int32_t* keys = nullptr;  ///< [tokens, top]; null: all up to a token's own
  Index top = 0;

  [[nodiscard]] KeySelection from(Index token) const noexcept {
    return {keys == nullptr ? nullptr : keys + token * top, top};
  }
};

/// Attention of one head whose keys [S, nope + rope] and values [S, B] are expanded.
[[nodiscard]] inline AttentionCall expanded_call(const MlaSizes& sizes) noexcept {
  AttentionCall call;
  call.q_stride = sizes.heads * sizes.query();
  call.out_stride = sizes.heads * sizes.value;
  call.heads = call.kv_heads = 1;
  call.head_dim = sizes.query();
  call.value_dim = sizes.value;
  call.kv_dtype = DType::f32;
  call.scale = sizes.scale;
  return call;
}

inline void attend_expanded(ExecContext& ctx, const MlaSizes& sizes,
                            const std::vector<MlaHead>& heads, const Sequence& at, const float* q,
                            const LatentRows& cached, float* out) {
  const Arena::Mark mark(ctx.arena);
  const AttentionKernels& attention = *ctx.kernels.attention;
  const Index positions = at.position + at.tokens;
  const Index row = sizes.row();
  const Index threads = ctx.parallel.threads();
  AttentionCall call = expanded_call(sizes);
  call.tokens = at.tokens;
  call.position = at.position;
  const Index scratch_stride = round_up(attention.scratch_bytes(call), kAlignment);
  auto* latents = ctx.arena.take<float>(positions * row);
  auto* keys = ctx.arena.take<float>(positions * sizes.query() * threads);
  auto* values = ctx.arena.take<float>(positions * sizes.value * threads);
  auto* scratch = ctx.arena.take<std::byte>(scratch_stride * threads);

  const WeightView stored = cache_matrix(cached.data, cached.dtype, positions, row);
  ctx.parallel.for_rows(positions, 16, [&](Index begin, Index end, int) noexcept {
    ctx.kernels.linear->dequant_f32(stored, {begin, end}, latents + begin * row, row);
  });
  const Packed packed(ctx, latents, row, positions, sizes.rank);
  ctx.parallel.for_rows(sizes.heads, 1, [&](Index begin, Index end, int worker) noexcept {
    auto* const k = keys + worker * positions * sizes.query();
    auto* const v = values + worker * positions * sizes.value;
    for (Index s = 0; s < positions; ++s) {  // the rotated key, the same for all heads
      std::copy_n(latents + s * row + sizes.rank, sizes.rope, k + s * sizes.query() + sizes.nope);
    }
    AttentionCall mine = call;
    mine.k = {reinterpret_cast<const std::byte*>(k), sizes.query(), 0};
    mine.v = {reinterpret_cast<const std::byte*>(v), sizes.value, 0};
    for (Index h = begin; h < end; ++h) {
      const MlaHead& head = heads[static_cast<std::size_t>(h)];
      packed.rows({head.key, k, sizes.query()}, {0, sizes.nope}, worker);
      packed.rows({head.value, v, sizes.value}, {0, sizes.value}, worker);
      mine.q = q + h * sizes.query();
      mine.out = out + h * sizes.value;
      attention.attention(mine, {0, attention.items(mine)}, scratch + worker * scratch_stride);
    }
  });
}

inline void expanded_workspace(const WorkspaceFor& use, const MlaSizes& sizes, ArenaSize& size) {
  const Index positions = std::min(use.context, MlaSizes::kMostExpanded);
  if (!sizes.repays_expansion(use.tokens, positions)) {
    return;
  }
  WorkspaceFor all = use;
  all.tokens = positions;
  size.take<float>(positions * sizes.row());
  size.take<float>(positions * sizes.query() * use.threads);
  size.take<float>(positions * sizes.value * use.threads);
  size.take<std::byte>(
      round_up(use.kernels.attention->scratch_bytes(expanded_call(sizes)), kAlignment) *
      use.threads);
  Packed::workspace(all, sizes.rank, size);
}

/// Tokens that the absorbed form handles at a time: it needs R numbers for each and each head.
inline constexpr Index kAbsorbedTokens = 32;

/// Attention of all heads on the latents. Heads go in as many parts as there are threads, so that a
/// single token occupies them all; the result does not depend on it.
[[nodiscard]] inline AttentionCall absorbed_call(const MlaSizes& sizes, Index threads) noexcept {
  constexpr Index kMostRows = 64;  // heads that share a converted block of latents
  AttentionCall call;
  call.q_stride = sizes.heads * sizes.row();
  call.out_stride = sizes.heads * sizes.rank;
  call.heads = sizes.heads;
  call.kv_heads = 1;
  while (call.kv_heads < sizes.heads &&
         (sizes.heads % call.kv_heads != 0 || call.kv_heads < threads ||
          sizes.heads / call.kv_heads > kMostRows)) {
    ++call.kv_heads;
  }
  call.head_dim = sizes.row();
  call.value_dim = sizes.rank;
  call.scale = sizes.scale;
  return call;
}

/// Scratch of a thread in the absorbed form.
struct AbsorbedScratch {
  Index packed;  ///< a head's mixed latents, packed
  Index linear;
  Index attention;

  AbsorbedScratch(const KernelTable& kernels, Compute compute, Index tokens, const MlaSizes& sizes,
                  Index threads)
      : packed(round_up(kernels.linear->packed_bytes(compute, tokens, sizes.rank), kAlignment)),
        linear(round_up(kernels.linear->scratch_bytes(compute, tokens, sizes.rank), kAlignment)),
        attention(round_up(kernels.attention->scratch_bytes(absorbed_call(sizes, threads)),
                           kAlignment)) {}
  [[nodiscard]] Index bytes() const noexcept { return packed + linear + attention; }
};

/// Each token of the call against its selected rows, gathered one token at a time.
inline void attend_selected(ExecContext& ctx, const AttentionCall& call, const LatentRows& cached,
                            const KeySelection& selection, std::byte* scratch, Index stride) {
  const Arena::Mark mark(ctx.arena);
  const Index row_bytes = call.head_dim * dtype_bits(cached.dtype) / 8;
  auto* rows = ctx.arena.take<std::byte>(selection.top * row_bytes);
  const AttentionKernels& attention = *ctx.kernels.attention;
  AttentionCall one = call;
  one.tokens = 1;
  one.position = selection.top - 1;
  one.k = one.v = {rows, call.head_dim, 0};
  for (Index t = 0; t < call.tokens; ++t) {
    const std::int32_t* const keys = selection.from(t).keys;
    ctx.parallel.for_rows(selection.top, 64, [&](Index begin, Index end, int) noexcept {
      for (Index i = begin; i < end; ++i) {
        std::copy_n(cached.data + keys[i] * row_bytes, row_bytes, rows + i * row_bytes);
      }
    });
    one.q = call.q + t * call.q_stride;
    one.out = call.out + t * call.out_stride;
    ctx.parallel.for_rows(attention.items(one), 1, [&](Index begin, Index end, int w) noexcept {
      attention.attention(one, {begin, end}, scratch + w * stride);
    });
  }
}

/// Queries of T <= kAbsorbedTokens tokens, the first at `at.position`.
inline void attend_absorbed_once(ExecContext& ctx, const MlaSizes& sizes,
                                 const std::vector<MlaHead>& heads, const Sequence& at,
                                 const float* q, const LatentRows& cached,
                                 const KeySelection& selection, float* out) {
  const Arena::Mark mark(ctx.arena);
  const KernelTable& kernels = ctx.kernels;
  const LinearKernels& linear = *kernels.linear;
  const Index tokens = at.tokens;
  const Index threads = ctx.parallel.threads();
  AttentionCall call = absorbed_call(sizes, threads);
  const AbsorbedScratch each(kernels, ctx.compute, tokens, sizes, threads);
  auto* queries = ctx.arena.take<float>(tokens * call.q_stride);
  auto* mixed = ctx.arena.take<float>(tokens * call.out_stride);
  auto* scratch = ctx.arena.take<std::byte>(each.bytes() * threads);

  ctx.parallel.for_rows(sizes.heads, 1, [&](Index begin, Index end, int) noexcept {
    for (Index h = begin; h < end; ++h) {
      const float* const from = q + h * sizes.query();
      float* const to = queries + h * sizes.row();
      linear.linear_transposed(heads[static_cast<std::size_t>(h)].key.weight, {0, sizes.rank}, from,
                               sizes.heads * sizes.query(), tokens, to, call.q_stride);
      for (Index t = 0; t < tokens; ++t) {
        std::copy_n(from + t * sizes.heads * sizes.query() + sizes.nope, sizes.rope,
                    to + t * call.q_stride + sizes.rank);
      }
    }
  });

  call.q = queries;
  call.out = mixed;
  call.may_round = rounds_prompts(ctx.compute);
  call.tokens = tokens;
  call.position = at.position;
  call.kv_dtype = cached.dtype;
  call.k = call.v = {cached.data, sizes.row(), 0};
  std::byte* const attending = scratch + each.packed + each.linear;
  if (selection.keys != nullptr) {
    attend_selected(ctx, call, cached, selection, attending, each.bytes());
  } else {
    const AttentionKernels& attention = *kernels.attention;
    ctx.parallel.for_rows(attention.items(call), 1, [&](Index begin, Index end, int w) noexcept {
      attention.attention(call, {begin, end}, attending + w * each.bytes());
    });
  }

  const Index blocks = (sizes.rank + Packed::kBlock - 1) / Packed::kBlock;
  const Index out_stride = sizes.heads * sizes.value;
  ctx.parallel.for_rows(sizes.heads, 1, [&](Index begin, Index end, int worker) noexcept {
    std::byte* const packed = scratch + worker * each.bytes();
    for (Index h = begin; h < end; ++h) {
      linear.pack(ctx.compute, mixed + h * sizes.rank, call.out_stride, tokens, sizes.rank, packed,
                  {0, blocks});
      linear.linear(ctx.compute, heads[static_cast<std::size_t>(h)].value.weight, packed, tokens,
                    out + h * sizes.value, out_stride, {0, sizes.value}, packed + each.packed);
    }
  });
}

inline void attend_absorbed(ExecContext& ctx, const MlaSizes& sizes,
                            const std::vector<MlaHead>& heads, const Sequence& at, const float* q,
                            const LatentRows& cached, const KeySelection& selection, float* out) {
  for (Index t = 0; t < at.tokens; t += kAbsorbedTokens) {
    const Sequence part = at.part(t, std::min(kAbsorbedTokens, at.tokens - t));
    attend_absorbed_once(ctx, sizes, heads, part, q + t * sizes.heads * sizes.query(), cached,
                         selection.from(t), out + t * sizes.heads * sizes.value);
  }
}

/// `top`: rows that are gathered for a token, 0 without a selection.
inline void absorbed_workspace(const WorkspaceFor& use, const MlaSizes& sizes, Index top,
                               ArenaSize& size) {
  const Index tokens = std::min(use.tokens, kAbsorbedTokens);
  size.take<float>(tokens * sizes.heads * sizes.row());
  size.take<float>(tokens * sizes.heads * sizes.rank);
  size.take<std::byte>(
      AbsorbedScratch(use.kernels, use.compute, tokens, sizes, use.threads).bytes() * use.threads);
  size.take<std::byte>(top * sizes.row() * static_cast<Index>(sizeof(float)));
}

}  // namespace ottobit
