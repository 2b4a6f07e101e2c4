// SPDX-License-Identifier: Apache-2.0
// Decoder: a decoder-only transformer bound to its weights. Immutable; holds views, never the
// bytes.
//
//   x = E[ids];  for each block: x += mixer(norm(x)); x += ffn(norm(x));  logits = head(norm(x))
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/embedding.hpp"
#include "ottobit/layers/gqa.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/mla.hpp"
#include "ottobit/layers/mlp.hpp"
#include "ottobit/layers/moe.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/rope.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

using Mixer = std::variant<Gqa, Mla>;
using Ffn = std::variant<Mlp, Moe>;

[[nodiscard]] inline Mixer bind_mixer(const MixerSpec& spec, Index dim, double eps,
                                      const WeightScope& scope) {
  struct Bind {
    Index dim;
    double eps;
    const WeightScope& scope;
    Mixer operator()(const GqaSpec& gqa) const { return Gqa::bind(gqa, dim, eps, scope); }
    Mixer operator()(const MlaSpec& mla) const { return Mla::bind(mla, dim, scope); }
  };
  return std::visit(Bind{dim, eps, scope}, spec);
}

[[nodiscard]] inline Ffn bind_ffn(const FfnSpec& spec, Index dim, const WeightScope& scope) {
  struct Bind {
    Index dim;
    const WeightScope& scope;
    Ffn operator()(const MlpSpec& mlp) const { return Mlp::bind(mlp, dim, scope("mlp")); }
    Ffn operator()(const MoeSpec& moe) const { return Moe::bind(moe, dim, scope(moe.scope)); }
  };
  return std::visit(Bind{dim, scope}, spec);
}

struct Block {
  RmsNorm mixer_norm;
  Mixer mixer;
  RmsNorm ffn_norm;
  Ffn ffn;

  [[nodiscard]] static Block bind(const BlockSpec& spec, Index dim, double eps,
                                  const WeightScope& scope) {
    return {RmsNorm::bind(scope("input_layernorm"), dim, eps),
            bind_mixer(spec.mixer, dim, eps, scope("self_attn")),
            RmsNorm::bind(scope("post_attention_layernorm"), dim, eps),
            bind_ffn(spec.ffn, dim, scope)};
  }
};

class Decoder {
 public:
  /// Asks `reader` for every weight of the spec; throws what it throws.
  [[nodiscard]] static Decoder bind(DecoderSpec spec, const WeightReader& reader) {
    const WeightScope root(reader);
    Decoder decoder(std::move(spec));
    const DecoderSpec& s = decoder.spec_;
    decoder.embedding_.weight = root("model").matrix("embed_tokens", {s.vocab, s.dim});
    for (const BlockSpec& block : s.blocks) {
      decoder.blocks_.push_back(Block::bind(block, s.dim, s.norm_eps, root(block.scope)));
    }
    decoder.norm_ = RmsNorm::bind(root("model.norm"), s.dim, s.norm_eps);
    decoder.head_.weight =
        s.tied_head ? decoder.embedding_.weight : root.matrix("lm_head", {s.vocab, s.dim});
    return decoder;
  }

  /// Reads the T ids that follow `position` cached tokens and fills the cache. logits receives the
  /// scores after the last `scored` tokens [scored, V]; 0 <= scored <= T. Everything was checked
  /// before: ids in [0, V), position + T within the cache, T within the arena.
  void forward(ExecContext& ctx, std::span<const std::int32_t> ids, Index position,
               const KvCache& cache, Index scored, float* logits) const {
    const Arena::Mark mark(ctx.arena);
    const Index tokens = static_cast<Index>(ids.size());
    const Index dim = spec_.dim;
    auto* x = ctx.arena.take<float>(tokens * dim);
    auto* h = ctx.arena.take<float>(tokens * dim);
    auto* y = ctx.arena.take<float>(tokens * dim);
    const Sequence at{position, tokens, rope_.rows(ctx, position, tokens)};

    embedding_.forward(ctx, ids, x);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const Block& block = blocks_[i];
      observe(ctx, static_cast<Index>(i), x, tokens);
      block.mixer_norm.forward(ctx, x, tokens, h);
      std::visit(
          [&](const auto& mixer) { mixer.forward(ctx, rope_, at, h, cache, cache.layer(i), y); },
          block.mixer);
      add_residual(ctx, x, y, tokens, dim);
      block.ffn_norm.forward(ctx, x, tokens, h);
      std::visit([&](const auto& ffn) { ffn.forward(ctx, h, tokens, y); }, block.ffn);
      add_residual(ctx, x, y, tokens, dim);
    }
    norm_.forward(ctx, x, tokens, h);
    observe(ctx, static_cast<Index>(blocks_.size()), h, tokens);
    if (scored > 0) {
      const Packed last(ctx, h + (tokens - scored) * dim, dim, scored, dim);
      last.multiply({{head_, logits, spec_.vocab}});
    }
  }

  /// Bytes of arena that forward needs for use.tokens tokens.
  [[nodiscard]] Index workspace(const WorkspaceFor& use) const {
    ArenaSize common;
    common.take<float>(use.tokens * spec_.dim);
    common.take<float>(use.tokens * spec_.dim);
    common.take<float>(use.tokens * spec_.dim);
    rope_.workspace(use, common);
    ArenaSize head;
    Packed::workspace(use, spec_.dim, head);
    Index most = head.bytes();
    for (const Block& block : blocks_) {
      ArenaSize mixer;
      std::visit([&](const auto& layer) { layer.workspace(use, mixer); }, block.mixer);
      ArenaSize ffn;
      std::visit([&](const auto& layer) { layer.workspace(use, ffn); }, block.ffn);
      most = std::max({most, mixer.bytes(), ffn.bytes()});
    }
    return common.bytes() + most;
  }

  [[nodiscard]] const DecoderSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] const Embedding& embedding() const noexcept { return embedding_; }
  [[nodiscard]] const Linear& head() const noexcept { return head_; }

  /// see(const Linear&, share) for every matrix of the blocks, in order; `share`: how much of it a
  /// token reads, less than 1 for experts.
  template <class See>
  void each_linear(See&& see) const {
    for (const Block& block : blocks_) {
      std::visit([&](const auto& mixer) { mixer.each_linear(see); }, block.mixer);
      std::visit([&](const auto& ffn) { ffn.each_linear(see); }, block.ffn);
    }
  }

 private:
  explicit Decoder(DecoderSpec spec)
      : spec_(std::move(spec)),
        rope_(spec_.blocks.empty() ? RopeSpec{} : rope_spec(spec_.blocks.front())) {}

  static const RopeSpec& rope_spec(const BlockSpec& block) {
    return std::visit([](const auto& mixer) -> const RopeSpec& { return mixer.rope; }, block.mixer);
  }

  void observe(const ExecContext& ctx, Index layer, const float* x, Index tokens) const {
    if (ctx.observer.see != nullptr) {
      ctx.observer.see(ctx.observer.user, layer, x, tokens, spec_.dim);
    }
  }

  DecoderSpec spec_;
  Rope rope_;
  Embedding embedding_;
  std::vector<Block> blocks_;
  RmsNorm norm_;
  Linear head_;
};

}  // namespace ottobit
