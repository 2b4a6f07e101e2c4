// SPDX-License-Identifier: Apache-2.0
// Weights to f32 or bf16: whole rows for embeddings and tests, and blocks of kBlockK columns for
// the matrix products. A block that ends beyond the row is read through a copy padded with zeros,
// so that kernels see full blocks only and nothing is over-read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ottobit/format/list.hpp"
#include "ottobit/format/scale.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/simd/vec.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

/// Columns the kernels take at a time: one scale of the common 128 x 128 blocks.
inline constexpr Index kBlockK = 128;

OTTOBIT_INLINE constexpr Index blocks_of(Index k) noexcept {
  return (k + kBlockK - 1) / kBlockK;
}

OTTOBIT_INLINE constexpr Index least(Index a, Index b) noexcept {
  return a < b ? a : b;
}

/// True if no block of kBlockK columns holds two scales of one row: the fast road.
OTTOBIT_INLINE bool one_scale_per_block(const WeightView& w) noexcept {
  const bool wide = w.block_cols % kBlockK == 0 || w.block_cols >= w.cols;
  return w.scales == nullptr || (wide && w.groups == nullptr);
}

/// Bytes of n elements that begin on a byte.
template <class F>
OTTOBIT_INLINE constexpr Index bytes_of(Index n) noexcept {
  return (n * F::kBits + 7) / 8;
}

/// Room for a copy of one block.
template <class F>
struct BlockCopy {
  alignas(64) std::byte bytes[bytes_of<F>(kBlockK)];
};

/// kBlockK elements beginning with those at p, of which n belong to the row.
template <class F>
OTTOBIT_INLINE const std::byte* whole_block(const std::byte* p, Index n,
                                            BlockCopy<F>& copy) noexcept {
  if (n >= kBlockK) [[likely]] {
    return p;
  }
  std::memset(copy.bytes, static_cast<int>(F::kZeros), sizeof(copy.bytes));
  std::memcpy(copy.bytes, p, static_cast<std::size_t>(bytes_of<F>(n)));
  return copy.bytes;
}

/// The kBlockK bare elements at p, exactly.
template <class F>
OTTOBIT_INLINE void dequant_block(const std::byte* p, float* out) noexcept {
  for (Index i = 0; i < kBlockK; i += kGroup) {
    const Group group = F::load(p + bytes_of<F>(i));
    OTTOBIT_UNROLL
    for (Index j = 0; j < 4; ++j) {
      Vf value = group.v[j];
      if constexpr (F::kUnit != 1.0F) {
        value = value * broadcast(1.0F / F::kUnit);
      }
      store(out + i + j * kLanes, value);
    }
  }
}

/// Elements (r, [k, k + n)) times their scales, rounded once; out [kBlockK], of which those behind
/// the n are 0 or, in a row that ends within a byte, anything.
template <class F>
inline void dequant_scaled_block(const WeightView& w, Index r, Index k, Index n,
                                 float* OTTOBIT_RESTRICT out) noexcept {
  BlockCopy<F> copy;
  dequant_block<F>(whole_block<F>(w.data + r * w.row_bytes + bytes_of<F>(k), n, copy), out);
  if (w.scales == nullptr) {
    return;
  }
  Index end = 0;
  for (Index i = 0; i < n; i = end) {
    const float scale = stored_scale(w, r, k + i);
    const float zero_point = stored_zero(w, r, k + i);
    end = w.groups != nullptr ? i + 1 : least(n, i + w.block_cols - (k + i) % w.block_cols);
    Index j = i;
    for (; j + kLanes <= end; j += kLanes) {
      const Vf value = load(out + j) - broadcast(zero_point);
      store(out + j, w.scale_inverse ? value / broadcast(scale) : value * broadcast(scale));
    }
    for (; j < end; ++j) {
      out[j] = apply_scale(w, out[j] - zero_point, scale);
    }
  }
}

/// LinearKernels::dequant_f32 for one format.
template <class F>
inline void dequant_rows(const WeightView& w, RowRange rows, float* out,
                         Index out_stride) noexcept {
  alignas(64) float block[kBlockK];
  for (Index r = rows.begin; r < rows.end; ++r) {
    float* const row = out + (r - rows.begin) * out_stride;
    for (Index k = 0; k < w.cols; k += kBlockK) {
      const Index n = least(kBlockK, w.cols - k);
      dequant_scaled_block<F>(w, r, k, n, block);
      std::memcpy(row + k, block, static_cast<std::size_t>(n) * sizeof(float));
    }
  }
}

/// LinearKernels::dequant_bf16 for one format.
template <class F>
inline void dequant_rows_bf16(const WeightView& w, RowRange rows, std::uint16_t* out,
                              Index out_stride) noexcept {
  alignas(64) float block[kBlockK];
  for (Index r = rows.begin; r < rows.end; ++r) {
    std::uint16_t* const row = out + (r - rows.begin) * out_stride;
    for (Index k = 0; k < w.cols; k += kBlockK) {
      const Index n = least(kBlockK, w.cols - k);
      dequant_scaled_block<F>(w, r, k, n, block);
      Index i = 0;
      for (; i + kLanes <= n; i += kLanes) {
        store_bf16(row + k + i, load(block + i));
      }
      if (i < n) {
        store_bf16_partial(row + k + i, load(block + i), n - i);
      }
    }
  }
}

OTTOBIT_ISA_END
