// SPDX-License-Identifier: Apache-2.0
// KvCache: where what each layer keeps of past tokens lies. A layout over memory that the session
// owns; memory that is never written is never touched, so an untouched context costs no physical
// pages.
//
//   Gqa: K [G, capacity, A]  V [G, capacity, A]     Mla: latents [capacity, R + rotated key]
#pragma once

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "ottobit/arena.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// One layer's cache.
struct KvLayer {
  std::byte* k = nullptr;  ///< keys or latents, of KvCache::dtype
  std::byte* v = nullptr;  ///< values, where there are any
};

class KvCache {
 public:
  KvCache(const DecoderSpec& spec, DType dtype, Index capacity)
      : dtype_(dtype), capacity_(capacity) {
    for (const BlockSpec& block : spec.blocks) {
      const auto [keys, values] = std::visit([](const auto& m) { return widths(m); }, block.mixer);
      Layer layer{bytes_, 0};
      bytes_ += part_bytes(keys);
      layer.values = bytes_;
      bytes_ += part_bytes(values);
      layers_.push_back(layer);
    }
  }

  /// Memory of at least bytes(), 64-byte aligned; owned by the caller.
  void attach(std::byte* memory) noexcept { memory_ = memory; }

  [[nodiscard]] KvLayer layer(std::size_t index) const noexcept {
    return {memory_ + layers_[index].keys, memory_ + layers_[index].values};
  }
  [[nodiscard]] Index bytes() const noexcept { return bytes_; }
  [[nodiscard]] Index capacity() const noexcept { return capacity_; }
  [[nodiscard]] DType dtype() const noexcept { return dtype_; }

 private:
  /// Offsets of the two parts of a layer.
  struct Layer {
    Index keys;
    Index values;
  };

  /// Elements of a token in the two parts.
  static std::pair<Index, Index> widths(const GqaSpec& gqa) noexcept {
    return {gqa.kv_heads * gqa.head_dim, gqa.kv_heads * gqa.head_dim};
  }
  static std::pair<Index, Index> widths(const MlaSpec& mla) noexcept {
    return {mla.kv_rank + mla.rope.dim, 0};
  }
  [[nodiscard]] Index part_bytes(Index width) const noexcept {
    return round_up(capacity_ * width * dtype_bits(dtype_) / 8, kAlignment);
  }

  DType dtype_;
  Index capacity_;
  Index bytes_ = 0;
  std::byte* memory_ = nullptr;
  std::vector<Layer> layers_;
};

}  // namespace ottobit
