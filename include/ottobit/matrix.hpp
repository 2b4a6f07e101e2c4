// SPDX-License-Identifier: Apache-2.0
// The numeric floor: number formats, dequantisation and block-scaled matrix products for callers
// who bring their own bytes and have no model. All functions check what they are given, split over
// the machine's threads, and give the same bits for any number of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/memory.hpp"
#include "ottobit/parallel.hpp"

namespace ottobit {

/// Number formats; the values are those of OTTOBIT_F32 ... OTTOBIT_INT4.
enum class Number : std::int32_t { f32 = 1, f16, bf16, e4m3, e5m2, e8m0, e2m1, int4 };

/// Bytes of n numbers in a row; E2M1 and INT4 have two in a byte, the low half first.
[[nodiscard]] Index number_bytes(Number number, Index n) noexcept;

/// A matrix [rows, cols] in memory of the caller's, with the scales of its blocks. All alignments.
struct Matrix {
  Number number = Number::f32;
  Index rows = 0;
  Index cols = 0;
  Index row_bytes = 0;
  const std::byte* data = nullptr;
  const std::byte* scales = nullptr;  ///< [ceil(rows / block_rows), ceil(cols / block_cols)]
  Number scale_number = Number::f32;  ///< f32, f16, bf16, e8m0 or e4m3
  bool scale_inverse = false;         ///< element = number / scale instead of number * scale
  float matrix_scale = 1.0F;          ///< one more, by which those of the blocks are multiplied
  bool matrix_scale_inverse = false;  ///< or divided
  Index scale_row_bytes = 0;
  Index block_rows = 0;  ///< 0: all rows
  Index block_cols = 0;  ///< 0: all columns
};

/// Where such work is done.
struct Workers {
  const KernelTable& kernels;
  Parallel parallel;
  MemoryHandle memory{};  ///< of activations; nullptr: the system
};

/// out[i] = the number that code i means, exactly; n numbers.
void decode(const Workers& workers, Number number, const std::byte* in, Index n, float* out);

/// The nearest code of each number, by the rules of the format's header in numeric/.
void encode(const Workers& workers, Number number, const float* in, Index n, std::byte* out);

/// out[r, c] = element (r, c), rounded once; out_stride in floats. Error{argument} as for
/// `multiply`.
void dequantize(const Workers& workers, const Matrix& w, float* out, Index out_stride);

/// y[m, w.rows] = x[m, w.cols] * transpose(w), products and sums in f32; y_stride in floats.
/// `proceed` is asked between pieces of some milliseconds; if it says no: Error{cancelled}, and y
/// is partly written. Error{argument} names a field of w that cannot be.
void multiply(const Workers& workers, Index m, Number x_number, const std::byte* x,
              Index x_row_bytes, const Matrix& w, float* y, Index y_stride,
              const std::function<bool()>& proceed);

}  // namespace ottobit
