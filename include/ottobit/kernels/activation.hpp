// SPDX-License-Identifier: Apache-2.0
// The gated activation of the feed-forward network (Shazeer 2020, arXiv:2002.05202) and the
// addition to the residual stream.
#pragma once

#include "ottobit/simd/math.hpp"

OTTOBIT_ISA_BEGIN

/// z / (1 + e^-z). Large z gives z, z < -88.73 gives -0, -0 gives -0, NaN and -inf give NaN.
OTTOBIT_INLINE Vf silu(Vf z) noexcept {
  return z / (broadcast(1.0F) + exp(from_bits(to_bits(z) ^ Vu(0x80000000U))));
}

/// out[i] = silu(gate[i]) * up[i] for i < n; out may be gate or up.
inline void silu_mul(const float* gate, const float* up, float* out, Index n) noexcept {
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(out + i, silu(load(gate + i)) * load(up + i));
  }
  const Index rest = n - i;
  store_partial(out + i, silu(load_partial(gate + i, rest)) * load_partial(up + i, rest), rest);
}

/// x[i] += y[i] for i < n; y may be x.
inline void add(float* x, const float* y, Index n) noexcept {
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(x + i, load(x + i) + load(y + i));
  }
  const Index rest = n - i;
  store_partial(x + i, load_partial(x + i, rest) + load_partial(y + i, rest), rest);
}

inline void add_scaled(float* x, const float* y, float factor, Index n) noexcept {
  const Vf a = broadcast(factor);
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(x + i, fma(a, load(y + i), load(x + i)));
  }
  const Index rest = n - i;
  store_partial(x + i, fma(a, load_partial(y + i, rest), load_partial(x + i, rest)), rest);
}

OTTOBIT_ISA_END
