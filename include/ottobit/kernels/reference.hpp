// SPDX-License-Identifier: Apache-2.0
// Every kernel again as plain loops in double precision: the definition of what KernelTable's
// functions compute, and what the tests compare them with. Slow on purpose; not used by the
// library. Attention, elementwise kernels and selection are here, matrix products in
// reference_linear.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ottobit/isa.hpp"
#include "ottobit/kernels/table.hpp"
#include "ottobit/numeric/bf16.hpp"
#include "ottobit/numeric/f16.hpp"

namespace ottobit::reference {

inline void rms_norm(const float* x, Index x_stride, const float* weight, float eps, Index dim,
                     float* out, Index out_stride, RowRange tokens) noexcept {
  for (Index t = tokens.begin; t < tokens.end; ++t) {
    double sum = 0.0;
    for (Index i = 0; i < dim; ++i) {
      const auto v = static_cast<double>(x[t * x_stride + i]);
      sum += v * v;
    }
    const double root = std::sqrt(sum / static_cast<double>(dim) + static_cast<double>(eps));
    for (Index i = 0; i < dim; ++i) {
      const auto v = static_cast<double>(x[t * x_stride + i]);
      out[t * out_stride + i] = static_cast<float>(v / root * static_cast<double>(weight[i]));
    }
  }
}

inline void rope(float* x, Index x_stride, Index heads, Index head_dim, const float* cosines,
                 const float* sines, Index half_dim, RopeLayout layout, RowRange tokens) noexcept {
  for (Index t = tokens.begin; t < tokens.end; ++t) {
    for (Index h = 0; h < heads; ++h) {
      float* head = x + t * x_stride + h * head_dim;
      for (Index i = 0; i < half_dim; ++i) {
        float& a = layout == RopeLayout::half ? head[i] : head[2 * i];
        float& b = layout == RopeLayout::half ? head[i + half_dim] : head[2 * i + 1];
        const auto c = static_cast<double>(cosines[t * half_dim + i]);
        const auto s = static_cast<double>(sines[t * half_dim + i]);
        const auto x0 = static_cast<double>(a);
        const auto x1 = static_cast<double>(b);
        a = static_cast<float>(x0 * c - x1 * s);
        b = static_cast<float>(x1 * c + x0 * s);
      }
    }
  }
}

inline void silu_mul(const float* gate, const float* up, float* out, Index n) noexcept {
  for (Index i = 0; i < n; ++i) {
    const auto z = static_cast<double>(gate[i]);
    out[i] = static_cast<float>(z / (1.0 + std::exp(-z)) * static_cast<double>(up[i]));
  }
}

inline void sigmoid_mul(const float* gate, const float* up, float* out, Index n) noexcept {
  for (Index i = 0; i < n; ++i) {
    const double sigmoid = 1.0 / (1.0 + std::exp(-static_cast<double>(gate[i])));
    out[i] = static_cast<float>(sigmoid * static_cast<double>(up[i]));
  }
}

inline void relu_squared(float* x, Index n) noexcept {
  for (Index i = 0; i < n; ++i) {
    x[i] = x[i] < 0.0F ? 0.0F : x[i] * x[i];
  }
}

inline void gelu_mul(const float* gate, const float* up, float* out, Index n) noexcept {
  const double root = std::sqrt(2.0 / std::acos(-1.0));
  for (Index i = 0; i < n; ++i) {
    const auto z = static_cast<double>(gate[i]);
    const double gelu = 0.5 * z * (1.0 + std::tanh(root * (z + 0.044715 * z * z * z)));
    out[i] = static_cast<float>(gelu * static_cast<double>(up[i]));
  }
}

inline void swiglu_limited(const float* gate, const float* up, float limit, float* out,
                           Index n) noexcept {
  const auto l = static_cast<double>(limit);
  for (Index i = 0; i < n; ++i) {
    const double g = std::fmin(static_cast<double>(gate[i]), l);
    const double u = std::fmax(-l, std::fmin(static_cast<double>(up[i]), l));
    out[i] = static_cast<float>(g / (1.0 + std::exp(-1.702 * g)) * (u + 1.0));
  }
}

inline void silu_mul_limited(const float* gate, const float* up, const GateLimits& limits,
                             float* out, Index n) noexcept {
  const auto l = static_cast<double>(limits.up);
  for (Index i = 0; i < n; ++i) {
    const double g = std::fmin(static_cast<double>(gate[i]), static_cast<double>(limits.gate));
    const double s = std::fmin(g / (1.0 + std::exp(-g)), static_cast<double>(limits.activated));
    const double u = std::fmax(-l, std::fmin(static_cast<double>(up[i]), l));
    out[i] = static_cast<float>(s * u);
  }
}

inline void soft_cap(float* x, float cap, Index n) noexcept {
  const auto c = static_cast<double>(cap);
  for (Index i = 0; i < n; ++i) {
    x[i] = static_cast<float>(c * std::tanh(static_cast<double>(x[i]) / c));
  }
}

inline void scale(float* x, float factor, Index n) noexcept {
  for (Index i = 0; i < n; ++i) {
    x[i] *= factor;
  }
}

inline void add(float* x, const float* y, Index n) noexcept {
  for (Index i = 0; i < n; ++i) {
    x[i] += y[i];
  }
}

inline void add_scaled(float* x, const float* y, float factor, Index n) noexcept {
  for (Index i = 0; i < n; ++i) {
    x[i] += factor * y[i];
  }
}

inline void softmax(float* x, Index n) noexcept {
  float largest = -HUGE_VALF;
  for (Index i = 0; i < n; ++i) {
    largest = x[i] > largest ? x[i] : largest;
  }
  double sum = 0.0;
  for (Index i = 0; i < n; ++i) {
    sum += std::exp(static_cast<double>(x[i]) - static_cast<double>(largest));
  }
  for (Index i = 0; i < n; ++i) {
    const double e = std::exp(static_cast<double>(x[i]) - static_cast<double>(largest));
    x[i] = static_cast<float>(e / sum);
  }
}

inline Index argmax(const float* x, Index n) noexcept {
  Index best = -1;
  for (Index i = 0; i < n; ++i) {
    if (!std::isnan(x[i]) && (best < 0 || x[i] > x[best])) {
      best = i;
    }
  }
  return best < 0 ? 0 : best;
}

/// By insertion: O(n k).
inline void top_k(const float* x, Index n, Index k, ScoredToken* out) noexcept {
  Index count = 0;
  for (Index i = 0; i < n; ++i) {
    // Elements come in ascending order of index, so equal scores stand behind those already there.
    Index at = count;
    while (at > 0 &&
           (x[i] > out[at - 1].score || (std::isnan(out[at - 1].score) && !std::isnan(x[i])))) {
      --at;
    }
    if (at == k) {
      continue;
    }
    count = count < k ? count + 1 : k;
    for (Index j = count - 1; j > at; --j) {
      out[j] = out[j - 1];
    }
    out[at] = ScoredToken{static_cast<std::int32_t>(i), x[i]};
  }
}

/// Element `i` of a cache of that type.
inline float cache_element(const std::byte* cache, DType dtype, Index i) noexcept {
  if (dtype == DType::f32) {
    float value = 0.0F;
    std::memcpy(&value, cache + i * 4, sizeof(value));
    return value;
  }
  std::uint16_t code = 0;
  std::memcpy(&code, cache + i * 2, sizeof(code));
  return dtype == DType::f16 ? F16::decode(code) : Bf16::decode(code);
}

inline void store_kv(const float* x, Index x_stride, Index tokens, Index head_dim, DType kv_dtype,
                     std::byte* cache, Index capacity, Index position, RowRange heads) noexcept {
  for (Index g = heads.begin; g < heads.end; ++g) {
    for (Index t = 0; t < tokens; ++t) {
      for (Index d = 0; d < head_dim; ++d) {
        const float value = x[t * x_stride + g * head_dim + d];
        const Index at = (g * capacity + position + t) * head_dim + d;
        if (kv_dtype == DType::f32) {
          std::memcpy(cache + at * 4, &value, sizeof(value));
        } else {
          const float finite = value > 65504.0F ? 65504.0F : value < -65504.0F ? -65504.0F : value;
          const std::uint16_t code =
              kv_dtype == DType::f16 ? F16::encode(finite) : Bf16::encode(value);
          std::memcpy(cache + at * 2, &code, sizeof(code));
        }
      }
    }
  }
}

/// One query: scores against all keys it sees, softmax, mean of the values.
inline void attention_row(const AttentionCall& call, Index t, Index h) {
  const Index g = h / (call.heads / call.kv_heads);
  const float* q = call.q + t * call.q_stride + h * call.head_dim;
  float* out = call.out + t * call.out_stride + h * call.value_dim;
  const auto element = [&](const KvRows& rows, Index j, Index d) {
    const Index row = call.ring == 0 ? j : j % call.ring;
    return static_cast<double>(
        cache_element(rows.data, call.kv_dtype, g * rows.head_stride + row * rows.row_stride + d));
  };

  std::vector<double> weights;
  const Index first = call.first_key(call.position + t);
  double largest = call.sinks == nullptr ? -HUGE_VAL : static_cast<double>(call.sinks[h]);
  for (Index j = first; j <= call.position + t; ++j) {
    double score = 0.0;
    for (Index d = 0; d < call.head_dim; ++d) {
      score += static_cast<double>(q[d]) * element(call.k, j, d);
    }
    score *= static_cast<double>(call.scale);
    const auto cap = static_cast<double>(call.cap);
    weights.push_back(cap > 0.0 ? cap * std::tanh(score / cap) : score);
    if (call.chosen != nullptr &&
        call.chosen[(t * call.kv_heads + g) * call.blocks + j / call.block] == 0) {
      weights.back() = -HUGE_VAL;
    }
    largest = std::fmax(largest, weights.back());
  }
  double sum = call.sinks == nullptr ? 0.0 : std::exp(static_cast<double>(call.sinks[h]) - largest);
  for (double& weight : weights) {
    weight = std::exp(weight - largest);
    sum += weight;
  }
  for (Index d = 0; d < call.value_dim; ++d) {
    double value = 0.0;
    for (Index j = first; j <= call.position + t; ++j) {
      value += weights[static_cast<std::size_t>(j - first)] * element(call.v, j, d);
    }
    out[d] = static_cast<float>(value / sum);
  }
}

/// All queries of the call.
inline void attention(const AttentionCall& call) {
  for (Index t = 0; t < call.tokens; ++t) {
    for (Index h = 0; h < call.heads; ++h) {
      attention_row(call, t, h);
    }
  }
}

/// All items of the call, in f64; the states receive what f32 holds of them at last.
inline void recurrence(const RecurrenceCall& call) {
  const Index rows = call.key_dim;
  const Index columns = call.value_dim;
  for (Index h = 0; h < call.heads; ++h) {
    const Index g = h / (call.heads / call.key_heads);
    float* const stored = call.state + h * rows * columns;
    std::vector<double> state(stored, stored + rows * columns);
    const auto s = [&](Index r, Index c) -> double& {
      return state[static_cast<std::size_t>(r * columns + c)];
    };
    for (Index t = 0; t < call.tokens; ++t) {
      const float* const q = call.q.of(t, g);
      const float* const k = call.k.of(t, g);
      const auto decay = [&](Index r) {
        const Index at = call.decays_by_channel ? h * rows + r : h;
        return static_cast<double>(call.decay[t * call.decay_stride + at]);
      };
      for (Index c = 0; c < columns; ++c) {
        double known = 0.0;
        for (Index r = 0; r < rows; ++r) {
          s(r, c) *= decay(r);
          known += s(r, c) * static_cast<double>(k[r]);
        }
        const auto v = static_cast<double>(call.v.of(t, h)[c]);
        const double delta = call.beta == nullptr
                                 ? v
                                 : static_cast<double>(call.beta[t * call.heads + h]) * (v - known);
        double out = 0.0;
        for (Index r = 0; r < rows; ++r) {
          s(r, c) += static_cast<double>(k[r]) * delta;
          out += s(r, c) * static_cast<double>(q[r]);
        }
        call.out[t * call.out_stride + h * columns + c] = static_cast<float>(out);
      }
    }
    std::transform(state.begin(), state.end(), stored,
                   [](double x) { return static_cast<float>(x); });
  }
}

inline void short_conv(const ShortConvCall& call, RowRange tokens) noexcept {
  for (Index t = tokens.begin; t < tokens.end; ++t) {
    for (Index c = 0; c < call.channels; ++c) {
      double sum = call.bias == nullptr ? 0.0 : static_cast<double>(call.bias[c]);
      for (Index j = 0; j < call.taps; ++j) {
        sum += static_cast<double>(call.weight[j * call.channels + c]) *
               static_cast<double>(call.x[(t + j) * call.channels + c]);
      }
      call.out[t * call.channels + c] =
          static_cast<float>(call.silu ? sum / (1.0 + std::exp(-sum)) : sum);
    }
  }
}

}  // namespace ottobit::reference
