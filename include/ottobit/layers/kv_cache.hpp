// SPDX-License-Identifier: Apache-2.0
// KvCache: where what each layer keeps of past tokens lies. A layout over memory that the session
// owns; memory that is never written is never touched, so an untouched context costs no physical
// pages.
//
//   Gqa: K [G, rows, A]  V [G, rows, A], or those of an earlier layer
//   Mla: latents [rows, R + rotated key]  keys of an indexer [rows, A]
//   Lightning: state [H, A, A], f32
//   DeltaNet: state [H, A, B], last inputs of the convolution [taps - 1, channels], both f32
//
// Position p lies in row p. A layer whose tokens see a window keeps a ring instead: position p in
// row p % ring, with room for a window before each of the tokens that are read at once. A state
// holds the whole past in one, and so cannot go back; it can be saved and restored.
#pragma once

#include <algorithm>
#include <cstddef>
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
  Index rows = 0;          ///< of a head
  Index ring = 0;          ///< rows, if they are reused; 0: a row for each position
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
      if (const auto* gqa = std::get_if<GqaSpec>(&block.mixer); gqa != nullptr && gqa->kv_of) {
        layers_.push_back(layers_[static_cast<std::size_t>(*gqa->kv_of)]);
        layers_.back().is_borrowed = true;
        continue;
      }
      Layer layer = std::visit([](const auto& mixer) { return layer_of(mixer); }, block.mixer);
      const Index ring =
          round_up(layer.window + batch - 1, static_cast<Index>(AttentionCall::kKeyAlignment));
      const bool reuses = layer.window > 0 && ring < capacity;
      layer.rows = layer.is_state ? 1 : reuses ? ring : capacity;
      layer.window = reuses ? layer.window : 0;
      layer.k = bytes_;
      bytes_ += part_bytes(layer, layer.k_width, layer.rows);
      layer.v = bytes_;
      bytes_ += part_bytes(layer, layer.v_width, layer.rows);
      state_bytes_ += layer.is_state ? bytes_ - layer.k : 0;
      layers_.push_back(layer);
    }
  }

  /// Memory of at least bytes(), 64-byte aligned; owned by the caller.
  void attach(std::byte* memory) noexcept { memory_ = memory; }

  [[nodiscard]] KvLayer layer(std::size_t index) const noexcept {
    const Layer& layer = layers_[index];
    return {memory_ + layer.k, memory_ + layer.v, layer.rows, layer.window > 0 ? layer.rows : 0};
  }
  [[nodiscard]] Index bytes() const noexcept { return bytes_; }
  /// Bytes that so many positions occupy.
  [[nodiscard]] Index bytes(Index positions) const noexcept {
    Index sum = 0;
    for (const Layer& layer : layers_) {
      const Index rows = layer.is_borrowed ? 0 : std::min(positions, layer.rows);
      sum += part_bytes(layer, layer.k_width, rows) + part_bytes(layer, layer.v_width, rows);
    }
    return sum;
  }
  /// Bytes that each position adds, where neither rings nor states are all there is.
  [[nodiscard]] Index bytes_per_position() const noexcept {
    Index sum = 0;
    for (const Layer& layer : layers_) {
      const bool grows = !layer.is_borrowed && !layer.is_state && layer.window == 0;
      sum += grows ? (layer.k_width + layer.v_width) * dtype_bits(dtype_) / 8 : 0;
    }
    return sum;
  }
  /// Bytes of the rings and states, which do not grow.
  [[nodiscard]] Index fixed_bytes() const noexcept {
    Index sum = 0;
    for (const Layer& layer : layers_) {
      const bool grows = layer.is_borrowed || (!layer.is_state && layer.window == 0);
      sum += grows ? 0
                   : part_bytes(layer, layer.k_width, layer.rows) +
                         part_bytes(layer, layer.v_width, layer.rows);
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
  /// next tokens see is still there. States are the caller's business.
  [[nodiscard]] bool holds(Index position, Index written) const noexcept {
    return std::all_of(layers_.begin(), layers_.end(), [&](const Layer& layer) {
      const Index first_seen = std::max<Index>(position + 1 - layer.window, 0);
      return layer.window == 0 || first_seen >= written - layer.rows;
    });
  }

 private:
  struct Layer {
    Index k_width;  ///< elements of a token in either part
    Index v_width;
    Index window;  ///< 0: all positions are kept
    bool is_state = false;
    bool is_borrowed = false;  ///< from another layer, which counts it
    Index rows = 0;
    Index k = 0;  ///< offsets of the parts
    Index v = 0;
  };

  static Layer layer_of(const GqaSpec& gqa) noexcept {
    return {gqa.kv_heads * gqa.head_dim, gqa.kv_heads * gqa.head_dim,
            gqa.window > 0 ? gqa.window : gqa.chunk};
  }
  static Layer layer_of(const MlaSpec& mla) noexcept {
    return {mla.kv_rank + mla.rope.dim,
            mla.indexer && !mla.indexer->shared ? mla.indexer->head_dim : 0, 0};
  }
  static Layer layer_of(const DeltaNetSpec& net) noexcept {
    const Index channels = 2 * net.key_heads * net.key_dim + net.value_heads * net.value_dim;
    return {net.value_heads * net.key_dim * net.value_dim, (net.taps - 1) * channels, 0, true};
  }
  static Layer layer_of(const LightningSpec& light) noexcept {
    return {light.heads * light.head_dim * light.head_dim, 0, 0, true};
  }
  [[nodiscard]] Index part_bytes(const Layer& layer, Index width, Index rows) const noexcept {
    const DType dtype = layer.is_state ? DType::f32 : dtype_;
    return round_up(rows * width * dtype_bits(dtype) / 8, kAlignment);
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
  std::vector<Layer> layers_;
};

}  // namespace ottobit
