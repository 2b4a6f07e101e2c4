// SPDX-License-Identifier: Apache-2.0
// Rotary position embedding: the angle of pair i at position p is p * theta^(-2i / dim)
// (Su et al. 2021, arXiv:2104.09864, section 3.2.2). Cosines and sines are made once per forward
// pass for its positions and shared by all layers.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <variant>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/spec.hpp"

namespace ottobit {

/// Rows for the T tokens of one forward pass: cosines, sines [T, dim/2].
struct RopeRows {
  const float* cosines;
  const float* sines;
};

/// The scaled frequency of a pair whose frequency is f.
inline double scale_frequency(std::monostate /*none*/, double f) noexcept {
  return f;
}
inline double scale_frequency(const RopeLinear& s, double f) noexcept {
  return f / s.factor;
}
inline double scale_frequency(const RopeLlama3& s, double f) noexcept {
  const double turns = s.original * f / (2.0 * std::numbers::pi);  // within the original context
  const double blend =
      std::clamp((turns - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor), 0.0, 1.0);
  return (1.0 - blend) * f / s.factor + blend * f;
}

class Rope {
 public:
  explicit Rope(const RopeSpec& spec) : layout_(spec.layout) {
    for (Index i = 0; i < spec.dim / 2; ++i) {
      const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(spec.dim);
      const double frequency = std::visit(
          [&](const auto& scaling) {
            return scale_frequency(scaling, std::pow(spec.theta, exponent));
          },
          spec.scaling);
      frequencies_.push_back(static_cast<float>(frequency));
    }
  }

  [[nodiscard]] Index half_dim() const noexcept { return static_cast<Index>(frequencies_.size()); }

  /// The angle is rounded to f32 as in the reference implementation; its cosine is not.
  [[nodiscard]] RopeRows rows(ExecContext& ctx, Index position, Index tokens) const {
    auto* cosines = ctx.arena.take<float>(tokens * half_dim());
    auto* sines = ctx.arena.take<float>(tokens * half_dim());
    ctx.parallel.for_rows(tokens, 16, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        for (Index i = 0; i < half_dim(); ++i) {
          const float angle =
              static_cast<float>(position + t) * frequencies_[static_cast<std::size_t>(i)];
          cosines[t * half_dim() + i] = static_cast<float>(std::cos(static_cast<double>(angle)));
          sines[t * half_dim() + i] = static_cast<float>(std::sin(static_cast<double>(angle)));
        }
      }
    });
    return {cosines, sines};
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const noexcept {
    size.take<float>(use.tokens * half_dim());
    size.take<float>(use.tokens * half_dim());
  }

  /// Rotates tokens [begin, end) of x [T, heads, head_dim] in place.
  void rotate(const ExecContext& ctx, const RopeRows& rows, float* x, Index heads, Index head_dim,
              RowRange tokens) const noexcept {
    ctx.kernels.elementwise->rope(x, heads * head_dim, heads, head_dim, rows.cosines, rows.sines,
                                  half_dim(), layout_, tokens);
  }

 private:
  RopeLayout layout_;
  std::vector<float> frequencies_;
};

}  // namespace ottobit
