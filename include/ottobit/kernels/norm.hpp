// SPDX-License-Identifier: Apache-2.0
// Root-mean-square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467) of rows of
// activations.
#pragma once

#include "ottobit/isa.hpp"
#include "ottobit/simd/vec.hpp"
#include "ottobit/weight.hpp"

OTTOBIT_ISA_BEGIN

/// sum_i x[i]^2 in f32: four vectors of partial sums, added pairwise, then across the lanes. The
/// order depends on n only.
OTTOBIT_INLINE float sum_of_squares(const float* x, Index n) noexcept {
  Vf sum0 = zero();
  Vf sum1 = zero();
  Vf sum2 = zero();
  Vf sum3 = zero();
  Index i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    const Vf x0 = load(x + i);
    const Vf x1 = load(x + i + kLanes);
    const Vf x2 = load(x + i + 2 * kLanes);
    const Vf x3 = load(x + i + 3 * kLanes);
    sum0 = fma(x0, x0, sum0);
    sum1 = fma(x1, x1, sum1);
    sum2 = fma(x2, x2, sum2);
    sum3 = fma(x3, x3, sum3);
  }
  for (; i + kLanes <= n; i += kLanes) {
    const Vf x0 = load(x + i);
    sum0 = fma(x0, x0, sum0);
  }
  const Vf tail = load_partial(x + i, n - i);
  sum1 = fma(tail, tail, sum1);
  return reduce_add((sum0 + sum1) + (sum2 + sum3));
}

/// out[t, i] = x[t, i] / sqrt(mean_i(x[t, i]^2) + eps) * weight[i] for t in tokens.
///   x, out [T, dim] with row strides in floats   weight [dim]
/// out may be x; otherwise they do not overlap. The squares are summed in f32: rows whose sum of
/// squares exceeds it (elements near 1e19) become 0. A NaN or infinity makes its row NaN or 0.
inline void rms_norm(const float* x, Index x_stride, const float* weight, float eps, Index dim,
                     float* out, Index out_stride, RowRange tokens) noexcept {
  for (Index t = tokens.begin; t < tokens.end; ++t) {
    const float* row = x + t * x_stride;
    float* to = out + t * out_stride;
    const float mean = sum_of_squares(row, dim) / static_cast<float>(dim);
    const Vf factor = broadcast(1.0F) / xsimd::sqrt(broadcast(mean + eps));
    Index i = 0;
    for (; i + kLanes <= dim; i += kLanes) {
      store(to + i, load(row + i) * factor * load(weight + i));
    }
    const Vf tail = load_partial(row + i, dim - i) * factor * load_partial(weight + i, dim - i);
    store_partial(to + i, tail, dim - i);
  }
}

OTTOBIT_ISA_END
