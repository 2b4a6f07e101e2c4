// SPDX-License-Identifier: Apache-2.0
// KvCache: where the keys and values of every layer lie. A layout over memory that the session
// owns; memory that is never written is never touched, so an untouched context costs no physical
// pages.
//
//   layer 0: K [G, capacity, A]  V [G, capacity, A]   layer 1: K ...
#pragma once

#include <cstddef>
#include <vector>

#include "ottobit/arena.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// One layer's cache.
struct KvLayer {
  std::byte* k = nullptr;  ///< [G, capacity, A] of KvCache::dtype
  std::byte* v = nullptr;
};

class KvCache {
 public:
  KvCache(const DecoderSpec& spec, DType dtype, Index capacity)
      : dtype_(dtype), capacity_(capacity) {
    for (const BlockSpec& block : spec.blocks) {
      offsets_.push_back(bytes_);
      bytes_ += 2 * half_bytes(block.mixer);
      halves_.push_back(half_bytes(block.mixer));
    }
  }

  /// Memory of at least bytes(), 64-byte aligned; owned by the caller.
  void attach(std::byte* memory) noexcept { memory_ = memory; }

  [[nodiscard]] KvLayer layer(std::size_t index) const noexcept {
    std::byte* k = memory_ + offsets_[index];
    return {k, k + halves_[index]};
  }
  [[nodiscard]] Index bytes() const noexcept { return bytes_; }
  [[nodiscard]] Index capacity() const noexcept { return capacity_; }
  [[nodiscard]] DType dtype() const noexcept { return dtype_; }

 private:
  [[nodiscard]] Index half_bytes(const GqaSpec& mixer) const noexcept {
    return round_up(mixer.kv_heads * capacity_ * mixer.head_dim * dtype_bits(dtype_) / 8,
                    kAlignment);
  }

  DType dtype_;
  Index capacity_;
  Index bytes_ = 0;
  std::byte* memory_ = nullptr;
  std::vector<Index> offsets_;
  std::vector<Index> halves_;
};

}  // namespace ottobit
