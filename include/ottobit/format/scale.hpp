// SPDX-License-Identifier: Apache-2.0
// The scales of a WeightView, decoded on use: checkpoints store them as F32, BF16, F16, F8_E8M0 or
// F8_E4M3, and no private copy is made.
#pragma once

#include <cstdint>
#include <cstring>

#include "ottobit/isa.hpp"
#include "ottobit/numeric/bf16.hpp"
#include "ottobit/numeric/dtype.hpp"
#include "ottobit/numeric/e8m0.hpp"
#include "ottobit/numeric/f16.hpp"
#include "ottobit/numeric/fp8.hpp"
#include "ottobit/weight.hpp"

namespace ottobit {

OTTOBIT_INLINE float load_scalar_f32(const std::byte* p) noexcept {
  float value = 0.0F;
  std::memcpy(&value, p, sizeof(value));
  return value;
}
OTTOBIT_INLINE std::uint16_t load_scalar_u16(const std::byte* p) noexcept {
  std::uint16_t value = 0;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

/// Entry i of an array of scales.
OTTOBIT_INLINE float decode_scale(DType dtype, const std::byte* scales, Index i) noexcept {
  switch (dtype) {
    case DType::f16:
      return F16::decode(load_scalar_u16(scales + 2 * i));
    case DType::bf16:
      return Bf16::decode(load_scalar_u16(scales + 2 * i));
    case DType::f8_e8m0:
      return E8m0::decode(static_cast<std::uint8_t>(scales[i]));
    case DType::f8_e4m3:
      return E4m3::decode(static_cast<std::uint8_t>(scales[i]));
    default:
      return load_scalar_f32(scales + 4 * i);
  }
}

/// Where element (r, k) has its scale in a row of the grid.
OTTOBIT_INLINE Index group_of(const WeightView& w, Index k) noexcept {
  return w.groups == nullptr ? k / w.block_cols : w.groups[k];
}

/// The zero point of element (r, k); 0 without zero points.
OTTOBIT_INLINE float stored_zero(const WeightView& w, Index r, Index k) noexcept {
  if (w.zeros == nullptr) {
    return 0.0F;
  }
  const Index columns = (w.cols + w.block_cols - 1) / w.block_cols;
  const Index row = (w.first_row + r) / w.block_rows;
  return static_cast<float>(w.zeros[row * columns + group_of(w, k)]);
}

/// The scale of element (r, k): that of its block, times or divided by that of the whole matrix
/// (rounded once); 1 without scales.
OTTOBIT_INLINE float stored_scale(const WeightView& w, Index r, Index k) noexcept {
  if (w.scales == nullptr) {
    return 1.0F;
  }
  const Index row = (w.first_row + r) / w.block_rows;
  const float scale =
      decode_scale(w.scale_dtype, w.scales + row * w.scale_row_bytes, group_of(w, k));
  return w.matrix_scale_inverse ? scale / w.matrix_scale : scale * w.matrix_scale;
}

/// Applies a stored scale: a product, or a quotient if the file stores inverses; rounded once.
OTTOBIT_INLINE float apply_scale(const WeightView& w, float value, float scale) noexcept {
  return w.scale_inverse ? value / scale : value * scale;
}

}  // namespace ottobit
