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

#include "ottobit/layers/block.hpp"
#include "ottobit/layers/context.hpp"
#include "ottobit/layers/embedding.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/layer_inputs.hpp"
#include "ottobit/layers/linear.hpp"
#include "ottobit/layers/norm.hpp"
#include "ottobit/layers/rope.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/layers/sequence.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// Tokens of one sequence that a forward pass reads.
struct Passage {
  std::span<const std::int32_t> ids;  ///< T of them, which follow `position` cached tokens
  Index position = 0;
  Index reach = 0;  ///< positions up to which the call goes that the pass is a part of
  const KvCache* cache = nullptr;
  Index scored = 0;         ///< of the last tokens; 0 <= scored <= T
  float* logits = nullptr;  ///< their scores [scored, V]
};

class Decoder {
 public:
  /// Asks `reader` for every weight of the spec; throws what it throws.
  [[nodiscard]] static Decoder bind(DecoderSpec spec, const WeightReader& reader) {
    const WeightScope root(reader);
    Decoder decoder(std::move(spec));
    const DecoderSpec& s = decoder.spec_;
    decoder.embedding_.weight = root.matrix(s.names.embedding, {s.vocab, s.dim});
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
    if (s.hyper) {
      decoder.streams_ = Hyper::bind(*s.hyper, s.dim, s.norm.eps, 1, "hc_head", root);
    }
    decoder.norm_ = RmsNorm::bind(root(s.names.norm), s.dim, s.final_norm.value_or(s.norm));
    if (s.embedding_eps > 0.0) {
      decoder.embedding_norm_ = {Floats(static_cast<std::size_t>(s.dim), 1.0F),
                                 static_cast<float>(s.embedding_eps)};
    }
    decoder.head_.weight =
        s.tied_head ? decoder.embedding_.weight : root.matrix(s.names.head, {s.vocab, s.dim});
    return decoder;
  }

  /// Reads the tokens of some sequences, fills their caches and scores what may come next.
  /// Everything was checked before: ids in [0, V), positions within the caches, and all together
  /// within the arena.
  void forward(ExecContext& ctx, std::span<const Passage> passages) const {
    const Arena::Mark mark(ctx.arena);
    ctx.layer = 0;
    const std::span<const std::int32_t> ids = read(ctx, passages);
    const auto tokens = static_cast<Index>(ids.size());
    ctx.ids = ids.data();
    auto* x = ctx.arena.take<float>(tokens * stream_width());
    auto* h = ctx.arena.take<float>(tokens * spec_.dim);
    auto* y = ctx.arena.take<float>(tokens * spec_.dim);
    ctx.choices = shared_top_ > 0 ? ctx.arena.take<std::int32_t>(tokens * shared_top_) : nullptr;
    const Sequence* const sequences = rotate(ctx, passages);
    float* const first = streams_ ? h : x;
    embedding_.forward(ctx, ids, first);
    if (!embedding_norm_.weight.empty()) {
      embedding_norm_.forward(ctx, first, tokens, first);
    }
    if (streams_) {
      spread(h, tokens, x);
    }
    const float* const inputs = make_layer_inputs(ctx, ids, x);
    const Index width = layer_inputs_ ? spec_.layer_inputs->dim : 0;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const Block& block = blocks_[i];
      ctx.layer = static_cast<Index>(i);
      observe(ctx, ctx.layer, x, tokens, stream_width());
      const std::span all(sequences + block.rope * passages.size(), passages.size());
      block.forward(ctx, all, {x, h, y}, inputs == nullptr ? nullptr : inputs + ctx.layer * width,
                    static_cast<Index>(blocks_.size()) * width);
    }
    if (streams_) {
      const Arena::Mark end(ctx.arena);
      streams_->take(ctx, x, tokens, streams_->coefficients(ctx, tokens), h);
    }
    norm_.forward(ctx, streams_ ? h : x, tokens, h);
    observe(ctx, static_cast<Index>(blocks_.size()), h, tokens, spec_.dim);
    score(ctx, passages, h);
  }

  /// Bytes of arena that forward needs for use.tokens tokens.
  [[nodiscard]] Index workspace(const WorkspaceFor& use) const {
    ArenaSize common;
    common.take<std::int32_t>(use.tokens);
    common.take<float>(use.tokens * stream_width());
    common.take<float>(use.tokens * spec_.dim);
    common.take<float>(use.tokens * spec_.dim);
    common.take<std::int32_t>(use.tokens * shared_top_);
    common.take<Sequence>(use.sequences * static_cast<Index>(ropes_.size()));
    for (const Rope& rope : ropes_) {
      rope.workspace(use, common);
    }
    ArenaSize head;
    if (use.sequences > 1) {
      head.take<float>(use.tokens * spec_.dim);
      head.take<float>(use.tokens * spec_.vocab);
    }
    Packed::workspace(use, spec_.dim, head);
    Index most = head.bytes();
    if (streams_) {
      ArenaSize end;
      streams_->workspace(use, end);
      most = std::max(most, end.bytes());
    }
    if (layer_inputs_) {
      common.take<float>(use.tokens * layer_inputs_->projection.rows());
      ArenaSize inputs;
      layer_inputs_->workspace(use, inputs);
      most = std::max(most, inputs.bytes());
    }
    for (const Block& block : blocks_) {
      ArenaSize its;
      block.workspace(use, its);
      most = std::max(most, its.bytes());
    }
    return common.bytes() + most;
  }

  [[nodiscard]] const DecoderSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] const Embedding& embedding() const noexcept { return embedding_; }
  [[nodiscard]] const Linear& head() const noexcept { return head_; }
  /// The length of a history up to which what is kept of a token depends on those before it alone.
  [[nodiscard]] Index causal_context() const noexcept {
    for (const BlockSpec& block : spec_.blocks) {
      if (std::holds_alternative<CsaSpec>(block.mixer)) {
        return 0;  // not all that is kept is a token's own
      }
    }
    auto least = static_cast<double>(spec_.context);
    for (const Rope& rope : ropes_) {
      const auto* longer = std::get_if<RopeLong>(&rope.spec().scaling);
      least = longer == nullptr ? least : std::min(least, longer->original);
    }
    return static_cast<Index>(std::max(least, 0.0));
  }
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
      block.each_linear(see);
    }
    if (layer_inputs_) {
      see(layer_inputs_->projection, 1.0);
    }
    if (streams_) {
      streams_->each_linear(see);
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

  /// All ids, as the model reads them.
  [[nodiscard]] std::span<const std::int32_t> read(ExecContext& ctx,
                                                   std::span<const Passage> passages) const {
    std::size_t count = 0;
    for (const Passage& passage : passages) {
      count += passage.ids.size();
    }
    auto* const ids = ctx.arena.take<std::int32_t>(static_cast<Index>(count));
    std::int32_t* end = ids;
    for (const Passage& passage : passages) {
      end = std::copy(passage.ids.begin(), passage.ids.end(), end);
    }
    const std::vector<Index>& all = spec_.placeholders.ids;
    std::replace_if(
        ids, end,
        [&](std::int32_t id) { return std::find(all.begin(), all.end(), id) != all.end(); },
        static_cast<std::int32_t>(spec_.placeholders.as));
    return {ids, count};
  }

  /// The passages as sequences, once for each rotation: [rotations, passages].
  [[nodiscard]] const Sequence* rotate(ExecContext& ctx, std::span<const Passage> passages) const {
    auto* const sequences =
        ctx.arena.take<Sequence>(static_cast<Index>(passages.size() * ropes_.size()));
    Sequence* next = sequences;
    for (const Rope& rope : ropes_) {
      Index first = 0;
      for (const Passage& passage : passages) {
        const auto tokens = static_cast<Index>(passage.ids.size());
        *next++ = {first, passage.position, tokens,
                   rope.rows(ctx, passage.position, tokens, passage.reach), passage.cache};
        first += tokens;
      }
    }
    return sequences;
  }

  /// The logits of each passage from h [T, D], normalised.
  void score(ExecContext& ctx, std::span<const Passage> passages, const float* h) const {
    Index scored = 0;
    for (const Passage& passage : passages) {
      scored += passage.scored;
    }
    if (scored == 0) {
      return;
    }
    const Index dim = spec_.dim;
    if (passages.size() == 1) {
      const auto tokens = static_cast<Index>(passages[0].ids.size());
      return score(ctx, h + (tokens - scored) * dim, scored, passages[0].logits);
    }
    auto* const rows = ctx.arena.take<float>(scored * dim);
    auto* const logits = ctx.arena.take<float>(scored * spec_.vocab);
    float* to = rows;
    for (const Passage& passage : passages) {
      h += static_cast<Index>(passage.ids.size()) * dim;  // the end of its rows
      to = std::copy(h - passage.scored * dim, h, to);
    }
    score(ctx, rows, scored, logits);
    const float* from = logits;
    for (const Passage& passage : passages) {
      std::copy_n(from, passage.scored * spec_.vocab, passage.logits);
      from += passage.scored * spec_.vocab;
    }
  }
  void score(ExecContext& ctx, const float* rows, Index count, float* logits) const {
    const Packed packed(ctx, rows, spec_.dim, count, spec_.dim);
    packed.multiply({{head_, logits, spec_.vocab}});
    const Index numbers = count * spec_.vocab;
    if (spec_.logit_scale != 1.0) {
      ctx.kernels.elementwise->scale(logits, static_cast<float>(spec_.logit_scale), numbers);
    }
    if (spec_.logit_cap > 0.0) {
      ctx.kernels.elementwise->soft_cap(logits, static_cast<float>(spec_.logit_cap), numbers);
    }
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

  static void observe(const ExecContext& ctx, Index layer, const float* x, Index tokens,
                      Index width) {
    if (ctx.observer.see != nullptr) {
      ctx.observer.see(ctx.observer.user, layer, x, tokens, width);
    }
  }

  /// Floats of a token between blocks.
  [[nodiscard]] Index stream_width() const noexcept {
    return spec_.dim * (spec_.hyper ? spec_.hyper->streams : 1);
  }
  /// Embeddings [T, D] to each of the streams x [T, n, D].
  void spread(const float* embeddings, Index tokens, float* x) const {
    for (Index t = 0; t < tokens; ++t) {
      for (Index i = 0; i < spec_.hyper->streams; ++i) {
        x = std::copy_n(embeddings + t * spec_.dim, spec_.dim, x);
      }
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
  std::optional<Hyper> streams_;  ///< what the end takes of several streams
  Index shared_top_ = 0;          ///< positions that blocks take from an indexer before them
};

}  // namespace ottobit
