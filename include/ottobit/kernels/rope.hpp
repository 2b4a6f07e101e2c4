// SPDX-License-Identifier: Apache-2.0
// Rotary position embedding (Su et al. 2021, arXiv:2104.09864), in place on query and key heads.
// The angles come as tables of cosines and sines; how they are made is the business of
// layers/rope.hpp.
#pragma once

#include "ottobit/kernels/table.hpp"
#include "ottobit/simd/vec.hpp"

OTTOBIT_ISA_BEGIN

/// (x[i], x[i + half_dim]) rotated by the i-th angle. One head.
OTTOBIT_INLINE void rotate_halves(float* x, const float* cosines, const float* sines,
                                  Index half_dim) noexcept {
  float* y = x + half_dim;
  Index i = 0;
  for (; i + kLanes <= half_dim; i += kLanes) {
    const Vf a = load(x + i);
    const Vf b = load(y + i);
    const Vf c = load(cosines + i);
    const Vf s = load(sines + i);
    store(x + i, a * c - b * s);
    store(y + i, b * c + a * s);
  }
  const Index rest = half_dim - i;
  const Vf a = load_partial(x + i, rest);
  const Vf b = load_partial(y + i, rest);
  const Vf c = load_partial(cosines + i, rest);
  const Vf s = load_partial(sines + i, rest);
  store_partial(x + i, a * c - b * s, rest);
  store_partial(y + i, b * c + a * s, rest);
}

/// (x[2i], x[2i + 1]) rotated by the i-th angle. One head.
OTTOBIT_INLINE void rotate_pairs(float* x, const float* cosines, const float* sines,
                                 Index half_dim) noexcept {
  constexpr Index kPairs = kLanes / 2;
  Index i = 0;
  for (; i + kPairs <= half_dim; i += kPairs) {
    const Vf v = load(x + 2 * i);
    const Vf turned = swap_pairs(v) * load_twice(sines + i);
    store(x + 2 * i, v * load_twice(cosines + i) + negate_even(turned));
  }
  for (; i < half_dim; ++i) {
    const float a = x[2 * i];
    const float b = x[2 * i + 1];
    x[2 * i] = a * cosines[i] - b * sines[i];
    x[2 * i + 1] = b * cosines[i] + a * sines[i];
  }
}

/// Rotates the first 2 * half_dim elements of every head of the tokens, in place.
///   x [T, heads, head_dim] with a row stride in floats   cosines, sines [T, half_dim]
inline void rope(float* x, Index x_stride, Index heads, Index head_dim, const float* cosines,
                 const float* sines, Index half_dim, RopeLayout layout, RowRange tokens) noexcept {
  for (Index t = tokens.begin; t < tokens.end; ++t) {
    const float* c = cosines + t * half_dim;
    const float* s = sines + t * half_dim;
    for (Index h = 0; h < heads; ++h) {
      float* head = x + t * x_stride + h * head_dim;
      if (layout == RopeLayout::half) {
        rotate_halves(head, c, s, half_dim);
      } else {
        rotate_pairs(head, c, s, half_dim);
      }
    }
  }
}

OTTOBIT_ISA_END
