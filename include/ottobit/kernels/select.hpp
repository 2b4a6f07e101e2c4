// SPDX-License-Identifier: Apache-2.0
// Selection over logits: the largest and the k largest, without storage of their own.
#pragma once

#include "ottobit/kernels/softmax.hpp"
#include "ottobit/kernels/table.hpp"

OTTOBIT_ISA_BEGIN

/// Index of the largest of x[0 .. n), the first of equals (0 and -0 are equal); NaN never wins. If
/// all are NaN: 0. n >= 1.
inline Index argmax(const float* x, Index n) noexcept {
  const float best = largest(x, n);
  const Vf wanted = broadcast(best);
  Index i = 0;
  while (i + kLanes <= n && !xsimd::any(load(x + i) == wanted)) {
    i += kLanes;
  }
  for (; i < n; ++i) {
    if (x[i] == best) {
      return i;
    }
  }
  return 0;
}

/// True if a stands before b in the result of top_k: larger score, then lower id; NaN after all.
OTTOBIT_INLINE bool ranks_before(ScoredToken a, ScoredToken b) noexcept {
  const bool a_nan = a.score != a.score;
  const bool b_nan = b.score != b.score;
  if (a_nan != b_nan) {
    return b_nan;
  }
  if (a_nan || a.score == b.score) {
    return a.id < b.id;
  }
  return a.score > b.score;
}

/// Makes heap[0 .. n) a heap again whose parents rank after their children (so that the root is the
/// one to lose), with `token` in place of heap[at].
OTTOBIT_INLINE void sift_down(ScoredToken* heap, Index n, Index at, ScoredToken token) noexcept {
  for (Index child = 2 * at + 1; child < n; child = 2 * at + 1) {
    if (child + 1 < n && ranks_before(heap[child], heap[child + 1])) {
      ++child;
    }
    if (!ranks_before(token, heap[child])) {
      break;
    }
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = token;
}

/// The k largest of x[0 .. n) in descending order, ties by lower index first, NaN last.
///   out [k], 1 <= k <= n <= 2^31 - 1, the only storage used
/// One pass over x keeps the best k so far as a heap in `out`; a vector comparison with its worst
/// passes over the rest, all but about k ln(n / k) elements if x is in random order. The worst case
/// (ascending x) costs n log k steps.
inline void top_k(const float* x, Index n, Index k, ScoredToken* out) noexcept {
  for (Index i = 0; i < k; ++i) {
    out[i] = ScoredToken{static_cast<std::int32_t>(i), x[i]};
  }
  for (Index i = k / 2 - 1; i >= 0; --i) {
    sift_down(out, k, i, out[i]);
  }
  for (Index i = k; i < n;) {
    if (i + 2 * kLanes <= n) {
      // Not "greater than the worst": the worst may be NaN.
      const Vf worst = broadcast(out[0].score);
      if (xsimd::all((load(x + i) <= worst) & (load(x + i + kLanes) <= worst))) {
        i += 2 * kLanes;
        continue;
      }
    }
    const Index end = i + 2 * kLanes < n ? i + 2 * kLanes : n;
    for (; i < end; ++i) {
      const ScoredToken token{static_cast<std::int32_t>(i), x[i]};
      if (ranks_before(token, out[0])) {
        sift_down(out, k, 0, token);
      }
    }
  }
  for (Index last = k - 1; last > 0; --last) {
    const ScoredToken worst = out[0];
    sift_down(out, last, 0, out[last]);
    out[last] = worst;
  }
}

OTTOBIT_ISA_END
