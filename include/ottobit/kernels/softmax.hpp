// SPDX-License-Identifier: Apache-2.0
// Softmax over one long row (logits). Attention has its own, folded into its loop over the keys.
#pragma once

#include "ottobit/simd/math.hpp"

OTTOBIT_ISA_BEGIN

inline constexpr float kMinusInfinity = -__builtin_inff();

/// The largest of x[0 .. n), -inf if there is none. NaN is passed over.
OTTOBIT_INLINE float largest(const float* x, Index n) noexcept {
  Vf best0 = broadcast(kMinusInfinity);
  Vf best1 = best0;
  Index i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Vf x0 = load(x + i);
    const Vf x1 = load(x + i + kLanes);
    best0 = xsimd::select(x0 > best0, x0, best0);  // max() would leave NaN to the platform
    best1 = xsimd::select(x1 > best1, x1, best1);
  }
  for (; i < n; i += kLanes) {
    const Index rest = n - i < kLanes ? n - i : kLanes;
    const Vf x0 = keep_first(load_partial(x + i, rest), rest, best0);
    best0 = xsimd::select(x0 > best0, x0, best0);
  }
  return reduce_max(max(best0, best1));
}

/// In place: x[i] = exp(x[i] - max(x)) / sum_j exp(x[j] - max(x)), i < n. No overflow for any
/// finite x; -inf gives 0. A NaN, +inf, or nothing but -inf makes every element NaN.
inline void softmax(float* x, Index n) noexcept {
  const Vf top = broadcast(largest(x, n));
  Vf sum0 = zero();
  Vf sum1 = zero();
  Index i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Vf e0 = exp(load(x + i) - top);
    const Vf e1 = exp(load(x + i + kLanes) - top);
    store(x + i, e0);
    store(x + i + kLanes, e1);
    sum0 = sum0 + e0;
    sum1 = sum1 + e1;
  }
  for (; i < n; i += kLanes) {
    const Index rest = n - i < kLanes ? n - i : kLanes;
    const Vf e0 = exp(load_partial(x + i, rest) - top);
    store_partial(x + i, e0, rest);
    sum0 = sum0 + keep_first(e0, rest, zero());
  }
  const Vf factor = broadcast(1.0F / reduce_add(sum0 + sum1));
  for (i = 0; i + kLanes <= n; i += kLanes) {
    store(x + i, load(x + i) * factor);
  }
  store_partial(x + i, load_partial(x + i, n - i) * factor, n - i);
}

OTTOBIT_ISA_END
