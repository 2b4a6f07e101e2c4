// SPDX-License-Identifier: Apache-2.0
// LinearKernels again as plain loops in double precision: what dequantisation and matrix products
// of stored weights mean. The other kernels are in reference.hpp.
#pragma once

#include <cmath>
#include <cstdint>

#include "ottobit/format/list.hpp"
#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/numeric/bf16.hpp"
#include "ottobit/weight.hpp"

namespace ottobit::reference {

inline void dequant_f32(const WeightView& w, RowRange rows, float* out, Index out_stride) noexcept {
  for (Index r = rows.begin; r < rows.end; ++r) {
    for (Index k = 0; k < w.cols; ++k) {
      out[(r - rows.begin) * out_stride + k] = element_at(w, r, k);
    }
  }
}

inline void dequant_bf16(const WeightView& w, RowRange rows, std::uint16_t* out,
                         Index out_stride) noexcept {
  for (Index r = rows.begin; r < rows.end; ++r) {
    for (Index k = 0; k < w.cols; ++k) {
      out[(r - rows.begin) * out_stride + k] = Bf16::encode(element_at(w, r, k));
    }
  }
}

/// An activation as the compute mode takes it.
inline double activation(Compute compute, float x) noexcept {
  return static_cast<double>(compute != Compute::f32 ? Bf16::decode(Bf16::encode(x)) : x);
}

/// y = sum_k element(r, k) x[k], and the sum of the terms' magnitudes: what rounding errors are
/// proportional to.
struct Dot {
  double sum = 0.0;
  double magnitude = 0.0;
};

/// Row r of w times x [w.cols], with weights and scales as they are and nothing rounded.
inline Dot dot(Compute compute, const WeightView& w, Index r, const float* x) noexcept {
  Dot result;
  for (Index k = 0; k < w.cols; ++k) {
    auto weight = static_cast<double>(stored_element(w, r, k) - stored_zero(w, r, k));
    if (w.scales != nullptr) {
      const auto scale = static_cast<double>(stored_scale(w, r, k));
      weight = w.scale_inverse ? weight / scale : weight * scale;
    }
    const double term = weight * activation(compute, x[k]);
    result.sum += term;
    result.magnitude += std::abs(term);
  }
  return result;
}

/// Column k of w times x [w.rows], likewise.
inline Dot dot_transposed(const WeightView& w, Index k, const float* x) noexcept {
  Dot result;
  for (Index r = 0; r < w.rows; ++r) {
    const double term = static_cast<double>(element_at(w, r, k)) * static_cast<double>(x[r]);
    result.sum += term;
    result.magnitude += std::abs(term);
  }
  return result;
}

}  // namespace ottobit::reference
