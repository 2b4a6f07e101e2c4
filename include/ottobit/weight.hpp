// SPDX-License-Identifier: Apache-2.0
// WeightView: a weight matrix [N, K] = [out, in] in the storage format of its checkpoint, together
// with its block scales. Non-owning and trivially copyable: it points into the mapped file. What
// the bytes mean is defined by the format headers (format/*.hpp); layers only pass views along.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/dtype.hpp"

namespace ottobit {

/// How the elements of a matrix are stored; format/list.hpp names the type that describes each.
enum class FormatId : std::uint8_t {
  f32,
  f16,
  bf16,
  fp8_e4m3,
  fp8_e5m2,
  e8m0,
  fp4_e2m1,
  int4,
  int8,
  int8_offset
};

/// Shape of a weight matrix: N output rows, K input columns.
struct Shape2 {
  Index rows = 0;
  Index cols = 0;
  bool operator==(const Shape2&) const = default;
};

/// What a scale may belong to beside a block: 0 stands for all rows or columns.
inline constexpr Shape2 kPerRow{1, 0};
inline constexpr Shape2 kPerMatrix{0, 0};

/// Rows [begin, end) of something.
struct RowRange {
  Index begin = 0;
  Index end = 0;
};

/// Element (r, k) is decode(data[r * row_bytes ...][k]), less its zero point, times (or, if
/// scale_inverse, divided by) its scale: the entry at [(first_row + r) / block_rows, g] times (or,
/// if matrix_scale_inverse, divided by) matrix_scale, where g is k / block_cols or, where columns
/// are in no order, groups[k]. Without scales (`scales == nullptr`) it is the bare element. `data`
/// and `scales` may have any alignment; nothing outside the rows may be read.
struct WeightView {
  FormatId format = FormatId::f32;
  DType scale_dtype = DType::f32;  ///< f32, f16, bf16, f8_e8m0 or f8_e4m3
  bool scale_inverse = false;
  bool matrix_scale_inverse = false;
  float matrix_scale = 1.0F;  ///< of the whole matrix, beside those of its blocks (NVFP4)
  const std::byte* data = nullptr;
  const std::byte* scales = nullptr;  ///< [ceil(rows / block_rows), ceil(cols / block_cols)]
  Index rows = 0;
  Index cols = 0;
  Index row_bytes = 0;
  Index scale_row_bytes = 0;
  Index block_rows = 0;  ///< 0 where there are no scales
  Index block_cols = 0;
  const std::int8_t* zeros = nullptr;    ///< zero points in the grid of the scales, or none
  const std::int32_t* groups = nullptr;  ///< [cols], or none; only with block_rows 1
  Index first_row = 0;  ///< where row 0 stands in the grid of scales; not 0 in some slices

  [[nodiscard]] explicit operator bool() const noexcept { return data != nullptr; }
};

/// Rows [rows.begin, rows.end) of w as a matrix of its own.
[[nodiscard]] inline WeightView slice(WeightView w, RowRange rows) noexcept {
  w.data += rows.begin * w.row_bytes;
  w.rows = rows.end - rows.begin;
  w.first_row += rows.begin;
  return w;
}

/// Every second row of w, the first or, with `odd`, the second of each pair. Its scales, if there
/// are any, must be of single rows, or of an even number of rows with w beginning at an even one.
[[nodiscard]] inline WeightView every_second_row(WeightView w, bool odd) noexcept {
  const Index first = odd ? 1 : 0;
  w.data += first * w.row_bytes;
  if (w.scales != nullptr && w.block_rows == 1) {
    w.scales += (w.first_row + first) * w.scale_row_bytes;
    w.scale_row_bytes *= 2;
    w.zeros = nullptr;  // formats with zero points have no such rows
    w.first_row = 0;
  } else if (w.scales != nullptr) {
    w.block_rows /= 2;
    w.first_row /= 2;
  }
  w.row_bytes *= 2;
  w.rows /= 2;
  return w;
}

}  // namespace ottobit
