// SPDX-License-Identifier: Apache-2.0
// Layers with a state instead of a cache: linear attention with decay and the gated delta rule
// (Yang et al. 2024, arXiv:2412.06464), and the short convolution that stands before it.
//
// Token after token, exactly as written. The columns of a state do not see each other: a work item
// keeps some columns of one head in the nearest cache and takes all tokens through them.
#pragma once

#include <algorithm>

#include "ottobit/kernels/activation.hpp"
#include "ottobit/kernels/table.hpp"

OTTOBIT_ISA_BEGIN

/// Columns of a work item; the same at all levels, so that the split is.
inline constexpr Index kRecurrenceColumns = 32;

[[nodiscard]] inline Index column_blocks(const RecurrenceCall& call) noexcept {
  return (call.value_dim + kRecurrenceColumns - 1) / kRecurrenceColumns;
}

[[nodiscard]] inline Index recurrence_items(const RecurrenceCall& call) noexcept {
  return call.heads * column_blocks(call);
}

/// `kVectors` registers of columns of one state; the last register holds `last` of them.
template <int kVectors, bool kByChannel>
inline void recur_columns(const RecurrenceCall& call, Index head, Index column,
                          Index last) noexcept {
  const Index key_head = head / (call.heads / call.key_heads);
  const Index width = call.value_dim;
  float* const state = call.state + head * call.key_dim * width + column;
  const auto load_row = [&](const float* p, Vf* row) noexcept {
    OTTOBIT_UNROLL
    for (int i = 0; i + 1 < kVectors; ++i) {
      row[i] = load(p + i * kLanes);
    }
    row[kVectors - 1] = load_partial(p + (kVectors - 1) * kLanes, last);
  };
  const auto store_row = [&](float* p, const Vf* row) noexcept {
    OTTOBIT_UNROLL
    for (int i = 0; i + 1 < kVectors; ++i) {
      store(p + i * kLanes, row[i]);
    }
    store_partial(p + (kVectors - 1) * kLanes, row[kVectors - 1], last);
  };
  for (Index t = 0; t < call.tokens; ++t) {
    const float* const q = call.q.of(t, key_head);
    const float* const k = call.k.of(t, key_head);
    const float* const decays =
        call.decay + t * call.decay_stride + (kByChannel ? head * call.key_dim : head);
    const Vf decay = broadcast(decays[0]);  // of all rows
    Vf delta[kVectors];
    load_row(call.v.of(t, head) + column, delta);
    if (call.beta != nullptr) {
      Vf known[kVectors] = {};
      for (Index r = 0; r < call.key_dim; ++r) {
        Vf s[kVectors];
        load_row(state + r * width, s);
        OTTOBIT_UNROLL
        for (int i = 0; i < kVectors; ++i) {
          known[i] = fma(broadcast(kByChannel ? decays[r] * k[r] : k[r]), s[i], known[i]);
        }
      }
      const Vf beta = broadcast(call.beta[t * call.heads + head]);
      OTTOBIT_UNROLL
      for (int i = 0; i < kVectors; ++i) {
        delta[i] = beta * (delta[i] - (kByChannel ? known[i] : decay * known[i]));
      }
    }
    Vf out[kVectors] = {};
    for (Index r = 0; r < call.key_dim; ++r) {
      Vf s[kVectors];
      load_row(state + r * width, s);
      OTTOBIT_UNROLL
      for (int i = 0; i < kVectors; ++i) {
        const Vf kept = (kByChannel ? broadcast(decays[r]) : decay) * s[i];
        s[i] = fma(broadcast(k[r]), delta[i], kept);
        out[i] = fma(broadcast(q[r]), s[i], out[i]);
      }
      store_row(state + r * width, s);
    }
    store_row(call.out + t * call.out_stride + head * width + column, out);
  }
}

template <bool kByChannel>
inline void recur_items(const RecurrenceCall& call, RowRange items) noexcept {
  constexpr int kVectors = static_cast<int>(kRecurrenceColumns / kLanes);
  const Index blocks = column_blocks(call);
  for (Index item = items.begin; item < items.end; ++item) {
    const Index head = item / blocks;
    const Index first = item % blocks * kRecurrenceColumns;
    const Index end = std::min(first + kRecurrenceColumns, call.value_dim);
    if (end - first == kRecurrenceColumns) {
      recur_columns<kVectors, kByChannel>(call, head, first, kLanes);
      continue;
    }
    for (Index column = first; column < end; column += kLanes) {
      recur_columns<1, kByChannel>(call, head, column, std::min(end - column, kLanes));
    }
  }
}

/// The items [items.begin, items.end) of the call.
inline void recurrence(const RecurrenceCall& call, RowRange items) noexcept {
  return call.decays_by_channel ? recur_items<true>(call, items) : recur_items<false>(call, items);
}

/// See ShortConvCall.
inline void short_conv(const ShortConvCall& call, RowRange tokens) noexcept {
  const Index channels = call.channels;
  for (Index t = tokens.begin; t < tokens.end; ++t) {
    for (Index c = 0; c < channels; c += kLanes) {
      const Index n = std::min(channels - c, kLanes);
      Vf sum = call.bias == nullptr ? zero() : load_partial(call.bias + c, n);
      for (Index j = 0; j < call.taps; ++j) {
        sum = fma(load_partial(call.weight + j * channels + c, n),
                  load_partial(call.x + (t + j) * channels + c, n), sum);
      }
      store_partial(call.out + t * channels + c, call.silu ? silu(sum) : sum, n);
    }
  }
}

OTTOBIT_ISA_END
