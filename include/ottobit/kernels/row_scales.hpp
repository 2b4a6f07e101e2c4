// SPDX-License-Identifier: Apache-2.0
// The scales and zero points of one row as floats, for products of one token: with a scale for each
// 128 columns or fewer they are as much work as the weights, unless they are decoded by vectors.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "ottobit/format/scale.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/kernels/dequant.hpp"
#include "ottobit/simd/bytes.hpp"
#include "ottobit/simd/vec.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

/// UE8M0 all, else whole vectors of F16, BF16 or E4M3 numbers, of n at `codes`; returns how many.
OTTOBIT_INLINE Index decode_vectors(DType dtype, const std::byte* codes, Index n,
                                    float* out) noexcept {
  Index i = 0;
  switch (dtype) {
    case DType::bf16:
      for (; i + kLanes <= n; i += kLanes) {
        store(out + i, load_bf16(as_u16(codes + 2 * i)));
      }
      break;
    case DType::f16:
      for (; i + kLanes <= n; i += kLanes) {
        store(out + i, load_f16(as_u16(codes + 2 * i)));
      }
      break;
    case DType::f8_e4m3:
      for (; i + kGroup <= n; i += kGroup) {
        const Group group = load_e4m3(codes + i);
        OTTOBIT_UNROLL
        for (Index j = 0; j < 4; ++j) {
          store(out + i + j * kLanes, group.v[j] * broadcast(1.0F / kE4m3Unit));
        }
      }
      break;
    case DType::f8_e8m0:
      for (; i < n; ++i) {  // without branches, for the compiler to vectorise
        const auto code = static_cast<std::uint32_t>(codes[i]);
        const std::uint32_t bits = code == 0 ? 0x00400000U : code << 23U;
        out[i] = std::bit_cast<float>(code == E8m0::kNan ? 0x7FC00000U : bits);
      }
      break;
    default:
      break;
  }
  return i;
}

/// The scales of row r as factors, one for each group of columns: out [ceil(cols / block_cols)].
inline void decode_row_scales(const WeightView& w, Index r, float* out) noexcept {
  const Index groups = (w.cols + w.block_cols - 1) / w.block_cols;
  const std::byte* const row = w.scales + (w.first_row + r) / w.block_rows * w.scale_row_bytes;
  for (Index i = decode_vectors(w.scale_dtype, row, groups, out); i < groups; ++i) {
    out[i] = decode_scale(w.scale_dtype, row, i);
  }
  if (w.matrix_scale != 1.0F || w.scale_inverse) {
    for (Index i = 0; i < groups; ++i) {
      const float scale =
          w.matrix_scale_inverse ? out[i] / w.matrix_scale : out[i] * w.matrix_scale;
      out[i] = w.scale_inverse ? 1.0F / scale : scale;
    }
  }
}

/// The zero points of row r likewise.
inline void decode_row_zeros(const WeightView& w, Index r, float* out) noexcept {
  const Index groups = (w.cols + w.block_cols - 1) / w.block_cols;
  const std::int8_t* const row = w.zeros + (w.first_row + r) / w.block_rows * groups;
  for (Index i = 0; i < groups; ++i) {
    out[i] = static_cast<float>(row[i]);
  }
}

/// From numbers of groups to those of blocks of kBlockK columns, in place, where groups are wider.
inline void widen_groups(Index block_cols, Index blocks, float* numbers) noexcept {
  if (block_cols == kBlockK) {
    return;
  }
  for (Index b = blocks - 1; b > 0; --b) {  // a block's group stands before it or at its place
    numbers[b] = numbers[b * kBlockK / block_cols];
  }
}

/// Decoded scales of one row, a float for each block of kBlockK columns, and behind them the zero
/// points; refilled when the row enters another block of rows. Inverse scales become factors here.
class RowScales {
 public:
  RowScales() = default;
  /// `buffer` [2 blocks_of(w.cols)] of the caller's scratch.
  OTTOBIT_INLINE RowScales(const WeightView& w, float* buffer) noexcept : w_(&w), buffer_(buffer) {
    const Index blocks = blocks_of(w.cols);
    for (Index b = 0; b < blocks; ++b) {
      buffer[b] = 1.0F;
      buffer[blocks + b] = 0.0F;
    }
  }
  OTTOBIT_INLINE const float* of_row(Index r) noexcept {
    if (w_->scales != nullptr && (r >= end_ || r < begin_)) {
      fill(r);
    }
    return buffer_;
  }

 private:
  void fill(Index r) noexcept {
    const Index blocks = blocks_of(w_->cols);
    begin_ = (w_->first_row + r) / w_->block_rows * w_->block_rows - w_->first_row;
    end_ = begin_ + w_->block_rows;
    decode_row_scales(*w_, r, buffer_);
    widen_groups(w_->block_cols, blocks, buffer_);
    if (w_->zeros != nullptr) {
      decode_row_zeros(*w_, r, buffer_ + blocks);
      widen_groups(w_->block_cols, blocks, buffer_ + blocks);
    }
  }
  const WeightView* w_ = nullptr;
  float* buffer_ = nullptr;
  Index begin_ = 0;
  Index end_ = 0;
};

OTTOBIT_ISA_END
