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

/// The rotations of T tokens.
struct RopeRows {
  const float* cosines;  ///< [T, half_dim]
  const float* sines;
  Index half_dim;
  RopeLayout layout;

  /// Those of the tokens from `token` on.
  [[nodiscard]] RopeRows from(Index token) const noexcept {
    return {cosines + token * half_dim, sines + token * half_dim, half_dim, layout};
  }
  /// Rotates tokens [begin, end) of x [T, heads, head_dim] in place.
  void rotate(const ExecContext& ctx, float* x, Index heads, Index head_dim,
              RowRange tokens) const noexcept {
    ctx.kernels.elementwise->rope(x, heads * head_dim, heads, head_dim, cosines, sines, half_dim,
                                  layout, tokens);
  }
};

/// Pair `index` of a rotation whose unscaled frequency is `frequency`.
struct RopePair {
  double index;
  double frequency;  ///< theta^(-2 index / dim)
  double dim;
  double theta;
};

/// The scaled frequency of a pair.
inline double scale_frequency(std::monostate /*none*/, const RopePair& pair) noexcept {
  return pair.frequency;
}
inline double scale_frequency(const RopeLinear& s, const RopePair& pair) noexcept {
  return pair.frequency / s.factor;
}
inline double scale_frequency(const RopeLlama3& s, const RopePair& pair) noexcept {
  const double f = pair.frequency;
  const double turns = s.original * f / (2.0 * std::numbers::pi);  // within the original context
  constexpr double kNoWidth = 1e-9;                                // equal factors: a step
  const double width = std::max(s.high_freq_factor - s.low_freq_factor, kNoWidth);
  const double blend = std::clamp((turns - s.low_freq_factor) / width, 0.0, 1.0);
  return (1.0 - blend) * f / s.factor + blend * f;
}
inline double scale_frequency(const RopeYarn& s, const RopePair& pair) noexcept {
  const auto pair_that_turns = [&](double times) {  // within the original context
    return pair.dim * std::log(s.original / (times * 2.0 * std::numbers::pi)) /
           (2.0 * std::log(pair.theta));
  };
  double low = pair_that_turns(s.beta_fast);
  double high = pair_that_turns(s.beta_slow);
  if (s.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, pair.dim - 1.0);
  constexpr double kNoWidth = 0.001;  // a step instead of a ramp, as the reference has it
  const double width = low == high ? kNoWidth : high - low;
  const double slow = std::clamp((pair.index - low) / width, 0.0, 1.0);
  return pair.frequency / s.factor * slow + pair.frequency * (1.0 - slow);
}

inline double scale_frequency(const RopeLong& s, const RopePair& pair) noexcept {
  return pair.frequency / s.short_factors[static_cast<std::size_t>(pair.index)];
}

inline double scale_frequency(const RopeProportional& s, const RopePair& pair) noexcept {
  return pair.index < std::floor(s.part * pair.dim / 2.0) ? pair.frequency / s.factor : 0.0;
}

/// The factor of a query at a position.
inline float temperature_at(const TemperatureSpec& spec, Index position) noexcept {
  const Index steps = (position + spec.first) / spec.step;
  return static_cast<float>(1.0 + spec.scale * std::log(static_cast<double>(steps + 1)));
}

/// What rotated elements are multiplied by.
inline double rope_magnitude(const RopeScaling& scaling) noexcept {
  const auto* yarn = std::get_if<RopeYarn>(&scaling);
  const auto* longer = std::get_if<RopeLong>(&scaling);
  return yarn != nullptr ? yarn->magnitude : longer != nullptr ? longer->magnitude : 1.0;
}

class Rope {
 public:
  explicit Rope(const RopeSpec& spec) : spec_(spec) {
    const auto dim = static_cast<double>(spec.dim);
    for (Index i = 0; i < spec.dim / 2; ++i) {
      const auto index = static_cast<double>(i);
      const RopePair pair{index, std::pow(spec.theta, -2.0 * index / dim), dim, spec.theta};
      const double frequency = std::visit(
          [&](const auto& scaling) { return scale_frequency(scaling, pair); }, spec.scaling);
      frequencies_.push_back(static_cast<float>(frequency));
      if (const auto* longer = std::get_if<RopeLong>(&spec.scaling)) {
        const double factor = longer->long_factors[static_cast<std::size_t>(i)];
        beyond_.push_back(static_cast<float>(pair.frequency / factor));
      }
    }
  }

  [[nodiscard]] const RopeSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] Index half_dim() const noexcept { return static_cast<Index>(frequencies_.size()); }

  /// Of tokens from `position` on, in a call that goes up to position `reach`. The angle is rounded
  /// to f32 as in the reference implementation; its cosine is not.
  [[nodiscard]] RopeRows rows(ExecContext& ctx, Index position, Index tokens, Index reach) const {
    auto* cosines = ctx.arena.take<float>(tokens * half_dim());
    auto* sines = ctx.arena.take<float>(tokens * half_dim());
    const auto* longer = std::get_if<RopeLong>(&spec_.scaling);
    const auto last = static_cast<double>(std::max(reach, position + tokens));
    const Floats& frequencies =
        longer != nullptr && last > longer->original ? beyond_ : frequencies_;
    ctx.parallel.for_rows(tokens, 16, [&](Index begin, Index end, int) noexcept {
      for (Index t = begin; t < end; ++t) {
        row(frequencies, position + t, cosines + t * half_dim(), sines + t * half_dim());
      }
    });
    return {cosines, sines, half_dim(), spec_.layout};
  }
  /// That of one position, in memory of half_dim() each.
  [[nodiscard]] RopeRows row(Index position, float* cosines, float* sines) const noexcept {
    row(frequencies_, position, cosines, sines);
    return {cosines, sines, half_dim(), spec_.layout};
  }

  void workspace(const WorkspaceFor& use, ArenaSize& size) const noexcept {
    // Of each sequence by itself, which begins where alignment allows.
    const Index gaps = (use.sequences - 1) * (kAlignment / static_cast<Index>(sizeof(float)));
    size.take<float>(use.tokens * half_dim() + gaps);
    size.take<float>(use.tokens * half_dim() + gaps);
  }

 private:
  void row(const Floats& frequencies, Index position, float* cosines, float* sines) const noexcept {
    const double magnitude = rope_magnitude(spec_.scaling);
    for (Index i = 0; i < half_dim(); ++i) {
      const float angle = static_cast<float>(position) * frequencies[static_cast<std::size_t>(i)];
      cosines[i] = static_cast<float>(magnitude * std::cos(static_cast<double>(angle)));
      sines[i] = static_cast<float>(magnitude * std::sin(static_cast<double>(angle)));
    }
  }

  RopeSpec spec_;
  Floats frequencies_;
  Floats beyond_;  ///< of RopeLong, beyond the original context
};

}  // namespace ottobit
