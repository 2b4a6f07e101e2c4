// SPDX-License-Identifier: Apache-2.0
// KvCache: where what each layer keeps of past tokens lies. A layout over memory that the session
// owns; memory that is never written is never touched, so an untouched context costs no physical
// pages.
//
//   Gqa: K [G, rows, A]  V [G, rows, A], or those of an earlier layer; keys of an indexer [rows, A]
//   Mla: latents [rows, R + rotated key]  keys of an indexer [rows, A]
//   Csa: keys that are values, too, [rows, A]; and in layers of their own behind that, what a
//     compressor makes entries of, f32, the entries, of several positions each, with the keys of
//     an indexer, and what those are made of
//   Lightning: state [H, A, A], f32
//   DeltaNet, Kda: state [H, A, B], last inputs of the convolution [taps - 1, channels], both f32
//   Mamba: state [H, N, P] and such inputs;  ShortConv: such inputs alone
//
// Position p lies in row p. A layer whose tokens see a window keeps a ring instead: position p in
// row p % ring, with room for a window before each of the tokens that are read at once. A state
// holds the whole past in one, and so cannot go back; it can be saved and restored.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "ottobit/arena.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// One layer's cache.
struct KvLayer {
  std::byte* k = nullptr;  ///< keys or latents, of KvCache::dtype, or a state
  std::byte* v = nullptr;  ///< values, or keys of an indexer, or last inputs, where there are any
  std::byte* index = nullptr;  ///< keys of an indexer of Gqa, where there is one
  Index rows = 0;              ///< of a head
  Index ring = 0;              ///< rows, if they are reused; 0: a row for each position
};

/// Rows of a cache as a matrix [rows, width].
[[nodiscard]] inline WeightView cache_matrix(const std::byte* data, DType dtype, Index rows,
                                             Index width) noexcept {
  WeightView w;
  w.format = dtype == DType::f32   ? FormatId::f32
             : dtype == DType::f16 ? FormatId::f16
                                   : FormatId::bf16;
  w.data = data;
  w.rows = rows;
  w.cols = width;
  w.row_bytes = width * dtype_bits(dtype) / 8;
  return w;
}

class KvCache {
 public:
  /// For `capacity` positions, of which at most `batch` are read at once.
  KvCache(const DecoderSpec& spec, DType dtype, Index capacity, Index batch)
      : dtype_(dtype), capacity_(capacity) {
    for (const BlockSpec& block : spec.blocks) {
      if (const auto* csa = std::get_if<CsaSpec>(&block.mixer)) {
        reach_ = std::max({reach_, csa->window, csa->overlaps ? 2 * csa->ratio : csa->ratio});
      }
    }
    for (const BlockSpec& block : spec.blocks) {
      first_.push_back(layers_.size());
      if (const auto* gqa = std::get_if<GqaSpec>(&block.mixer); gqa != nullptr && gqa->kv_of) {
        layers_.push_back(layers_[first_[static_cast<std::size_t>(*gqa->kv_of)]]);
        layers_.back().is_borrowed = true;
        continue;
      }
      add(std::visit([&](const auto& mixer) { return layer_of(mixer, spec.dim); }, block.mixer),
          batch);
      if (const auto* csa = std::get_if<CsaSpec>(&block.mixer)) {
        add_entries(*csa, batch);
      }
    }
  }

  /// Memory of at least bytes(), 64-byte aligned; owned by the caller.
  void attach(std::byte* memory) noexcept { memory_ = memory; }

  /// That of a block, or, `behind` it, the layers that belong to it.
  [[nodiscard]] KvLayer layer(std::size_t block, std::size_t behind = 0) const noexcept {
    const Layer& layer = layers_[first_[block] + behind];
    return {memory_ + layer.k, memory_ + layer.v, memory_ + layer.index, layer.rows,
            layer.is_ring ? layer.rows : 0};
  }
  [[nodiscard]] Index bytes() const noexcept { return bytes_; }
  /// Bytes that so many positions occupy.
  [[nodiscard]] Index bytes(Index positions) const noexcept {
    Index sum = 0;
    for (const Layer& layer : layers_) {
      const Index rows =
          layer.is_borrowed ? 0 : std::min(blocks_of(positions, layer.stride), layer.rows);
      sum += all_bytes(layer, rows);
    }
    return sum;
  }
  /// Bytes that each position adds, where neither rings nor states are all there is.
  [[nodiscard]] Index bytes_per_position() const noexcept {
    Index sum = 0;
    for (const Layer& layer : layers_) {
      const bool grows = !layer.is_borrowed && !layer.is_state && !layer.is_ring;
      const Index width = layer.k_width + layer.v_width + layer.index_width;
      sum += grows ? width * bits_of(layer) / 8 / layer.stride : 0;
    }
    return sum;
  }
  /// Bytes of the rings and states, which do not grow.
  [[nodiscard]] Index fixed_bytes() const noexcept {
    Index sum = 0;
    for (const Layer& layer : layers_) {
      const bool is_fixed = !layer.is_borrowed && (layer.is_state || layer.is_ring);
      sum += is_fixed ? all_bytes(layer, layer.rows) : 0;
    }
    return sum;
  }
  [[nodiscard]] Index capacity() const noexcept { return capacity_; }
  [[nodiscard]] DType dtype() const noexcept { return dtype_; }

  /// Bytes of the states of all layers that have one.
  [[nodiscard]] Index state_bytes() const noexcept { return state_bytes_; }
  /// Copies the states to memory of state_bytes(), or back from it.
  void save_states(std::byte* to) const noexcept {
    each_state([&](std::byte* state, Index size) { to = std::copy_n(state, size, to); });
  }
  void restore_states(const std::byte* from) const noexcept {
    each_state([&](std::byte* state, Index size) {
      std::copy_n(from, size, state);
      from += size;
    });
  }

  /// Whether a sequence that was `written` positions long can go on from `position`: all that the
  /// next tokens see is still there. `oldest`: what layers with windows have from there on only.
  /// States are the caller's business.
  [[nodiscard]] bool holds(Index position, Index written, Index oldest) const noexcept {
    return std::all_of(layers_.begin(), layers_.end(), [&](const Layer& layer) {
      const Index first_seen = std::max<Index>(position + 1 - layer.window, 0);
      const Index first_kept = std::max(layer.is_ring ? written - layer.rows : 0, oldest);
      return layer.window == 0 || first_seen >= first_kept;
    });
  }

  [[nodiscard]] std::size_t layers() const noexcept { return layers_.size(); }
  /// The layer's rows are another's.
  [[nodiscard]] bool is_borrowed(std::size_t index) const noexcept {
    return layers_[index].is_borrowed;
  }
  /// The layer keeps the whole past in one.
  [[nodiscard]] bool is_state(std::size_t index) const noexcept { return layers_[index].is_state; }
  /// The layer has no window.
  [[nodiscard]] bool sees_all(std::size_t index) const noexcept {
    return layers_[index].window == 0;
  }
  /// The positions that a layer still has of a sequence that was `written` long and now has
  /// `length`. A state counts as one position, and so does an
  /// entry of several.
  [[nodiscard]] RowRange kept(std::size_t index, Index written, Index length) const noexcept {
    const Layer& layer = layers_[index];
    const Index first = layer.is_ring ? std::max<Index>(written - layer.rows, 0) : 0;
    return layer.is_state ? RowRange{0, std::min<Index>(length, 1)}
                          : RowRange{std::min(first, length), length / layer.stride};
  }

  /// Rows that lie one behind the other: those of one head in one part of a layer.
  struct Run {
    std::byte* data;
    Index row_bytes;
    Index rows;  ///< position p is in row p % rows

    /// visit(std::byte* bytes, Index count) for those of the positions, at most `rows` of them.
    template <class Visit>
    void each(RowRange positions, const Visit& visit) const {
      for (Index position = positions.begin; position < positions.end;) {
        const Index row = position % rows;
        const Index count = std::min(positions.end - position, rows - row);
        visit(data + row * row_bytes, count * row_bytes);
        position += count;
      }
    }
  };
  /// visit(const Run&) for each of a layer, in one order whatever the capacity.
  template <class Visit>
  void each_run(std::size_t index, const Visit& visit) const {
    const Layer& layer = layers_[index];
    const Index bits = bits_of(layer);
    for (const auto& [at, width] :
         {std::pair{layer.k, layer.k_width}, std::pair{layer.v, layer.v_width}}) {
      const Index row_bytes = width / layer.heads * bits / 8;
      for (Index head = 0; head < layer.heads && width > 0; ++head) {
        visit(Run{memory_ + at + head * layer.rows * row_bytes, row_bytes, layer.rows});
      }
    }
    if (layer.index_width > 0) {
      visit(Run{memory_ + layer.index, layer.index_width * bits / 8, layer.rows});
    }
  }

 private:
  struct Layer {
    Index k_width;  ///< elements of a token in either part
    Index v_width;
    Index window;  ///< positions that a token sees; 0: all
    bool is_state = false;
    Index heads = 1;           ///< whose rows lie apart
    bool is_ring = false;      ///< rows are reused
    bool is_borrowed = false;  ///< from another layer, which counts it
    Index rows = 0;
    Index k = 0;  ///< offsets of the parts
    Index v = 0;
    Index index_width = 0;  ///< of the keys of an indexer beside keys and values
    Index index = 0;
    Index stride = 1;     ///< positions of a row
    bool is_f32 = false;  ///< whatever the others are
  };

  void add(Layer layer, Index batch) {
    const Index ring =
        round_up(layer.window + batch - 1, static_cast<Index>(AttentionCall::kKeyAlignment));
    layer.is_ring = layer.window > 0 && ring < capacity_;
    layer.rows = layer.is_state ? 1 : layer.is_ring ? ring : blocks_of(capacity_, layer.stride);
    layer.k = bytes_;
    bytes_ += part_bytes(layer, layer.k_width, layer.rows);
    layer.v = bytes_;
    bytes_ += part_bytes(layer, layer.v_width, layer.rows);
    layer.index = bytes_;
    bytes_ += part_bytes(layer, layer.index_width, layer.rows);
    state_bytes_ += layer.is_state ? bytes_ - layer.k : 0;
    layers_.push_back(layer);
  }
  void add_entries(const CsaSpec& csa, Index batch) {
    if (csa.ratio == 0) {
      return;
    }
    const Index halves = csa.overlaps ? 2 : 1;
    const auto pooled = [&](Index width) {
      Layer layer{halves * width, halves * width, reach_};
      layer.is_f32 = true;
      add(layer, batch);
    };
    pooled(csa.head_dim);
    Layer entries{csa.head_dim, csa.indexer ? csa.indexer->head_dim : 0, 0};
    entries.stride = csa.ratio;
    add(entries, batch);
    if (csa.indexer) {
      pooled(csa.indexer->head_dim);
    }
  }
  static Index blocks_of(Index n, Index size) noexcept { return (n + size - 1) / size; }
  [[nodiscard]] Index bits_of(const Layer& layer) const noexcept {
    return layer.is_state || layer.is_f32 ? 32 : dtype_bits(dtype_);
  }

  static Layer layer_of(const GqaSpec& gqa, Index /*dim*/) noexcept {
    Layer layer{gqa.kv_heads * gqa.head_dim, gqa.kv_heads * value_dim(gqa),
                gqa.window > 0 ? gqa.window : gqa.chunk, false, gqa.kv_heads};
    layer.index_width = gqa.indexer ? gqa.indexer->head_dim : 0;
    return layer;
  }
  static Layer layer_of(const MlaSpec& mla, Index /*dim*/) noexcept {
    return {mla.kv_rank + mla.rope.dim,
            mla.indexer && !mla.indexer->shared ? mla.indexer->head_dim : 0, 0};
  }
  [[nodiscard]] Layer layer_of(const CsaSpec& csa, Index /*dim*/) const noexcept {
    return {csa.head_dim, 0, reach_};
  }
  static Layer layer_of(const DeltaNetSpec& net, Index /*dim*/) noexcept {
    const Index channels = 2 * net.key_heads * net.key_dim + net.value_heads * net.value_dim;
    return {net.value_heads * net.key_dim * net.value_dim, (net.taps - 1) * channels, 0, true};
  }
  static Layer layer_of(const LightningSpec& light, Index /*dim*/) noexcept {
    return {light.heads * light.head_dim * light.head_dim, 0, 0, true};
  }
  static Layer layer_of(const KdaSpec& kda, Index /*dim*/) noexcept {
    const Index width = kda.heads * kda.head_dim;
    return {width * kda.head_dim, (kda.taps - 1) * 3 * width, 0, true};
  }
  static Layer layer_of(const MambaSpec& mamba, Index /*dim*/) noexcept {
    const Index width = mamba.heads * mamba.head_dim;
    return {width * mamba.state, (mamba.taps - 1) * (width + 2 * mamba.groups * mamba.state), 0,
            true};
  }
  static Layer layer_of(const ShortConvSpec& conv, Index dim) noexcept {
    return {0, (conv.taps - 1) * dim, 0, true};
  }
  /// Keeps nothing, as if in a state.
  static Layer layer_of(std::monostate /*none*/, Index /*dim*/) noexcept { return {0, 0, 0, true}; }
  [[nodiscard]] Index part_bytes(const Layer& layer, Index width, Index rows) const noexcept {
    return round_up(rows * width * bits_of(layer) / 8, kAlignment);
  }
  [[nodiscard]] Index all_bytes(const Layer& layer, Index rows) const noexcept {
    return part_bytes(layer, layer.k_width, rows) + part_bytes(layer, layer.v_width, rows) +
           part_bytes(layer, layer.index_width, rows);
  }
  template <class Visit>
  void each_state(const Visit& visit) const noexcept {
    for (const Layer& layer : layers_) {
      if (layer.is_state) {
        visit(memory_ + layer.k, part_bytes(layer, layer.k_width, 1));
        visit(memory_ + layer.v, part_bytes(layer, layer.v_width, 1));
      }
    }
  }

  DType dtype_;
  Index capacity_;
  Index bytes_ = 0;
  Index state_bytes_ = 0;
  std::byte* memory_ = nullptr;
  /// Positions that a token of Csa needs, itself included: its window, and what entries are made
  /// of. The most of all layers, so that all can go back as far.
  Index reach_ = 0;
  std::vector<std::size_t> first_;  ///< layer of each block
  std::vector<Layer> layers_;
};

}  // namespace ottobit
