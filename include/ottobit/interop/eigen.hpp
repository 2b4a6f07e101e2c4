// SPDX-License-Identifier: Apache-2.0
// Optional: ottobit's views as Eigen expressions, without copying. Include it where Eigen is
// available; no other header of the library needs Eigen, and code compiled for an ISA level must
// not include it (Eigen's alignment rules change with the compiler flags).
#pragma once

#include <cstdint>
#include <span>

#include <Eigen/Core>

#include "ottobit/error.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/weight.hpp"

namespace ottobit {

using EigenMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// [rows, cols] row-major floats of any alignment, rows `outerStride()` floats apart.
using EigenMap = Eigen::Map<const EigenMatrix, Eigen::Unaligned, Eigen::OuterStride<>>;

/// Logits and other vectors; valid as long as the span.
inline Eigen::Map<const Eigen::VectorXf> eigen_map(std::span<const float> x) {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}

/// A matrix stored as F32, in place. Error{unsupported} for other formats and for rows that do not
/// lie on float boundaries: use eigen_matrix for those.
inline EigenMap eigen_map(const WeightView& w) {
  constexpr Index kFloat = sizeof(float);
  const bool aligned = reinterpret_cast<std::uintptr_t>(w.data) % alignof(float) == 0;
  OTTOBIT_CHECK(
      w.format == FormatId::f32 && w.scales == nullptr && aligned && w.row_bytes % kFloat == 0,
      ErrorCode::unsupported, "eigen_map", "the matrix is not stored as plain F32");
  return {static_cast<const float*>(static_cast<const void*>(w.data)), w.rows, w.cols,
          Eigen::OuterStride<>(w.row_bytes / kFloat)};
}

/// A copy of a matrix in any storage format, dequantised exactly.
inline EigenMatrix eigen_matrix(const WeightView& w, const KernelTable& kernels) {
  EigenMatrix matrix(w.rows, w.cols);
  kernels.linear->dequant_f32(w, {0, w.rows}, matrix.data(), w.cols);
  return matrix;
}

}  // namespace ottobit
