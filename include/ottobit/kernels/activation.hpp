// SPDX-License-Identifier: Apache-2.0
// The gated activation of the feed-forward network (Shazeer 2020, arXiv:2002.05202) and the
// addition to the residual stream.
#pragma once

#include "ottobit/kernels/table.hpp"
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

/// z / 2 (1 + tanh u) with u = sqrt(2 / pi) (z + 0.044715 z^3) (Hendrycks and Gimpel 2016,
/// arXiv:1606.08415), which is z / (1 + e^-2u). Ends as silu does.
OTTOBIT_INLINE Vf gelu_tanh(Vf z) noexcept {
  constexpr float kMinusTwoRoot = -1.5957691216F;  // -2 sqrt(2 / pi)
  const Vf cubic = fma(z * z * broadcast(0.044715F), z, z);
  return z / (broadcast(1.0F) + exp(cubic * broadcast(kMinusTwoRoot)));
}

/// out[i] = gelu_tanh(gate[i]) * up[i] for i < n; out may be gate or up.
inline void gelu_mul(const float* gate, const float* up, float* out, Index n) noexcept {
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(out + i, gelu_tanh(load(gate + i)) * load(up + i));
  }
  const Index rest = n - i;
  store_partial(out + i, gelu_tanh(load_partial(gate + i, rest)) * load_partial(up + i, rest),
                rest);
}

/// out[i] = g sigmoid(1.702 g) (u + 1), where g = min(gate[i], limit) and u = up[i] within +-limit;
/// out may be gate or up.
inline void swiglu_limited(const float* gate, const float* up, float limit, float* out,
                           Index n) noexcept {
  const Vf most = broadcast(limit);
  const Vf least = broadcast(-limit);
  const auto value = [&](Vf g, Vf u) noexcept {
    g = xsimd::select(g > most, most, g);
    u = xsimd::select(u > most, most, u);
    u = xsimd::select(u < least, least, u);
    const Vf one = broadcast(1.0F);
    return g / (one + exp(g * broadcast(-1.702F))) * (u + one);
  };
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(out + i, value(load(gate + i), load(up + i)));
  }
  const Index rest = n - i;
  store_partial(out + i, value(load_partial(gate + i, rest), load_partial(up + i, rest)), rest);
}

/// out[i] = min(silu(min(gate[i], limits.gate)), limits.activated) * u, where u = up[i] within
/// +-limits.up; out may be gate or up. NaN stays.
inline void silu_mul_limited(const float* gate, const float* up, const GateLimits& limits,
                             float* out, Index n) noexcept {
  const auto at_most = [](Vf x, float limit) noexcept {
    const Vf most = broadcast(limit);
    return xsimd::select(x > most, most, x);
  };
  const auto value = [&](Vf g, Vf u) noexcept {
    const Vf least = broadcast(-limits.up);
    u = at_most(u, limits.up);
    return at_most(silu(at_most(g, limits.gate)), limits.activated) *
           xsimd::select(u < least, least, u);
  };
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(out + i, value(load(gate + i), load(up + i)));
  }
  const Index rest = n - i;
  store_partial(out + i, value(load_partial(gate + i, rest), load_partial(up + i, rest)), rest);
}

/// out[i] = up[i] / (1 + e^-gate[i]) for i < n; out may be gate or up.
inline void sigmoid_mul(const float* gate, const float* up, float* out, Index n) noexcept {
  const auto value = [](Vf g, Vf u) noexcept {
    return u / (broadcast(1.0F) + exp(from_bits(to_bits(g) ^ Vu(0x80000000U))));
  };
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(out + i, value(load(gate + i), load(up + i)));
  }
  const Index rest = n - i;
  store_partial(out + i, value(load_partial(gate + i, rest), load_partial(up + i, rest)), rest);
}

/// x[i] = max(x[i], 0)^2 for i < n; NaN stays.
inline void relu_squared(float* x, Index n) noexcept {
  const auto value = [](Vf v) noexcept {
    const Vf positive = max(zero(), v);  // of NaN and another, the second
    return positive * positive;
  };
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(x + i, value(load(x + i)));
  }
  const Index rest = n - i;
  store_partial(x + i, value(load_partial(x + i, rest)), rest);
}

/// cap * tanh(x / cap)
OTTOBIT_INLINE Vf soft_cap(Vf x, float cap) noexcept {
  return broadcast(cap) * tanh(x * broadcast(1.0F / cap));
}

inline void soft_cap(float* x, float cap, Index n) noexcept {
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(x + i, soft_cap(load(x + i), cap));
  }
  const Index rest = n - i;
  store_partial(x + i, soft_cap(load_partial(x + i, rest), cap), rest);
}

/// x[i] *= factor for i < n.
inline void scale(float* x, float factor, Index n) noexcept {
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(x + i, load(x + i) * broadcast(factor));
  }
  const Index rest = n - i;
  store_partial(x + i, load_partial(x + i, rest) * broadcast(factor), rest);
}

/// x[i] *= y[i] for i < n; y may be x.
inline void multiply(float* x, const float* y, Index n) noexcept {
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(x + i, load(x + i) * load(y + i));
  }
  const Index rest = n - i;
  store_partial(x + i, load_partial(x + i, rest) * load_partial(y + i, rest), rest);
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
