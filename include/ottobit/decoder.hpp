// SPDX-License-Identifier: Apache-2.0
// Decoder: a decoder-only transformer bound to its weights. Immutable; holds views, never the
// bytes.
//
//   x = E[ids];  for each block: x += mixer(norm(x)); x += ffn(norm(x));  logits = head(norm(x))
//
// Some families norm what the mixer and the network add, too, weigh the sums, scale x or cap the
// logits; some have experts beside the network, or a third part that adds an input of the block's
// own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ottobit/layers/beside.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/delta_net.hpp"
#include "ottobit/layers/embedding.hpp"
#include "ottobit/layers/gqa.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/layer_inputs.hpp"
#include "ottobit/layers/lightning.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/mla.hpp"
#include "ottobit/layers/mlp.hpp"
#include "ottobit/layers/moe.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/rope.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

using Mixer = std::variant<Gqa, Mla, DeltaNet, Lightning>;
using Ffn = std::variant<Mlp, Moe>;

[[nodiscard]] inline Mixer bind_mixer(const MixerSpec& spec, Index dim, const NormSpec& norm,
                                      const WeightScope& scope) {
  struct Bind {
    Index dim;
    const NormSpec& norm;
    const WeightScope& scope;
    Mixer operator()(const GqaSpec& gqa) const { return Gqa::bind(gqa, dim, norm, scope); }
    Mixer operator()(const MlaSpec& mla) const { return Mla::bind(mla, dim, scope); }
    Mixer operator()(const DeltaNetSpec& net) const { return DeltaNet::bind(net, dim, scope); }
    Mixer operator()(const LightningSpec& light) const {
      return Lightning::bind(light, dim, scope);
    }
  };
  return std::visit(Bind{dim, norm, scope}, spec);
}

[[nodiscard]] inline Ffn bind_ffn(const FfnSpec& spec, Index dim, const NormSpec& norm,
                                  const WeightScope& scope) {
  struct Bind {
    Index dim;
    const NormSpec& norm;
    const WeightScope& scope;
    Ffn operator()(const MlpSpec& mlp) const { return Mlp::bind(mlp, dim, scope(mlp.scope)); }
    Ffn operator()(const MoeSpec& moe) const { return Moe::bind(moe, dim, norm, scope(moe.scope)); }
  };
  return std::visit(Bind{dim, norm, scope}, spec);
}

struct Block {
  std::optional<RmsNorm> mixer_in;
  Mixer mixer;
  std::optional<RmsNorm> mixer_out;
  std::optional<RmsNorm> ffn_in;
  Ffn ffn;
  std::optional<Beside> beside;
  std::optional<RmsNorm> ffn_out;
  std::optional<LayerGate> gate;
  ResidualSpec mixer_residual;
  ResidualSpec ffn_residual;
  ResidualSpec gate_residual;
  bool parallel;
  std::size_t rope;  ///< which of the decoder's rotations

  [[nodiscard]] static Block bind(const BlockSpec& spec, const DecoderSpec& whole,
                                  const WeightScope& scope, std::size_t rope) {
    const Index dim = whole.dim;
    const NormSpec& norm = whole.norm;
    const auto if_named = [&](const std::string& name, double eps = 0.0) {
      NormSpec its = norm;
      its.eps = eps == 0.0 ? norm.eps : eps;
      return name.empty() ? std::nullopt : std::optional(RmsNorm::bind(scope(name), dim, its));
    };
    std::optional<LayerGate> gate;
    if (whole.layer_inputs) {
      gate = LayerGate::bind(whole.layer_inputs->dim, dim, norm, scope);
    }
    ResidualSpec ffn_residual = spec.ffn_residual;
    ResidualSpec gate_residual;
    if (!spec.scalar.empty()) {  // weighs what is added last
      const auto scalar = static_cast<double>(scope.vector(spec.scalar, 1)[0]);
      ResidualSpec& last = gate ? gate_residual : ffn_residual;
      last.keep *= scalar;
      last.add *= scalar;
    }
    return {
        if_named(spec.norms.mixer_in),
        bind_mixer(spec.mixer, dim, norm, scope(spec.mixer_scope)),
        if_named(spec.norms.mixer_out, spec.norms.out_eps),
        if_named(spec.norms.ffn_in),
        bind_ffn(spec.ffn, dim, norm, scope),
        spec.beside ? std::optional(Beside::bind(*spec.beside, dim, norm, scope)) : std::nullopt,
        if_named(spec.norms.ffn_out, spec.norms.out_eps),
        std::move(gate),
        spec.mixer_residual,
        ffn_residual,
        gate_residual,
        spec.parallel,
        rope};
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
    decoder.embedding_.scale = static_cast<float>(s.embedding_scale);
    for (const BlockSpec& block : s.blocks) {
      const std::size_t rope = decoder.rope_of(block);
      decoder.blocks_.push_back(Block::bind(block, s, root(block.scope), rope));
      if (const auto* mla = std::get_if<MlaSpec>(&block.mixer);
          mla != nullptr && mla->indexer && mla->indexer->shared) {
        decoder.shared_top_ = mla->indexer->top;
      }
    }
    if (s.layer_inputs) {
      decoder.layer_inputs_ = LayerInputs::bind(
          *s.layer_inputs, static_cast<Index>(s.blocks.size()), s.dim, s.norm, root("model"));
    }
    decoder.norm_ = RmsNorm::bind(root("model.norm"), s.dim, s.final_norm.value_or(s.norm));
    if (s.embedding_eps > 0.0) {
      decoder.embedding_norm_ = {Floats(static_cast<std::size_t>(s.dim), 1.0F),
                                 static_cast<float>(s.embedding_eps)};
    }
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
    const auto tokens = static_cast<Index>(ids.size());
    const Index dim = spec_.dim;
    auto* x = ctx.arena.take<float>(tokens * dim);
    auto* h = ctx.arena.take<float>(tokens * dim);
    auto* y = ctx.arena.take<float>(tokens * dim);
    ctx.layer = 0;
    auto* ropes = ctx.arena.take<RopeRows>(static_cast<Index>(ropes_.size()));
    for (std::size_t i = 0; i < ropes_.size(); ++i) {
      ropes[i] = ropes_[i].rows(ctx, position, tokens);
    }

    ctx.choices = shared_top_ > 0 ? ctx.arena.take<std::int32_t>(tokens * shared_top_) : nullptr;
    ids = without_placeholders(ctx, ids);
    embedding_.forward(ctx, ids, x);
    if (!embedding_norm_.weight.empty()) {
      embedding_norm_.forward(ctx, x, tokens, x);
    }
    const float* const inputs = make_layer_inputs(ctx, ids, x);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const Block& block = blocks_[i];
      ctx.layer = static_cast<Index>(i);
      observe(ctx, static_cast<Index>(i), x, tokens);
      const Sequence at{position, tokens, ropes[block.rope]};
      const float* in = normed(ctx, block.mixer_in, x, tokens, h);
      std::visit([&](const auto& mixer) { mixer.forward(ctx, at, in, cache, cache.layer(i), y); },
                 block.mixer);
      if (block.mixer_out) {
        block.mixer_out->forward(ctx, y, tokens, y);
      }
      add_residual(ctx, block.mixer_residual, x, in, y, tokens, dim);
      in = block.parallel ? in : normed(ctx, block.ffn_in, x, tokens, h);
      std::visit([&](const auto& ffn) { ffn.forward(ctx, in, tokens, y); }, block.ffn);
      if (block.beside) {
        block.beside->forward(ctx, x, tokens, y);
      }
      if (block.ffn_out) {
        block.ffn_out->forward(ctx, y, tokens, y);
      }
      add_residual(ctx, block.ffn_residual, x, in, y, tokens, dim);
      if (block.gate) {
        const Index width = spec_.layer_inputs->dim;
        block.gate->forward(ctx, x, inputs + static_cast<Index>(i) * width,
                            static_cast<Index>(blocks_.size()) * width, tokens, y);
        add_residual(ctx, block.gate_residual, x, in, y, tokens, dim);
      }
    }
    norm_.forward(ctx, x, tokens, h);
    observe(ctx, static_cast<Index>(blocks_.size()), h, tokens);
    if (scored > 0) {
      const Packed last(ctx, h + (tokens - scored) * dim, dim, scored, dim);
      last.multiply({{head_, logits, spec_.vocab}});
      if (spec_.logit_scale != 1.0) {
        ctx.kernels.elementwise->scale(logits, static_cast<float>(spec_.logit_scale),
                                       scored * spec_.vocab);
      }
      if (spec_.logit_cap > 0.0) {
        ctx.kernels.elementwise->soft_cap(logits, static_cast<float>(spec_.logit_cap),
                                          scored * spec_.vocab);
      }
    }
  }

  /// Bytes of arena that forward needs for use.tokens tokens.
  [[nodiscard]] Index workspace(const WorkspaceFor& use) const {
    ArenaSize common;
    common.take<float>(use.tokens * spec_.dim);
    common.take<float>(use.tokens * spec_.dim);
    common.take<float>(use.tokens * spec_.dim);
    common.take<RopeRows>(static_cast<Index>(ropes_.size()));
    for (const Rope& rope : ropes_) {
      rope.workspace(use, common);
    }
    common.take<std::int32_t>(use.tokens * shared_top_);
    ArenaSize head;
    Packed::workspace(use, spec_.dim, head);
    Index most = head.bytes();
    if (!spec_.placeholders.ids.empty()) {
      common.take<std::int32_t>(use.tokens);
    }
    if (layer_inputs_) {
      common.take<float>(use.tokens * layer_inputs_->projection.rows());
      ArenaSize inputs;
      layer_inputs_->workspace(use, inputs);
      most = std::max(most, inputs.bytes());
    }
    for (const Block& block : blocks_) {
      ArenaSize mixer;
      std::visit([&](const auto& layer) { layer.workspace(use, mixer); }, block.mixer);
      ArenaSize ffn;
      std::visit([&](const auto& layer) { layer.workspace(use, ffn); }, block.ffn);
      ArenaSize rest;
      if (block.beside) {
        block.beside->workspace(use, rest);
      }
      ArenaSize gate;
      if (block.gate) {
        block.gate->workspace(use, gate);
      }
      most = std::max({most, mixer.bytes(), ffn.bytes(), rest.bytes(), gate.bytes()});
    }
    return common.bytes() + most;
  }

  [[nodiscard]] const DecoderSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] const Embedding& embedding() const noexcept { return embedding_; }
  [[nodiscard]] const Linear& head() const noexcept { return head_; }
  /// The table of the blocks' own inputs, of which a token reads a row; without rows if there is
  /// none.
  [[nodiscard]] WeightView layer_table() const noexcept {
    return layer_inputs_ ? layer_inputs_->table.weight : WeightView();
  }

  /// see(const Linear&, share) for every matrix of the blocks, in order; `share`: how much of it a
  /// token reads, less than 1 for experts.
  template <class See>
  void each_linear(See&& see) const {
    for (const Block& block : blocks_) {
      std::visit([&](const auto& mixer) { mixer.each_linear(see); }, block.mixer);
      std::visit([&](const auto& ffn) { ffn.each_linear(see); }, block.ffn);
      if (block.beside) {
        block.beside->experts.each_linear(see);
      }
      if (block.gate) {
        block.gate->each_linear(see);
      }
    }
    if (layer_inputs_) {
      see(layer_inputs_->projection, 1.0);
    }
  }

 private:
  explicit Decoder(DecoderSpec spec) : spec_(std::move(spec)) {}

  /// The block's rotation among those of the decoder, which a pass makes once each.
  std::size_t rope_of(const BlockSpec& block) {
    const RopeSpec spec = std::visit(
        [](const auto& mixer) {
          if constexpr (requires { mixer.rope; }) {
            return mixer.rope;
          } else {
            return RopeSpec{};
          }
        },
        block.mixer);
    const auto known = std::find_if(ropes_.begin(), ropes_.end(),
                                    [&](const Rope& rope) { return rope.spec() == spec; });
    if (known == ropes_.end()) {
      ropes_.emplace_back(spec);
      return ropes_.size() - 1;
    }
    return static_cast<std::size_t>(known - ropes_.begin());
  }

  /// x through the norm, in `into`; x itself without one.
  [[nodiscard]] static const float* normed(ExecContext& ctx, const std::optional<RmsNorm>& norm,
                                           const float* x, Index tokens, float* into) {
    if (!norm) {
      return x;
    }
    norm->forward(ctx, x, tokens, into);
    return into;
  }

  /// The ids as the model reads them.
  [[nodiscard]] std::span<const std::int32_t> without_placeholders(
      ExecContext& ctx, std::span<const std::int32_t> ids) const {
    if (spec_.placeholders.ids.empty()) {
      return ids;
    }
    auto* read = ctx.arena.take<std::int32_t>(static_cast<Index>(ids.size()));
    std::transform(ids.begin(), ids.end(), read, [&](std::int32_t id) {
      const std::vector<Index>& all = spec_.placeholders.ids;
      const bool stands_in = std::find(all.begin(), all.end(), id) != all.end();
      return stands_in ? static_cast<std::int32_t>(spec_.placeholders.as) : id;
    });
    return {read, ids.size()};
  }

  /// The inputs of all blocks [T, L, P], of the tokens and their embeddings x [T, D]; or null.
  [[nodiscard]] const float* make_layer_inputs(ExecContext& ctx, std::span<const std::int32_t> ids,
                                               const float* x) const {
    if (!layer_inputs_) {
      return nullptr;
    }
    const auto tokens = static_cast<Index>(ids.size());
    auto* inputs = ctx.arena.take<float>(tokens * layer_inputs_->projection.rows());
    layer_inputs_->forward(ctx, ids, x, inputs);
    return inputs;
  }

  void observe(const ExecContext& ctx, Index layer, const float* x, Index tokens) const {
    if (ctx.observer.see != nullptr) {
      ctx.observer.see(ctx.observer.user, layer, x, tokens, spec_.dim);
    }
  }

  DecoderSpec spec_;
  std::vector<Rope> ropes_;
  Embedding embedding_;
  RmsNorm embedding_norm_;  ///< or without weights
  std::optional<LayerInputs> layer_inputs_;
  std::vector<Block> blocks_;
  RmsNorm norm_;
  Linear head_;
  Index shared_top_ = 0;  ///< positions that blocks take from an indexer before them
};

}  // namespace ottobit
