// SPDX-License-Identifier: Apache-2.0
// A short causal convolution of each channel, as recurrent layers have it before their states: the
// last inputs of each sequence, which its layer keeps, stand before those of its new tokens.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ottobit/layers/context.hpp"
#include "ottobit/layers/kv_cache.hpp"
#include "ottobit/layers/scope.hpp"
#include "ottobit/layers/sequence.hpp"

namespace ottobit {

class CausalConv {
 public:
  struct Shape {
    Index channels;
    Index taps;
  };
  enum class Output : std::uint8_t { plain, silu };

  /// `weight` [channels, 1, taps] of the scope and, with a bias, `bias` [channels].
  [[nodiscard]] static CausalConv bind(const WeightScope& scope, Shape shape, bool has_bias,
                                       Output output) {
    CausalConv conv = bind(scope, {""}, shape, output);
    if (has_bias) {
      conv.bias_ = scope.vector("bias", shape.channels);
    }
    return conv;
  }

  /// Convolutions of that shape and those names, side by side.
  [[nodiscard]] static CausalConv bind(const WeightScope& scope,
                                       const std::vector<std::string_view>& names, Shape each,
                                       Output output) {
    CausalConv conv;
    conv.shape_ = {each.channels * static_cast<Index>(names.size()), each.taps};
    conv.output_ = output;
    conv.weight_.resize(static_cast<std::size_t>(conv.shape_.channels * each.taps));
    float* out = conv.weight_.data();
    for (const std::string_view name : names) {
      const Floats weight = scope(name).tensor("weight", {each.channels, 1, each.taps});
      for (Index i = 0; i < each.channels * each.taps; ++i) {
        out[i % each.taps * conv.shape_.channels + i / each.taps] =
            weight[static_cast<std::size_t>(i)];
      }
      out += each.channels;
    }
    return conv;
  }

  [[nodiscard]] Index channels() const noexcept { return shape_.channels; }

  /// The inputs of a pass, in the arena.
  struct Inputs {
    float* tokens;    ///< [T, channels], for the caller to fill before gather()
    float** windows;  ///< of each sequence, [past + its tokens, channels]
  };

  /// `out` [T, channels] is where forward() will write; it holds the inputs until gather().
  [[nodiscard]] Inputs take(ExecContext& ctx, std::span<const Sequence> all, float* out) const {
    const auto count = static_cast<Index>(all.size());
    auto* const x = ctx.arena.take<float>((count * past() + total_tokens(all)) * channels());
    auto* const windows = ctx.arena.take<float*>(count);
    for (Index i = 0; i < count; ++i) {
      windows[i] = x + (i * past() + all[static_cast<std::size_t>(i)].first) * channels();
    }
    return {count == 1 ? x + past() * channels() : out, windows};
  }

  /// Puts before each sequence's inputs what its layer has of the past, and keeps the last of them
  /// there. Position 0 begins anew.
  void gather(const ExecContext& ctx, std::span<const Sequence> all,
              const Inputs& inputs) const noexcept {
    const Index size = past() * channels();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Sequence& at = all[i];
      float* const window = inputs.windows[i];
      if (all.size() > 1) {
        std::copy_n(inputs.tokens + at.first * channels(), at.tokens * channels(), window + size);
      }
      auto* const last = reinterpret_cast<float*>(at.layer(ctx).v);
      if (at.position == 0) {
        std::fill_n(last, size, 0.0F);
      }
      std::copy_n(last, size, window);
      std::copy_n(window + at.tokens * channels(), size, last);
    }
  }

  /// Rows of the pass to out [T, channels].
  void forward(const ExecContext& ctx, std::span<const Sequence> all, const Inputs& inputs,
               RowRange rows, float* out) const noexcept {
    each_sequence(all, rows, [&](const Sequence& at, RowRange tokens) noexcept {
      ShortConvCall call;
      call.x = inputs.windows[&at - all.data()];
      call.weight = weight_.data();
      call.bias = bias_.empty() ? nullptr : bias_.data();
      call.out = out + at.first * channels();
      call.taps = shape_.taps;
      call.channels = channels();
      call.silu = output_ == Output::silu;
      ctx.kernels.recurrent->short_conv(call, tokens);
    });
  }

  /// For take().
  void workspace(const WorkspaceFor& use, ArenaSize& size) const {
    size.take<float>((use.sequences * past() + use.tokens) * channels());
    size.take<float*>(use.sequences);
  }

 private:
  [[nodiscard]] Index past() const noexcept { return shape_.taps - 1; }

  Shape shape_{};
  Output output_{};
  Floats weight_;  ///< [taps, channels]
  Floats bias_;    ///< [channels] or empty
};

}  // namespace ottobit
