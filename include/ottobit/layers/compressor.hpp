// SPDX-License-Identifier: Apache-2.0
// The compressor of DeepSeek V4: each group of `ratio` tokens becomes one entry, a mean of what its
// tokens say, each channel weighted by itself:
//
//   c = Wkv h;  s = Wgate h + ape[position mod ratio];  entry = norm(sum_j softmax_j(s)_j c_j)
//
// rotated at its end to the position of its first token. Where entries overlap, c and s have two
// halves: a token says the first to the entry after its own, and the second to its own.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/rope.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

class Compressor {
 public:
  [[nodiscard]] static Compressor bind(const CsaSpec& spec, Index head_dim, Index dim,
                                       const WeightScope& scope) {
    const Index width = (spec.overlaps ? 2 : 1) * head_dim;
    Compressor made(spec, head_dim);
    made.kv_ = Linear::bind(scope("wkv"), {width, dim}, false);
    made.gate_ = Linear::bind(scope("wgate"), {width, dim}, false);
    made.ape_ = scope.table("ape", {spec.ratio, width});
    made.norm_ = RmsNorm::bind(scope("norm"), head_dim, spec.norm);
    return made;
  }

  [[nodiscard]] const Linear& kv() const noexcept { return kv_; }
  [[nodiscard]] const Linear& gate() const noexcept { return gate_; }
  /// Entries that a token at this position may see.
  [[nodiscard]] Index visible(Index position) const noexcept { return (position + 1) / ratio_; }

  /// Appends what tokens of a sequence say, c and s [T, width], to `said`, a layer of its cache; s
  /// lacks its ape.
  void place(const ExecContext& ctx, const Sequence& at, RowRange tokens, const float* c, float* s,
             const KvLayer& said) const noexcept {
    const Index width = kv_.rows();
    for (Index t = tokens.begin; t < tokens.end; ++t) {
      const Index phase = (at.position + t) % ratio_;
      ctx.kernels.elementwise->add(s + t * width, ape_.data() + phase * width, width);
    }
    store_rows(ctx, c, {1, width}, tokens, at.position, said, DType::f32, said.k);
    store_rows(ctx, s, {1, width}, tokens, at.position, said, DType::f32, said.v);
  }

  /// Makes the entries that the tokens of a sequence complete, and stores them in `rows`, a part of
  /// the layer `entries` of its cache. All is placed.
  void complete(ExecContext& ctx, const Sequence& at, const KvLayer& said, const KvLayer& entries,
                std::byte* rows) const {
    const Index first = at.position / ratio_;
    const Index count = (at.position + at.tokens) / ratio_ - first;
    const Index half = rope_.half_dim();
    const Arena::Mark mark(ctx.arena);
    const Index room = 3 * head_dim_ + 2 * half;
    auto* const scratch = ctx.arena.take<float>(room * ctx.parallel.threads());
    ctx.parallel.for_rows(count, 1, [&](Index begin, Index end, int worker) noexcept {
      float* const entry = scratch + worker * room;
      float* const angles = entry + 3 * head_dim_;
      for (Index i = first + begin; i < first + end; ++i) {
        pool(said, i, entry);
        ctx.kernels.elementwise->rms_norm(entry, head_dim_, norm_.weight.data(), norm_.eps,
                                          head_dim_, entry, head_dim_, {0, 1});
        const RopeRows at_first = rope_.row(i * ratio_, angles, angles + half);
        at_first.rotate(ctx, entry + head_dim_ - 2 * half, 1, head_dim_, {0, 1});
        ctx.kernels.attention->store_kv(entry, head_dim_, 1, head_dim_, at.cache->dtype(), rows,
                                        entries.rows, i, {0, 1});
      }
    });
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>((3 * head_dim_ + 2 * rope_.half_dim()) * use.threads);
  }

  template <class See>
  void each_linear(See&& see) const {
    see(kv_, 1.0);
    see(gate_, 1.0);
  }

 private:
  Compressor(const CsaSpec& spec, Index head_dim)
      : ratio_(spec.ratio), overlaps_(spec.overlaps), head_dim_(head_dim), rope_(spec.rope) {}

  /// entry [3, A]: the mean of entry i, and workspace.
  void pool(const KvLayer& said, Index i, float* entry) const noexcept {
    float* const most = entry + head_dim_;
    float* const sum = entry + 2 * head_dim_;
    std::fill_n(most, head_dim_, -HUGE_VALF);
    each(said, i, [&](const float*, const float* s) noexcept {
      for (Index d = 0; d < head_dim_; ++d) {
        most[d] = std::max(most[d], s[d]);
      }
    });
    std::fill_n(entry, head_dim_, 0.0F);
    std::fill_n(sum, head_dim_, 0.0F);
    each(said, i, [&](const float* c, const float* s) noexcept {
      for (Index d = 0; d < head_dim_; ++d) {
        const float weight = std::exp(s[d] - most[d]);
        sum[d] += weight;
        entry[d] += weight * c[d];
      }
    });
    for (Index d = 0; d < head_dim_; ++d) {
      entry[d] /= sum[d];
    }
  }
  /// see(c, s), [A] each, for every token that entry i is made of.
  template <class See>
  void each(const KvLayer& said, Index i, const See& see) const noexcept {
    const Index width = kv_.rows();
    const auto* const c = reinterpret_cast<const float*>(said.k);
    const auto* const s = reinterpret_cast<const float*>(said.v);
    const Index first = overlaps_ && i > 0 ? (i - 1) * ratio_ : i * ratio_;
    for (Index p = first; p < (i + 1) * ratio_; ++p) {
      const Index row = said.ring == 0 ? p : p % said.ring;
      const Index at = row * width + (overlaps_ && p >= i * ratio_ ? head_dim_ : 0);
      see(c + at, s + at);
    }
  }

  Index ratio_;
  bool overlaps_;
  Index head_dim_;  ///< A
  Rope rope_;
  Linear kv_, gate_;
  Floats ape_;  ///< [ratio, width]
  RmsNorm norm_;
};

}  // namespace ottobit
