// SPDX-License-Identifier: Apache-2.0
// Products with a transposed matrix, Y = X W: each weight row, times its activation, is added to
// the whole result. Rows are decoded a few at a time into a piece that stays in the first-level
// cache, where every token reads it; the weights themselves are read once, in their order.
//
// Order of summation: rows ascending, by groups of kPieceRows.
#pragma once

#include "ottobit/format/list.hpp"
#include "ottobit/kernels/dequant.hpp"
#include "ottobit/simd/vec.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

inline constexpr Index kPieceRows = 16;

/// A piece of decoded weights, [rows, kBlockK].
struct TransposedPiece {
  const float* weights;
  Index rows;
  Index cols;  ///< that belong to the matrix
  bool first;  ///< of its columns: results begin at 0
};

/// y[0, cols) += x[0, rows) piece
OTTOBIT_INLINE void add_piece(const TransposedPiece& piece, const float* x, float* y) noexcept {
  constexpr Index kVectors = kBlockK / kLanes < 8 ? kBlockK / kLanes : 8;  // in flight
  for (Index k = 0; k < piece.cols; k += kVectors * kLanes) {
    Vf sum[kVectors];
    OTTOBIT_UNROLL
    for (Index i = 0; i < kVectors; ++i) {
      const Index left = piece.cols - k - i * kLanes;
      sum[i] = piece.first || left <= 0 ? zero()
               : left < kLanes          ? load_partial(y + k + i * kLanes, left)
                                        : load(y + k + i * kLanes);
    }
    for (Index r = 0; r < piece.rows; ++r) {
      const Vf factor = broadcast(x[r]);
      const float* const row = piece.weights + r * kBlockK + k;
      OTTOBIT_UNROLL
      for (Index i = 0; i < kVectors; ++i) {
        sum[i] = fma(factor, load(row + i * kLanes), sum[i]);
      }
    }
    OTTOBIT_UNROLL
    for (Index i = 0; i < kVectors; ++i) {
      const Index left = piece.cols - k - i * kLanes;
      if (left >= kLanes) {
        store(y + k + i * kLanes, sum[i]);
      } else if (left > 0) {
        store_partial(y + k + i * kLanes, sum[i], left);
      }
    }
  }
}

template <class F>
inline void multiply_transposed(const WeightView& w, RowRange range, const float* x, Index x_stride,
                                Index tokens, float* y, Index y_stride) noexcept {
  alignas(64) float weights[kPieceRows * kBlockK];
  for (Index r = 0; r < w.rows; r += kPieceRows) {
    const Index rows = least(kPieceRows, w.rows - r);
    for (Index k = range.begin; k < range.end; k += kBlockK) {
      const Index cols = least(kBlockK, range.end - k);
      for (Index i = 0; i < rows; ++i) {
        dequant_scaled_block<F>(w, r + i, k, cols, weights + i * kBlockK);
      }
      for (Index t = 0; t < tokens; ++t) {
        add_piece({weights, rows, cols, r == 0}, x + t * x_stride + r,
                  y + t * y_stride + k - range.begin);
      }
    }
  }
}

/// LinearKernels::linear_transposed.
inline void linear_transposed(const WeightView& w, RowRange cols, const float* x, Index x_stride,
                              Index tokens, float* y, Index y_stride) noexcept {
  with_format(w.format, [&](auto format) noexcept {
    multiply_transposed<decltype(format)>(w, cols, x, x_stride, tokens, y, y_stride);
  });
}

OTTOBIT_ISA_END
